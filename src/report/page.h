#pragma once
/*
 * page: HTML for people who print it: one self-contained document, no script, nothing fetched.
 *
 * Literals of ours go in as they are (page_html), everything else is escaped (page_text): markup,
 * control characters, bytes that are not UTF-8, and the invisible characters that turn the
 * direction of writing, with which a name could be shown as another.
 *
 * The first failure (REFUSED_BUFFER_FULL) is kept in `status`, and later calls do nothing.
 */
#include "report/evidence.h"

typedef enum ReportLanguage {
    REPORT_BOTH = 0, /* English and Chinese beside one another */
    REPORT_ENGLISH = 1,
    REPORT_CHINESE = 2,
} ReportLanguage;

typedef struct Page {
    Buffer *html; /* borrowed */
    ReportLanguage language;
    Status status;
} Page;

Page page_of(Buffer *html, ReportLanguage language);

/* A literal of ours, with markup. */
void page_html(Page *page, const char *literal);
/* Anything else: escaped. */
void page_text(Page *page, Span text);
/* What evidence says: the door of the layer export. Whether the class may leave for auditors, in
 * clear or masked, is the policy's to say (TP-11, LL-4.5.2); what somebody typed is looked at by
 * the detectors once more. What may not leave is said to be withheld; then escaped. */
void page_export(Page *page, DataClass class, Span text);
/* printf, then escaped. */
__attribute__((format(printf, 2, 3))) void page_print(Page *page, const char *format, ...);
/* In the page's languages, in one line: "Backups <span class=zh>备份</span>". */
void page_say(Page *page, ReportText text);
/* A paragraph: both languages side by side. */
void page_paragraph(Page *page, ReportText text);
/* "<th>...</th>" in the page's languages. */
void page_heading_cell(Page *page, ReportText text);
/* The same over a column of numbers. */
void page_heading_number(Page *page, ReportText text);
/* "2026-11-27 16:52:24+08:00" */
void page_time(Page *page, int64_t time_us);

/* Head with the style sheet, opened body; and the end. `title` is escaped. */
void page_begin(Page *page, Span title);
MUST_USE Status page_end(Page *page);
