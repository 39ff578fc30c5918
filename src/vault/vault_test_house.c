#include "vault/vault_test_house.h"

#include <stdlib.h>

enum { NOW_S = 1795000000 };

static int64_t house_now(void *context) { return ((House *)context)->now_us; }
static int64_t fixed_now(void *context)
{
    (void)context;
    return (int64_t)NOW_S * 1000000;
}

static KeysSuite house_suite = KEYS_INTERNATIONAL;

static void take_box_key(House *h, KeysBox *ret_today)
{
    WireBoxKey wire;
    ASSERT(status_ok(house_ask(h, VAULT_BOX_KEY, (Span) { NULL, 0 })));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    ASSERT(status_ok(wire_take_box_key(&c, &wire)));
    ASSERT(wire.public_key.size == sizeof(ret_today->point));
    *ret_today = (KeysBox) { .key_id = wire.key_id, .suite = wire.suite };
    memcpy(ret_today->point, wire.public_key.data, sizeof(ret_today->point));
}

void house_box_key(House *h, PublicKey **ret_key, uint32_t *ret_key_id)
{
    KeysBox today;
    if (h->vault != NULL)
        ASSERT(status_ok(keys_box_today(house_keys(), &today)));
    else
        take_box_key(h, &today);
    const KeyAlgorithm curve = today.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256;
    ASSERT(status_ok(public_key_from_point(curve, SPAN_OF(today.point), ret_key)));
    *ret_key_id = today.key_id;
}

void house_use(KeysSuite suite) { house_suite = suite; }

Keys *house_keys(void)
{
    static Keys *made[KEYS_SM + 1];
    static TornPower power;
    static _Alignas(64) uint8_t secrets[KEYS_SM + 1][KEYS_SECRET_BYTES];
    Keys **keys = &made[house_suite];
    if (*keys != NULL) return *keys;
    TornDisk *disks[2];
    power = torn_power(1, 0);
    Secret root = { .size = 32 };
    memset(root.bytes, 7, 32);
    bool ceremony = false;
    for (int i = 0; i < 2; i++)
        ASSERT(status_ok(torn_disk_open(&power, 1 << 20, &disks[i])));
    const KeysConfig config = {
        .segments = { torn_disk_seam(disks[0]), torn_disk_seam(disks[1]) },
        .root = &root,
        .suite = house_suite,
        .random = random_system(),
        .clock = { fixed_now, NULL },
        .secrets = secrets[house_suite],
    };
    ASSERT(status_ok(keys_open(&config, keys, &ceremony)));
    return *keys;
}

static void house_alert(void *context, uint8_t operation, Status status, const TableSet *tables)
{
    House *h = context;
    (void)operation;
    (void)tables;
    h->alerts++;
    h->last_alert = status;
}

static Status ask_inside(
        House *h, int listener, uint8_t operation, Span request, Buffer *ret_answer)
{
    static const uint32_t uids[] = { HOUSE_HUFUD_UID, HOUSE_OPERATOR_UID, HOUSE_CORE_UID };
    const ServicePeer peer = { .uid = uids[listener], .listener = listener };
    return vault_handle(h->vault, &peer, operation, request, ret_answer);
}

static void unlock(LockedDisk **disk) { pthread_mutex_unlock(&(*disk)->lock); }
#define LOCKED(context)                        \
    CLEANUP(unlock) LockedDisk *d = (context); \
    pthread_mutex_lock(&d->lock)

static Status locked_read(void *context, uint64_t offset, uint8_t *ret_bytes, size_t size)
{
    LOCKED(context);
    return d->disk.read(d->disk.context, offset, ret_bytes, size);
}
static Status locked_write(void *context, uint64_t offset, Span bytes)
{
    LOCKED(context);
    return d->disk.write(d->disk.context, offset, bytes);
}
static Status locked_sync(void *context)
{
    LOCKED(context);
    return d->disk.sync(d->disk.context);
}
static Status locked_truncate(void *context, uint64_t size)
{
    LOCKED(context);
    return d->disk.truncate(d->disk.context, size);
}
static Status locked_size(void *context, uint64_t *ret_size)
{
    LOCKED(context);
    return d->disk.size(d->disk.context, ret_size);
}

static Disk locked(House *h, int i)
{
    pthread_mutex_init(&h->locked[i].lock, NULL);
    h->locked[i].disk = torn_disk_seam(i < 2 ? h->journal[i] : h->attached_journal[i - 2]);
    return (Disk) { locked_read, locked_write, locked_sync, locked_truncate, locked_size,
        &h->locked[i] };
}

static Status start(House *h)
{
    MemoryConfig memory = {
        .segments = { locked(h, 0), locked(h, 1) },
        .journal_key = keys_secret(house_keys(), KEY_JOURNAL),
        .segment_bytes = h->segment_bytes,
    };
    keyed_hash_key(&memory.names, keys_secret(house_keys(), KEY_MAP)->bytes);
    TRY(memory_open(&memory, &h->memory));
    AttachedMemoryConfig attached = {
        .segments = { locked(h, 2), locked(h, 3) },
        .journal_key = keys_secret(house_keys(), KEY_JOURNAL),
        .names = memory.names,
        .segment_bytes = h->segment_bytes,
        .rows_max = h->attached_rows_max,
        .pending_max = h->attached_pending_max,
    };
    TRY(attached_memory_open(&attached, &h->attached));
    const VaultConfig config = {
        .keys = house_keys(),
        .memory = h->memory,
        .attached = h->attached,
        .clock = { house_now, h },
        .random = random_system(),
        .users = { HOUSE_HUFUD_UID, HOUSE_OPERATOR_UID, { HOUSE_CORE_UID }, 1 },
        .custody = "development",
        .field_secrets = h->field_secrets,
        .legacy_import = h->legacy_import,
        .lookups_per_day = h->lookups_per_day,
        .protects_per_day = h->protects_per_day,
        .alert = house_alert,
        .alert_context = h,
    };
    return vault_open(&config, &h->vault);
}

House *house_open(void)
{
    House *h = calloc(1, sizeof(*h));
    ASSERT(h != NULL);
    h->ask = ask_inside;
    h->now_us = fixed_now(NULL);
    h->power = torn_power(2, 0);
    h->segment_bytes = 256 * 1024; /* little space set aside ahead, and turns that happen */
    for (int i = 0; i < 2; i++) {
        ASSERT(status_ok(torn_disk_open(&h->power, 16 << 20, &h->journal[i])));
        ASSERT(status_ok(torn_disk_open(&h->power, 16 << 20, &h->attached_journal[i])));
    }
    h->field_secrets = aligned_alloc(64, FIELD_SECRET_BYTES);
    ASSERT(h->field_secrets != NULL);
    memset(h->field_secrets, 0, FIELD_SECRET_BYTES);
    ASSERT(status_ok(start(h)));
    ASSERT(status_ok(house_scan(h)));
    return h;
}

void house_close(House *h)
{
    if (h == NULL) return;
    vault_close(h->vault);
    attached_memory_close(h->attached);
    memory_close(h->memory);
    for (int i = 0; i < 2; i++) {
        torn_disk_close(h->journal[i]);
        torn_disk_close(h->attached_journal[i]);
    }
    free(h->field_secrets);
    free(h);
}

void house_done(House **house) { house_close(*house); }

Status house_restart(House *h)
{
    vault_close(h->vault);
    attached_memory_close(h->attached);
    memory_close(h->memory);
    h->vault = NULL;
    h->attached = NULL;
    h->memory = NULL;
    for (int i = 0; i < 2; i++) {
        torn_disk_restart(h->journal[i]);
        torn_disk_restart(h->attached_journal[i]);
    }
    torn_power_restart(&h->power, 0);
    return start(h);
}

/* --- messages --- */

Status house_ask(House *h, uint8_t operation, Span request)
{
    h->answer = (Buffer) { h->answer_memory, 0, sizeof(h->answer_memory) };
    return h->ask(h, VAULT_LISTENER_HUFUD, operation, request, &h->answer);
}

Status house_ask_operator(House *h, uint8_t operation, Span request)
{
    h->answer = (Buffer) { h->answer_memory, 0, sizeof(h->answer_memory) };
    return h->ask(h, VAULT_LISTENER_OPERATOR, operation, request, &h->answer);
}

Status house_ask_core(House *h, uint8_t operation, Span request)
{
    h->answer = (Buffer) { h->answer_memory, 0, sizeof(h->answer_memory) };
    return h->ask(h, VAULT_LISTENER_CORE, operation, request, &h->answer);
}

static Status scan_rows(House *h)
{
    Buffer b = { h->message, 0, sizeof(h->message) };
    uint32_t count = 0;
    TRY(buffer_put_u32(&b, 0));
    for (int i = 0; i < h->row_count; i++) {
        const StoredRow *row = &h->rows[i];
        if (row->gone) continue;
        const WireScanRow wire = { { row->image, row->image_bytes }, SPAN_OF(row->seal) };
        TRY(wire_put_scan_row(&b, &wire));
        count++;
    }
    Buffer head = { h->message, 0, 4 };
    TRY(buffer_put_u32(&head, count));
    return house_ask(h, VAULT_SCAN_ROWS, span_of_buffer(&b));
}

Status house_scan(House *h)
{
    uint8_t memory[8] = { 0 };
    TRY(house_ask(h, VAULT_SCAN_BEGIN, SPAN_OF(memory)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(cursor_u64(&c, &h->epoch));
    TRY(scan_rows(h));
    Buffer b = { h->message, 0, sizeof(h->message) };
    TRY(buffer_put_u32(&b, (uint32_t)h->leaf_count));
    TRY(buffer_put(&b, (Span) { h->leaves[0], (size_t)h->leaf_count * WIRE_HASH_BYTES }));
    TRY(house_ask(h, VAULT_SCAN_LEAVES, span_of_buffer(&b)));
    return house_ask(h, VAULT_SCAN_END, (Span) { NULL, 0 });
}

static Status verify_claim(House *h, const WireClaim *claim)
{
    Buffer b = { h->message, 0, sizeof(h->message) };
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_claim(&b, claim));
    TRY(house_ask(h, VAULT_VERIFY, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    uint32_t count = 0;
    uint32_t verdict = 0;
    TRY(cursor_u32(&c, &count));
    TRY(cursor_u32(&c, &verdict));
    return (Status) { (int32_t)verdict };
}

Status house_verify_bytes(House *h, Span image, Span seal)
{
    return verify_claim(h, &(WireClaim) { false, image, seal });
}

Status house_verify(House *h, int row)
{
    const StoredRow *r = &h->rows[row];
    return house_verify_bytes(h, (Span) { r->image, r->image_bytes }, SPAN_OF(r->seal));
}

Span house_key(const House *h, int row)
{
    static RowView view;
    ASSERT(status_ok(row_parse((Span) { h->rows[row].image, h->rows[row].image_bytes }, &view)));
    return view.key;
}

Status house_verify_absent(House *h, int row)
{
    return verify_claim(h, &(WireClaim) { true, house_key(h, row), { NULL, 0 } });
}

/* --- batches --- */

int64_t house_batch(const House *h) { return h->leaf_count; }

void house_begin(House *h)
{
    h->draft = (Buffer) { h->draft_memory, 0, sizeof(h->draft_memory) };
    h->change_count = 0;
    h->posting_count = 0;
}

void house_update(House *h, int row, Span image)
{
    uint8_t *copy = NULL;
    ASSERT(status_ok(buffer_reserve(&h->draft, image.size, &copy)));
    memcpy(copy, image.data, image.size);
    h->changes[h->change_count++] = (HouseChange) { row, { copy, image.size } };
}

void house_insert(House *h, Span image) { house_update(h, -1, image); }

static Status take_prepared(House *h)
{
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    uint32_t count = 0;
    WireSealed sealed;
    TRY(cursor_u32(&c, &count));
    REQUIRE(count == (uint32_t)h->change_count, REFUSED_IPC_FORMAT);
    TRY(cursor_copy(&c, count * WIRE_SEAL_BYTES, h->seals));
    TRY(wire_take_sealed(&c, &sealed));
    TRY(cursor_end(&c));
    memcpy(h->leaf_hash, sealed.leaf_hash, WIRE_HASH_BYTES);
    memcpy(h->root, sealed.root, WIRE_HASH_BYTES);
    return OK;
}

Status house_prepare(House *h)
{
    Buffer b = { h->message, 0, sizeof(h->message) };
    const WireDraftHead head = { h->epoch, house_batch(h), h->now_us, SPAN("events") };
    TRY(wire_put_draft_head(&b, &head));
    TRY(buffer_put_u32(&b, (uint32_t)h->change_count));
    for (int i = 0; i < h->change_count; i++) {
        WireChange wire = { .new_image = h->changes[i].image };
        if (h->changes[i].row >= 0) {
            const StoredRow *old = &h->rows[h->changes[i].row];
            wire.old_image = (Span) { old->image, old->image_bytes };
            wire.old_seal = SPAN_OF(old->seal);
        }
        TRY(wire_put_change(&b, &wire));
    }
    TRY(house_ask(h, VAULT_PREPARE, span_of_buffer(&b)));
    return take_prepared(h);
}

void house_store(House *h)
{
    for (int i = 0; i < h->change_count; i++) {
        const int at = h->changes[i].row >= 0 ? h->changes[i].row : h->row_count++;
        StoredRow *row = &h->rows[at];
        memcpy(row->image, h->changes[i].image.data, h->changes[i].image.size);
        row->image_bytes = h->changes[i].image.size;
        memcpy(row->seal, h->seals[i], WIRE_SEAL_BYTES);
    }
    memcpy(h->leaves[h->leaf_count++], h->leaf_hash, WIRE_HASH_BYTES);
}

static Status decide(House *h, uint8_t operation, int64_t batch)
{
    uint8_t memory[16];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, h->epoch));
    TRY(buffer_put_i64(&b, batch));
    return house_ask(h, operation, span_of_buffer(&b));
}

Status house_confirm(House *h) { return decide(h, VAULT_CONFIRM, house_batch(h) - 1); }
Status house_abort(House *h) { return decide(h, VAULT_ABORT, house_batch(h)); }

Status house_commit(House *h)
{
    TRY(house_prepare(h));
    house_store(h);
    return house_confirm(h);
}

/* --- rows --- */

static uint8_t row_memory[HOUSE_IMAGE_BYTES_MAX];

static Span encode(const RowHead *head, const uint16_t *ids, const Value *values, size_t count)
{
    Buffer b = BUFFER_OF(row_memory);
    ASSERT(status_ok(row_encode(head, ids, values, count, &b)));
    return span_of_buffer(&b);
}

Span house_account(House *h, const AccountFacts *f)
{
    static const uint16_t ids[] = { ACCOUNT_ID, ACCOUNT_OWNER, ACCOUNT_CLASS, ACCOUNT_CURRENCY,
        ACCOUNT_BALANCE, ACCOUNT_FROZEN, ACCOUNT_PREVIOUS, ACCOUNT_PREVIOUS_DAY,
        ACCOUNT_BALANCE_TIME, ACCOUNT_STATUS };
    const Value values[] = { VALUE_OF_INT(f->id), VALUE_OF_TEXT(span_of_text(f->owner)),
        VALUE_OF_INT(f->class), VALUE_OF_INT(f->currency), VALUE_OF_INT(f->balance),
        VALUE_OF_INT(f->frozen), VALUE_OF_INT(0), VALUE_OF_INT(0), VALUE_OF_INT(h->now_us),
        VALUE_OF_INT(1) };
    const RowHead head = { TABLE_ACCOUNT, 1, 1, f->revision, house_batch(h) };
    return encode(&head, ids, values, 10);
}

Span house_posting(House *h, const PostingFacts *f)
{
    static const uint16_t ids[] = { POSTING_BATCH, POSTING_NUMBER, POSTING_TRANSACTION,
        POSTING_ACCOUNT, POSTING_BUCKET, POSTING_MINOR, POSTING_CURRENCY, POSTING_KIND,
        POSTING_TIME };
    const Value values[] = { VALUE_OF_INT(house_batch(h)), VALUE_OF_INT(++h->posting_count),
        VALUE_OF_TEXT(span_of_text(f->transaction)), VALUE_OF_INT(f->account),
        VALUE_OF_INT(f->bucket), VALUE_OF_INT(f->minor), VALUE_OF_INT(f->currency),
        VALUE_OF_INT(POSTING_FUND), VALUE_OF_INT(h->now_us) };
    const RowHead head = { TABLE_POSTING, 1, 2, 1, house_batch(h) };
    return encode(&head, ids, values, 9);
}

Span house_payment(House *h, const PaymentFacts *f)
{
    static const uint16_t ids[] = { PAYMENT_MCHID, PAYMENT_OUT_TRADE_NO, PAYMENT_TRANSACTION_ID,
        PAYMENT_PREPAY_ID, PAYMENT_STATE, PAYMENT_MINOR, PAYMENT_CURRENCY, PAYMENT_PAYER,
        PAYMENT_PAYER_ACCOUNT, PAYMENT_PAYEE_ACCOUNT, PAYMENT_GRANT };
    const Value payer = f->payer != NULL ? VALUE_OF_TEXT(span_of_text(f->payer)) : VALUE_OF_NULL;
    const Value grant =
            f->grant != NULL ? VALUE_OF_BYTES(((Span) { f->grant, 16 })) : VALUE_OF_NULL;
    const Value values[] = { VALUE_OF_TEXT(SPAN("m1")), VALUE_OF_TEXT(span_of_text(f->order)),
        VALUE_OF_TEXT(span_of_text(f->order)), VALUE_OF_TEXT(span_of_text(f->order)),
        VALUE_OF_INT(f->state != 0 ? f->state : TRADE_NOTPAY), VALUE_OF_INT(f->minor),
        VALUE_OF_INT(f->currency), payer,
        f->payer_account != 0 ? VALUE_OF_INT(f->payer_account) : VALUE_OF_NULL,
        VALUE_OF_INT(f->payee_account), grant };
    const RowHead head = { TABLE_PAYMENT, 1, 2, f->revision, house_batch(h) };
    return encode(&head, ids, values, 11);
}

Status house_found(House *h)
{
    house_begin(h);
    house_insert(h,
            house_account(
                    h, &(AccountFacts) { 1, ACCOUNT_CLASS_SYSTEM, 156, -10000, 0, 1, "house" }));
    house_insert(h,
            house_account(
                    h, &(AccountFacts) { 2, ACCOUNT_CLASS_MERCHANT, 156, 10000, 0, 1, "p1" }));
    house_insert(h, house_posting(h, &(PostingFacts) { "t1", 1, POSTING_BALANCE, -10000, 156 }));
    house_insert(h, house_posting(h, &(PostingFacts) { "t1", 2, POSTING_BALANCE, 10000, 156 }));
    return house_commit(h);
}

void house_draft_transfer(House *h, int64_t minor)
{
    RowView a;
    RowView b;
    ASSERT(status_ok(row_parse((Span) { h->rows[0].image, h->rows[0].image_bytes }, &a)));
    ASSERT(status_ok(row_parse((Span) { h->rows[1].image, h->rows[1].image_bytes }, &b)));
    const int64_t first = row_int(&a, ACCOUNT_BALANCE, 0) + minor;
    const int64_t second = row_int(&b, ACCOUNT_BALANCE, 0) - minor;
    const AccountFacts to = { 1, ACCOUNT_CLASS_SYSTEM, 156, first, 0, a.head.revision + 1,
        "house" };
    const AccountFacts from = { 2, ACCOUNT_CLASS_MERCHANT, 156, second, 0, b.head.revision + 1,
        "p1" };
    house_begin(h);
    house_update(h, 0, house_account(h, &to));
    house_update(h, 1, house_account(h, &from));
    house_insert(h, house_posting(h, &(PostingFacts) { "t2", 1, POSTING_BALANCE, minor, 156 }));
    house_insert(h, house_posting(h, &(PostingFacts) { "t2", 2, POSTING_BALANCE, -minor, 156 }));
}
