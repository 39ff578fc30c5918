/* Goal: what people did to keys, receivers and operators, and alarms, wait for the audit log, in
 * order, once, over restarts, until hufud says that it has them (TP-15, TP-16, LL-4.5.3). Method: a
 * whole vault; acts; answers compared; restarts and snapshots between; a hufud that lies about what
 * it kept, one that takes nothing. */
#include "ipc/event_wire.h"
#include "vault/field_test_desk.h"
#include "vault/memory_event.h"

static const int both[2] = { 0, 1 };
static WireVaultEvent got[WIRE_VAULT_EVENTS_MAX];

static Status ask(House *h, uint64_t kept, uint32_t *ret_count)
{
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, kept));
    TRY(house_ask(h, VAULT_EVENTS, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(wire_take_count(&c, WIRE_VAULT_EVENTS_MAX, ret_count));
    for (uint32_t i = 0; i < *ret_count; i++)
        TRY(wire_take_vault_event(&c, &got[i]));
    return cursor_end(&c);
}

/* How many came; -1: refused. */
static int take(House *h, uint64_t kept)
{
    uint32_t count = 0;
    return status_ok(ask(h, kept, &count)) ? (int)count : -1;
}

static Status rotate(House *h, const char *role, const char *reason)
{
    uint8_t memory[4096];
    Buffer b = BUFFER_OF(memory);
    desk_approve(h, both, "rotate-key", span_of_text(role), reason, &b);
    return house_ask_operator(h, VAULT_KEY_ROTATE, span_of_buffer(&b));
}

static Status restart(House *h)
{
    TRY(house_restart(h));
    return house_scan(h);
}

static bool is(const WireVaultEvent *e, uint64_t number, uint8_t operation, const char *subject)
{
    return e->number == number && e->operation == operation && !e->alarm
            && span_equal(e->subject, span_of_text(subject));
}

static void test_acts_wait_until_they_are_kept(void)
{
    CLEANUP(house_done) House *h = house_open();
    desk_people(h);
    EXPECT_OK(rotate(h, "card", "half a year is over"));
    EXPECT_REFUSED(rotate(h, "no-such-key", "try"), REFUSED_KEY_UNKNOWN);
    EXPECT(take(h, 0) == 4); /* first start, two operators, one rotation; nothing of what failed */
    EXPECT(got[0].number == 1 && got[0].operation == 0);
    EXPECT(is(&got[1], 2, VAULT_ENROLL, "ann") && is(&got[2], 3, VAULT_ENROLL, "bob"));
    EXPECT(is(&got[3], 4, VAULT_KEY_ROTATE, "card"));
    EXPECT(span_equal(got[3].first, SPAN("ann")) && span_equal(got[3].second, SPAN("bob")));
    EXPECT(span_equal(got[3].reason, SPAN("half a year is over")));
    EXPECT(got[3].time_us == h->now_us);
    EXPECT_OK(restart(h));
    EXPECT(take(h, 0) == 4); /* and no second first start */
    EXPECT(take(h, 3) == 1 && is(&got[0], 4, VAULT_KEY_ROTATE, "card"));
    EXPECT_OK(restart(h));
    EXPECT(take(h, 0) == 1); /* those that were kept do not come back */
    EXPECT(take(h, 5) == -1); /* nobody keeps what was never given out */
    EXPECT(take(h, 4) == 0);
    EXPECT_OK(rotate(h, "card", "again"));
    EXPECT(take(h, 4) == 1 && got[0].number == 5);
}

/* A log is no way out: neither a card number in a reason nor control characters get there. */
static void test_what_a_log_must_not_hold_is_left_out(void)
{
    CLEANUP(house_done) House *h = house_open();
    desk_people(h);
    EXPECT_OK(rotate(h, "identity", "card 6222021234567894 leaked"));
    EXPECT_OK(rotate(h, "identity", "line\nbreak"));
    EXPECT(take(h, 3) == 2);
    EXPECT(span_equal(got[0].reason, SPAN("(withheld)")));
    EXPECT(span_equal(got[1].reason, SPAN("6c696e650a627265616b")));
}

static Status touch(Desk *desk, uint32_t *ret_alerts)
{
    WireIndexes unused;
    const Status s = desk_lookup(desk, "6222021234567894", &unused);
    *ret_alerts = (uint32_t)desk->house->alerts;
    return s;
}

/* A thousand equal alarms are one a minute: they can neither fill the feed nor hide an act. */
static void test_equal_alarms_count_once_a_minute(void)
{
    CLEANUP(house_done) House *h = house_open();
    h->lookups_per_day = 1;
    EXPECT_OK(restart(h));
    Desk desk;
    uint32_t alerts = 0;
    desk_open(&desk, h, "shop");
    EXPECT_OK(touch(&desk, &alerts));
    for (int i = 0; i < 100; i++)
        EXPECT_REFUSED(touch(&desk, &alerts), REFUSED_LOOKUP_BUDGET);
    EXPECT(alerts == 100);
    EXPECT(take(h, 1) == 1);
    EXPECT(got[0].alarm && got[0].status == REFUSED_LOOKUP_BUDGET);
    h->now_us += MEMORY_ALARM_EACH_US;
    EXPECT_REFUSED(touch(&desk, &alerts), REFUSED_LOOKUP_BUDGET);
    EXPECT(take(h, 2) == 1 && got[0].number == 3);
    desk_close(&desk);
}

/* While nobody writes the lines, nothing is done that needs one; afterwards everything goes on. */
static void test_no_act_without_room_for_its_line(void)
{
    CLEANUP(house_done) House *h = house_open();
    WireVaultEvent filler = { .operation = VAULT_KEY_ROTATE, .subject = SPAN("seal") };
    desk_people(h);
    for (int i = 3; i < MEMORY_EVENTS_ACTS_MAX; i++)
        EXPECT_OK(memory_event_act(h->memory, &filler));
    EXPECT_REFUSED(rotate(h, "card", "no room"), REFUSED_EVENTS_FULL);
    EXPECT_OK(restart(h));
    EXPECT_REFUSED(rotate(h, "card", "no room"), REFUSED_EVENTS_FULL);
    uint64_t kept = 0;
    for (int n = take(h, kept); n > 0; n = take(h, kept)) {
        for (int i = 0; i < n; i++)
            EXPECT(got[i].number == kept + 1 + (uint64_t)i);
        kept += (uint64_t)n;
    }
    EXPECT(kept == MEMORY_EVENTS_ACTS_MAX);
    EXPECT_OK(rotate(h, "card", "room"));
    EXPECT(take(h, kept) == 1 && is(&got[0], kept + 1, VAULT_KEY_ROTATE, "card"));
}

TESTS(TEST(test_acts_wait_until_they_are_kept), TEST(test_what_a_log_must_not_hold_is_left_out),
        TEST(test_equal_alarms_count_once_a_minute), TEST(test_no_act_without_room_for_its_line))
