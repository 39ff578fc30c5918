/* What the vault says of itself, line by line, for the audit report (report/evidence.h). */
#include "report_make.h"

#include "admin_client.h"

#include "ipc/attached_wire.h"
#include "ipc/field_wire.h"
#include "ipc/password_wire.h"
#include "policy/amend.h"
#include "vaultclient/policy.h"

enum { CELL_BYTES_MAX = 400, RECEIVERS_MAX = 1024 };

/* A tab or a line feed would begin another cell: people wrote some of these texts. */
static Status put_text(Buffer *text, Span cell)
{
    for (size_t i = 0; i < cell.size; i++) {
        const uint8_t c = cell.data[i];
        TRY(buffer_put_u8(text, c < 0x20 || c == 0x7F ? ' ' : c));
    }
    return OK;
}

static Status put_line(Buffer *text, const char *kind, int64_t time_us, const Span cells[5])
{
    TRY(buffer_print(text, "%s\t%lld", kind, (long long)time_us));
    for (size_t i = 0; i < 5; i++) {
        TRY(buffer_put_u8(text, '\t'));
        TRY(put_text(text, cells[i]));
    }
    return buffer_put_u8(text, '\n');
}

static const char *state_name(uint8_t state)
{
    if (state == 3) return "destroyed";
    return state == 2 ? "old" : "current";
}

static Status put_keys(VaultClient *vault, Buffer *text)
{
    static uint8_t memory_bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    static WireKeyFacts keys[WIRE_KEYS_MAX];
    Buffer memory = BUFFER_OF(memory_bytes);
    size_t count = 0;
    TRY(vaultclient_key_list(vault, &memory, keys, WIRE_KEYS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        char version[24];
        char end[24];
        snprintf(version, sizeof(version), "%u", keys[i].version);
        snprintf(end, sizeof(end), "%lld", (long long)keys[i].expires_us);
        const Span cells[5] = { keys[i].name, span_of_text(version), keys[i].algorithm,
            span_of_text(end), span_of_text(state_name(keys[i].state)) };
        TRY(put_line(text, "key", keys[i].created_us, cells));
    }
    return OK;
}

/* "card in log for display: clear" */
static Status put_amendment(Buffer *cell, const PolicyAmendment *a)
{
    TRY(buffer_print(cell, "%s", data_class_name(a->class)));
    if (a->kind == AMEND_MASK)
        return buffer_print(cell, ": mask shows first %u, last %u", a->mask.first, a->mask.last);
    TRY(buffer_print(cell, " in %s for %s: ", policy_name(POLICY_LAYERS, a->layer),
            policy_name(POLICY_PURPOSES, a->purpose)));
    return policy_put_forms(a->forms, (PolicyForm)a->usual, cell);
}

static Status put_override(Buffer *text, const WirePolicySet *set, const PolicyAmendment *a)
{
    uint8_t what_bytes[CELL_BYTES_MAX];
    uint8_t who_bytes[CELL_BYTES_MAX];
    char until[24];
    Buffer what = BUFFER_OF(what_bytes);
    Buffer who = BUFFER_OF(who_bytes);
    TRY(put_amendment(&what, a));
    TRY(buffer_put(&who, set->first));
    TRY(buffer_put(&who, SPAN(", ")));
    TRY(buffer_put(&who, set->second));
    snprintf(until, sizeof(until), "%lld", (long long)a->until_us);
    const Span cells[5] = { span_of_buffer(&what), span_of_text(until), span_of_buffer(&who),
        a->reason, a->clause };
    return put_line(text, "override", set->set_us, cells);
}

static Status visit_set(
        void *context, const WirePolicySet *set, const PolicyBlob *blob, int64_t now_us)
{
    for (size_t i = 0; i < blob->count; i++) {
        if (policy_amendment_is_override(&blob->amendments[i]))
            TRY(put_override(context, set, &blob->amendments[i]));
    }
    return OK;
}

static Status put_passwords(VaultClient *vault, Buffer *text)
{
    uint8_t memory[256];
    char numbers[4][24];
    Buffer answer = BUFFER_OF(memory);
    WirePasswordCounts counts = { 0 };
    TRY(vaultclient_ask(vault, VAULT_PASSWORD_COUNTS, (Span) { NULL, 0 }, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_password_counts(&c, &counts));
    const uint64_t all[] = { counts.modern, counts.legacy, counts.wrapped, counts.locked };
    for (size_t i = 0; i < 4; i++)
        snprintf(numbers[i], sizeof(numbers[i]), "%llu", (unsigned long long)all[i]);
    const Span cells[5] = { span_of_text(numbers[0]), span_of_text(numbers[1]),
        span_of_text(numbers[2]), span_of_text(numbers[3]), { NULL, 0 } };
    return put_line(text, "passwords", 0, cells);
}

/* hufud proved the log of reveals against the count that vaultd never gives up. */
static Status put_reveal_log(Span begun, Buffer *text)
{
    static const JsonField fields[] = { { "reveal_log", JSON_TEXT, true, 1, 64, 0 } };
    Span proof = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(begun, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &proof, &problem));
    return put_line(text, "reveal-log", 0, (Span[5]) { proof });
}

static Status put_purposes(uint8_t purposes, Buffer *cell)
{
    static const char *const names[] = { "", "bank-channel", "legal-order", "full-display" };
    for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((purposes >> i & 1) == 0) continue;
        TRY(buffer_print(cell, "%s%s", cell->size > 0 ? ", " : "", names[i]));
    }
    return OK;
}

static Status put_receiver(const WireReceiver *receiver, Buffer *text)
{
    uint8_t purposes_bytes[CELL_BYTES_MAX];
    char numbers[2][24];
    Buffer purposes = BUFFER_OF(purposes_bytes);
    TRY(put_purposes(receiver->purposes, &purposes));
    snprintf(numbers[0], sizeof(numbers[0]), "%u", receiver->per_day);
    snprintf(numbers[1], sizeof(numbers[1]), "%u", receiver->per_subject_day);
    return put_line(text, "receiver", 0,
            (Span[5]) { receiver->name, span_of_buffer(&purposes), span_of_text(numbers[0]),
                    span_of_text(numbers[1]) });
}

static Status put_receivers(VaultClient *vault, Buffer *text)
{
    static uint8_t memory[VAULTCLIENT_ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(memory);
    uint32_t count = 0;
    TRY(vaultclient_ask(vault, VAULT_RECEIVERS, (Span) { NULL, 0 }, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_count(&c, RECEIVERS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireReceiver receiver;
        TRY(wire_take_receiver(&c, &receiver));
        TRY(put_receiver(&receiver, text));
    }
    return OK;
}

static Status put_grants(VaultClient *vault, Buffer *text)
{
    uint8_t memory[64];
    char numbers[2][24];
    uint32_t counts[2] = { 0 };
    Buffer answer = BUFFER_OF(memory);
    TRY(vaultclient_ask(vault, VAULT_EXPIRY_COUNT, (Span) { NULL, 0 }, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    for (size_t i = 0; i < 2; i++) {
        TRY(cursor_u32(&c, &counts[i]));
        snprintf(numbers[i], sizeof(numbers[i]), "%u", counts[i]);
    }
    return put_line(
            text, "grants", 0, (Span[5]) { span_of_text(numbers[0]), span_of_text(numbers[1]) });
}

static Status put_custody(VaultClient *vault, Buffer *text)
{
    uint8_t memory[1024];
    Buffer answer = BUFFER_OF(memory);
    WireStatus status = { 0 };
    TRY(vaultclient_status(vault, &answer, &status));
    return put_line(text, "custody", 0, (Span[5]) { status.custody });
}

static Status put_attached(const WireAttachedStatus *status, Buffer *text)
{
    static const char *const phases[] = { "?", "filling", "sealed", "gone" };
    uint8_t name_bytes[CELL_BYTES_MAX];
    char numbers[3][24];
    const uint64_t counts[] = { status->rows, status->frozen, status->pending };
    Buffer name = BUFFER_OF(name_bytes);
    WireAttachedTable table;
    Cursor c = cursor_of(status->definition);
    TRY(wire_take_attached_table(&c, &table));
    TRY(buffer_print(&name, "%.*s of ", (int)table.name.size, (const char *)table.name.data));
    TRY(buffer_put(&name, table.database));
    for (size_t i = 0; i < 3; i++)
        snprintf(numbers[i], sizeof(numbers[i]), "%llu", (unsigned long long)counts[i]);
    return put_line(text, "attached", 0,
            (Span[5]) { span_of_buffer(&name),
                    span_of_text(phases[status->phase <= ATTACHED_GONE ? status->phase : 0]),
                    span_of_text(numbers[0]), span_of_text(numbers[1]), span_of_text(numbers[2]) });
}

static Status put_attached_tables(VaultClient *vault, Buffer *text)
{
    static uint8_t memory[WIRE_ATTACHED_STATUS_BYTES_MAX];
    Buffer answer = BUFFER_OF(memory);
    uint32_t count = 0;
    TRY(vaultclient_ask(vault, VAULT_ATTACHED_STATUS, (Span) { NULL, 0 }, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_count(&c, WIRE_ATTACHED_TABLES_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireAttachedStatus status;
        TRY(wire_take_attached_status(&c, &status));
        TRY(put_attached(&status, text));
    }
    return OK;
}

Status report_statements(VaultClient *vault, Span begun, Buffer *text)
{
    TRY(put_keys(vault, text));
    TRY(vaultclient_policy_walk(vault, visit_set, text));
    TRY(put_passwords(vault, text));
    TRY(put_reveal_log(begun, text));
    TRY(put_receivers(vault, text));
    TRY(put_grants(vault, text));
    TRY(put_custody(vault, text));
    return put_attached_tables(vault, text);
}
