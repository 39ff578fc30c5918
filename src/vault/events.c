#include "vault/events.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "ipc/attached_wire.h"
#include "ipc/field_wire.h"
#include "policy/detect.h"

/* What of the request the line is about. */
typedef enum Form {
    FORM_NONE,
    FORM_APPROVED, /* two approvals, and their subject */
    FORM_RECEIVER, /* two approvals, a WireReceiver */
    FORM_OWNER, /* two approvals; their subject ends with "/<SHA-256 of what is sent, hex>" */
    FORM_NAME, /* a framed name */
    FORM_TABLE, /* what people do about an attached table (ipc/attached_wire.h) */
} Form;

static Form form_of(uint8_t operation)
{
    switch (operation) {
    case VAULT_KEY_ROTATE:
    case VAULT_KEY_DESTROY:
    case VAULT_ROOT_TURN:
    case VAULT_RECEIVER_REMOVE:
    case VAULT_POLICY_SET:
    case VAULT_EXPIRY_GRANT:
    case VAULT_DESTROY_SUBJECTS:
    case VAULT_LEGACY_KEY:
    case VAULT_ATTACHED_RELEASE:
    case VAULT_OPERATOR_REMOVE:
    case VAULT_LEGACY_ENABLE: return FORM_APPROVED;
    case VAULT_SECOND_RESET:
    case VAULT_OPERATOR_ADD:
    case VAULT_OPERATOR_CHANGE:
    case VAULT_PASSWORD_RESET: return FORM_OWNER;
    case VAULT_RECEIVER_ADD: return FORM_RECEIVER;
    case VAULT_ENROLL: return FORM_NAME;
    case VAULT_ATTACHED_TABLE: return FORM_TABLE;
    default: return FORM_NONE;
    }
}

bool events_is_act(uint8_t operation)
{
    return form_of(operation) != FORM_NONE || operation == VAULT_EXPIRY_END
            || operation == VAULT_EXPIRY_LIST || operation == VAULT_PLANT_HONEY;
}

Status events_before_act(const VaultEvents *events) { return memory_event_room(events->memory); }

static bool is_plain(Span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7F) return false;
    }
    return span_is_utf8(text);
}

/* Texts as they are, digests in hex. A text that a log must not hold is left out (TP-14). */
static Span write_down(Span text, size_t size_max, Buffer *memory)
{
    const size_t at = memory->size;
    Status s;
    if (!is_plain(text))
        s = hex_encode((Span) { text.data, text.size < 32 ? text.size : 32 }, memory);
    else if (text.size > size_max || !status_ok(detect_free_text(text)))
        s = buffer_put(memory, SPAN("(withheld)"));
    else
        s = buffer_put(memory, text);
    ASSERT(status_ok(s)); /* the caller's memory is large enough */
    return (Span) { memory->data + at, memory->size - at };
}

static Status take_people(Cursor *c, WireApproval people[2])
{
    TRY(wire_take_approval(c, &people[0]));
    return wire_take_approval(c, &people[1]);
}

/* Up to the approvals. That a table is filled now needs none: false. */
static Status skip_to_people(Cursor *c, bool *ret_people)
{
    uint8_t action = 0;
    Span unused;
    TRY(cursor_u8(c, &action));
    *ret_people = action != ATTACHED_COMPLETE;
    if (action == ATTACHED_REGISTER)
        return cursor_framed(c, WIRE_ATTACHED_DEFINITION_BYTES_MAX, &unused);
    return cursor_take(c, 2, &unused);
}

/* The request was understood and obeyed before: nothing here is new. */
static Status describe(uint8_t operation, Span request, WireVaultEvent *event, Buffer *memory)
{
    Cursor c = cursor_of(request);
    const Form form = form_of(operation);
    Span subject = { NULL, 0 };
    WireReceiver receiver;
    bool has_people = true;
    if (form == FORM_NONE) return OK;
    if (form == FORM_TABLE) TRY(skip_to_people(&c, &has_people));
    if (form == FORM_NAME) {
        TRY(cursor_framed(&c, WIRE_EVENT_NAME_BYTES_MAX, &subject));
    } else if (has_people) {
        WireApproval people[2];
        TRY(take_people(&c, people));
        subject = people[0].subject;
        event->first = write_down(people[0].name, WIRE_EVENT_NAME_BYTES_MAX, memory);
        event->second = write_down(people[1].name, WIRE_EVENT_NAME_BYTES_MAX, memory);
        event->reason = write_down(people[0].reason, WIRE_EVENT_REASON_BYTES_MAX, memory);
    }
    if (form == FORM_RECEIVER) {
        TRY(wire_take_receiver(&c, &receiver));
        subject = receiver.name;
    }
    const size_t digest_size = 1 + 2 * DIGEST_SHA256_BYTES;
    if (form == FORM_OWNER && subject.size > digest_size) subject.size -= digest_size;
    event->subject = write_down(subject, WIRE_EVENT_SUBJECT_BYTES_MAX, memory);
    return OK;
}

Status events_act(const VaultEvents *events, uint8_t operation, Span request)
{
    uint8_t bytes[1024];
    Buffer memory = BUFFER_OF(bytes);
    WireVaultEvent event = { .time_us = clock_now_us(&events->clock), .operation = operation };
    TRY(describe(operation, request, &event, &memory));
    return memory_event_act(events->memory, &event);
}

Status events_own(const VaultEvents *events, uint8_t operation, const char *subject)
{
    WireVaultEvent event = { .time_us = clock_now_us(&events->clock),
        .operation = operation,
        .subject = span_of_text(subject) };
    return memory_event_act(events->memory, &event);
}

/* One person twice is a slip of the hand; these are not. */
bool events_is_intrusion(Status status)
{
    return status_is(status, REFUSED_APPROVAL_INVALID) || status_is(status, REFUSED_APPROVAL_DUTY)
            || status_is(status, REFUSED_APPROVAL_OWN_DUTIES)
            || status_is(status, REFUSED_APPROVAL_REPLAYED);
}

void events_alarm(const VaultEvents *events, uint8_t operation, Status status)
{
    const bool looks_through_cards = status_is(status, REFUSED_HONEY_TOUCHED)
            || status_is(status, REFUSED_REVEAL_BUDGET) || status_is(status, REFUSED_LOOKUP_BUDGET)
            || status_is(status, REFUSED_PROTECT_BUDGET);
    if (!looks_through_cards && !events_is_intrusion(status)) return;
    WireVaultEvent event = { .time_us = clock_now_us(&events->clock),
        .alarm = true,
        .operation = operation,
        .status = (uint32_t)status.code };
    IGNORE(memory_event_alarm(events->memory, &event), "vaultd's own log has the alarm");
}

Status events_take(const VaultEvents *events, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint64_t kept = 0;
    TRY(cursor_u64(&c, &kept));
    TRY(cursor_end(&c));
    return memory_events_take(events->memory, kept, ret_answer);
}
