#include "api/rolling.h"

#include "base/arena.h"
#include "base/time.h"

#include <stdlib.h>

/* What one step reads. */
typedef struct Page {
    Arena arena;
    RowClaim claims[ROLLING_ROWS_MAX];
    Status verdicts[ROLLING_ROWS_MAX];
    size_t count;
    size_t limit; /* of rows to be looked at */
    size_t seen; /* rows, with those that nobody can read */
    size_t tail; /* of these, at the end */
    bool cut; /* the memory was full first */
} Page;

struct Rolling {
    RollingConfig config;
    RollingCounts counts;
    int64_t started_us; /* the running round; 0: none */
    int64_t next_us; /* when the next one is due */
    size_t table; /* which one is walked */
    bool told_unreadable; /* of this table, in this round */
    bool walking; /* vaultd walks along with us */
    VaultRoll roll; /* the walk */
    uint64_t told[ROLLING_TABLES_MAX]; /* what differs there since this walk is told; 0: nothing */
    /* Go on behind this row (empty: from the first), of which `unreadable` rows are known to make
     * no row: they have no key to go on from, so they come again and are stepped over. */
    uint8_t after_image[ROW_IMAGE_BYTES_MAX];
    size_t after_size;
    size_t unreadable;
    Page page;
};

Status rolling_open(const RollingConfig *config, Rolling **ret_rolling)
{
    ASSERT(config->table_count >= 1 && config->table_count <= ROLLING_TABLES_MAX);
    for (size_t i = 0; i < config->table_count; i++)
        ASSERT(config->tables[i].table->append_only);
    Rolling *r = calloc(1, sizeof(*r));
    CHECK(r != NULL, FAULT_MEMORY);
    r->config = *config;
    const Status s = arena_open(&r->page.arena, ROLLING_BYTES_MAX);
    if (!status_ok(s)) {
        free(r);
        return s;
    }
    *ret_rolling = r;
    return OK;
}

void rolling_close(Rolling *rolling)
{
    if (rolling == NULL) return;
    arena_close(&rolling->page.arena);
    free(rolling);
}

RollingCounts rolling_counts(const Rolling *rolling) { return rolling->counts; }

static const Table *table_of(const Rolling *r) { return r->config.tables[r->table].table; }

/* --- reading, on the batch thread --- */

/* A row that finds no room ends the scan; it begins the next page. */
static Status visit(void *context, Span image, Span seal)
{
    Rolling *r = context;
    Page *page = &r->page;
    if (image.size > 0) {
        RowClaim *claim = &page->claims[page->count];
        *claim = (RowClaim) { .table = table_of(r) };
        page->cut = page->count == ROLLING_ROWS_MAX
                || !status_ok(arena_copy(&page->arena, image, &claim->image))
                || !status_ok(arena_copy(&page->arena, seal, &claim->seal));
        REQUIRE(!page->cut, REFUSED_BUFFER_FULL);
        page->count++;
    }
    page->tail = image.size > 0 ? 0 : page->tail + 1;
    page->seen++;
    return OK;
}

static Status read_page(void *context, Store *store)
{
    Rolling *r = context;
    Page *page = &r->page;
    RowView after = { 0 };
    if (r->after_size > 0) TRY(row_parse((Span) { r->after_image, r->after_size }, &after));
    arena_reset(&page->arena);
    page->count = page->seen = page->tail = 0;
    page->limit = ROLLING_ROWS_MAX + r->unreadable;
    page->cut = false;
    size_t count = 0;
    const Status s = store_scan_from(store, table_of(r), r->after_size > 0 ? after.values : NULL,
            page->limit, visit, r, &count);
    return page->cut ? OK : s;
}

/* --- judging, while batches go on --- */

static void tell(Rolling *r, Span key, Status verdict)
{
    r->counts.bad++;
    r->config.alarm(r->config.context, table_of(r), key, verdict);
}

/* A frozen row was told when it froze. A batch that vaultd has not been told of yet is looked at in
 * the next round. */
static bool is_news(Status verdict)
{
    return !status_ok(verdict) && !status_is(verdict, REFUSED_ROW_FROZEN)
            && !status_is(verdict, REFUSED_BATCH_OUT_OF_ORDER);
}

static void tell_unreadable(Rolling *r)
{
    const size_t unreadable = r->page.seen - r->page.count;
    if (unreadable <= r->unreadable || r->told_unreadable) return;
    r->told_unreadable = true;
    tell(r, (Span) { NULL, 0 }, REFUSE(REFUSED_ROW_INVALID));
}

/* The same rows are gone in every round: the first one told them, by the table or by their keys. */
static void tell_table(Rolling *r, const VaultRollFinding *finding)
{
    if (status_ok(finding->verdict) || finding->since == r->told[r->table]) return;
    r->told[r->table] = finding->since;
    if (is_news(finding->verdict)) tell(r, (Span) { NULL, 0 }, finding->verdict);
}

static Status judge_page(Rolling *r, bool last)
{
    Page *page = &r->page;
    VaultRollFinding finding = { 0 };
    if (page->count > 0 || last)
        TRY(r->config.show(r->config.context, &r->roll, page->claims, page->count, last,
                page->verdicts, &finding));
    for (size_t i = 0; i < page->count; i++) {
        RowView row;
        if (!is_news(page->verdicts[i])) continue;
        TRY(row_parse(page->claims[i].image, &row));
        tell(r, row.key, page->verdicts[i]);
    }
    tell_unreadable(r);
    tell_table(r, &finding);
    r->counts.rows += page->count;
    return OK;
}

/* --- going on --- */

/* A vaultd that counts its walks anew was restarted: what it calls `since` is another walk. */
static Status begin_walk(Rolling *r)
{
    VaultRoll roll = { 0 };
    TRY(r->config.begin(r->config.context, table_of(r), &roll));
    if (roll.number <= r->roll.number) memset(r->told, 0, sizeof(r->told));
    r->roll = roll;
    r->walking = true;
    r->after_size = 0;
    r->unreadable = 0;
    return OK;
}

/* No row of an earlier batch comes behind this page. */
static bool is_last(const Rolling *r)
{
    const Page *page = &r->page;
    RowView row;
    if (!page->cut && page->seen < page->limit) return true;
    if (page->tail > ROLLING_UNREADABLE_MAX) return true;
    if (!r->config.tables[r->table].by_batch || page->count == 0) return false;
    return status_ok(row_parse(page->claims[page->count - 1].image, &row))
            && row.values[0].integer >= r->roll.below;
}

static void end_round(Rolling *r, int64_t now_us)
{
    r->counts.rounds++;
    r->counts.round_us = now_us - r->started_us;
    r->next_us = r->started_us + ROLLING_ROUND_US;
    r->started_us = 0;
}

static void end_table(Rolling *r, int64_t now_us)
{
    r->table = (r->table + 1) % r->config.table_count;
    r->walking = false;
    r->told_unreadable = false;
    if (r->table == 0) end_round(r, now_us);
}

static void go_on(Rolling *r)
{
    const Page *page = &r->page;
    r->unreadable = page->tail;
    if (page->count == 0) return;
    const Span image = page->claims[page->count - 1].image;
    memcpy(r->after_image, image.data, image.size);
    r->after_size = image.size;
}

Status rolling_step(Rolling *r, int64_t now_us)
{
    if (r->started_us == 0 && !time_has_come(r->next_us, now_us, ROLLING_ROUND_US)) return OK;
    if (r->started_us == 0) r->started_us = now_us;
    if (!r->walking) TRY(begin_walk(r));
    TRY(batcher_between(r->config.batcher, read_page, r));
    const bool last = is_last(r);
    const Status s = judge_page(r, last);
    if (status_is(s, REFUSED_BATCH_OUT_OF_ORDER)) {
        r->walking = false;
        return OK;
    }
    TRY(s);
    if (last)
        end_table(r, now_us);
    else
        go_on(r);
    return OK;
}
