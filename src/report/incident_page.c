#include "report/incident_page.h"

#define SAY(en, zh) ((ReportText) { (en), (zh) })

void incident_file_begin(IncidentFile *file, const char *id)
{
    *file = (IncidentFile) { .id = id, .leaf = -1 };
}

void incident_file_finding(void *file, const AuditFinding *finding) { }

static void take_step(IncidentFile *file, const RowView *row)
{
    if (file->step_count == INCIDENT_FILE_STEPS_MAX) return;
    IncidentFileStep *step = &file->steps[file->step_count];
    *step = (IncidentFileStep) { .number = row_int(row, INCIDENT_STEP_NUMBER, 0),
        .time_us = row_int(row, INCIDENT_STEP_TIME, 0),
        .leaf = row->head.batch,
        .step = (IncidentStep)row_int(row, INCIDENT_STEP_STEP, 0),
        .late = row_int(row, INCIDENT_STEP_LATE, 0) == 1 };
    const Value *by = row_value(row, INCIDENT_STEP_BY);
    const Value *text = row_value(row, INCIDENT_STEP_TEXT);
    if (by == NULL || !status_ok(value_copy_text(by, step->by, sizeof(step->by)))) return;
    if (text == NULL || !status_ok(value_copy_text(text, step->text, sizeof(step->text)))) return;
    file->step_count++;
}

void incident_file_row(void *context, const RowView *row, int64_t leaf_time_us)
{
    IncidentFile *file = context;
    const bool step = row->head.table == TABLE_INCIDENT_STEP;
    if (!step && row->head.table != TABLE_INCIDENT) return;
    const Span id = row_bytes(row, step ? INCIDENT_STEP_ID : INCIDENT_ID);
    if (!span_equal(id, span_of_text(file->id))) return;
    if (step) {
        take_step(file, row);
        return;
    }
    if (row->count != incident_table.column_count) return;
    file->found = status_ok(incident_of_values(row->values, &file->incident));
    file->leaf = row->head.batch;
}

ReportText incident_step_text(IncidentStep step)
{
    switch (step) {
    case INCIDENT_STEP_CONTAIN: return SAY("Contain at once", "立即采取措施防止风险扩大");
    case INCIDENT_STEP_REPORT_BANK:
        return SAY("Report to the People's Bank of China", "向人民银行报告");
    case INCIDENT_STEP_REPORT_POLICE: return SAY("Report to the police", "报告公安机关");
    case INCIDENT_STEP_NOTIFY: return SAY("Notify the people affected", "通知受影响主体");
    case INCIDENT_STEP_CAUSE: return SAY("Root cause and correction", "根因分析与整改");
    case INCIDENT_STEP_CLOSE: return SAY("Closed by two people", "双人关闭");
    case INCIDENT_STEP_NOTE: return SAY("Note", "记录");
    case INCIDENT_STEP_SUSPECT_CRIME: return SAY("A crime is suspected", "涉嫌违法犯罪");
    case INCIDENT_STEP_NOT_NEEDED: return SAY("Not needed", "不适用");
    }
    return SAY("?", "?");
}

ReportText incident_kind_text(IncidentKind kind)
{
    switch (kind) {
    case INCIDENT_LEAK: return SAY("Leak by a vulnerability", "系统漏洞造成泄露");
    case INCIDENT_INSIDER: return SAY("Violation by an insider", "内部人员违规");
    case INCIDENT_SUSPECTED_CRIME: return SAY("Suspected crime", "涉嫌违法犯罪");
    case INCIDENT_TAMPERING: return SAY("Tampering with sealed rows", "防篡改数据被改动");
    case INCIDENT_RESERVE: return SAY("Reserve account differs", "备付金核对不符");
    }
    return SAY("?", "?");
}

static ReportText state_text(IncidentState state)
{
    switch (state) {
    case INCIDENT_STATE_DRAFT: return SAY("draft: nobody has looked yet", "草稿：尚未处理");
    case INCIDENT_STATE_OPEN: return SAY("open", "处理中");
    case INCIDENT_STATE_CLOSED: return SAY("closed", "已关闭");
    }
    return SAY("?", "?");
}

/* --- the page --- */

static void fact_begin(Page *p, ReportText name)
{
    page_html(p, "<tr><td>");
    page_say(p, name);
    page_html(p, "</td><td>");
}

static void fact_end(Page *p) { page_html(p, "</td></tr>\n"); }

static void write_facts(Page *p, const ReportFacts *facts, const IncidentFile *file)
{
    const Incident *i = &file->incident;
    page_html(p, "<table class=\"facts\">");
    fact_begin(p, SAY("Number", "编号"));
    page_export(p, CLASS_PUBLIC, span_of_text(i->id));
    fact_end(p);
    fact_begin(p, SAY("Title", "标题"));
    page_export(p, CLASS_FREE_TEXT, span_of_text(i->title));
    fact_end(p);
    fact_begin(p, SAY("Kind", "类型"));
    page_say(p, incident_kind_text(i->kind));
    fact_end(p);
    fact_begin(p, SAY("State", "状态"));
    page_say(p, state_text(i->state));
    fact_end(p);
    fact_begin(p, SAY("Opened", "建立"));
    page_time(p, i->opened_us);
    page_html(p, ", ");
    page_export(p, CLASS_IDENTITY, span_of_text(i->by));
    fact_end(p);
    fact_begin(p, SAY("Alerts", "告警数"));
    page_print(p, "%lld", (long long)i->alerts);
    fact_end(p);
    if (i->closed_us != 0) {
        fact_begin(p, SAY("Closed", "关闭"));
        page_time(p, i->closed_us);
        page_html(p, ", ");
        page_export(p, CLASS_IDENTITY, span_of_text(i->closed_by));
        fact_end(p);
    }
    fact_begin(p, SAY("Printed", "打印时间"));
    page_time(p, facts->made_us);
    fact_end(p);
    fact_begin(p, SAY("Log", "日志"));
    page_print(p, "0 – %llu", (unsigned long long)facts->check->signed_leaves - 1);
    page_html(p, " ");
    page_say(p, SAY("leaves verified", "日志叶已核验"));
    fact_end(p);
    page_html(p, "</table>\n");
}

static void write_clock(Page *p, const IncidentFile *file, IncidentStep step, int64_t now_us)
{
    const Incident *i = &file->incident;
    const uint32_t bit = (uint32_t)1 << step;
    const int64_t due_us = i->due_us[step - 1];
    const bool done = (i->done & bit) != 0;
    page_html(p, "<tr><td>");
    page_say(p, incident_step_text(step));
    page_html(p, "</td><td>");
    if (due_us == 0)
        page_html(p, "–");
    else
        page_time(p, due_us);
    page_html(p, "</td><td>");
    if (done)
        page_say(p, SAY("done", "已完成"));
    else if ((incident_overdue(i, now_us) & bit) != 0)
        page_say(p, SAY("LATE", "逾期"));
    else
        page_say(p, due_us == 0 ? SAY("no clock", "未计时") : SAY("runs", "计时中"));
    page_html(p, "</td></tr>\n");
}

static void write_clocks(Page *p, const IncidentFile *file, int64_t now_us)
{
    page_html(p, "<h2><span class=\"clause\">TP-16</span>");
    page_say(p, SAY("Clocks", "时限"));
    page_html(p, "</h2>\n");
    page_paragraph(p,
            SAY("TP-16 says \"at once\" and \"in time\"; the hours are the institution's own "
                "choice.",
                    "第16条要求“立即”“及时”；具体小时数由本机构自行设定。"));
    page_html(p, "<table class=\"lines\"><thead><tr>");
    page_heading_cell(p, SAY("Step", "步骤"));
    page_heading_cell(p, SAY("Due", "时限"));
    page_heading_cell(p, SAY("State", "状态"));
    page_html(p, "</tr></thead><tbody>\n");
    for (int n = 1; n <= INCIDENT_CLOCKS; n++)
        write_clock(p, file, (IncidentStep)n, now_us);
    page_html(p, "</tbody></table>\n");
}

static void write_step(Page *p, const IncidentFileStep *step)
{
    page_html(p, "<tr><td class=\"n\">");
    page_print(p, "%lld", (long long)step->number);
    page_html(p, "</td><td>");
    page_time(p, step->time_us);
    if (step->late) {
        page_html(p, " <span class=\"mark look\">");
        page_say(p, SAY("late", "逾期"));
        page_html(p, "</span>");
    }
    page_html(p, "</td><td>");
    page_say(p, incident_step_text(step->step));
    page_html(p, "</td><td>");
    page_export(p, CLASS_IDENTITY, span_of_text(step->by));
    page_html(p, "</td><td>");
    page_export(p, CLASS_FREE_TEXT, span_of_text(step->text));
    page_html(p, "</td><td class=\"n\">");
    page_print(p, "%lld", (long long)step->leaf);
    page_html(p, "</td></tr>\n");
}

static void write_steps(Page *p, const IncidentFile *file)
{
    page_html(p, "<h2>");
    page_say(p, SAY("What was done", "处置记录"));
    page_html(p, "</h2>\n");
    if (file->step_count == 0) page_paragraph(p, SAY("Nothing yet.", "尚无。"));
    page_html(p, "<table class=\"lines\"><thead><tr><th></th>");
    page_heading_cell(p, SAY("Time", "时间"));
    page_heading_cell(p, SAY("Step", "步骤"));
    page_heading_cell(p, SAY("Who", "操作者"));
    page_heading_cell(p, SAY("What", "内容"));
    page_heading_cell(p, SAY("Leaf", "日志叶"));
    page_html(p, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < file->step_count; i++)
        write_step(p, &file->steps[i]);
    page_html(p, "</tbody></table>\n");
}

Status incident_document(
        const ReportFacts *facts, const IncidentFile *file, ReportLanguage language, Buffer *html)
{
    Page p = page_of(html, language);
    REQUIRE(audit_log_is_sound(facts->check), REFUSED_REPORT_LOG_NOT_SOUND);
    REQUIRE(file->found, REFUSED_INCIDENT_UNKNOWN);
    REQUIRE(file->step_count == (size_t)file->incident.steps, REFUSED_AUDIT_ROW_DIFFERS);
    page_begin(&p, span_of_text(facts->id));
    page_html(&p, "<h1>");
    page_say(&p, SAY("Incident file", "事件档案"));
    page_html(&p, "</h1>\n");
    write_facts(&p, facts, file);
    write_clocks(&p, file, facts->made_us);
    write_steps(&p, file);
    return page_end(&p);
}
