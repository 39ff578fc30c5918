#include "vault/key_acts.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/signed_text.h"
#include "keys/pairs.h"
#include "keys/roles.h"
#include "vault/approval.h"
#include "vault/note.h"

#define LOOK_EACH_US ((int64_t)3600 * TIME_SECOND_US)

/* While serving, an older generation than the journal's is only one that another lane overtook. */
Status key_acts_note(KeyActs *acts)
{
    const Status s = memory_note_keystore(acts->view->memory, keys_generation(acts->keys));
    return status_is(s, REFUSED_KEYSTORE_ROLLED_BACK) ? OK : s;
}

Status key_acts_begin(KeyActs *acts, Keys *keys, StoreView *view, Clock clock)
{
    acts->keys = keys;
    acts->view = view;
    acts->clock = clock;
    acts->next_look_us = clock_now_us(&clock) + LOOK_EACH_US;
    return memory_note_keystore(view->memory, keys_generation(keys));
}

uint32_t key_acts_look(KeyActs *acts)
{
    uint32_t rotated = 0;
    const int64_t now_us = clock_now_us(&acts->clock);
    int64_t due_us = acts->next_look_us;
    if (!time_has_come(due_us, now_us, LOOK_EACH_US)) return 0;
    if (!atomic_compare_exchange_strong(&acts->next_look_us, &due_us, now_us + LOOK_EACH_US))
        return 0; /* another thread does it */
    IGNORE(keys_rotate_due(acts->keys, &rotated),
            "KEY_LIST tells what is overdue; the next hour tries");
    IGNORE(key_acts_note(acts), "a lost journal is noticed by all who use it");
    return rotated;
}

/* --- people --- */

typedef struct KeyAct {
    Span subject;
    Span names[2];
    Span reason;
    MemoryApprovals approvals;
} KeyAct;

static Status take_act(KeyActs *acts, Span request, Span operation, KeyAct *ret)
{
    Cursor c = cursor_of(request);
    Cursor again = c;
    const int64_t now_us = clock_now_us(&acts->clock);
    TRY(approval_take(acts->view->memory, &c, operation, now_us, &ret->subject, &ret->approvals));
    TRY(cursor_end(&c));
    for (size_t i = 0; i < 2; i++) { /* for the certificate: who they were */
        WireApproval approval;
        TRY(wire_take_approval(&again, &approval));
        ret->names[i] = approval.name;
        if (i == 0) ret->reason = approval.reason;
    }
    return OK;
}

/* At most nine digits, and not one more than the number has. */
static Status parse_number(Span text, uint32_t *ret_number)
{
    uint32_t number = 0;
    REQUIRE(text.size >= 1 && text.size <= 9, REFUSED_KEY_UNKNOWN);
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t digit = (uint8_t)(text.data[i] - '0');
        REQUIRE(digit <= 9 && (i > 0 || digit > 0 || text.size == 1), REFUSED_KEY_UNKNOWN);
        number = number * 10 + digit;
    }
    *ret_number = number;
    return OK;
}

/* The log's keys change at once; of other pairs people say how long both are shown. */
static Status parse_role_alone(Span subject, KeyRole *ret_role)
{
    TRY(role_parse(subject, ret_role));
    const bool signs_the_log =
            *ret_role == KEY_CHECKPOINT_ED25519 || *ret_role == KEY_CHECKPOINT_SM2;
    REQUIRE(signs_the_log || role_of(*ret_role)->form != ROLE_PAIR, REFUSED_KEY_TURN_TIME);
    return OK;
}

/* "card", or "platform-rsa/86400/2592000" */
static Status parse_turn(Span subject, KeyRole *ret_role, KeyTurnTimes *ret_times)
{
    Cursor c = cursor_of(subject);
    Span name;
    Span wait;
    uint32_t seconds[2] = { 0, 0 };
    *ret_times = (KeyTurnTimes) { 0, 0 };
    if (!status_ok(cursor_until(&c, '/', &name))) return parse_role_alone(subject, ret_role);
    TRY(role_parse(name, ret_role));
    REQUIRE(status_ok(cursor_until(&c, '/', &wait)), REFUSED_KEY_TURN_TIME);
    TRY(parse_number(wait, &seconds[0]));
    TRY(parse_number(c.rest, &seconds[1]));
    REQUIRE(role_of(*ret_role)->form == ROLE_PAIR, REFUSED_KEY_TURN_TIME);
    *ret_times = (KeyTurnTimes) { seconds[0] * TIME_SECOND_US, seconds[1] * TIME_SECOND_US };
    return OK;
}

static Status put_base64_key(const PublicKey *key, Buffer *b)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    TRY(public_key_to_spki(key, &spki));
    TRY(base64_encode(span_of_buffer(&spki), b));
    return buffer_put_u8(b, '\n');
}

/* The log's keys say who comes after one of them, and how long the log was then. */
static Status put_change(void *context, KeyRole role, uint32_t version, const PublicKey *before,
        const PublicKey *key, Buffer *ret_note)
{
    const KeyActs *acts = context;
    uint8_t name_memory[128];
    uint8_t text_memory[KEYS_CHANGE_BYTES_MAX];
    Buffer name = BUFFER_OF(name_memory);
    Buffer text = BUFFER_OF(text_memory);
    TRY(buffer_put(&name, SPAN("hufu/")));
    TRY(hex_encode(keys_instance(acts->keys), &name));
    TRY(buffer_put(&name, SPAN("/key-change")));
    TRY(buffer_put(&text, span_of_buffer(&name)));
    TRY(buffer_print(&text, "\n%s %u\n%u %llu\n", role_of(role)->name, version,
            acts->view->memory->log_epoch, (unsigned long long)acts->view->tree.size));
    TRY(put_base64_key(before, &text));
    TRY(put_base64_key(key, &text));
    TRY(time_format(clock_now_us(&acts->clock), &text));
    TRY(buffer_put_u8(&text, '\n'));
    return note_sign(acts->keys, span_of_buffer(&name), span_of_buffer(&text), ret_note);
}

static Status turn_key(
        KeyActs *acts, KeyRole role, const KeyTurnTimes *times, uint32_t *ret_version)
{
    const KeyEndorse endorse = { put_change, acts };
    if (role_of(role)->form == ROLE_PAIR)
        return keys_pair_rotate(acts->keys, role, times, &endorse, ret_version);
    TRY(keys_rotate(acts->keys, role));
    *ret_version = keys_current_version(acts->keys, role);
    return OK;
}

Status key_acts_rotate(KeyActs *acts, Span request, Buffer *ret_answer)
{
    KeyAct act = { 0 };
    KeyRole role = KEY_CARD;
    KeyTurnTimes times;
    uint32_t version = 0;
    TRY(take_act(acts, request, SPAN("rotate-key"), &act));
    TRY(parse_turn(act.subject, &role, &times));
    TRY(memory_spend_approvals(acts->view->memory, &act.approvals));
    TRY(turn_key(acts, role, &times, &version));
    TRY(key_acts_note(acts));
    return buffer_put_u32(ret_answer, version);
}

/* "shred/3" */
static Status parse_subject(Span subject, KeyRole *ret_role, uint32_t *ret_version)
{
    Cursor c = cursor_of(subject);
    Span name;
    REQUIRE(status_ok(cursor_until(&c, '/', &name)), REFUSED_KEY_UNKNOWN);
    TRY(role_parse(name, ret_role));
    TRY(parse_number(c.rest, ret_version));
    REQUIRE(*ret_version > 0, REFUSED_KEY_UNKNOWN);
    return OK;
}

static Status put_time(Buffer *b, const char *label, int64_t time_us)
{
    TRY(buffer_print(b, "%s: ", label));
    TRY(time_format(time_us, b));
    return buffer_put_u8(b, '\n');
}

static Status put_line(Buffer *b, const char *label, Span text)
{
    TRY(buffer_print(b, "%s: ", label));
    for (size_t i = 0; i < text.size; i++) { /* one line, whatever people wrote */
        const uint8_t c = text.data[i];
        TRY(buffer_put_u8(b, c < 0x20 || c == 0x7F ? ' ' : c));
    }
    return buffer_put_u8(b, '\n');
}

static Status put_certificate(
        const KeyActs *acts, const KeyAct *act, int64_t created_us, Buffer *ret_text)
{
    const int64_t now_us = clock_now_us(&acts->clock);
    uint8_t memory[2 * KEYS_INSTANCE_BYTES];
    Buffer ledger = BUFFER_OF(memory);
    TRY(hex_encode(keys_instance(acts->keys), &ledger));
    TRY(buffer_print(ret_text, "hufu certificate of destruction 1\n"));
    TRY(put_line(ret_text, "ledger", span_of_buffer(&ledger)));
    TRY(put_line(ret_text, "key", act->subject));
    TRY(put_time(ret_text, "made", created_us));
    TRY(put_time(ret_text, "destroyed", now_us));
    TRY(put_time(ret_text, "backups are blind from", now_us + KEY_ACTS_BACKUP_KEEP_US));
    TRY(put_line(ret_text, "approved by", act->names[0]));
    TRY(put_line(ret_text, "and by", act->names[1]));
    TRY(put_line(ret_text, "reason", act->reason));
    return signed_text_close(keys_private(acts->keys, KEY_CHECKPOINT_ED25519),
            keys_private(acts->keys, KEY_CHECKPOINT_SM2), ret_text);
}

/* What stands under the version and can be made anew by nobody yet. Merchants' keys (`field`) and
 * seals of other people's rows (`attached`) are not counted here: no version of theirs goes. */
static bool is_needed(const KeyActs *acts, KeyRole role, uint32_t version)
{
    if (role == KEY_ROW_SEAL) return store_view_needs_seal(acts->view, version);
    return role == KEY_FIELD || role == KEY_ATTACHED;
}

Status key_acts_destroy(KeyActs *acts, Span request, Buffer *ret_answer)
{
    KeyAct act = { 0 };
    KeyRole role = KEY_CARD;
    uint32_t version = 0;
    int64_t created_us = 0;
    TRY(take_act(acts, request, SPAN("destroy-key"), &act));
    TRY(parse_subject(act.subject, &role, &version));
    TRY(keys_version_created(acts->keys, role, version, &created_us));
    REQUIRE(!is_needed(acts, role, version), REFUSED_KEY_IN_USE);
    TRY(memory_spend_approvals(acts->view->memory, &act.approvals));
    TRY(keys_destroy(acts->keys, role, version));
    TRY(key_acts_note(acts));
    return put_certificate(acts, &act, created_us, ret_answer);
}
