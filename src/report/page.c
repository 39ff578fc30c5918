#include "report/page.h"

#include "base/time.h"
#include "base/visible.h"
#include "policy/detect.h"
#include "policy/mask_value.h"

#include <stdarg.h>
#include <stdio.h>

enum { PRINT_BYTES_MAX = 512, EXPORT_BYTES_MAX = 1024 };

static const char style[] =
        "@page{size:A4;margin:20mm 17mm 20mm 17mm;"
        "@bottom-left{content:'Hufu 虎符';font:8pt 'WenQuanYi Micro Hei',sans-serif;color:#777}"
        "@bottom-right{content:counter(page) ' / ' counter(pages);"
        "font:8pt 'WenQuanYi Micro Hei',sans-serif;color:#777}}"
        "*{box-sizing:border-box}"
        "body{font:9.5pt/1.5 'WenQuanYi Micro Hei','Noto Sans','Noto Sans CJK SC','PingFang SC',"
        "'Microsoft YaHei',sans-serif;color:#1c1c1c;margin:0 auto;max-width:190mm}"
        "@media screen{body{padding:12mm}}"
        ".zh{color:#555;font-weight:normal}"
        "h1{font-size:20pt;line-height:1.25;margin:0 0 2mm;color:#7c1f1a}"
        "h1 .zh{display:block;font-size:14pt;color:#7c1f1a}"
        "h2{font-size:12.5pt;margin:9mm 0 2mm;padding-bottom:1mm;border-bottom:.6pt solid #7c1f1a;"
        "break-after:avoid}"
        "h2 .number{color:#7c1f1a;padding-right:2mm}"
        "h2 .clause{float:right;font-size:8pt;font-weight:normal;color:#777;padding-top:1.2mm}"
        "p{margin:0 0 2mm}"
        "table{border-collapse:collapse;width:100%;margin:2mm 0 3mm}"
        "th{text-align:left;font-size:8.5pt;font-weight:600;border-bottom:.8pt solid #1c1c1c;"
        "padding:1mm 2mm 1mm 0;vertical-align:bottom}"
        "th .zh{display:block;font-size:7.5pt}"
        "td{border-bottom:.3pt solid #c9c4bc;padding:1mm 2mm 1mm 0;vertical-align:top;"
        "overflow-wrap:anywhere}"
        "tr{break-inside:avoid}thead{display:table-header-group}"
        ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
        ".mono{font-family:'DejaVu Sans Mono',monospace;font-size:7.5pt}"
        ".lines{font-size:8.5pt}.tight td{padding:.55mm 2mm .55mm 0}"
        ".pair{width:100%;margin:0}.pair td{border:0;width:50%;padding:0 4mm 1.5mm 0}"
        ".pair td+td{color:#555}"
        ".facts td:first-child{width:44mm;color:#555}"
        ".box{border:.8pt solid #2d6a3f;border-left-width:4pt;padding:3mm 4mm;margin:4mm 0;"
        "background:#f3f8f4}"
        ".box.bad{border-color:#a4302a;background:#fbf2f1}"
        ".box .say{font-size:11pt;font-weight:600;margin-bottom:1.5mm}"
        ".mark{white-space:nowrap;font-weight:600}.good{color:#2d6a3f}.look{color:#a4302a}"
        ".record{color:#40566b}.none{color:#8a6d1f}"
        ".nothing{border-left:3pt solid #2d6a3f;padding:.5mm 3mm;margin:2mm 0}"
        ".absent{border-left:3pt solid #c19a2b;padding:.5mm 3mm;margin:2mm 0;background:#fdf8ea}"
        ".advice{border-left:3pt solid #a4302a;padding:.5mm 3mm;margin:2mm 0}"
        ".toc{list-style:none;padding:0;margin:0;columns:2;column-gap:9mm;font-size:7pt;"
        "line-height:1.3}.toc li{padding:.2mm 0}"
        ".toc a{color:inherit;text-decoration:none}"
        "@media print{.toc a::after{content:leader('.') target-counter(attr(href),page)}}"
        ".sign td{height:15mm;border-bottom:.6pt solid #1c1c1c;vertical-align:bottom}"
        ".sign td+td{padding-left:4mm}"
        ".newpage{break-before:page;margin-top:0}";

Page page_of(Buffer *html, ReportLanguage language) { return (Page) { html, language, OK }; }

static void put(Page *page, Span bytes)
{
    if (status_ok(page->status)) page->status = buffer_put(page->html, bytes);
}

void page_html(Page *page, const char *literal) { put(page, span_of_text(literal)); }

/* --- escaping --- */

static void put_shown(Page *page, Span character)
{
    switch (character.data[0]) {
    case '&': put(page, SPAN("&amp;")); return;
    case '<': put(page, SPAN("&lt;")); return;
    case '>': put(page, SPAN("&gt;")); return;
    case '"': put(page, SPAN("&quot;")); return;
    case '\'': put(page, SPAN("&#39;")); return;
    default: put(page, character);
    }
}

void page_text(Page *page, Span text)
{
    Cursor c = cursor_of(text);
    while (c.rest.size > 0) {
        const size_t size = visible_bytes(c.rest);
        Span character = { 0 };
        if (!status_ok(cursor_take(&c, size > 0 ? size : 1, &character))) return;
        if (size > 0)
            put_shown(page, character);
        else
            put(page, SPAN("\xEF\xBF\xBD"));
    }
}

/* Free text is clear only after the detectors found nothing in it (rules/policy.yaml). */
static Status show(DataClass class, Span text, Buffer *ret_text)
{
    if (class == CLASS_FREE_TEXT) TRY(detect_free_text(text));
    const Status s = policy_show(class, LAYER_EXPORT, PURPOSE_AUDIT, text, ret_text);
    return status_is(s, REFUSED_MASK_INPUT) ? mask_nothing(ret_text) : s;
}

void page_export(Page *page, DataClass class, Span text)
{
    uint8_t memory[EXPORT_BYTES_MAX];
    Buffer shown = BUFFER_OF(memory);
    if (text.size == 0) return;
    if (status_ok(show(class, text, &shown)))
        page_text(page, span_of_buffer(&shown));
    else
        page_say(page, (ReportText) { "(withheld)", "（不予导出）" });
}

void page_print(Page *page, const char *format, ...)
{
    char text[PRINT_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    ASSERT(size >= 0 && (size_t)size < sizeof(text));
    page_text(page, (Span) { (const uint8_t *)text, (size_t)size });
}

/* --- two languages --- */

void page_say(Page *page, ReportText text)
{
    if (page->language != REPORT_CHINESE) page_text(page, span_of_text(text.en));
    if (page->language == REPORT_ENGLISH) return;
    page_html(page, page->language == REPORT_BOTH ? " <span class=\"zh\" lang=\"zh\">" : "<span>");
    page_text(page, span_of_text(text.zh));
    page_html(page, "</span>");
}

void page_paragraph(Page *page, ReportText text)
{
    if (page->language != REPORT_BOTH) {
        page_html(page, "<p>");
        page_say(page, text);
        page_html(page, "</p>\n");
        return;
    }
    page_html(page, "<table class=\"pair\"><tr><td>");
    page_text(page, span_of_text(text.en));
    page_html(page, "</td><td lang=\"zh\">");
    page_text(page, span_of_text(text.zh));
    page_html(page, "</td></tr></table>\n");
}

void page_heading_cell(Page *page, ReportText text)
{
    page_html(page, "<th>");
    page_say(page, text);
    page_html(page, "</th>");
}

void page_heading_number(Page *page, ReportText text)
{
    page_html(page, "<th class=\"n\">");
    page_say(page, text);
    page_html(page, "</th>");
}

void page_time(Page *page, int64_t time_us)
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (!status_ok(time_format(time_us, &text))) {
        page_print(page, "%lld us", (long long)time_us);
        return;
    }
    if (text.size > 10) memory[10] = ' ';
    page_text(page, span_of_buffer(&text));
}

void page_begin(Page *page, Span title)
{
    page_html(page, "<!DOCTYPE html>\n<html lang=\"");
    page_html(page, page->language == REPORT_CHINESE ? "zh" : "en");
    page_html(page,
            "\">\n<head><meta charset=\"utf-8\">"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
            "style-src 'unsafe-inline'\">"
            "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    page_text(page, title);
    page_html(page, "</title>\n<style>");
    page_html(page, style);
    page_html(page, "</style></head>\n<body>\n");
}

Status page_end(Page *page)
{
    page_html(page, "</body>\n</html>\n");
    REQUIRE(!status_is(page->status, REFUSED_BUFFER_FULL), REFUSED_REPORT_TOO_LARGE);
    return page->status;
}
