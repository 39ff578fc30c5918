/* Destruction: in vaultd for good, then in the domain store; and once more after a restore, when an
 * older store stands here again (TP-3). */
#include "vaultclient/fields_inside.h"

#include "vaultclient/client_internal.h"

#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

static const char delete_key[] = "DELETE FROM subject_key WHERE tenant = ?1 AND subject = ?2";
static const char delete_rows[] = "DELETE FROM field WHERE tenant = ?1 AND subject = ?2";

typedef struct Destroying {
    const WireSubjectName *subjects;
    size_t count;
} Destroying;

static Status delete_subjects(void *context, Store *store)
{
    const Destroying *d = context;
    for (size_t i = 0; i < d->count; i++) {
        const Value key[] = { VALUE_OF_TEXT(d->subjects[i].tenant),
            VALUE_OF_TEXT(d->subjects[i].subject) };
        TRY(store_execute(store, delete_key, key, 2));
        TRY(store_execute(store, delete_rows, key, 2));
    }
    return OK;
}

Status fields_destroy_message(const WireSubjectName *subjects, size_t count, Buffer *ret_message)
{
    TRY(wire_put_count(ret_message, count, WIRE_DESTROY_MAX));
    for (size_t i = 0; i < count; i++)
        TRY(wire_put_subject_name(ret_message, &subjects[i]));
    return OK;
}

Status fields_destroy(const Fields *fields, const WireApproval approvals[2],
        const WireSubjectName *subjects, size_t count, Buffer *ret_certificate)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    Span certificate;
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_approval(&slot->request, &approvals[0]));
    TRY(wire_put_approval(&slot->request, &approvals[1]));
    TRY(fields_destroy_message(subjects, count, &slot->request));
    TRY(slot_ask(slot, VAULT_DESTROY_SUBJECTS, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(cursor_framed(&c, WIRE_CERTIFICATE_BYTES_MAX, &certificate));
    TRY(buffer_put(ret_certificate, certificate));
    Destroying destroying = { subjects, count };
    return domain_transaction(fields->domain, delete_subjects, &destroying);
}

/* --- after a restore --- */

/* vaultd looks at its journal before it looks at the key, so no key has to be found for the
 * question: one that opens nothing is refused by its form, for whoever lives. */
static Status ask_which(const WireSubjectName *subjects, size_t count, Slot *slot)
{
    static const uint8_t no_key[1];
    TRY(wire_put_count(&slot->request, count, WIRE_BATCH_SUBJECTS_MAX));
    for (size_t i = 0; i < count; i++)
        TRY(wire_put_turn(&slot->request,
                &(WireTurn) { subjects[i].tenant, subjects[i].subject, SPAN_OF(no_key) }));
    return slot_ask(slot, VAULT_TURN_SUBJECTS, &slot->answer);
}

static Status take_which(Span answer, size_t count, bool *ret_destroyed)
{
    Cursor c = cursor_of(answer);
    uint32_t answered = 0;
    READ(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &answered));
    REQUIRE(answered == count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++) {
        WireSubjectAnswer one;
        READ(wire_take_subject_answer(&c, &one));
        ret_destroyed[i] = one.status == REFUSED_SUBJECT_DESTROYED;
    }
    READ(cursor_end(&c));
    return OK;
}

Status fields_destroyed_again(
        const Fields *fields, const WireSubjectName *subjects, size_t count, bool *ret_destroyed)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    ASSERT(count > 0 && count <= FIELDS_PAGE);
    TRY(slot_take(fields->vault, &slot));
    TRY(ask_which(subjects, count, slot));
    TRY(take_which(span_of_buffer(&slot->answer), count, ret_destroyed));
    for (size_t i = 0; i < count; i++) {
        Destroying destroying = { &subjects[i], 1 };
        if (ret_destroyed[i]) TRY(domain_transaction(fields->domain, delete_subjects, &destroying));
    }
    return OK;
}
