#include "vault/key_acts.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/signed_text.h"
#include "keys/roles.h"
#include "vault/approval.h"

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
    if (now_us < due_us) return 0;
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

Status key_acts_rotate(KeyActs *acts, Span request, Buffer *ret_answer)
{
    KeyAct act = { 0 };
    KeyRole role = KEY_CARD;
    TRY(take_act(acts, request, SPAN("rotate-key"), &act));
    TRY(role_parse(act.subject, &role));
    TRY(memory_spend_approvals(acts->view->memory, &act.approvals));
    TRY(keys_rotate(acts->keys, role));
    TRY(key_acts_note(acts));
    return buffer_put_u32(ret_answer, keys_current_version(acts->keys, role));
}

/* "shred/3" */
static Status parse_subject(Span subject, KeyRole *ret_role, uint32_t *ret_version)
{
    Cursor c = cursor_of(subject);
    Span name;
    REQUIRE(status_ok(cursor_until(&c, '/', &name)), REFUSED_KEY_UNKNOWN);
    TRY(role_parse(name, ret_role));
    uint64_t version = 0;
    REQUIRE(c.rest.size >= 1 && c.rest.size <= 9, REFUSED_KEY_UNKNOWN);
    for (size_t i = 0; i < c.rest.size; i++) {
        const uint8_t digit = (uint8_t)(c.rest.data[i] - '0');
        REQUIRE(digit <= 9 && (i > 0 || digit > 0), REFUSED_KEY_UNKNOWN);
        version = version * 10 + digit;
    }
    *ret_version = (uint32_t)version;
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

Status key_acts_destroy(KeyActs *acts, Span request, Buffer *ret_answer)
{
    KeyAct act = { 0 };
    KeyRole role = KEY_CARD;
    uint32_t version = 0;
    int64_t created_us = 0;
    TRY(take_act(acts, request, SPAN("destroy-key"), &act));
    TRY(parse_subject(act.subject, &role, &version));
    TRY(keys_version_created(acts->keys, role, version, &created_us));
    const bool needed = role == KEY_ROW_SEAL && store_view_needs_seal(acts->view, version);
    REQUIRE(!needed, REFUSED_KEY_IN_USE);
    TRY(memory_spend_approvals(acts->view->memory, &act.approvals));
    TRY(keys_destroy(acts->keys, role, version));
    TRY(key_acts_note(acts));
    return put_certificate(acts, &act, created_us, ret_answer);
}
