/* Goal: keys move on and die, and with them what they sealed; what was destroyed stays destroyed
 * (TP-3, TP-13). Method: a whole vault; class, index and month keys turned and destroyed; an old
 * domain store put back. */
#include "vault/field_test_desk.h"

static const char card[] = "6222021234567894";
static const char other_card[] = "4111111111111111";

static Desk desk;

static House *open_desk(void)
{
    House *h = house_open();
    desk_open(&desk, h, "shop");
    return h;
}

static void close_desk(House **h)
{
    desk_close(&desk);
    house_close(*h);
}
#define DESK(h) __attribute__((unused)) CLEANUP(close_desk) House *h = open_desk()

static void test_rewrap_moves_key_and_index_and_old_ones_die(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    bool moved = false;
    SealHeader before;
    SealHeader after;
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    const DeskKept old = kept;
    EXPECT_OK(seal_parse((Span) { kept.sealed, kept.sealed_bytes }, &before));
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));
    EXPECT_OK(keys_rotate(house_keys(), KEY_INDEX));
    WireIndexes both;
    EXPECT_OK(desk_lookup(&desk, card, &both)); /* old and new, side by side */
    EXPECT(both.old_version == old.indexes.version && both.version == old.indexes.version + 1);
    EXPECT(bytes_equal_ct(both.old_index, old.indexes.index, WIRE_INDEX_BYTES));
    EXPECT_OK(desk_rewrap(&desk, "p", kept.token, &kept, &moved));
    EXPECT(moved && kept.indexes.version == both.version);
    EXPECT(bytes_equal_ct(kept.indexes.index, both.index, WIRE_INDEX_BYTES));
    EXPECT_OK(seal_parse((Span) { kept.sealed, kept.sealed_bytes }, &after));
    EXPECT(after.key_version == before.key_version + 1);
    EXPECT(!bytes_equal_ct(after.record_id, before.record_id, SEAL_RECORD_ID_BYTES));
    EXPECT_OK(desk_rewrap(&desk, "p", kept.token, &kept, &moved));
    EXPECT(!moved); /* a second walk does nothing */
    EXPECT_OK(keys_destroy(house_keys(), KEY_CARD, before.key_version));
    EXPECT_OK(keys_destroy(house_keys(), KEY_INDEX, old.indexes.version));
    DeskKept stale = old;
    EXPECT_REFUSED(desk_rewrap(&desk, "p", old.token, &stale, &moved), REFUSED_KEY_DESTROYED);
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));
    EXPECT_OK(desk_rewrap(&desk, "p", kept.token, &kept, &moved));
    EXPECT(moved);
    EXPECT_OK(desk_lookup(&desk, card, &both));
    EXPECT(both.old_version == 0); /* dropped */
}

static Status turn(House *h, const char *subject, DeskKept *kept)
{
    uint8_t memory[512];
    Buffer b = BUFFER_OF(memory);
    uint32_t count = 0;
    WireSubjectAnswer answer;
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_turn(&b,
            &(WireTurn) {
                    SPAN("shop"), span_of_text(subject), { kept->wrapped, kept->wrapped_bytes } }));
    TRY(house_ask(h, VAULT_TURN_SUBJECTS, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(cursor_u32(&c, &count));
    TRY(wire_take_subject_answer(&c, &answer));
    if (answer.status != 0) return REFUSE(answer.status);
    if (answer.wrapped.size == 0) return OK;
    memcpy(kept->wrapped, answer.wrapped.data, answer.wrapped.size);
    kept->wrapped_bytes = answer.wrapped.size;
    return OK;
}

static Status destroy(House *h, const char *subject, const int people[2])
{
    uint8_t list_memory[256];
    uint8_t memory[8192];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer list = BUFFER_OF(list_memory);
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u32(&list, 1));
    TRY(wire_put_subject_name(&list, &(WireSubjectName) { SPAN("shop"), span_of_text(subject) }));
    sha256(span_of_buffer(&list), digest);
    desk_approve(h, people, "destroy-subjects", SPAN_OF(digest), "the user asked", &b);
    TRY(buffer_put(&b, span_of_buffer(&list)));
    return house_ask(h, VAULT_DESTROY_SUBJECTS, span_of_buffer(&b));
}

/* Destroy, put last month's domain store back: still unreadable. Before the month turns the journal
 * refuses; after it the key is gone for everybody (TP-3). */
static void test_destroyed_stays_destroyed(void)
{
    DESK(h);
    static const int both[2] = { 0, 1 };
    static const int one[2] = { 0, 0 };
    static const int stranger[2] = { 0, 2 };
    desk_people(h);
    DeskKept dead = { 0 };
    DeskKept living = { 0 };
    bool moved = false;
    EXPECT_OK(desk_protect(&desk, "dead", "", card, &dead));
    EXPECT_OK(desk_protect(&desk, "living", "", other_card, &living));
    const DeskKept backup = dead;
    EXPECT_REFUSED(destroy(h, "dead", one), REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(destroy(h, "dead", stranger), REFUSED_APPROVAL_INVALID);
    EXPECT_OK(desk_rewrap(&desk, "dead", dead.token, &dead, &moved));
    EXPECT_OK(destroy(h, "dead", both));
    h->answer.data[h->answer.size] = '\0';
    EXPECT(strstr((char *)h->answer.data + 4, "hufu destruction 1\n") != NULL);
    EXPECT(strstr((char *)h->answer.data + 4, "\nblind-after ") != NULL);
    EXPECT(strstr((char *)h->answer.data + 4, "\ned25519 ") != NULL);

    DeskKept restored = backup; /* the journal says no, also after a restart */
    EXPECT_REFUSED(desk_rewrap(&desk, "dead", restored.token, &restored, &moved),
            REFUSED_SUBJECT_DESTROYED);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(desk_rewrap(&desk, "dead", restored.token, &restored, &moved),
            REFUSED_SUBJECT_DESTROYED);
    restored.wrapped_bytes = 0; /* nor is a new key made for that name */
    EXPECT_REFUSED(desk_protect(&desk, "dead", "", card, &restored), REFUSED_SUBJECT_DESTROYED);

    SealHeader header;
    EXPECT_OK(seal_parse((Span) { living.wrapped, living.wrapped_bytes }, &header));
    EXPECT_OK(keys_rotate(house_keys(), KEY_SHRED));
    EXPECT_OK(turn(h, "living", &living));
    restored = backup;
    EXPECT_REFUSED(turn(h, "dead", &restored), REFUSED_SUBJECT_DESTROYED);
    EXPECT_OK(keys_destroy(house_keys(), KEY_SHRED, header.key_version));
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));
    EXPECT_OK(desk_rewrap(&desk, "living", living.token, &living, &moved));
    EXPECT(moved);
    /* There is room, so it is still known who is dead: an old ledger may be restored, and asks. */
    EXPECT_OK(destroy(h, "another", both));
    EXPECT_REFUSED(desk_rewrap(&desk, "dead", restored.token, &restored, &moved),
            REFUSED_SUBJECT_DESTROYED);
    /* Even a vault that has forgotten the destruction: the wrapped key is blind. */
    memory_bury(h->memory, header.key_version);
    EXPECT_REFUSED(
            desk_rewrap(&desk, "dead", restored.token, &restored, &moved), REFUSED_KEY_DESTROYED);
}

/* Months' keys may go in any order: who is dead stays dead while an older month's key lives, or a
 * restored store could bring that subject back (TP-3). */
static void test_keys_that_go_out_of_order(void)
{
    DESK(h);
    static const int both[2] = { 0, 1 };
    DeskKept old = { 0 };
    SealHeader header;
    bool moved = false;
    desk_people(h);
    EXPECT_OK(desk_protect(&desk, "old", "", card, &old));
    EXPECT_OK(seal_parse((Span) { old.wrapped, old.wrapped_bytes }, &header));
    EXPECT_OK(keys_rotate(house_keys(), KEY_SHRED));
    EXPECT_OK(destroy(h, "old", both));
    EXPECT_OK(keys_rotate(house_keys(), KEY_SHRED));
    EXPECT_OK(keys_destroy(house_keys(), KEY_SHRED, header.key_version + 1));
    EXPECT(field_blind_months(house_keys(), header.key_version + 2) < header.key_version);
    EXPECT_OK(destroy(h, "another", both));
    EXPECT_REFUSED(desk_rewrap(&desk, "old", old.token, &old, &moved), REFUSED_SUBJECT_DESTROYED);
    EXPECT_OK(keys_destroy(house_keys(), KEY_SHRED, header.key_version));
    EXPECT(field_blind_months(house_keys(), header.key_version + 2) == header.key_version + 1);
}

/* An unwrapped key in the cache opens nothing any more when its month is gone. */
static void test_the_cache_does_not_outlive_its_month(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    bool moved = false;
    SealHeader header;
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_OK(seal_parse((Span) { kept.wrapped, kept.wrapped_bytes }, &header));
    EXPECT_OK(keys_rotate(house_keys(), KEY_SHRED));
    EXPECT_OK(desk_rewrap(&desk, "p", kept.token, &kept, &moved));
    EXPECT_OK(keys_destroy(house_keys(), KEY_SHRED, header.key_version));
    EXPECT_REFUSED(desk_rewrap(&desk, "p", kept.token, &kept, &moved), REFUSED_KEY_DESTROYED);
}

/* More subjects than the cache holds: each still opens. */
static void test_more_subjects_than_the_cache_holds(void)
{
    DESK(h);
    static DeskKept kept[64];
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    for (int round = 0; round < 200; round++) {
        char name[32];
        snprintf(name, sizeof(name), "subject-%d", round);
        DeskKept *k = &kept[round % 64];
        *k = (DeskKept) { 0 };
        EXPECT_OK(desk_protect(&desk, name, "", card, k));
    }
    bool moved = false;
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));
    for (int i = 200 - 64; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof(name), "subject-%d", i);
        EXPECT_OK(desk_rewrap(&desk, name, kept[i % 64].token, &kept[i % 64], &moved));
        EXPECT(moved);
    }
}

TESTS(TEST(test_rewrap_moves_key_and_index_and_old_ones_die), TEST(test_destroyed_stays_destroyed),
        TEST(test_keys_that_go_out_of_order), TEST(test_the_cache_does_not_outlive_its_month),
        TEST(test_more_subjects_than_the_cache_holds))
