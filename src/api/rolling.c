#include "api/rolling.h"

#include "base/arena.h"

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
        ASSERT(config->tables[i]->append_only);
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

static const Table *table_of(const Rolling *r) { return r->config.tables[r->table]; }

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

static Status judge_page(Rolling *r)
{
    Page *page = &r->page;
    if (page->count > 0)
        TRY(r->config.verify(r->config.context, page->claims, page->count, page->verdicts));
    for (size_t i = 0; i < page->count; i++) {
        RowView row;
        if (!is_news(page->verdicts[i])) continue;
        TRY(row_parse(page->claims[i].image, &row));
        tell(r, row.key, page->verdicts[i]);
    }
    tell_unreadable(r);
    r->counts.rows += page->count;
    return OK;
}

/* --- going on --- */

static void begin_table(Rolling *r, size_t table)
{
    r->table = table;
    r->after_size = 0;
    r->unreadable = 0;
    r->told_unreadable = false;
}

static void end_round(Rolling *r, int64_t now_us)
{
    r->counts.rounds++;
    r->counts.round_us = now_us - r->started_us;
    r->next_us = r->started_us + ROLLING_ROUND_US;
    r->started_us = 0;
}

static void go_on(Rolling *r, int64_t now_us)
{
    const Page *page = &r->page;
    if (page->count > 0) {
        const Span last = page->claims[page->count - 1].image;
        memcpy(r->after_image, last.data, last.size);
        r->after_size = last.size;
    }
    r->unreadable = page->tail;
    const bool at_end = !page->cut && page->seen < page->limit;
    if (!at_end && r->unreadable <= ROLLING_UNREADABLE_MAX) return;
    begin_table(r, (r->table + 1) % r->config.table_count);
    if (r->table == 0) end_round(r, now_us);
}

Status rolling_step(Rolling *r, int64_t now_us)
{
    if (r->started_us == 0 && now_us < r->next_us) return OK;
    if (r->started_us == 0) r->started_us = now_us;
    TRY(batcher_between(r->config.batcher, read_page, r));
    TRY(judge_page(r));
    go_on(r, now_us);
    return OK;
}
