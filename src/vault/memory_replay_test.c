/* Goal: whatever one segment of the journal came to hold, vaultd starts with it; what was forgotten
 * while living is no reason to refuse it (DESIGN section 5.7). Method: few entries may live at a
 * time, each lives for a moment, and the other segment has no room, so the first one grows to its
 * very end; then it is replayed. The limits are made small, what is compared is not. */
#include "base/expect.h"
#include "journal/torn_disk.h"
#include "vault/memory_field.h"
#include "vault/memory_people.h"
#include "vault/memory_pin.h"

enum {
    LIVE_MAX = 32,
    SEGMENT_BYTES = 128 * 1024,
    DISK_BYTES = 8 * SEGMENT_BYTES,
    NO_ROOM_BYTES = 512,
    WRITES_MAX = 100000,
};

#define NOW_FIRST_US ((int64_t)1795000000 * 1000000)
#define HOUR_US ((int64_t)3600 * 1000000)

typedef struct Site {
    TornPower power;
    TornDisk *disks[2];
    Secret key;
    Memory *memory;
    int64_t now_us;
    uint64_t made; /* names so far */
} Site;

static Status site_start(Site *s)
{
    static const uint8_t names[KEYED_HASH_KEY_BYTES] = { 5 };
    MemoryConfig config = { .segments = { torn_disk_seam(s->disks[0]),
                                    torn_disk_seam(s->disks[1]) },
        .journal_key = &s->key,
        .segment_bytes = SEGMENT_BYTES,
        .limits = { LIVE_MAX, LIVE_MAX, LIVE_MAX, LIVE_MAX, LIVE_MAX } };
    keyed_hash_key(&config.names, names);
    return memory_open(&config, &s->memory);
}

static void site_done(Site *s)
{
    memory_close(s->memory);
    for (int i = 0; i < 2; i++)
        torn_disk_close(s->disks[i]);
}

static Status site_open(Site *s)
{
    *s = (Site) { .power = torn_power(1, 0), .key = { .size = 32 }, .now_us = NOW_FIRST_US };
    TRY(torn_disk_open(&s->power, DISK_BYTES, &s->disks[0]));
    TRY(torn_disk_open(&s->power, DISK_BYTES, &s->disks[1]));
    torn_disk_limit(s->disks[1], NO_ROOM_BYTES);
    return site_start(s);
}

static KeyedHash fresh_name(Site *s)
{
    KeyedHash name = { { 0 } };
    s->made++;
    keyed_hash(&s->memory->names, (Span) { (const uint8_t *)&s->made, sizeof(s->made) }, &name);
    return name;
}

/* --- one write of each kind; each expires before the next --- */

static Status write_field_boxes(Site *s)
{
    MemoryExpiring boxes[LIVE_MAX];
    bool fresh[LIVE_MAX];
    for (int i = 0; i < LIVE_MAX; i++)
        boxes[i] = (MemoryExpiring) { fresh_name(s), s->now_us + 1 };
    return memory_spend_boxes(s->memory, boxes, LIVE_MAX, s->now_us, fresh);
}

static Status write_budget(Site *s)
{
    const MemoryExpiring name = { fresh_name(s), s->now_us + 1 };
    return memory_budget_use(s->memory, &name, 1, 10, REFUSED_REVEAL_BUDGET, s->now_us);
}

static Status write_approvals(Site *s)
{
    const MemoryApprovals approvals = { { { fresh_name(s), s->now_us + 1 },
            { fresh_name(s), s->now_us + 1 } } };
    REQUIRE(!memory_approvals_spent(s->memory, &approvals, s->now_us), REFUSED_APPROVAL_REPLAYED);
    return memory_spend_approvals(s->memory, &approvals);
}

/* A payer proves a PIN, and nobody uses the grant. */
static Status write_pin(Site *s)
{
    static const KeyedHash payer = { { 1 } };
    static const uint8_t grant_bytes[MEMORY_GRANT_BYTES] = { 0 };
    uint8_t grant[MEMORY_GRANT_BYTES];
    bool repeated = false;
    uint32_t version = 0;
    PinUse use = { payer, fresh_name(s), fresh_name(s), s->now_us + 1, 1 };
    if (hash_table_find(&s->memory->payers, &payer) == NULL)
        return memory_pin_set(s->memory, &use, false, s->now_us, &version);
    TRY(memory_pin_attempt(s->memory, &use, s->now_us, &repeated, grant));
    uint8_t given[MEMORY_GRANT_BYTES];
    memcpy(given, grant_bytes, sizeof(given));
    memcpy(given, use.box.bytes, sizeof(use.box.bytes));
    return memory_pin_right(s->memory, &use, &use.facts, s->now_us, given, grant);
}

/* Until neither segment takes more; how many writes that was. */
static bool fill(Site *s, Status (*write)(Site *), int *ret_writes)
{
    Status done = OK;
    for (*ret_writes = 0; *ret_writes < WRITES_MAX; (*ret_writes)++) {
        done = write(s);
        s->now_us += HOUR_US;
        if (!status_ok(done)) break;
    }
    return status_is(done, (StatusCode)FAULT_JOURNAL);
}

static size_t field_boxes(const Memory *m) { return m->fields->boxes.count; }
static size_t budgets(const Memory *m) { return m->fields->budgets.count; }
static size_t nonces(const Memory *m) { return m->nonces.count; }
static size_t boxes(const Memory *m) { return m->boxes.count; }
static size_t grants(const Memory *m) { return m->grants.count; }

typedef struct Kind {
    Status (*write)(Site *s);
    size_t (*count)(const Memory *m);
    int entries; /* made by each write */
} Kind;

static const Kind kinds[] = {
    { write_field_boxes, field_boxes, LIVE_MAX },
    { write_budget, budgets, 1 },
    { write_approvals, nonces, 2 },
    { write_pin, boxes, 1 },
    { write_pin, grants, 1 },
};

/* Lived within the limit; replayed all at once, far over it; and lived on. */
static void test_a_whole_segment_is_replayed(void)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const Kind *kind = &kinds[i];
        CLEANUP(site_done) Site s;
        int writes = 0;
        EXPECT_OK(site_open(&s));
        EXPECT(fill(&s, kind->write, &writes));
        const size_t lived = kind->count(s.memory);
        EXPECT(lived <= LIVE_MAX);
        memory_close(s.memory);
        s.memory = NULL;
        EXPECT(torn_disk_bytes(s.disks[0]).size > 3 * SEGMENT_BYTES); /* it grew over its limit */
        EXPECT_OK(site_start(&s));
        const size_t replayed = kind->count(s.memory);
        EXPECT(replayed > 8 * LIVE_MAX && replayed + 2 >= (size_t)(writes * kind->entries));
        torn_disk_limit(s.disks[1], DISK_BYTES);
        for (int n = 0; n < 2 * LIVE_MAX; n++, s.now_us += HOUR_US)
            EXPECT_OK(kind->write(&s));
        EXPECT(kind->count(s.memory) <= LIVE_MAX);
    }
}

TESTS(TEST(test_a_whole_segment_is_replayed))
