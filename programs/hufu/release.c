#include "admin_client.h"
#include "layout.h"
#include "together.h"

#include "base/encoding.h"
#include "policy/tables.h"
#include "store/replace.h"

typedef struct TableName {
    const char *name;
    uint16_t id;
} TableName;

static const TableName tables[] = {
    { "merchant", TABLE_MERCHANT },
    { "merchant_key", TABLE_MERCHANT_KEY },
    { "merchant_profile", TABLE_MERCHANT_PROFILE },
    { "merchant_address", TABLE_MERCHANT_ADDRESS },
    { "merchant_origin", TABLE_MERCHANT_ORIGIN },
    { "payer", TABLE_PAYER },
    { "account", TABLE_ACCOUNT },
    { "posting", TABLE_POSTING },
    { "payment", TABLE_PAYMENT },
    { "pay_code", TABLE_PAY_CODE },
    { "refund", TABLE_REFUND },
    { "refunded", TABLE_REFUNDED },
    { "allowance", TABLE_ALLOWANCE },
    { "bill", TABLE_BILL },
    { "settlement", TABLE_SETTLEMENT },
    { "transfer", TABLE_TRANSFER },
    { "transfer_day", TABLE_TRANSFER_DAY },
    { "reserve", TABLE_RESERVE },
    { "payment_fee", TABLE_PAYMENT_FEE },
    { "merchant_terms", TABLE_MERCHANT_TERMS },
    { "notification", TABLE_NOTIFICATION },
    { "binding", TABLE_BINDING },
    { "plan", TABLE_PLAN },
    { "contract", TABLE_CONTRACT },
    { "deduction", TABLE_DEDUCTION },
    { "order_payer", TABLE_ORDER_PAYER },
    { "order_identity", TABLE_ORDER_IDENTITY },
    { "payer_identity", TABLE_PAYER_IDENTITY },
    { "payee_code", TABLE_PAYEE_CODE },
    { "payer_barcode", TABLE_PAYER_BARCODE },
    { "day_end", TABLE_DAY_END },
    { "alert", TABLE_ALERT },
    { "caller", TABLE_CALLER },
    { "payer_card", TABLE_PAYER_CARD },
    { "payer_login", TABLE_PAYER_LOGIN },
    { "payer_device", TABLE_PAYER_DEVICE },
    { "audit_report", TABLE_AUDIT_REPORT },
    { "audit_review", TABLE_AUDIT_REVIEW },
    { "incident", TABLE_INCIDENT },
    { "incident_step", TABLE_INCIDENT_STEP },
    { "data_subject", TABLE_DATA_SUBJECT },
    { "data_consent", TABLE_DATA_CONSENT },
    { "data_holding", TABLE_DATA_HOLDING },
    { "data_hold", TABLE_DATA_HOLD },
    { "data_request", TABLE_DATA_REQUEST },
    { "data_act", TABLE_DATA_ACT },
    { "data_destroyed", TABLE_DATA_DESTROYED },
    { "principal", TABLE_PRINCIPAL },
    { "access_grant", TABLE_ACCESS_GRANT },
    { "access_review", TABLE_ACCESS_REVIEW },
    { "access_table", TABLE_ACCESS_TABLE },
};

typedef struct Release {
    Together together;
    const char *table;
    const char *key_text;
    uint8_t key_bytes[ROW_KEY_BYTES_MAX];
    Buffer key;
    TogetherSigned both;
} Release;

/* The key begins with its table's number; the name beside it is there so that people see what they
 * release. */
MUST_USE static Status read_key(Release *r)
{
    uint16_t id = 0;
    r->key = BUFFER_OF(r->key_bytes);
    TRY(hex_decode(span_of_text(r->key_text), &r->key));
    Cursor c = cursor_of(span_of_buffer(&r->key));
    TRY(cursor_u16(&c, &id));
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (strcmp(tables[i].name, r->table) == 0 && tables[i].id == id) return OK;
    return REFUSE(REFUSED_ROW_INVALID);
}

/* The log says it before it is done, and again when the vault refused. */
MUST_USE static Status audit(const Release *r, Status outcome)
{
    uint8_t request_bytes[4096];
    uint8_t answer_bytes[1024];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("release.note"));
    json_key_text(&w, "table", span_of_text(r->table));
    json_key_text(&w, "key", span_of_text(r->key_text));
    json_key_text(&w, "first", span_of_text(r->both.names[0]));
    json_key_text(&w, "second", span_of_text(r->both.names[1]));
    json_key_text(&w, "reason", span_of_text(r->together.reason));
    json_key_int(&w, "outcome", outcome.code);
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(r->together.directory, span_of_buffer(&request), &answer);
}

MUST_USE static Status release(Release *r)
{
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_sign(&r->together, SPAN("release-row"), span_of_buffer(&r->key), &r->both));
    TRY(together_vault(r->together.directory, &vault));
    TRY(audit(r, OK));
    const Status s = vaultclient_release_row(vault, r->both.approvals);
    if (!status_ok(s)) IGNORE(audit(r, s), "what the vault said is told either way");
    return s;
}

int command_release(int argc, char **argv)
{
    Release r = { .together = { .directory = directory_default() } };
    const Option options[] = {
        { "TABLE", OPTION_TEXT, NULL, "as the alert names it: account, payer, payment...", &r.table,
                0, 0 },
        { "KEYHEX", OPTION_TEXT, NULL, "the row's key, as the alert has it (about_key)",
                &r.key_text, 0, 0 },
        TOGETHER_OPTIONS_WHY(
                r.together, "why, up to 100 bytes; it is signed and audited (required)"),
    };
    const Usage usage = { "hufu release",
        "Release a frozen row: two enrolled operators sign that its reason is known and repaired. "
        "The\n"
        "vault goes on looking at the row: one that still does not match its seal freezes again.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!together_is_whole(&r.together, "release", REPLACE_REASON_BYTES_MAX)) return EXIT_USAGE;
    Status s = read_key(&r);
    if (status_ok(s)) s = release(&r);
    together_signed_done(&r.both);
    if (!status_ok(s)) return command_failed("release", s);
    printf("released: %s %s\n", r.table, r.key_text);
    return EXIT_DONE;
}
