#include "attach/core.h"

#include "base/seams.h"
#include "base/secret.h"

#include <stdlib.h>

enum {
    DEADLINE_MS = 10000,
    MESSAGE_BYTES = WIRE_ATTACHED_MESSAGE_BYTES_MAX,
    ANSWER_BYTES = 128 * 1024,
    SIGNED_BYTES = MESSAGE_BYTES + 2048,
    SIGNED_AT = MESSAGE_BYTES + SIGNED_BYTES,
    /* body or question, message, what is signed and then the whole of it, answer */
    MEMORY_BYTES = MESSAGE_BYTES + 2 * SIGNED_BYTES + ANSWER_BYTES,
};

Status attach_core_open(const char *socket, Span key_pem, AttachCore *ret_core)
{
    AttachCore core = { .deadline_ms = DEADLINE_MS };
    REQUIRE(strlen(socket) < sizeof(core.socket), REFUSED_BUFFER_FULL);
    memcpy(core.socket, socket, strlen(socket) + 1);
    if (key_pem.size > 0) TRY(private_key_from_pem(key_pem, &core.key));
    core.memory = malloc(MEMORY_BYTES);
    if (core.memory == NULL) private_key_free(&core.key);
    CHECK(core.memory != NULL, FAULT_MEMORY);
    *ret_core = core;
    return OK;
}

void attach_core_close(AttachCore *core)
{
    channel_close(core->channel);
    private_key_free(&core->key);
    free(core->memory);
    bytes_wipe(core, sizeof(*core));
}

static void drop_channel(AttachCore *core)
{
    if (core->channel == NULL || channel_usable(core->channel)) return;
    channel_close(core->channel);
    core->channel = NULL;
    core->has_session = false; /* it may have ended with the vault's process */
}

static Status ask_once(AttachCore *core, uint8_t operation, Span request, Buffer *ret_answer)
{
    if (core->channel == NULL) {
        const Status s = channel_connect(core->socket, core->deadline_ms, &core->channel);
        REQUIRE(status_ok(s), REFUSED_VAULT_UNAVAILABLE);
    }
    const Status s = channel_call(core->channel, operation, request, ret_answer);
    drop_channel(core);
    return s;
}

Status attach_ask(AttachCore *core, uint8_t operation, Span request, Buffer *ret_answer)
{
    const bool had = core->channel != NULL;
    Status s = ask_once(core, operation, request, ret_answer);
    const bool stale = had && core->channel == NULL && status_is(s, REFUSED_IPC_CLOSED);
    if (stale) s = ask_once(core, operation, request, ret_answer);
    const bool gone = core->channel == NULL && !status_ok(s);
    return gone ? REFUSE(REFUSED_VAULT_UNAVAILABLE) : s;
}

static Status begin_session(AttachCore *core)
{
    uint8_t memory[WIRE_ATTACHED_SESSION_BYTES];
    Buffer answer = BUFFER_OF(memory);
    if (core->has_session) return OK;
    TRY(attach_ask(core, VAULT_ATTACHED_SESSION, (Span) { NULL, 0 }, &answer));
    REQUIRE(answer.size == sizeof(memory), REFUSED_IPC_FORMAT);
    memcpy(core->session, memory, sizeof(memory));
    core->sequence = 0;
    core->has_session = true;
    return OK;
}

typedef struct Outgoing {
    uint8_t operation;
    uint16_t table;
    uint64_t transaction;
    Span body;
} Outgoing;

/* ret_message may be where the signed bytes are, which are done with by then; not where the body
 * is: after another session began it is signed once more. */
static Status sign_message(AttachCore *core, const Outgoing *out, Buffer *ret_message)
{
    Buffer message = { core->memory + MESSAGE_BYTES, 0, SIGNED_BYTES };
    Buffer signed_bytes = { core->memory + SIGNED_AT, 0, SIGNED_BYTES };
    uint8_t signature_memory[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(signature_memory);
    WireAttachedHead head = {
        .sequence = ++core->sequence, .transaction = out->transaction, .table = out->table
    };
    memcpy(head.session, core->session, sizeof(head.session));
    TRY(wire_put_attached_head(&message, &head));
    TRY(buffer_put(&message, out->body));
    TRY(wire_attached_signed_bytes(out->operation, span_of_buffer(&message), &signed_bytes));
    TRY(sign_make(core->key, span_of_buffer(&signed_bytes), &signature));
    const WireAttachedSigned whole = { span_of_buffer(&message), span_of_buffer(&signature) };
    return wire_put_attached_signed(ret_message, &whole);
}

static Status send_signed(AttachCore *core, const Outgoing *out, Buffer *ret_answer)
{
    Buffer request = { core->memory + SIGNED_AT, 0, SIGNED_BYTES };
    TRY(sign_message(core, out, &request));
    return attach_ask(core, out->operation, span_of_buffer(&request), ret_answer);
}

/* A session lives as long as the vault's process: after its restart another is begun. */
static Status ask_signed(AttachCore *core, const Outgoing *out, Buffer *ret_answer)
{
    REQUIRE(core->key != NULL, REFUSED_ATTACHED_SIGNATURE);
    TRY(begin_session(core));
    Status s = send_signed(core, out, ret_answer);
    if (!status_is(s, REFUSED_ATTACHED_SESSION_UNKNOWN)) return s;
    core->has_session = false;
    TRY(begin_session(core));
    return send_signed(core, out, ret_answer);
}

static Status put_changes(const WireAttachedChange *changes, uint32_t count, Buffer *body)
{
    TRY(wire_put_count(body, count, WIRE_ATTACHED_CHANGES_MAX));
    for (uint32_t i = 0; i < count; i++)
        TRY(wire_put_attached_change(body, &changes[i]));
    return OK;
}

static Status take_seals(Span answer, uint32_t count, uint8_t *ret_seals)
{
    Cursor c = cursor_of(answer);
    uint32_t answered = 0;
    TRY(cursor_u32(&c, &answered));
    REQUIRE(answered == count, REFUSED_IPC_FORMAT);
    TRY(cursor_copy(&c, (size_t)count * WIRE_SEAL_BYTES, ret_seals));
    return cursor_end(&c);
}

static Buffer seals_answer(void)
{
    static _Thread_local uint8_t memory[4 + WIRE_ATTACHED_CHANGES_MAX * WIRE_SEAL_BYTES];
    return BUFFER_OF(memory);
}

Status attach_announce(AttachCore *core, uint16_t table, uint64_t transaction,
        const WireAttachedChange *changes, uint32_t count, uint8_t *ret_seals)
{
    Buffer body = { core->memory, 0, MESSAGE_BYTES - 1024 };
    Buffer answer = seals_answer();
    TRY(put_changes(changes, count, &body));
    const Outgoing out = { VAULT_ATTACHED_ANNOUNCE, table, transaction, span_of_buffer(&body) };
    TRY(ask_signed(core, &out, &answer));
    return take_seals(span_of_buffer(&answer), count, ret_seals);
}

Status attach_announcement(AttachCore *core, uint16_t table, uint64_t transaction,
        const WireAttachedChange *changes, uint32_t count, Buffer *ret_announcement)
{
    Buffer body = { core->memory, 0, MESSAGE_BYTES - 1024 };
    REQUIRE(core->key != NULL, REFUSED_ATTACHED_SIGNATURE);
    TRY(put_changes(changes, count, &body));
    TRY(begin_session(core));
    const Outgoing out = { VAULT_ATTACHED_ANNOUNCE, table, transaction, span_of_buffer(&body) };
    return sign_message(core, &out, ret_announcement);
}

Status attach_hand_in(AttachCore *core, Span announcement, uint32_t count, uint8_t *ret_seals)
{
    Buffer answer = seals_answer();
    TRY(attach_ask(core, VAULT_ATTACHED_ANNOUNCE, announcement, &answer));
    return take_seals(span_of_buffer(&answer), count, ret_seals);
}

Status attach_resolve(AttachCore *core, uint16_t table, uint64_t transaction, AttachedOutcome how)
{
    const uint8_t outcome = (uint8_t)how;
    uint8_t memory[16];
    Buffer answer = BUFFER_OF(memory);
    const Outgoing out = { VAULT_ATTACHED_RESOLVE, table, transaction, { &outcome, 1 } };
    return ask_signed(core, &out, &answer);
}

Status attach_transaction(uint64_t xid, uint64_t *ret_transaction)
{
    const Random random = random_system();
    uint32_t mark = 0;
    TRY(random_fill(&random, &mark, sizeof(mark)));
    *ret_transaction = (uint64_t)mark << 32 | (xid & UINT32_MAX);
    return OK;
}

Status attach_claims(AttachCore *core, uint64_t scan, const WireAttachedClaim *claims,
        uint32_t count, WireAttachedVerdict *ret_verdicts)
{
    Buffer request = { core->memory, 0, MESSAGE_BYTES };
    Buffer answer = { core->memory + MEMORY_BYTES - ANSWER_BYTES, 0, ANSWER_BYTES };
    if (scan != 0) TRY(buffer_put_u64(&request, scan));
    TRY(wire_put_count(&request, count, WIRE_ATTACHED_ROWS_MAX));
    for (uint32_t i = 0; i < count; i++)
        TRY(wire_put_attached_claim(&request, &claims[i]));
    const uint8_t operation = scan != 0 ? VAULT_ATTACHED_SCAN_ROWS : VAULT_ATTACHED_CHECK;
    TRY(attach_ask(core, operation, span_of_buffer(&request), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    uint32_t answered = 0;
    TRY(wire_take_count(&c, WIRE_ATTACHED_ROWS_MAX, &answered));
    REQUIRE(answered == count, REFUSED_IPC_FORMAT);
    for (uint32_t i = 0; i < count; i++)
        TRY(wire_take_attached_verdict(&c, &ret_verdicts[i]));
    return cursor_end(&c);
}

Status attach_verdict(const WireAttachedVerdict *verdict)
{
    if (verdict->status != 0) return (Status) { (int32_t)verdict->status };
    return verdict->frozen ? REFUSE(REFUSED_ROW_FROZEN) : OK;
}

/* name NULL: the one with this number. */
static bool is_wanted(const AttachTable *t, const char *database, const char *name, uint16_t number)
{
    if (name == NULL) return t->number == number;
    return strcmp(t->database, database) == 0 && strcmp(t->name, name) == 0;
}

static Status find_table(AttachCore *core, const char *database, const char *name, uint16_t number,
        AttachTable *ret_table)
{
    static _Thread_local uint8_t memory[WIRE_ATTACHED_STATUS_BYTES_MAX];
    Buffer answer = BUFFER_OF(memory);
    TRY(attach_ask(core, VAULT_ATTACHED_STATUS, (Span) { NULL, 0 }, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_ATTACHED_TABLES_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireAttachedStatus status;
        AttachTable table;
        TRY(wire_take_attached_status(&c, &status));
        TRY(attach_table_take(&status, &table));
        if (!is_wanted(&table, database, name, number)) continue;
        *ret_table = table;
        return OK;
    }
    return REFUSE(REFUSED_ATTACHED_TABLE_UNKNOWN);
}

Status attach_table_find(
        AttachCore *core, const char *database, const char *name, AttachTable *ret_table)
{
    return find_table(core, database, name, 0, ret_table);
}

Status attach_table_numbered(AttachCore *core, uint16_t number, AttachTable *ret_table)
{
    return find_table(core, NULL, NULL, number, ret_table);
}

static Status ask_open(
        AttachCore *core, Span question, uint64_t *ret_transactions, uint32_t *ret_count)
{
    uint8_t memory[8 + 8 * WIRE_ATTACHED_TRANSACTIONS_MAX];
    Buffer answer = BUFFER_OF(memory);
    TRY(attach_ask(core, VAULT_ATTACHED_STATUS, question, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_count(&c, WIRE_ATTACHED_TRANSACTIONS_MAX, ret_count));
    for (uint32_t i = 0; i < *ret_count; i++)
        TRY(cursor_u64(&c, &ret_transactions[i]));
    return cursor_end(&c);
}

Status attach_open_transactions(
        AttachCore *core, uint16_t table, uint64_t *ret_transactions, uint32_t *ret_count)
{
    uint8_t request[2];
    Buffer b = BUFFER_OF(request);
    TRY(buffer_put_u16(&b, table));
    return ask_open(core, span_of_buffer(&b), ret_transactions, ret_count);
}

Status attach_is_open(AttachCore *core, uint16_t table, uint32_t xid, bool *ret_open)
{
    uint64_t transactions[WIRE_ATTACHED_TRANSACTIONS_MAX];
    uint8_t request[6];
    uint32_t count = 0;
    Buffer b = BUFFER_OF(request);
    TRY(buffer_put_u16(&b, table));
    TRY(buffer_put_u32(&b, xid));
    TRY(ask_open(core, span_of_buffer(&b), transactions, &count));
    *ret_open = count > 0;
    return OK;
}
