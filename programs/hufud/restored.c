#include "restored.h"

#include "api/event.h"
#include "api/reveal_feed.h"
#include "base/encoding.h"
#include "lifecycle/retention.h"
#include "policy/detect.h"
#include "store/replace.h"
#include "store/unit_wait.h"
#include "vaultclient/fields.h"

/* One approver acts, the other stands beside; both are named, and so is how far the log went back.
 */
static Status write_event(Batcher *batcher, const RestoreNote *note)
{
    uint8_t actor_memory[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_memory[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer actor = BUFFER_OF(actor_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer detail = BUFFER_OF(detail_memory);
    const bool clean = status_ok(detect_free_text(span_of_text(note->reason)));
    TRY(buffer_print(&actor, "operator/%.54s", note->approvers[0]));
    TRY(buffer_put(&subject, SPAN("backup/")));
    TRY(hex_encode(SPAN_OF(note->archive), &subject));
    TRY(buffer_print(&detail, "with operator/%s; leaves %lld to %lld; %s", note->approvers[1],
            (long long)note->old_size, (long long)note->size, clean ? note->reason : "(masked)"));
    const AuditEvent event = { .kind = AUDIT_RESTORE,
        .actor = span_of_buffer(&actor),
        .subject = span_of_buffer(&subject),
        .detail = span_of_buffer(&detail),
        .from = SPAN("vault"),
        .reason = clean ? audit_text_cut(span_of_text(note->reason), AUDIT_REASON_BYTES_MAX)
                        : SPAN("(masked)") };
    return event_write(batcher, &event);
}

Status restored_write(
        const char *database, const WireStatus *status, Batcher *batcher, bool *ret_written)
{
    RestoreNote note = { 0 };
    bool found = false;
    TRY(store_note_read(database, &note, &found));
    const bool same = note.size == status->tree_size
            && bytes_equal_ct(note.root, status->root, sizeof(note.root));
    if (found && same) TRY(write_event(batcher, &note));
    *ret_written = found && same;
    return OK;
}

/* --- destroyed subjects --- */

typedef struct Page {
    SubjectName after;
    SubjectName names[DESTROY_SUBJECTS_MAX];
    size_t count;
} Page;

static Status list_page(void *context, Store *store)
{
    Page *page = context;
    return destruction_unsaid(store, &page->after, page->names, &page->count);
}

static Status destroy_again(Batcher *batcher, const SubjectName *name)
{
    DestroyedAgain work = { .name = *name, .actor = "restore" };
    destroyed_again_unit(&work, NULL);
    return unit_wait(batcher, &work.unit);
}

static Status judge_page(
        const Fields *fields, Batcher *batcher, const Page *page, size_t *ret_count)
{
    WireSubjectName names[DESTROY_SUBJECTS_MAX];
    bool destroyed[DESTROY_SUBJECTS_MAX] = { 0 };
    for (size_t i = 0; i < page->count; i++)
        names[i] = (WireSubjectName) { span_of_text(page->names[i].tenant),
            span_of_text(page->names[i].subject) };
    TRY(fields_destroyed_again(fields, names, page->count, destroyed));
    for (size_t i = 0; i < page->count; i++) {
        if (!destroyed[i]) continue;
        TRY(destroy_again(batcher, &page->names[i]));
        (*ret_count)++;
    }
    return OK;
}

static Status destroy_all_again(House *house, size_t *ret_count)
{
    const Fields fields = { house->domain, house->vault };
    Page page = { .count = DESTROY_SUBJECTS_MAX };
    while (page.count == DESTROY_SUBJECTS_MAX) {
        TRY(batcher_between(house->batcher, list_page, &page));
        if (page.count == 0) return OK;
        TRY(judge_page(&fields, house->batcher, &page, ret_count));
        page.after = page.names[page.count - 1];
    }
    return OK;
}

Status restored_catch_up(const char *database, House *house, size_t *ret_count)
{
    RestoreNote note = { 0 };
    bool found = false;
    *ret_count = 0;
    TRY(store_note_read(database, &note, &found));
    if (!found) return OK;
    TRY(reveal_feed_rewind(house));
    return destroy_all_again(house, ret_count);
}
