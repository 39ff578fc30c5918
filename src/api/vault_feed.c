#include "api/vault_feed.h"

#include "api/event.h"
#include "base/time.h"
#include "cases/alert.h"
#include "ipc/event_wire.h"
#include "store/unit_wait.h"

enum {
    ANSWER_BYTES_MAX = 4 + WIRE_VAULT_EVENTS_MAX * 512,
    LINE_BYTES_MAX = AUDIT_ACTOR_BYTES_MAX + AUDIT_SUBJECT_BYTES_MAX + AUDIT_DETAIL_BYTES_MAX,
};

static const char *act_name(const WireVaultEvent *event)
{
    switch (event->operation) {
    case 0: return "ceremony";
    case VAULT_KEY_ROTATE: return "key.rotate";
    case VAULT_KEY_DESTROY: return "key.destroy";
    case VAULT_ROOT_TURN: return "root.turn";
    case VAULT_RELEASE_ROW: return "row.release";
    case VAULT_ACCEPT_RESTORE: return "restore.accept";
    case VAULT_UNWRAP_KEY: return "backup.open";
    case VAULT_HOLD_SUBJECT: return "subject.hold";
    case VAULT_RELEASE_HOLD: return "subject.release-hold";
    case VAULT_CLOSE_INCIDENT: return "incident.close";
    case VAULT_REVIEW_REPORT: return "report.review";
    case VAULT_RECEIVER_ADD: return "receiver.add";
    case VAULT_RECEIVER_REMOVE: return "receiver.remove";
    case VAULT_POLICY_SET: return "policy.set";
    case VAULT_EXPIRY_GRANT: return "expiry.grant";
    case VAULT_EXPIRY_END: return "expiry.end";
    case VAULT_EXPIRY_LIST: return "expiry.list";
    case VAULT_ENROLL: return "operator.enrol";
    case VAULT_OPERATOR_ADD: return "operator.add";
    case VAULT_OPERATOR_CHANGE: return "operator.change";
    case VAULT_OPERATOR_REMOVE: return "operator.remove";
    case VAULT_DESTROY_SUBJECTS: return "subjects.destroy";
    case VAULT_LEGACY_KEY: return "legacy.key";
    case VAULT_LEGACY_ENABLE: return "legacy.enable";
    case VAULT_PASSWORD_RESET: return "password.reset";
    case VAULT_SECOND_RESET: return "second-factor.reset";
    case VAULT_PLANT_HONEY: return "honey.plant";
    case VAULT_ATTACHED_TABLE: return "attached.table";
    case VAULT_ATTACHED_RELEASE: return "attached.release";
    case VAULT_LOOKUP_FIELDS: return "field.lookup";
    case VAULT_PROTECT_FIELDS: return "field.protect";
    case VAULT_REVEAL_FIELD: return "field.reveal";
    default: return "vault";
    }
}

/* A part of the line that is being written, cut at its limit. */
static Span part(Buffer *memory, size_t from, size_t size_max)
{
    if (memory->size - from > size_max) memory->size = from + size_max;
    return (Span) { memory->data + from, memory->size - from };
}

static Status put_detail(const WireVaultEvent *event, Buffer *memory)
{
    TRY(buffer_print(memory, "event %llu", (unsigned long long)event->number));
    if (event->second.size > 0) {
        TRY(buffer_put(memory, SPAN("; with operator/")));
        TRY(buffer_put(memory, event->second));
    }
    if (event->reason.size > 0) {
        TRY(buffer_put(memory, SPAN("; ")));
        TRY(buffer_put(memory, event->reason));
    }
    return OK;
}

Status vault_feed_line(const WireVaultEvent *event, Buffer *memory, AuditEvent *ret_line)
{
    size_t at = memory->size;
    ret_line->kind = event->alarm ? AUDIT_VAULT_ALARM : AUDIT_VAULT_ACT;
    ret_line->outcome = (int32_t)event->status;
    memset(ret_line->nonce, 0, sizeof(ret_line->nonce));
    TRY(buffer_put(memory, event->first.size > 0 ? SPAN("operator/") : SPAN("vault")));
    TRY(buffer_put(memory, event->first));
    ret_line->actor = part(memory, at, AUDIT_ACTOR_BYTES_MAX);
    at = memory->size;
    TRY(buffer_put(memory, span_of_text(act_name(event))));
    if (event->subject.size > 0) TRY(buffer_put_u8(memory, '/'));
    TRY(buffer_put(memory, event->subject));
    ret_line->subject = part(memory, at, AUDIT_SUBJECT_BYTES_MAX);
    at = memory->size;
    TRY(put_detail(event, memory));
    ret_line->detail = part(memory, at, AUDIT_DETAIL_BYTES_MAX);
    ret_line->from = SPAN("vault");
    ret_line->reason = audit_text_cut(event->reason, AUDIT_REASON_BYTES_MAX);
    return OK;
}

static Status write_alarm(House *house, const WireVaultEvent *event, const AuditEvent *line)
{
    uint8_t memory[AUDIT_EVENT_BYTES_MAX];
    uint8_t key_memory[32];
    Buffer bytes = BUFFER_OF(memory);
    Buffer key = BUFFER_OF(key_memory);
    TRY(audit_event_put(&bytes, line));
    TRY(buffer_print(&key, "vault/%llu", (unsigned long long)event->number));
    AlertAdd work = { .alert = alert_of(ALERT_VAULT, 0, span_of_buffer(&key),
                              (Status) { (int32_t)event->status }),
        .event = span_of_buffer(&bytes) };
    alert_add_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}

static Status write_one(House *house, const WireVaultEvent *event)
{
    uint8_t bytes[LINE_BYTES_MAX + 512];
    Buffer memory = BUFFER_OF(bytes);
    AuditEvent line;
    TRY(vault_feed_line(event, &memory, &line));
    return event->alarm ? write_alarm(house, event, &line) : event_write(house->batcher, &line);
}

static Status take_some(VaultFeed *feed, House *house, uint32_t *ret_count)
{
    uint8_t request_bytes[8];
    uint8_t answer_bytes[ANSWER_BYTES_MAX];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(buffer_put_u64(&request, feed->kept));
    TRY(vaultclient_ask(house->vault, VAULT_EVENTS, span_of_buffer(&request), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    REQUIRE(status_ok(wire_take_count(&c, WIRE_VAULT_EVENTS_MAX, ret_count)), REFUSED_IPC_FORMAT);
    for (uint32_t i = 0; i < *ret_count; i++) {
        WireVaultEvent event;
        REQUIRE(status_ok(wire_take_vault_event(&c, &event)), REFUSED_IPC_FORMAT);
        TRY(write_one(house, &event));
        feed->kept = event.number;
    }
    return OK;
}

static Status take_all(VaultFeed *feed, House *house, int64_t now_us)
{
    uint32_t count = 1;
    Status s = OK;
    feed->next_us = now_us + VAULT_FEED_EACH_US;
    while (status_ok(s) && count > 0)
        s = take_some(feed, house, &count);
    return s;
}

void vault_feed_open(VaultFeed *feed)
{
    feed->kept = 0;
    feed->next_us = 0;
    ASSERT(pthread_mutex_init(&feed->lock, NULL) == 0);
}

void vault_feed_close(VaultFeed *feed) { pthread_mutex_destroy(&feed->lock); }

Status vault_feed_step(House *house, int64_t now_us, bool at_once)
{
    VaultFeed *feed = &house->feed;
    pthread_mutex_lock(&feed->lock);
    const bool due = time_has_come(feed->next_us, now_us, VAULT_FEED_EACH_US);
    const Status s = at_once || due ? take_all(feed, house, now_us) : OK;
    pthread_mutex_unlock(&feed->lock);
    const bool away = status_is(s, REFUSED_VAULT_UNAVAILABLE) || status_is(s, REFUSED_VAULT_BUSY)
            || status_is(s, REFUSED_VAULT_NOT_READY);
    return away && !at_once ? OK : s;
}
