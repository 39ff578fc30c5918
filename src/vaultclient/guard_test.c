/* The guard and the scan on a real store, with a peer that plays vaultd. */
#include "vaultclient/guard.h"

#include "base/expect.h"
#include "store/practice.h"
#include "vaultclient/claims.h"
#include "vaultclient/peer.h"

static const Column columns[] = {
    { 1, "id", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "test" },
    { 2, "text", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "test" },
};
static const Table table = { 901, 1, "note", false, 1, 2, columns };
static const Table *const tables[] = { &table };
static const Migration migrations[] = { { 1,
        "CREATE TABLE note (id INTEGER PRIMARY KEY NOT NULL, text TEXT NOT NULL,"
        " revision INTEGER NOT NULL, batch INTEGER NOT NULL, seal BLOB NOT NULL)" } };
static const StoreSchema schema = { "test", migrations, 1, tables, 1 };

static char path[EXPECT_PATH_BYTES];

static void remove_file(void) { practice_remove(expect_path("guard-test", path)); }

static Store *open_store(int rows)
{
    remove_file();
    static const StoreSchema *const schemas[] = { &schema };
    const StoreConfig config = { .path = path, .schemas = schemas, .schema_count = 1 };
    Store *store = NULL;
    if (!status_ok(store_open(&config, &store))) return NULL;
    static char text[1000];
    uint8_t seal[SEAL_BYTES] = { 0 };
    memset(text, 't', sizeof(text));
    if (!status_ok(store_execute(store, "BEGIN", NULL, 0))) return NULL;
    for (int i = 0; i < rows; i++) {
        const Value values[] = { VALUE_OF_INT(i + 1), VALUE_OF_TEXT(SPAN_OF(text)), VALUE_OF_INT(1),
            VALUE_OF_INT(0), VALUE_OF_BYTES(SPAN_OF(seal)) };
        if (!status_ok(store_execute(
                    store, "INSERT INTO note VALUES (?1, ?2, ?3, ?4, ?5)", values, 5)))
            return NULL;
    }
    if (!status_ok(store_execute(store, "COMMIT", NULL, 0))) return NULL;
    return store;
}

static Status three_leaves(void *context, Store *store, VaultLeafVisit visit, void *visit_context)
{
    (void)context;
    (void)store;
    const uint8_t hash[WIRE_HASH_BYTES] = { 7 };
    for (int i = 0; i < 3; i++)
        TRY(visit(visit_context, hash));
    return OK;
}

static void count_frozen(void *context, Span key)
{
    (void)key;
    (*(int *)context)++;
}

static VaultClient *open_client(const Peer *peer)
{
    const VaultClientConfig config = { .socket_path = peer->path, .channels = 2 };
    VaultClient *client = NULL;
    return status_ok(vaultclient_open(&config, &client)) ? client : NULL;
}

static void every_row_and_leaf_is_shown(void)
{
    Peer peer = { .freeze_first = true, .epoch = 4 };
    EXPECT(peer_start(&peer));
    VaultClient *client = open_client(&peer);
    Store *store = open_store(1000);
    EXPECT(client != NULL && store != NULL);
    int frozen = 0;
    const VaultScanView view = {
        .leaves = three_leaves, .frozen_context = &frozen, .frozen = count_frozen
    };
    uint8_t bytes[1024];
    Buffer memory = BUFFER_OF(bytes);
    WireStatus status = { 0 };
    EXPECT_OK(vaultclient_scan(client, store, &view, &memory, &status));
    EXPECT(status.epoch == 5 && status.ready);
    EXPECT(peer.rows == 1000 && peer.leaves == 3);
    EXPECT(peer.messages >= 4 && frozen == (int)peer.messages);
    EXPECT(peer.largest <= VAULTCLIENT_SCAN_BYTES_MAX + ROW_IMAGE_BYTES_MAX);

    peer.scan_end = REFUSE(REFUSED_STORE_ROLLED_BACK);
    EXPECT_REFUSED(
            vaultclient_scan(client, store, &view, &memory, &status), REFUSED_STORE_ROLLED_BACK);
    store_close(store);
    vaultclient_close(client);
    peer_stop(&peer);
    remove_file();
}

static Status no_append(void *c, Store *s, const BatchDraft *d, const BatchSealed *b) { return OK; }

typedef struct Scene {
    Peer peer;
    VaultClient *client;
    Store *store;
    VaultGuard *guard;
    BatchGuard view;
} Scene;

static bool scene_open(Scene *scene)
{
    if (!peer_start(&scene->peer)) return false;
    scene->client = open_client(&scene->peer);
    scene->store = open_store(5);
    if (scene->client == NULL || scene->store == NULL) return false;
    const VaultGuardConfig config = {
        .client = scene->client,
        .store = scene->store,
        .scan = { .leaves = three_leaves },
        .epoch = scene->peer.epoch,
        .append = no_append,
    };
    if (!status_ok(vaultclient_guard_open(&config, &scene->guard))) return false;
    scene->view = vaultclient_guard(scene->guard);
    return true;
}

static void scene_close(Scene *scene)
{
    vaultclient_guard_close(scene->guard);
    store_close(scene->store);
    vaultclient_close(scene->client);
    peer_stop(&scene->peer);
    remove_file();
}

static const RowClaim claims[] = { { &table, true, { (const uint8_t *)"key", 3 }, { NULL, 0 } } };

static Status verify_one(Scene *scene)
{
    Status verdict = BROKEN(FAULT_VAULT);
    TRY(scene->view.verify(scene->view.context, claims, 1, &verdict));
    return verdict;
}

static Status prepare_one(Scene *scene, BatchSealed *ret_sealed)
{
    const RowChange change = { .table = &table, .new_image = SPAN("image") };
    const BatchDraft draft = { .batch = 3, .changes = &change, .change_count = 1 };
    return scene->view.prepare(scene->view.context, &draft, ret_sealed);
}

static void a_batch_goes_through(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2 } };
    EXPECT(scene_open(&scene));
    EXPECT_OK(verify_one(&scene));
    uint8_t seals[1][SEAL_BYTES] = { 0 };
    BatchSealed sealed = { .seals = seals };
    EXPECT_OK(prepare_one(&scene, &sealed));
    EXPECT(seals[0][0] == 0xAB && seals[0][SEAL_BYTES - 1] == 0xAB);
    EXPECT(sealed.salt[0] == 1 && sealed.leaf_hash[0] == 2 && sealed.root[0] == 3);
    EXPECT(span_equal(sealed.leaf, SPAN("leaf")));
    EXPECT_OK(scene.view.confirm(scene.view.context, 3));
    EXPECT_OK(scene.view.abort(scene.view.context, 4));
    EXPECT(scene.peer.confirmed == 3 && scene.peer.aborted == 4);
    EXPECT(scene.view.alarm == NULL && scene.view.committed == NULL);
    scene_close(&scene);
}

/* vaultd restarted, before verify and between verify and prepare: scanned again, with a new lease.
 */
static void a_restart_needs_no_hand(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2 } };
    EXPECT(scene_open(&scene));
    EXPECT_OK(verify_one(&scene));
    peer_stop(&scene.peer);
    EXPECT_REFUSED(verify_one(&scene), REFUSED_VAULT_UNAVAILABLE);
    EXPECT(peer_start(&scene.peer));
    EXPECT_OK(verify_one(&scene));
    EXPECT(scene.peer.rows == 5 && vaultclient_guard_epoch(scene.guard) == 3);

    scene.peer.ready = false;
    uint8_t seals[1][SEAL_BYTES];
    BatchSealed sealed = { .seals = seals };
    EXPECT_OK(prepare_one(&scene, &sealed));
    EXPECT(vaultclient_guard_epoch(scene.guard) == 4);

    /* A scan that breaks half-way leaves the lease with us: the next one goes on from there. */
    scene.peer.ready = false;
    scene.peer.scan_end = REFUSE(REFUSED_VAULT_BUSY);
    EXPECT_REFUSED(verify_one(&scene), REFUSED_VAULT_BUSY);
    EXPECT(scene.peer.epoch == 5);
    scene.peer.scan_end = OK;
    EXPECT_OK(verify_one(&scene));
    scene_close(&scene);
}

static void another_instance_took_the_lease(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2 } };
    EXPECT(scene_open(&scene));
    scene.peer.epoch = 9;
    uint8_t seals[1][SEAL_BYTES];
    BatchSealed sealed = { .seals = seals };
    EXPECT(!vaultclient_guard_lost(scene.guard));
    EXPECT_REFUSED(prepare_one(&scene, &sealed), REFUSED_EPOCH_FENCED);
    EXPECT(vaultclient_guard_lost(scene.guard));
    scene.peer.ready = false; /* and restarted since */
    EXPECT_REFUSED(verify_one(&scene), REFUSED_EPOCH_FENCED);
    EXPECT_REFUSED(verify_one(&scene), REFUSED_EPOCH_FENCED);
    EXPECT(scene.peer.epoch == 9);
    scene_close(&scene);
}

/* vaultd is ready, under a lease of which we never heard that we have it. */
static void the_end_of_a_scan_is_not_heard(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2 } };
    EXPECT(scene_open(&scene));
    uint8_t seals[1][SEAL_BYTES];
    BatchSealed sealed = { .seals = seals };
    for (int i = 0; i < 3; i++) {
        scene.peer.ready = false;
        scene.peer.scan_answer = REFUSE(REFUSED_VAULT_BUSY);
        EXPECT_REFUSED(verify_one(&scene), REFUSED_VAULT_BUSY);
        EXPECT(scene.peer.ready && scene.peer.epoch > vaultclient_guard_epoch(scene.guard));
        scene.peer.scan_answer = OK;
        EXPECT_OK(verify_one(&scene));
        if (i == 0) EXPECT_OK(prepare_one(&scene, &sealed));
        if (i == 1) EXPECT_OK(scene.view.confirm(scene.view.context, 1));
        if (i == 2) EXPECT_OK(scene.view.abort(scene.view.context, 1));
        EXPECT(scene.peer.epoch == vaultclient_guard_epoch(scene.guard));
    }
    EXPECT(!vaultclient_guard_lost(scene.guard));
    scene_close(&scene);
}

/* Found out at a restart of vaultd alone; a lease that a broken scan of our own took is ours. */
static void only_anothers_lease_is_a_loss(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2 } };
    EXPECT(scene_open(&scene));
    scene.peer.ready = false;
    scene.peer.scan_end = REFUSE(REFUSED_VAULT_BUSY);
    EXPECT_REFUSED(verify_one(&scene), REFUSED_VAULT_BUSY);
    uint8_t seals[1][SEAL_BYTES];
    BatchSealed sealed = { .seals = seals };
    EXPECT_REFUSED(prepare_one(&scene, &sealed), REFUSED_VAULT_BUSY);
    EXPECT(!vaultclient_guard_lost(scene.guard));
    scene.peer.scan_end = OK;
    EXPECT_OK(verify_one(&scene));
    EXPECT_OK(prepare_one(&scene, &sealed));
    scene.peer.ready = false;
    scene.peer.epoch = 9;
    EXPECT_REFUSED(verify_one(&scene), REFUSED_EPOCH_FENCED);
    EXPECT(vaultclient_guard_lost(scene.guard));
    scene_close(&scene);
}

static void answers_that_are_cut(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2, .short_answer = true } };
    EXPECT(scene_open(&scene));
    uint8_t seals[1][SEAL_BYTES];
    BatchSealed sealed = { .seals = seals };
    EXPECT_REFUSED(verify_one(&scene), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(prepare_one(&scene, &sealed), REFUSED_IPC_FORMAT);
    scene_close(&scene);
}

/* A seal cut by someone in the database spoils its own row's claim, not the message. */
static void a_seal_of_another_size(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2 } };
    EXPECT(scene_open(&scene));
    const Value cut[] = { VALUE_OF_BYTES(SPAN("short")) };
    EXPECT_OK(store_execute(scene.store, "UPDATE note SET seal = ?1 WHERE id = 3", cut, 1));
    scene.peer.ready = false; /* so that the scan sees it too */
    const RowClaim claim = { .table = &table, .image = SPAN("image"), .seal = SPAN("short") };
    Status verdict = BROKEN(FAULT_VAULT);
    EXPECT_OK(scene.view.verify(scene.view.context, &claim, 1, &verdict));
    EXPECT_OK(verdict);
    EXPECT(scene.peer.rows == 5 && scene.peer.empty_seals == 1);
    scene_close(&scene);
}

/* The rolling check asks without the guard: nothing is scanned for it, nothing is asked of a vaultd
 * that was restarted. */
static void rows_outside_of_a_batch(void)
{
    Scene scene = { .peer = { .ready = true, .epoch = 2 } };
    EXPECT(scene_open(&scene));
    RowClaim many[WIRE_CLAIMS_MAX + 1];
    static Status verdicts[WIRE_CLAIMS_MAX + 1];
    for (size_t i = 0; i < WIRE_CLAIMS_MAX + 1; i++) {
        many[i] = (RowClaim) { .table = &table, .image = SPAN("image"), .seal = SPAN("short") };
        verdicts[i] = BROKEN(FAULT_VAULT);
    }
    VaultRoll roll;
    VaultRollFinding found;
    EXPECT_OK(vaultclient_roll_begin(scene.client, &table, &roll));
    EXPECT(roll.number == 1 && roll.below == 7);
    EXPECT_OK(vaultclient_roll_rows(
            scene.client, &roll, many, WIRE_CLAIMS_MAX, false, verdicts, &found));
    EXPECT_OK(verdicts[0]);
    EXPECT_OK(verdicts[WIRE_CLAIMS_MAX - 1]);
    EXPECT_STATUS(verdicts[WIRE_CLAIMS_MAX], FAULT_VAULT);
    EXPECT(status_ok(found.verdict) && roll.seen == WIRE_CLAIMS_MAX);
    EXPECT_REFUSED(vaultclient_roll_rows(
                           scene.client, &roll, many, WIRE_CLAIMS_MAX + 1, false, verdicts, &found),
            REFUSED_IPC_TOO_LARGE);
    EXPECT_OK(vaultclient_roll_rows(scene.client, &roll, many, 0, true, verdicts, &found));
    EXPECT_STATUS(found.verdict, REFUSED_ROW_DELETED);
    EXPECT(found.since == 3);
    scene.peer.short_answer = true; /* done, and not heard: the walk's place is lost */
    EXPECT_REFUSED(vaultclient_roll_rows(scene.client, &roll, many, 3, false, verdicts, &found),
            REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(vaultclient_roll_begin(scene.client, &table, &roll), REFUSED_IPC_FORMAT);
    scene.peer.short_answer = false;
    EXPECT_REFUSED(vaultclient_roll_rows(scene.client, &roll, many, 3, false, verdicts, &found),
            REFUSED_BATCH_OUT_OF_ORDER);
    scene.peer.ready = false;
    EXPECT_REFUSED(vaultclient_roll_begin(scene.client, &table, &roll), REFUSED_VAULT_NOT_READY);
    EXPECT(scene.peer.rows == 0);
    scene_close(&scene);
}

TESTS(TEST(rows_outside_of_a_batch), TEST(a_seal_of_another_size),
        TEST(every_row_and_leaf_is_shown), TEST(a_batch_goes_through),
        TEST(a_restart_needs_no_hand), TEST(another_instance_took_the_lease),
        TEST(only_anothers_lease_is_a_loss), TEST(the_end_of_a_scan_is_not_heard),
        TEST(answers_that_are_cut))
