#include "attach/scan.h"

#include "attach/key_text.h"
#include "attach/look.h"
#include "attach/outcome.h"
#include "attach/pages.h"

#include <stdlib.h>

enum { LABELS_MAX = 256 };

typedef struct Suspect {
    Status what;
    bool frozen;
    uint16_t key_bytes;
    uint8_t key[ROW_KEY_BYTES_MAX];
} Suspect;

typedef struct Scan {
    AttachCore *core;
    AttachRows *rows;
    const AttachWatcher *watcher;
    AttachScanned *scanned;
    uint64_t number;
    Suspect **suspects;
    size_t count;
    WireAttachedClaim claims[ATTACH_PAGE_ROWS_MAX];
    WireAttachedVerdict verdicts[ATTACH_PAGE_ROWS_MAX];
} Scan;

static Status suspect(Scan *s, Span key, Status what)
{
    if (s->count == ATTACH_FINDINGS_MAX) {
        s->scanned->unlooked++;
        return OK;
    }
    Suspect *one = calloc(1, sizeof(*one));
    CHECK(one != NULL, FAULT_MEMORY);
    one->what = what;
    one->key_bytes = (uint16_t)key.size;
    if (key.size > 0) memcpy(one->key, key.data, key.size);
    s->suspects[s->count++] = one;
    return OK;
}

static Status begin(Scan *s)
{
    uint8_t request[2];
    uint8_t memory[16 + 8 * WIRE_ATTACHED_TRANSACTIONS_MAX];
    Buffer b = BUFFER_OF(request);
    Buffer answer = BUFFER_OF(memory);
    TRY(attach_tell_outcomes(s->core, s->rows, 0));
    TRY(buffer_put_u16(&b, s->rows->table.number));
    TRY(attach_ask(s->core, VAULT_ATTACHED_SCAN_BEGIN, span_of_buffer(&b), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    return cursor_u64(&c, &s->number);
}

static Status show_page(Scan *s, const AttachPages *pages)
{
    for (size_t i = 0; i < pages->count; i++)
        s->claims[i] =
                (WireAttachedClaim) { .image = pages->row[i].image, .seal = pages->row[i].seal };
    TRY(attach_claims(s->core, s->number, s->claims, (uint32_t)pages->count, s->verdicts));
    s->scanned->rows += pages->count;
    for (size_t i = 0; i < pages->count; i++) {
        const Status what = attach_verdict(&s->verdicts[i]);
        if (status_is(what, REFUSED_ATTACHED_ROW_UNSEALED)) s->scanned->unsealed++;
        if (status_ok(what) || status_is(what, REFUSED_ATTACHED_ROW_UNSEALED)) continue;
        TRY(suspect(s, pages->row[i].key, what));
    }
    return OK;
}

static Status walk(Scan *s, AttachPages *pages)
{
    PGconn *connection = s->rows->connection;
    do {
        TRY(attach_do(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
        const Status page = attach_pages_next(pages);
        TRY(attach_do(connection, "ROLLBACK"));
        TRY(page);
        if (pages->count > 0) TRY(show_page(s, pages));
        if (s->watcher->progress != NULL)
            s->watcher->progress(s->watcher->context,
                    pages->next < pages->blocks ? pages->next : pages->blocks, pages->blocks);
    } while (pages->count > 0);
    return OK;
}

static Status take_missing(Scan *s)
{
    uint8_t request[8];
    static _Thread_local uint8_t memory[16 + WIRE_ATTACHED_MISSING_MAX * (ROW_KEY_BYTES_MAX + 4)];
    Buffer b = BUFFER_OF(request);
    Buffer answer = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, s->number));
    TRY(attach_ask(s->core, VAULT_ATTACHED_SCAN_END, span_of_buffer(&b), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    uint64_t missing = 0;
    uint32_t told = 0;
    TRY(cursor_u64(&c, &missing));
    TRY(wire_take_count(&c, WIRE_ATTACHED_MISSING_MAX, &told));
    s->scanned->unlooked += missing - told;
    for (uint32_t i = 0; i < told; i++) {
        Span key;
        TRY(cursor_framed(&c, ROW_KEY_BYTES_MAX, &key));
        TRY(suspect(s, key, REFUSE(REFUSED_ATTACHED_ROW_DELETED)));
    }
    return OK;
}

/* --- what surprised is looked at again --- */

static Status look_again(Scan *s, Suspect *one)
{
    AttachKeyText key;
    AttachRow row;
    WireAttachedVerdict verdict;
    if (one->key_bytes == 0) return OK;
    TRY(attach_key_values(&s->rows->table, (Span) { one->key, one->key_bytes }, &key));
    TRY(attach_do(s->rows->connection, "BEGIN"));
    const Status looked = attach_look(s->core, s->rows, key.values, &row, &verdict);
    TRY(attach_do(s->rows->connection, "ROLLBACK"));
    const bool moves =
            status_is(looked, REFUSED_ATTACH_UNCERTAIN) || status_is(looked, REFUSED_ATTACH_RETRY);
    if (moves) {
        one->what = OK; /* the next scan sees it */
        return OK;
    }
    TRY(looked);
    one->what = attach_verdict(&verdict);
    one->frozen = verdict.frozen;
    return OK;
}

/* Changed rows together, so that the vault sees which of them hold each other's values. They are
 * frozen: nobody who announces moves them any more. */
static Status label(Scan *s, Suspect **changed, uint32_t count)
{
    AttachRow *rows = calloc(count, sizeof(AttachRow));
    CHECK(rows != NULL, FAULT_MEMORY);
    Status status = OK;
    for (uint32_t i = 0; i < count && status_ok(status); i++) {
        AttachKeyText key;
        status = attach_key_values(
                &s->rows->table, (Span) { changed[i]->key, changed[i]->key_bytes }, &key);
        if (status_ok(status))
            status = attach_rows_read(s->rows, key.values, ATTACH_NO_LOCK, NULL, &rows[i]);
        s->claims[i] = attach_claim(&rows[i], false, 0);
    }
    if (status_ok(status)) status = attach_claims(s->core, 0, s->claims, count, s->verdicts);
    for (uint32_t i = 0; i < count && status_ok(status); i++) {
        if (s->verdicts[i].status == REFUSED_ATTACHED_ROW_SWAPPED)
            changed[i]->what = REFUSE(REFUSED_ATTACHED_ROW_SWAPPED);
    }
    free(rows);
    return status;
}

static Status label_all(Scan *s)
{
    Suspect *changed[LABELS_MAX];
    uint32_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (status_is(s->suspects[i]->what, REFUSED_ATTACHED_ROW_CHANGED))
            changed[count++] = s->suspects[i];
        if (count == LABELS_MAX || (i + 1 == s->count && count > 0)) {
            TRY(label(s, changed, count));
            count = 0;
        }
    }
    return OK;
}

static int by_key(const void *a, const void *b)
{
    const Suspect *x = *(Suspect *const *)a;
    const Suspect *y = *(Suspect *const *)b;
    return span_compare((Span) { x->key, x->key_bytes }, (Span) { y->key, y->key_bytes });
}

static void tell_all(Scan *s)
{
    for (size_t i = 0; i < s->count; i++) {
        const Suspect *one = s->suspects[i];
        const bool again = i > 0 && one->key_bytes > 0 && by_key(&s->suspects[i - 1], &one) == 0;
        if (status_ok(one->what) || again) continue;
        s->scanned->findings++;
        if (status_is(one->what, REFUSED_ATTACHED_ROW_DELETED)) s->scanned->deleted++;
        if (status_is(one->what, REFUSED_ATTACHED_ROW_ROLLED_BACK)) s->scanned->rolled_back++;
        const AttachFinding finding = { one->what, one->frozen, { one->key, one->key_bytes } };
        s->watcher->found(s->watcher->context, &finding);
    }
}

static Status scan(Scan *s)
{
    AttachPages *pages = NULL;
    TRY(begin(s));
    TRY(attach_pages_open(s->rows, &pages));
    const Status walked = walk(s, pages);
    attach_pages_close(pages);
    TRY(walked);
    TRY(take_missing(s));
    if (s->count > 0) TRY(attach_tell_outcomes(s->core, s->rows, 0));
    for (size_t i = 0; i < s->count; i++)
        TRY(look_again(s, s->suspects[i]));
    TRY(label_all(s));
    qsort(s->suspects, s->count, sizeof(s->suspects[0]), by_key);
    tell_all(s);
    return OK;
}

Status attach_scan(AttachCore *core, AttachRows *rows, const AttachWatcher *watcher,
        AttachScanned *ret_scanned)
{
    *ret_scanned = (AttachScanned) { .rows = 0 };
    Scan *s = calloc(1, sizeof(*s));
    CHECK(s != NULL, FAULT_MEMORY);
    *s = (Scan) { .core = core, .rows = rows, .watcher = watcher, .scanned = ret_scanned };
    s->suspects = calloc(ATTACH_FINDINGS_MAX, sizeof(s->suspects[0]));
    const Status status = s->suspects != NULL ? scan(s) : BROKEN(FAULT_MEMORY);
    for (size_t i = 0; i < s->count; i++)
        free(s->suspects[i]);
    free(s->suspects);
    free(s);
    return status;
}
