/* Goal: nothing that a changed, swapped, old, deleted or doubled row says is believed, whoever
 * asks, before and after a restart (DESIGN section 5.4, TP-12). Method: a whole vault over disks in
 * memory; the attacks change the store. */
#include "vault/row_seal.h"
#include "vault/scan.h"
#include "vault/vault_test_house.h"

#include <stdlib.h>

static void test_a_batch_is_sealed_and_verifies(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    for (int i = 0; i < h->row_count; i++)
        EXPECT_OK(house_verify(h, i));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT_OK(house_verify(h, 0));
    EXPECT_OK(house_restart(h));
    EXPECT_REFUSED(house_verify(h, 0), REFUSED_VAULT_NOT_READY);
    EXPECT_OK(house_scan(h));
    EXPECT_OK(house_verify(h, 1));
}

/* Method: every bit of an image and of its seal, against the seal alone, since a first mismatch
 * freezes the row. */
static void test_every_flipped_bit_is_refused(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    const StoredRow good = h->rows[1];
    int parsed = 0;
    for (size_t bit = 0; bit < 8 * (good.image_bytes + WIRE_SEAL_BYTES); bit++) {
        StoredRow row = good;
        const size_t at = bit / 8;
        uint8_t *byte = at < good.image_bytes ? &row.image[at] : &row.seal[at - good.image_bytes];
        *byte ^= (uint8_t)(1u << (bit % 8));
        RowView view;
        if (!status_ok(row_parse((Span) { row.image, row.image_bytes }, &view))) continue;
        parsed++;
        EXPECT_REFUSED(
                row_seal_verify(house_keys(), &view, SPAN_OF(row.seal)), REFUSED_ROW_SEAL_MISMATCH);
    }
    EXPECT(parsed > 8 * WIRE_SEAL_BYTES);
    RowView view;
    EXPECT_OK(row_parse((Span) { good.image, good.image_bytes }, &view));
    EXPECT_OK(row_seal_verify(house_keys(), &view, SPAN_OF(good.seal)));
    EXPECT_REFUSED(row_seal_verify(house_keys(), &view, (Span) { good.seal, WIRE_SEAL_BYTES - 1 }),
            REFUSED_ROW_SEAL_MISMATCH);
}

static void test_flipped_row_is_frozen_also_after_a_restart(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    const StoredRow good = h->rows[1];
    h->rows[1].image[good.image_bytes - 1] ^= 1;
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_SEAL_MISMATCH);
    h->rows[1] = good;
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);
    EXPECT_OK(house_verify(h, 0));
    house_draft_transfer(h, 100);
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_FROZEN);
}

static void test_old_row_with_its_old_seal_is_rolled_back(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    const StoredRow old = h->rows[1];
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    h->rows[1] = old;
    house_draft_transfer(h, 100);
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_ROLLED_BACK);
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_ROLLED_BACK);
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);
}

static void test_deleted_row_is_missed(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    EXPECT_REFUSED(house_verify_absent(h, 1), REFUSED_ROW_DELETED);
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);
}

static void test_rows_do_not_swap_seals(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    const Span image = { h->rows[0].image, h->rows[0].image_bytes };
    EXPECT_REFUSED(
            house_verify_bytes(h, image, SPAN_OF(h->rows[1].seal)), REFUSED_ROW_SEAL_MISMATCH);
    const Span posting = { h->rows[2].image, h->rows[2].image_bytes };
    EXPECT_REFUSED(
            house_verify_bytes(h, posting, SPAN_OF(h->rows[3].seal)), REFUSED_ROW_SEAL_MISMATCH);
    EXPECT_REFUSED(house_verify_bytes(h, posting, (Span) { NULL, 0 }), REFUSED_ROW_FROZEN);
}

/* The seals of a batch that was never confirmed are worth nothing. */
static void test_aborted_batch_leaves_no_valid_rows(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_prepare(h));
    EXPECT_REFUSED(house_verify_bytes(h, h->changes[1].image, SPAN_OF(h->seals[1])),
            REFUSED_BATCH_OUT_OF_ORDER); /* too early: not frozen for it */
    EXPECT_OK(house_abort(h));
    EXPECT_OK(house_abort(h)); /* said twice */
    EXPECT_OK(house_verify(h, 1));
    EXPECT_REFUSED(house_verify_bytes(h, h->changes[1].image, SPAN_OF(h->seals[1])),
            REFUSED_ROW_ROLLED_BACK);
}

/* A captured hufud has a batch sealed, aborts it, and has another one sealed in its place. Both
 * make revision 2 of both accounts; only the second was confirmed. */
static void test_aborted_rows_do_not_pass_for_confirmed_ones(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    house_draft_transfer(h, -5000); /* account 2 would have 15000 */
    EXPECT_OK(house_prepare(h));
    StoredRow rich = { .image_bytes = h->changes[1].image.size };
    memcpy(rich.image, h->changes[1].image.data, rich.image_bytes);
    memcpy(rich.seal, h->seals[1], WIRE_SEAL_BYTES);
    EXPECT_OK(house_abort(h));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    const StoredRow good = h->rows[1];
    h->rows[1] = rich;
    house_draft_transfer(h, 15000);
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_ROLLED_BACK);
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_ROLLED_BACK);
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);
    EXPECT_OK(house_verify(h, 0));
    EXPECT_OK(house_restart(h));
    EXPECT_REFUSED(house_scan(h), REFUSED_STORE_ROLLED_BACK);
    h->rows[1] = good;
    EXPECT_OK(house_scan(h));
}

static void test_confirm_said_twice(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    EXPECT_OK(house_confirm(h));
    h->leaf_count++;
    EXPECT_REFUSED(house_confirm(h), REFUSED_BATCH_OUT_OF_ORDER);
}

/* --- the start-up scan --- */

static void test_killed_after_prepare_with_either_state(void)
{
    for (int committed = 0; committed < 2; committed++) {
        CLEANUP(house_done) House *h = house_open();
        EXPECT_OK(house_found(h));
        house_draft_transfer(h, 100);
        EXPECT_OK(house_prepare(h));
        if (committed == 1) house_store(h);
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
        EXPECT_OK(house_verify(h, 1));
        house_draft_transfer(h, 100);
        EXPECT_OK(house_commit(h));
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
    }
}

static void test_older_store_is_rolled_back(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    House *old = malloc(sizeof(*old));
    EXPECT(old != NULL);
    memcpy(old, h, sizeof(*old));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT_OK(memory_settle(h->memory)); /* what memory_settler.h does within 20 ms */
    memcpy(h->rows, old->rows, sizeof(h->rows));
    h->row_count = old->row_count;
    h->leaf_count = old->leaf_count;
    free(old);
    EXPECT_OK(house_restart(h));
    EXPECT_REFUSED(house_scan(h), REFUSED_STORE_ROLLED_BACK);
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_VAULT_NOT_READY);
    EXPECT_REFUSED(house_ask(h, VAULT_CHECKPOINT, SPAN("")), REFUSED_VAULT_NOT_READY);
    house_draft_transfer(h, 100);
    EXPECT_REFUSED(house_prepare(h), REFUSED_VAULT_NOT_READY);
}

/* One attack each on a store that was committed; every one ends the start. */
static void attack_delete(House *h) { h->rows[3].gone = true; }
static void attack_double(House *h) { h->rows[h->row_count++] = h->rows[1]; }
static void attack_double_posting(House *h) { h->rows[h->row_count++] = h->rows[2]; }
static void attack_flip(House *h) { h->rows[2].image[h->rows[2].image_bytes - 1] ^= 1; }
static void attack_flip_seal(House *h) { h->rows[0].seal[47] ^= 1; }
static void attack_cut_log(House *h) { h->leaf_count--; }
static void attack_change_log(House *h) { h->leaves[0][5] ^= 1; }
static void attack_empty(House *h)
{
    h->row_count = 0;
    h->leaf_count = 0;
}
static void attack_drop_table(House *h)
{
    h->rows[0].gone = true;
    h->rows[1].gone = true;
}

static void test_scan_notices(void)
{
    static void (*const attacks[])(House *) = { attack_delete, attack_double, attack_double_posting,
        attack_flip, attack_cut_log, attack_change_log, attack_empty, attack_drop_table };
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        CLEANUP(house_done) House *h = house_open();
        EXPECT_OK(house_found(h));
        house_draft_transfer(h, 100);
        EXPECT_OK(house_commit(h));
        EXPECT_OK(house_restart(h));
        attacks[i](h);
        EXPECT_REFUSED(house_scan(h), REFUSED_STORE_ROLLED_BACK);
    }
}

/* A seal that was damaged while the row stayed whole: the state is right, the row is frozen by
 * name. */
static void test_scan_freezes_a_row_whose_seal_fails(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    EXPECT_OK(house_restart(h));
    attack_flip_seal(h);
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(house_verify(h, 0), REFUSED_ROW_FROZEN);
    EXPECT_OK(house_verify(h, 1));
}

static void test_an_older_lease_is_fenced(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    const uint64_t ours = h->epoch;
    EXPECT_OK(house_scan(h)); /* another instance */
    EXPECT(h->epoch == ours + 1);
    h->epoch = ours;
    house_draft_transfer(h, 100);
    EXPECT_REFUSED(house_prepare(h), REFUSED_EPOCH_FENCED);
    EXPECT_REFUSED(house_confirm(h), REFUSED_EPOCH_FENCED);
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_u64(&b, ours));
    EXPECT_REFUSED(house_ask(h, VAULT_SCAN_BEGIN, span_of_buffer(&b)), REFUSED_EPOCH_FENCED);
    memset(memory, 0xFF, sizeof(memory)); /* after which there could be no other */
    EXPECT_REFUSED(house_ask(h, VAULT_SCAN_BEGIN, SPAN_OF(memory)), REFUSED_EPOCH_FENCED);
}

/* The disk of the journal loses power at its first, second, third... operation, with seeded
 * leftovers. Whatever vaultd had answered by then holds: what hufud stored after a PREPARE passes
 * the scan, and so does what it did not. */
static void test_power_cut_at_every_operation(void)
{
    for (uint64_t cut = 1; cut < 40; cut++) {
        CLEANUP(house_done) House *h = house_open();
        EXPECT_OK(house_found(h));
        torn_power_restart(&h->power, cut);
        for (int batch = 0; batch < 6; batch++) {
            house_draft_transfer(h, 100);
            if (!status_ok(house_prepare(h))) break;
            house_store(h);
            if (!status_ok(house_confirm(h))) break;
        }
        torn_disk_restart(h->journal[0]);
        torn_disk_restart(h->journal[1]);
        torn_power_restart(&h->power, 0);
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
        EXPECT_OK(house_verify(h, 1));
        house_draft_transfer(h, 100);
        EXPECT_OK(house_commit(h));
    }
}

/* No space for the journal: no seal is given, nothing is changed, and it goes on when there is
 * space again. */
static void test_disk_full_refuses_and_recovers(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(house_found(h));
    torn_disk_limit(h->journal[0], 0);
    torn_disk_limit(h->journal[1], 0);
    Status s = OK;
    bool stored = false;
    for (int batch = 0; batch < 100 && status_ok(s); batch++) {
        house_begin(h);
        s = house_prepare(h);
        stored = status_ok(s);
        if (stored) house_store(h);
        if (stored) s = house_confirm(h);
    }
    EXPECT_STATUS(s, FAULT_JOURNAL);
    EXPECT(h->answer.size == 0);
    EXPECT_OK(house_verify(h, 1));
    torn_disk_limit(h->journal[0], 16 << 20);
    torn_disk_limit(h->journal[1], 16 << 20);
    EXPECT(!memory_is_lost(h->memory));
    if (stored)
        EXPECT_OK(house_confirm(h)); /* it was the CONFIRM that found no space: said again */
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
}

TESTS(TEST(test_a_batch_is_sealed_and_verifies), TEST(test_every_flipped_bit_is_refused),
        TEST(test_flipped_row_is_frozen_also_after_a_restart),
        TEST(test_old_row_with_its_old_seal_is_rolled_back), TEST(test_deleted_row_is_missed),
        TEST(test_rows_do_not_swap_seals), TEST(test_aborted_batch_leaves_no_valid_rows),
        TEST(test_aborted_rows_do_not_pass_for_confirmed_ones), TEST(test_confirm_said_twice),
        TEST(test_killed_after_prepare_with_either_state), TEST(test_older_store_is_rolled_back),
        TEST(test_scan_notices), TEST(test_scan_freezes_a_row_whose_seal_fails),
        TEST(test_an_older_lease_is_fenced), TEST(test_power_cut_at_every_operation),
        TEST(test_disk_full_refuses_and_recovers))
