#include "report/document.h"

#include "base/encoding.h"

typedef struct Writer {
    Page page;
    const ReportFacts *facts;
    const Evidence *evidence;
} Writer;

#define SAY(en, zh) ((ReportText) { (en), (zh) })

static void row_begin(Page *p, ReportText name)
{
    page_html(p, "<tr><td>");
    page_say(p, name);
    page_html(p, "</td><td>");
}

static void row_end(Page *p) { page_html(p, "</td></tr>\n"); }

/* --- the first page --- */

static void write_root(Page *p, const MerkleHash *root)
{
    uint8_t memory[2 * MERKLE_HASH_BYTES];
    Buffer hex = BUFFER_OF(memory);
    page_html(p, "<span class=\"mono\">");
    if (status_ok(hex_encode(SPAN_OF(root->bytes), &hex))) page_text(p, span_of_buffer(&hex));
    page_html(p, "</span>");
}

static const char *algorithms(const ReportFacts *facts)
{
    if (facts->by_ed25519 && facts->by_sm2) return "Ed25519, SM2";
    return facts->by_ed25519 ? "Ed25519" : "SM2";
}

static void write_verified(Writer *w)
{
    Page *p = &w->page;
    const AuditReport *check = w->facts->check;
    const bool clean = check->findings == 0;
    page_html(p,
            clean ? "<div class=\"box\"><div class=\"say\">"
                  : "<div class=\"box bad\"><div class=\"say\">");
    if (clean)
        page_say(p, SAY("The audit log verifies. Nothing differs.", "审计日志核验通过，无差异。"));
    else
        page_say(p,
                SAY("The audit log verifies; rows, sums or kept reports differ: see section 1.",
                        "审计日志核验通过；但行、合计或存档报告有差异，见第 1 节。"));
    page_html(p, "</div><table class=\"facts\">");
    row_begin(p, SAY("Leaves of the log", "日志叶"));
    page_print(p, "0 – %llu", (unsigned long long)check->signed_leaves - 1);
    row_end(p);
    if (check->leaves > check->signed_leaves) {
        row_begin(p, SAY("Younger, not signed, not used", "更新且尚未签名、未采用"));
        page_print(p, "%llu", (unsigned long long)(check->leaves - check->signed_leaves));
        row_end(p);
    }
    row_begin(p, SAY("Root", "根哈希"));
    write_root(p, &check->signed_root);
    row_end(p);
    row_begin(p, SAY("Checkpoints, signed", "检查点及签名"));
    page_print(p, "%llu · %s", (unsigned long long)check->checkpoints, algorithms(w->facts));
    row_end(p);
    row_begin(p, SAY("Log", "日志"));
    page_html(p, "<span class=\"mono\">");
    page_text(p, span_of_text(check->origin));
    page_html(p, "</span>");
    row_end(p);
    row_begin(p, SAY("Rows, tables re-checked", "复核行数、表数"));
    page_print(
            p, "%llu · %llu", (unsigned long long)check->rows, (unsigned long long)check->tables);
    row_end(p);
    row_begin(p, SAY("Findings", "差异"));
    page_print(p, "%llu", (unsigned long long)check->findings);
    row_end(p);
    page_html(p, "</table></div>\n");
}

static void write_cover(Writer *w)
{
    Page *p = &w->page;
    const EvidencePeriod *period = &w->evidence->period;
    page_html(p, "<h1>");
    page_say(p, SAY("Audit of payment-sensitive information", "支付敏感信息安全审计报告"));
    page_html(p, "</h1>\n<table class=\"facts\">");
    row_begin(p, SAY("Period", "审计期间"));
    page_time(p, period->from_us);
    page_html(p, " – ");
    page_time(p, period->to_us);
    row_end(p);
    row_begin(p, SAY("Compared with", "对比期间"));
    page_time(p, period->before_us);
    page_html(p, " – ");
    page_time(p, period->from_us);
    row_end(p);
    row_begin(p, SAY("Made", "生成时间"));
    page_time(p, w->facts->made_us);
    row_end(p);
    row_begin(p, SAY("Number", "编号"));
    page_html(p, "<span class=\"mono\">");
    page_text(p, span_of_text(w->facts->id));
    page_html(p, "</span>");
    row_end(p);
    page_html(p, "</table>\n");
    write_verified(w);
    page_paragraph(p,
            SAY("All evidence in this report was read from leaves below the signed root above, and "
                "from rows that stand in those leaves. A leaf number behind a line says where. "
                "Payers' names are masked. Rule: TP-16, at least two audits a year, kept for "
                "inspection.",
                    "本报告的全部证据均取自上述已签名根之下的日志叶，以及其中所记录的行；每行末尾注"
                    "明日志叶"
                    "编号。付款人姓名已掩码。依据第16条：每年至少开展两次内部审计，并形成报告存档备"
                    "查。"));
}

/* --- summary --- */

static void write_mark(Page *p, const EvidenceSection *section, const EvidenceSum *sum)
{
    if (section->collect == NULL) {
        page_html(p, "<span class=\"mark none\">");
        page_say(p, SAY("no source", "无来源"));
    } else if (sum->count == 0) {
        page_html(p, "<span class=\"mark good\">");
        page_say(p, SAY("nothing", "无"));
    } else if (section->alarming) {
        page_html(p, "<span class=\"mark look\">");
        page_say(p, SAY("act", "须处置"));
    } else if (section->advice.en != NULL) {
        page_html(p, "<span class=\"mark look\">");
        page_say(p, SAY("look", "须关注"));
    } else {
        page_html(p, "<span class=\"mark record\">");
        page_say(p, SAY("record", "记录"));
    }
    page_html(p, "</span>");
}

static void write_difference(Page *p, const EvidenceSum *sum)
{
    const int64_t difference = (int64_t)(sum->count - sum->before);
    page_html(p, "<td class=\"n\">");
    page_print(p, difference == 0 ? "=" : "%+lld", (long long)difference);
    page_html(p, "</td>");
}

static void write_summary_row(Page *p, size_t i, const Evidence *e)
{
    const EvidenceSection *section = &e->sections[i];
    const EvidenceSum *sum = &e->sums[i];
    page_html(p, "<tr><td class=\"n\">");
    page_print(p, "%zu", i + 1);
    page_html(p, "</td><td><a style=\"color:inherit;text-decoration:none\" href=\"#");
    page_text(p, span_of_text(section->id));
    page_html(p, "\">");
    page_say(p, section->title);
    page_html(p, "</a></td>");
    if (section->collect == NULL) {
        page_html(p, "<td class=\"n\">–</td><td class=\"n\">–</td><td class=\"n\">–</td>");
    } else {
        page_html(p, "<td class=\"n\">");
        page_print(p, "%llu", (unsigned long long)sum->count);
        page_html(p, "</td><td class=\"n\">");
        page_print(p, "%llu", (unsigned long long)sum->before);
        page_html(p, "</td>");
        write_difference(p, sum);
    }
    page_html(p, "<td>");
    write_mark(p, section, sum);
    page_html(p, "</td></tr>\n");
}

static void write_coverage(Writer *w)
{
    Page *p = &w->page;
    const EvidenceCoverage *c = &w->evidence->coverage;
    page_html(p, "<p>");
    page_say(p, SAY("Leaves of the period:", "期内日志叶："));
    if (c->leaves == 0)
        page_print(p, " 0");
    else
        page_print(p, " %llu (%lld – %lld)", (unsigned long long)c->leaves,
                (long long)c->first_leaf, (long long)c->last_leaf);
    page_html(p, "; ");
    page_say(p, SAY("events:", "事件："));
    page_print(p, " %llu", (unsigned long long)c->events);
    page_html(p, "</p>\n");
}

static void write_summary(Writer *w)
{
    Page *p = &w->page;
    page_html(p, "<h2 class=\"newpage\" id=\"summary\">");
    page_say(p, SAY("Summary", "摘要"));
    page_html(p, "</h2>\n");
    write_coverage(w);
    page_html(p, "<table class=\"lines tight\"><thead><tr><th></th>");
    page_heading_cell(p, SAY("What", "事项"));
    page_heading_number(p, SAY("Now", "本期"));
    page_heading_number(p, SAY("Before", "上期"));
    page_heading_number(p, SAY("Change", "变化"));
    page_heading_cell(p, SAY("Says", "结论"));
    page_html(p, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < w->evidence->section_count; i++)
        write_summary_row(p, i, w->evidence);
    page_html(p, "</tbody></table>\n");
}

static void write_contents_line(Page *p, const char *id, ReportText title, size_t number)
{
    page_html(p, "<li><a href=\"#");
    page_text(p, span_of_text(id));
    page_html(p, "\">");
    if (number > 0) page_print(p, "%zu  ", number);
    page_say(p, title);
    page_html(p, "</a></li>\n");
}

static void write_contents(Writer *w)
{
    Page *p = &w->page;
    page_html(p, "<h2>");
    page_say(p, SAY("Contents", "目录"));
    page_html(p, "</h2>\n<ol class=\"toc\">\n");
    write_contents_line(p, "summary", SAY("Summary", "摘要"), 0);
    for (size_t i = 0; i < w->evidence->section_count; i++)
        write_contents_line(p, w->evidence->sections[i].id, w->evidence->sections[i].title, i + 1);
    write_contents_line(p, "sign-off", SAY("Sign-off", "签署"), 0);
    write_contents_line(p, "verify", SAY("How to verify this report", "如何核验本报告"), 0);
    page_html(p, "</ol>\n");
}

/* --- sections --- */

static size_t columns_of(const EvidenceSection *section)
{
    size_t count = 0;
    while (count < EVIDENCE_COLUMNS_MAX && section->columns[count].title.en != NULL)
        count++;
    return count;
}

static void write_reference(Page *p, const EvidenceLine *line)
{
    page_html(p, "<td class=\"n\">");
    if (line->leaf < 0)
        page_html(p, "–");
    else if (line->leaf == line->last_leaf)
        page_print(p, "%lld", (long long)line->leaf);
    else
        page_print(p, "%lld … %lld", (long long)line->leaf, (long long)line->last_leaf);
    page_html(p, "</td>");
}

static void write_line(Page *p, const EvidenceSection *section, const EvidenceLine *line)
{
    page_html(p, "<tr>");
    for (size_t i = 0; i < columns_of(section); i++) {
        page_html(p, "<td>");
        page_export(p, section->columns[i].class, span_of_text(line->cells[i]));
        page_html(p, "</td>");
    }
    if (section->grouped) {
        page_html(p, "<td class=\"n\">");
        page_print(p, "%llu", (unsigned long long)line->count);
        page_html(p, "</td><td class=\"n\">");
        page_print(p, "%llu", (unsigned long long)line->before);
        page_html(p, "</td>");
    }
    write_reference(p, line);
    page_html(p, "</tr>\n");
}

static void write_lines(Writer *w, size_t at)
{
    Page *p = &w->page;
    const Evidence *e = w->evidence;
    const EvidenceSection *section = &e->sections[at];
    page_html(p, "<table class=\"lines\"><thead><tr>");
    for (size_t i = 0; i < columns_of(section); i++)
        page_heading_cell(p, section->columns[i].title);
    if (section->grouped) {
        page_heading_number(p, SAY("Now", "本期"));
        page_heading_number(p, SAY("Before", "上期"));
    }
    page_heading_number(p, SAY("Leaf", "日志叶"));
    page_html(p, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < e->line_count; i++) {
        if (e->lines[i].section == at) write_line(p, section, &e->lines[i]);
    }
    page_html(p, "</tbody></table>\n");
    if (e->sums[at].unlisted == 0) return;
    page_html(p, "<p>");
    page_say(p, SAY("Further lines, counted above and not listed:", "另有未列出（已计入）："));
    page_print(p, " %llu", (unsigned long long)e->sums[at].unlisted);
    page_html(p, "</p>\n");
}

static void write_body(Writer *w, size_t at)
{
    Page *p = &w->page;
    const EvidenceSection *section = &w->evidence->sections[at];
    const EvidenceSum *sum = &w->evidence->sums[at];
    if (section->collect == NULL) {
        page_html(p, "<div class=\"absent\">");
        page_paragraph(p,
                SAY("No source in this release: nothing is said here about whether it happened.",
                        "本版本无此证据来源：此处不表明其是否发生。"));
        page_html(p, "</div>\n");
        return;
    }
    page_paragraph(p, section->checked);
    if (sum->count == 0) {
        page_html(p, "<div class=\"nothing\">");
        page_paragraph(p,
                SAY("Looked at all of the above in the period: there was none.",
                        "已对期内上述全部内容进行核查：未发生。"));
        page_html(p, "</div>\n");
    }
    if (sum->lines > 0) write_lines(w, at);
    if (sum->count == 0 || section->advice.en == NULL) return;
    page_html(p, "<div class=\"advice\">");
    page_paragraph(p, section->advice);
    page_html(p, "</div>\n");
}

static void write_section(Writer *w, size_t at)
{
    Page *p = &w->page;
    const EvidenceSection *section = &w->evidence->sections[at];
    page_html(p, at == 0 ? "<h2 class=\"newpage\" id=\"" : "<h2 id=\"");
    page_text(p, span_of_text(section->id));
    page_html(p, "\"><span class=\"clause\">");
    page_text(p, span_of_text(section->clauses));
    page_html(p, "</span><span class=\"number\">");
    page_print(p, "%zu", at + 1);
    page_html(p, "</span>");
    page_say(p, section->title);
    page_html(p, "</h2>\n");
    write_body(w, at);
}

/* --- the last pages --- */

static void write_signature(Page *p, ReportText role)
{
    page_html(p, "<tr><td>");
    page_say(p, role);
    page_html(p, "</td><td></td><td></td></tr>\n");
}

static void write_sign_off(Writer *w)
{
    Page *p = &w->page;
    page_html(p, "<h2 class=\"newpage\" id=\"sign-off\">");
    page_say(p, SAY("Sign-off", "签署"));
    page_html(p, "</h2>\n");
    page_paragraph(p,
            SAY("We have read this report, verified it with `hufu audit report --verify`, and seen "
                "to it that every line marked \"act\" or \"look\" has an answer on file.",
                    "本人已阅读本报告并以 hufu audit report --verify 核验；凡标注“须处置”或“须关注”"
                    "的事项均已有书面答复。"));
    page_html(p, "<table class=\"sign\"><thead><tr>");
    page_heading_cell(p, SAY("Role", "角色"));
    page_heading_cell(p, SAY("Name and signature", "姓名与签字"));
    page_heading_cell(p, SAY("Date", "日期"));
    page_html(p, "</tr></thead><tbody>\n");
    write_signature(p, SAY("Auditor", "审计人"));
    write_signature(p, SAY("Reviewer", "复核人"));
    page_html(p, "</tbody></table>\n<h2 id=\"verify\">");
    page_say(p, SAY("How to verify this report", "如何核验本报告"));
    page_html(p, "</h2>\n");
    page_paragraph(p,
            SAY("Beside this file lies `note`: the SHA-256 and SM3 digests of every file of the "
                "report, signed by the vault (Ed25519 and SM2). The digest of the note stands in a "
                "sealed row and in the audit log, so a report that is removed or changed is found "
                "by `hufu audit verify`.",
                    "本文件旁的 note 载有报告各文件的 SHA-256 与 SM3 摘要，由保险库以 Ed25519 与 "
                    "SM2 "
                    "签名；其摘要写入防篡改行与审计日志，报告被删除或改动均可由 hufu audit verify "
                    "发现。"));
    page_html(p, "<p class=\"mono\">hufu audit report --verify var/reports/");
    page_text(p, span_of_text(w->facts->id));
    page_html(p, " --keys var/data/public-keys</p>\n");
}

Status report_document(
        const ReportFacts *facts, const Evidence *evidence, ReportLanguage language, Buffer *html)
{
    REQUIRE(audit_log_is_sound(facts->check), REFUSED_REPORT_LOG_NOT_SOUND);
    REQUIRE(!evidence->unreadable, REFUSED_REPORT_LOG_NOT_SOUND);
    Writer w = { page_of(html, language), facts, evidence };
    page_begin(&w.page, span_of_text(facts->id));
    write_cover(&w);
    write_contents(&w);
    write_summary(&w);
    for (size_t i = 0; i < evidence->section_count; i++)
        write_section(&w, i);
    write_sign_off(&w);
    return page_end(&w.page);
}
