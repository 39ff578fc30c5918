/* Goal: whoever hands an announcement in reads of it what the core signed, and of anything else
 * nothing (TP-12). Method: messages made by the wire's own functions, then cut and mixed. */
#include "attach/announced.h"

#include "base/expect.h"

int expect_failures;

enum { TABLE = 4096, MESSAGE_BYTES = 4096 };

typedef struct Message {
    uint8_t bytes[MESSAGE_BYTES];
    size_t size;
} Message;

static Span image(uint8_t *memory, uint16_t table, int64_t key, int64_t balance)
{
    static const uint16_t ids[] = { 1, 2 };
    const Value values[] = { VALUE_OF_INT(key), VALUE_OF_INT(balance) };
    Buffer b = { memory, 0, 256 };
    const RowHead head = { table, 1, 1, 0, 0 };
    ASSERT(status_ok(row_encode(&head, ids, values, 2, &b)));
    return span_of_buffer(&b);
}

static void make(const WireAttachedChange *changes, uint32_t count, Message *ret)
{
    uint8_t memory[MESSAGE_BYTES / 2];
    Buffer body = BUFFER_OF(memory);
    Buffer whole = { ret->bytes, 0, sizeof(ret->bytes) };
    const WireAttachedHead head = {
        .sequence = 7, .transaction = 0x1234567800000009, .table = TABLE
    };
    EXPECT_OK(wire_put_attached_head(&body, &head));
    EXPECT_OK(wire_put_count(&body, count, WIRE_ATTACHED_CHANGES_MAX));
    for (uint32_t i = 0; i < count; i++)
        EXPECT_OK(wire_put_attached_change(&body, &changes[i]));
    const WireAttachedSigned message = { span_of_buffer(&body), SPAN("a signature") };
    EXPECT_OK(wire_put_attached_signed(&whole, &message));
    ret->size = whole.size;
}

static Span span_of_message(const Message *m) { return (Span) { m->bytes, m->size }; }

static void test_what_the_core_signed(void)
{
    uint8_t memory[3][256];
    const Span old = image(memory[0], TABLE, 1, 100);
    const Span new = image(memory[1], TABLE, 1, 90);
    const Span other = image(memory[2], TABLE, 2, 5);
    const WireAttachedChange changes[] = { { old, { NULL, 0 }, new },
        { { NULL, 0 }, { NULL, 0 }, other }, { other, { NULL, 0 }, { NULL, 0 } } };
    Message m;
    AttachAnnounced a;
    WireAttachedChange change;
    Span key;
    make(changes, 3, &m);
    EXPECT_OK(attach_announced_open(span_of_message(&m), &a));
    EXPECT(a.table == TABLE && a.transaction == 0x1234567800000009 && a.changes == 3);
    EXPECT_OK(attach_announced_next(&a, &change, &key));
    EXPECT(span_equal(change.old_image, old) && span_equal(change.new_image, new));
    const Span first = key;
    EXPECT_OK(attach_announced_next(&a, &change, &key));
    EXPECT(change.old_image.size == 0 && span_equal(change.new_image, other));
    EXPECT(!span_equal(key, first));
    EXPECT_OK(attach_announced_next(&a, &change, &key));
    EXPECT(span_equal(change.old_image, other) && change.new_image.size == 0);
    EXPECT_REFUSED(attach_announced_next(&a, &change, &key), REFUSED_IPC_FORMAT);
}

static void test_cut_anywhere(void)
{
    uint8_t memory[256];
    const WireAttachedChange change = { image(memory, TABLE, 1, 100), { NULL, 0 }, { NULL, 0 } };
    Message m;
    AttachAnnounced a;
    make(&change, 1, &m);
    for (size_t size = 0; size < m.size; size++)
        EXPECT_REFUSED(attach_announced_open((Span) { m.bytes, size }, &a), REFUSED_IPC_FORMAT);
    m.bytes[m.size++] = 0;
    EXPECT_REFUSED(attach_announced_open(span_of_message(&m), &a), REFUSED_IPC_FORMAT);
}

static void refuse_change(const WireAttachedChange *change, StatusCode wanted)
{
    Message m;
    AttachAnnounced a;
    WireAttachedChange taken;
    Span key;
    make(change, 1, &m);
    EXPECT_OK(attach_announced_open(span_of_message(&m), &a));
    EXPECT_REFUSED(attach_announced_next(&a, &taken, &key), wanted);
}

/* Rows of another table, another row's values, and nothing at all. */
static void test_mixed_rows(void)
{
    uint8_t memory[3][256];
    const Span none = { NULL, 0 };
    const Span one = image(memory[0], TABLE, 1, 100);
    const Span two = image(memory[1], TABLE, 2, 100);
    const Span foreign = image(memory[2], TABLE + 1, 1, 100);
    refuse_change(&(WireAttachedChange) { one, none, two }, REFUSED_ROW_INVALID);
    refuse_change(&(WireAttachedChange) { foreign, none, one }, REFUSED_ROW_INVALID);
    refuse_change(&(WireAttachedChange) { one, none, foreign }, REFUSED_ROW_INVALID);
    refuse_change(&(WireAttachedChange) { none, none, none }, REFUSED_IPC_FORMAT);
    refuse_change(&(WireAttachedChange) { SPAN("no image"), none, one }, REFUSED_ROW_INVALID);
}

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_what_the_core_signed), TEST(test_cut_anywhere),
        TEST(test_mixed_rows) };
    return expect_run(tests, 3, argc, argv);
}
