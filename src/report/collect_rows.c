#include "report/sections.h"

#include "cases/incident.h"
#include "crypto/digest.h"

/* "account 1024", as the check prints keys; what names a payer is not shown. */
/* Tables whose rows have a payer's name in their key. */
static const struct {
    int64_t table;
    const char *name;
} keyed_by_payer[] = {
    { TABLE_PAYER, "payer" },
    { TABLE_PAYER_BARCODE, "payer_barcode" },
    { TABLE_ALLOWANCE, "allowance" },
    { TABLE_PAYER_CARD, "payer_card" },
    { TABLE_TRANSFER_DAY, "transfer_day" },
    { TABLE_PAYER_LOGIN, "payer_login" },
    { TABLE_PAYER_DEVICE, "payer_device" },
    { TABLE_PAYER_IDENTITY, "payer_identity" },
};
enum { KEYED_BY_PAYER = sizeof(keyed_by_payer) / sizeof(keyed_by_payer[0]) };

static bool is_keyed_by_payer(const char *name)
{
    for (size_t i = 0; i < KEYED_BY_PAYER; i++) {
        if (strcmp(keyed_by_payer[i].name, name) == 0) return true;
    }
    return false;
}

static const char *payers_table_name(int64_t table)
{
    for (size_t i = 0; i < KEYED_BY_PAYER; i++) {
        if (keyed_by_payer[i].table == table) return keyed_by_payer[i].name;
    }
    return NULL;
}

bool collect_check(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const AuditFinding *f = item->finding;
    if (f == NULL) return false;
    const bool payer = is_keyed_by_payer(f->table);
    ret_line->leaf = ret_line->last_leaf = f->batch;
    evidence_cell_text(ret_line, 0, span_of_text(audit_finding_name(f->kind)));
    evidence_cell_text(ret_line, 1, span_of_text(f->table));
    evidence_cell_text(ret_line, 2, payer ? SPAN("***") : span_of_text(f->key));
    evidence_cell_text(ret_line, 3, span_of_text(audit_finding_advice(f->kind)));
    return true;
}

static bool is_alert(const EvidenceItem *item, AlertKind kind)
{
    return item->row != NULL && item->row->head.table == TABLE_ALERT
            && row_int(item->row, ALERT_KIND, 0) == (int64_t)kind;
}

static const char *table_name(int64_t table)
{
    switch (table) {
    case 0: return "-";
    case TABLE_MERCHANT: return "merchant";
    case TABLE_MERCHANT_KEY: return "merchant_key";
    case TABLE_MERCHANT_PROFILE: return "merchant_profile";
    case TABLE_MERCHANT_ORIGIN: return "merchant_origin";
    case TABLE_MERCHANT_ADDRESS: return "merchant_address";
    case TABLE_ACCOUNT: return "account";
    case TABLE_POSTING: return "posting";
    case TABLE_PAYMENT: return "payment";
    case TABLE_PAY_CODE: return "pay_code";
    case TABLE_PAYEE_CODE: return "payee_code";
    case TABLE_REFUND: return "refund";
    case TABLE_REFUNDED: return "refunded";
    case TABLE_BILL: return "bill";
    case TABLE_SETTLEMENT: return "settlement";
    case TABLE_PLAN: return "plan";
    case TABLE_CONTRACT: return "contract";
    case TABLE_DEDUCTION: return "deduction";
    case TABLE_TRANSFER: return "transfer";
    case TABLE_RESERVE: return "reserve";
    case TABLE_PAYMENT_FEE: return "payment_fee";
    case TABLE_MERCHANT_TERMS: return "merchant_terms";
    case TABLE_NOTIFICATION: return "notification";
    case TABLE_DAY_END: return "day_end";
    case TABLE_ALERT: return "alert";
    case TABLE_AUDIT_REPORT: return "audit_report";
    case TABLE_AUDIT_REVIEW: return "audit_review";
    case TABLE_INCIDENT: return "incident";
    case TABLE_INCIDENT_STEP: return "incident_step";
    default: break;
    }
    const char *payers = payers_table_name(table);
    return payers != NULL ? payers : "another table";
}

/* The key of a payer's rows is its name in hexadecimal: its digest finds the row as well. */
static void cell_key(EvidenceLine *line, size_t column, int64_t table, Span key)
{
    uint8_t d[DIGEST_SHA256_BYTES];
    if (payers_table_name(table) == NULL) {
        evidence_cell_text(line, column, key);
        return;
    }
    sha256(key, d);
    evidence_cell(
            line, column, "sha256 %02x%02x%02x%02x%02x%02x", d[0], d[1], d[2], d[3], d[4], d[5]);
}

/* TP-12: "如果不一致直接返回失败，并发送警告，同时应人工介入处理". */
bool collect_row_seals(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (!is_alert(item, ALERT_ROW)) return false;
    const int64_t table = row_int(item->row, ALERT_TABLE, 0);
    const int64_t verdict = row_int(item->row, ALERT_VERDICT, 0);
    evidence_cell_time(ret_line, 0, row_int(item->row, ALERT_TIME, item->time_us));
    evidence_cell_text(ret_line, 1, span_of_text(table_name(table)));
    cell_key(ret_line, 2, table, row_bytes(item->row, ALERT_KEY));
    evidence_cell_text(ret_line, 3, span_of_text(status_name((Status) { (int32_t)verdict })));
    return true;
}

bool collect_releases(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const AuditEvent *event = item->event;
    if (event == NULL || event->kind != AUDIT_RELEASE_ROW) return false;
    const bool payer = evidence_begins_with(event->subject, "payer/");
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, payer ? SPAN("payer/***") : event->subject);
    evidence_cell_text(ret_line, 2, event->actor);
    evidence_cell_text(ret_line, 3, event->detail);
    evidence_cell_text(ret_line, 4, span_of_text(status_name((Status) { event->outcome })));
    return true;
}

bool collect_vault_acts(const EvidenceItem *item, EvidenceLine *ret_line)
{
    const AuditEvent *event = item->event;
    if (event == NULL || event->kind != AUDIT_VAULT_ACT) return false;
    evidence_cell_time(ret_line, 0, item->time_us);
    evidence_cell_text(ret_line, 1, event->subject);
    evidence_cell_text(ret_line, 2, event->actor);
    evidence_cell_text(ret_line, 3, event->detail);
    return true;
}

bool collect_alerts(const EvidenceItem *item, EvidenceLine *ret_line)
{
    if (item->row == NULL || item->row->head.table != TABLE_ALERT) return false;
    if (is_alert(item, ALERT_ROW)) return false;
    const int64_t verdict = row_int(item->row, ALERT_VERDICT, 0);
    const Status s = { (int32_t)verdict };
    evidence_cell_time(ret_line, 0, row_int(item->row, ALERT_TIME, item->time_us));
    evidence_cell_text(ret_line, 1, span_of_text(status_name(s)));
    evidence_cell_text(ret_line, 2, span_of_text(status_advice(s)));
    return true;
}

/* An incident is told in the period in which it was opened, as it stands now. */
bool collect_incidents(const EvidenceItem *item, EvidenceLine *ret_line)
{
    Incident incident = { 0 };
    const RowView *row = item->row;
    if (row == NULL || row->head.table != TABLE_INCIDENT) return false;
    if (row->count != incident_table.column_count) return false;
    if (!status_ok(incident_of_values(row->values, &incident))) return false;
    evidence_cell_text(ret_line, 0, span_of_text(incident.id));
    evidence_cell(ret_line, 1, "%s, %s", incident_kind_name(incident.kind),
            incident_state_name(incident.state));
    evidence_cell_time(ret_line, 2, incident.opened_us);
    evidence_cell_text(ret_line, 3, span_of_text(incident.title));
    const uint32_t late = incident_overdue(&incident, item->period->to_us);
    evidence_cell_text(ret_line, 4, late != 0 ? SPAN("late") : SPAN("in time"));
    return true;
}
