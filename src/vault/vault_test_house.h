#pragma once
/*
 * vault_test_house: a whole vault over disks in memory, and a little store beside it that does what
 * hufud does.
 *
 * Everything is asked through messages, so that the same flows can be played against a real vaultd
 * (`ask`). A test changes the stored bytes as an attacker would. For tests only.
 */
#include "base/expect.h"
#include "journal/torn_disk.h"
#include "policy/tables.h"
#include "vault/vault.h"

enum {
    HOUSE_ROWS_MAX = 2048,
    HOUSE_IMAGE_BYTES_MAX = 1024,
    HOUSE_LEAVES_MAX = 256,
    HOUSE_HUFUD_UID = 1000,
    HOUSE_OPERATOR_UID = 1001,
    HOUSE_CORE_UID = 1002,
    HOUSE_MESSAGE_BYTES_MAX = 4 * 1024 * 1024,
};

typedef struct StoredRow {
    uint8_t image[HOUSE_IMAGE_BYTES_MAX];
    size_t image_bytes;
    uint8_t seal[WIRE_SEAL_BYTES];
    bool gone;
} StoredRow;

typedef struct HouseChange {
    int row; /* which stored row is replaced; -1: an insert */
    Span image; /* into House.draft */
} HouseChange;

/* A torn disk for many threads: the journal grows its file while another thread writes. */
typedef struct LockedDisk {
    pthread_mutex_t lock;
    Disk disk;
} LockedDisk;

typedef struct House House;
struct House {
    Status (*ask)(House *house, int listener, uint8_t operation, Span request, Buffer *ret_answer);
    void *peer; /* of `ask` */
    /* the vault inside this process */
    int64_t now_us;
    TornPower power;
    TornDisk *journal[2];
    TornDisk *attached_journal[2];
    LockedDisk locked[4];
    uint64_t segment_bytes;
    size_t attached_rows_max; /* from the next start on */
    size_t attached_pending_max;
    Memory *memory;
    AttachedMemory *attached;
    Vault *vault;
    void *field_secrets;
    bool legacy_import; /* from the next start on, like the next one */
    uint32_t lookups_per_day;
    uint32_t protects_per_day;
    int alerts; /* told since house_open() */
    Status last_alert;
    /* the store */
    uint64_t epoch;
    StoredRow rows[HOUSE_ROWS_MAX];
    int row_count;
    uint8_t leaves[HOUSE_LEAVES_MAX][WIRE_HASH_BYTES];
    int leaf_count;
    /* the batch in the making */
    uint8_t draft_memory[HOUSE_ROWS_MAX * HOUSE_IMAGE_BYTES_MAX];
    Buffer draft;
    HouseChange changes[HOUSE_ROWS_MAX];
    int change_count;
    int64_t posting_count;
    uint8_t seals[WIRE_CHANGES_MAX][WIRE_SEAL_BYTES]; /* of the last prepared batch */
    uint8_t leaf_hash[WIRE_HASH_BYTES];
    uint8_t root[WIRE_HASH_BYTES];
    uint8_t message[HOUSE_MESSAGE_BYTES_MAX];
    uint8_t answer_memory[HOUSE_MESSAGE_BYTES_MAX];
    Buffer answer; /* of the last message */
};

/* One set of keys a suite for the whole test program: making RSA keys takes a while. */
Keys *house_keys(void);
/* Today's box key, of the vault in this process or, asked for over its socket, of a real vaultd. */
void house_box_key(House *house, PublicKey **ret_key, uint32_t *ret_key_id);
/* The suite of houses from here on; KEYS_INTERNATIONAL at first. */
void house_use(KeysSuite suite);
/* A new vault with an empty journal and store, scanned and serving. The caller gives it back. */
House *house_open(void);
void house_close(House *house);
void house_done(House **house); /* for CLEANUP */
/* vaultd was killed and started again; nothing is scanned yet. */
Status house_restart(House *house);

/* --- messages; the answer stays in house->answer --- */
Status house_ask(House *house, uint8_t operation, Span request);
Status house_ask_operator(House *house, uint8_t operation, Span request);
Status house_ask_core(House *house, uint8_t operation, Span request);
/* The whole start-up scan of what is stored now. */
Status house_scan(House *house);
/* One claim; returns its own verdict. */
Status house_verify(House *house, int row);
Status house_verify_bytes(House *house, Span image, Span seal);
Status house_verify_absent(House *house, int row);

/* --- batches --- */
void house_begin(House *house);
void house_insert(House *house, Span image);
void house_update(House *house, int row, Span image);
Status house_prepare(House *house);
/* Store what was prepared, as the database's commit does. */
void house_store(House *house);
Status house_confirm(House *house);
Status house_abort(House *house);
/* All three. */
Status house_commit(House *house);

/* --- rows; each returns a span into static memory, good until the next call --- */
typedef struct AccountFacts {
    int64_t id, class, currency, balance, frozen, revision;
    const char *owner;
} AccountFacts;
Span house_account(House *house, const AccountFacts *facts);
typedef struct PostingFacts {
    const char *transaction;
    int64_t account, bucket, minor, currency;
} PostingFacts;
Span house_posting(House *house, const PostingFacts *facts);
typedef struct PaymentFacts {
    const char *order;
    int64_t minor, currency, revision;
    const char *payer; /* NULL: none */
    const uint8_t *grant; /* 16 bytes or NULL */
    int64_t payee_account;
    int64_t payer_account; /* 0: NULL */
    int64_t state; /* TradeState; 0: NOTPAY */
} PaymentFacts;
Span house_payment(House *house, const PaymentFacts *facts);
/* The number that the next batch will have. */
int64_t house_batch(const House *house);
/* The stored row's key, encoded. */
Span house_key(const House *house, int row);

/* Two accounts (1 the institution's, 2 a merchant's with 10000) from one funding batch. */
Status house_found(House *house);
/* A draft in which account 2 (row 1) gives `minor` to account 1 (row 0). */
void house_draft_transfer(House *house, int64_t minor);
