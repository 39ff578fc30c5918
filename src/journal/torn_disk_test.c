/* Goal: the simulated disk is as bad as a real one may be, and no worse. */
#include "base/expect.h"
#include "journal/torn_disk.h"

enum { DISK_BYTES = 4096, LIVES = 200 };

typedef struct Rig {
    TornPower power;
    TornDisk *disk;
    Disk seam;
} Rig;

static Status rig_open(Rig *rig, uint64_t seed, uint64_t cut_at)
{
    rig->power = torn_power(seed, cut_at);
    TRY(torn_disk_open(&rig->power, DISK_BYTES, &rig->disk));
    rig->seam = torn_disk_seam(rig->disk);
    return OK;
}
static void rig_done(Rig *rig) { torn_disk_close(rig->disk); }

static Status put(Rig *rig, uint64_t offset, uint8_t byte, size_t size)
{
    uint8_t bytes[DISK_BYTES];
    memset(bytes, byte, sizeof(bytes));
    return rig->seam.write(rig->seam.context, offset, (Span) { bytes, size });
}

static void test_synced_bytes_survive_and_others_may_not(void)
{
    int lost = 0;
    int kept = 0;
    int torn = 0;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        CLEANUP(rig_done) Rig rig;
        EXPECT_OK(rig_open(&rig, seed, 4));
        EXPECT_OK(put(&rig, 0, 'a', 2048));
        EXPECT_OK(rig.seam.sync(rig.seam.context));
        EXPECT_OK(put(&rig, 1024, 'b', 1024));
        EXPECT_STATUS(put(&rig, 2048, 'c', 512), FAULT_DISK);
        EXPECT_STATUS(put(&rig, 0, 'd', 1), FAULT_DISK);
        torn_disk_restart(rig.disk);
        torn_power_restart(&rig.power, 0);
        const Span bytes = torn_disk_bytes(rig.disk);
        EXPECT(bytes.size == 2048 || bytes.size == 2560);
        for (size_t i = 0; i < 1024; i++)
            EXPECT(bytes.data[i] == 'a');
        int seen = 0;
        for (size_t i = 1024; i < 2048; i++) {
            EXPECT(bytes.data[i] == 'a' || bytes.data[i] == 'b');
            seen += bytes.data[i] == 'b';
        }
        lost += seen == 0;
        kept += seen == 1024;
        torn += seen % 512 != 0;
    }
    EXPECT(lost > 0 && kept > 0 && torn > 0);
}

static void test_writes_survive_in_any_order(void)
{
    bool later_alone = false;
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        CLEANUP(rig_done) Rig rig;
        EXPECT_OK(rig_open(&rig, seed, 4));
        EXPECT_OK(put(&rig, 0, 0, 1024));
        EXPECT_OK(put(&rig, 0, 'a', 512));
        EXPECT_OK(put(&rig, 512, 'b', 512));
        EXPECT_STATUS(rig.seam.sync(rig.seam.context), FAULT_DISK);
        torn_disk_restart(rig.disk);
        const Span bytes = torn_disk_bytes(rig.disk);
        later_alone = later_alone
                || (bytes.size == 1024 && bytes.data[0] == 0 && bytes.data[1023] == 'b');
    }
    EXPECT(later_alone);
}

static void test_same_seed_same_bytes(void)
{
    uint8_t first[DISK_BYTES];
    for (int life = 0; life < 2; life++) {
        CLEANUP(rig_done) Rig rig;
        EXPECT_OK(rig_open(&rig, 42, 3));
        EXPECT_OK(put(&rig, 100, 'x', 3000));
        EXPECT_OK(put(&rig, 700, 'y', 1500));
        EXPECT_STATUS(rig.seam.truncate(rig.seam.context, 900), FAULT_DISK);
        torn_disk_restart(rig.disk);
        const Span bytes = torn_disk_bytes(rig.disk);
        if (life == 0) memcpy(first, bytes.data, bytes.size);
        EXPECT(span_equal(bytes, (Span) { first, bytes.size }));
    }
}

static void test_full_disk_and_short_reads(void)
{
    CLEANUP(rig_done) Rig rig;
    uint8_t byte = 0;
    EXPECT_OK(rig_open(&rig, 1, 0));
    torn_disk_limit(rig.disk, 100);
    EXPECT_OK(put(&rig, 0, 'a', 100));
    EXPECT_STATUS(put(&rig, 100, 'a', 1), FAULT_DISK);
    EXPECT_REFUSED(rig.seam.read(rig.seam.context, 100, &byte, 1), REFUSED_BYTES_TRUNCATED);
    EXPECT_OK(rig.seam.read(rig.seam.context, 99, &byte, 1));
    EXPECT(byte == 'a');
}

TESTS(TEST(test_synced_bytes_survive_and_others_may_not), TEST(test_writes_survive_in_any_order),
        TEST(test_same_seed_same_bytes), TEST(test_full_disk_and_short_reads))
