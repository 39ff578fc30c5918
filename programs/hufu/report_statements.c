/* What the vault says of itself, line by line, for the audit report (report/evidence.h). */
#include "report_make.h"

#include "ipc/password_wire.h"
#include "policy/amend.h"
#include "vaultclient/policy.h"

enum { CELL_BYTES_MAX = 400 };

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

Status report_statements(VaultClient *vault, Buffer *text)
{
    TRY(put_keys(vault, text));
    TRY(vaultclient_policy_walk(vault, visit_set, text));
    return put_passwords(vault, text);
}
