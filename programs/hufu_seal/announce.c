#include "announce.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* --- what was announced, newest first --- */

/* A transaction may announce tens of thousands of rows: only what a row has is kept of it. */
typedef struct Announced {
    struct Announced *older;
    Oid relation;
    SubTransactionId inside;
    bool absent;
    size_t image_bytes;
    size_t key_bytes;
    uint8_t bytes[]; /* image and key, as the row shall be */
} Announced;

static Announced *announced; /* in TopTransactionContext */

static void remember(Oid relation, const JudgeRow *row)
{
    Announced *one = MemoryContextAlloc(
            TopTransactionContext, sizeof(*one) + row->image_bytes + row->key_bytes);
    *one = (Announced) { announced, relation, GetCurrentSubTransactionId(), row->absent,
        row->image_bytes, row->key_bytes };
    memcpy(one->bytes, row->image, row->image_bytes);
    memcpy(one->bytes + row->image_bytes, row->key, row->key_bytes);
    announced = one;
}

static void take_row(const Announced *one, JudgeRow *ret_row)
{
    ret_row->absent = one->absent;
    ret_row->locked = false;
    ret_row->doubled = false;
    ret_row->seal_bytes = 0;
    ret_row->image_bytes = one->image_bytes;
    ret_row->key_bytes = one->key_bytes;
    memcpy(ret_row->image, one->bytes, one->image_bytes);
    memcpy(ret_row->key, one->bytes + one->image_bytes, one->key_bytes);
}

static void require_written(const Announced *one)
{
    JudgeRow wanted;
    JudgeRow now;
    const char *key[JUDGE_KEY_COLUMNS_MAX];
    const JudgeTable *table = seal_table_of(one->relation);
    take_row(one, &wanted);
    int code = judge_key_texts(table, &wanted, key);
    if (code != 0) seal_refuse(code, table, &wanted);
    const bool present = seal_read_row(table, one->relation, key, SEAL_NEWEST, &now);
    if (present == wanted.absent) code = JUDGE_WRITE_DIFFERS;
    if (present && !judge_same_image(&now, &wanted)) code = JUDGE_WRITE_DIFFERS;
    if (code != 0) seal_refuse(code, table, &wanted);
}

typedef struct RowName {
    Oid relation;
    uint32 key_bytes;
    uint8_t key[JUDGE_KEY_BYTES_MAX];
} RowName;

/* Rows that were looked at; gone with SPI's memory. */
static HTAB *open_names(void)
{
    enum { NAMES_EXPECTED = 256 };
    const HASHCTL how = {
        .keysize = sizeof(RowName), .entrysize = sizeof(RowName), .hcxt = CurrentMemoryContext
    };
    return hash_create("hufu_seal announced rows", NAMES_EXPECTED, &how,
            HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The newest announcement of a row is the first that is met. */
static bool is_met_first(HTAB *names, const Announced *one)
{
    bool known = false;
    RowName name = { .relation = one->relation, .key_bytes = (uint32)one->key_bytes };
    memcpy(name.key, one->bytes + one->image_bytes, one->key_bytes);
    (void)hash_search(names, &name, HASH_ENTER, &known);
    return !known;
}

static void require_all_written(void)
{
    if (announced == NULL) return;
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
    SPI_connect();
    HTAB *names = open_names();
    for (const Announced *one = announced; one != NULL; one = one->older) {
        if (is_met_first(names, one)) require_written(one);
    }
    SPI_finish();
    PopActiveSnapshot();
}

static void at_end(XactEvent event, void *argument)
{
    switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE: require_all_written(); break;
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE: announced = NULL; break;
    default: break;
    }
}

/* What was announced inside a savepoint goes with it, or becomes the surrounding one's. */
static void at_end_of_savepoint(
        SubXactEvent event, SubTransactionId own, SubTransactionId parent, void *argument)
{
    if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB) return;
    for (Announced **place = &announced; *place != NULL;) {
        Announced *one = *place;
        const bool gone = one->inside == own && event == SUBXACT_EVENT_ABORT_SUB;
        if (one->inside == own) one->inside = parent;
        if (gone)
            *place = one->older;
        else
            place = &one->older;
    }
}

void seal_watch_transactions(void)
{
    RegisterXactCallback(at_end, NULL);
    RegisterSubXactCallback(at_end_of_savepoint, NULL);
}

/* --- hufu_seal_announce() --- */

typedef struct Message {
    const void *bytes;
    size_t size;
    JudgeAnnouncement head;
    const JudgeTable *table;
    Oid relation;
} Message;

static void open_message(const bytea *from, Message *ret)
{
    const JudgeConfig config = seal_config();
    *ret = (Message) { .bytes = VARDATA_ANY(from), .size = VARSIZE_ANY_EXHDR(from) };
    int code = judge_announcement(ret->bytes, ret->size, &ret->head);
    if (code != 0) seal_refuse(code, NULL, NULL);
    code = judge_table_numbered(&config, ret->head.table, &ret->table);
    if (code != 0) seal_refuse(code, NULL, NULL);
    if (ret->head.xid != GetTopTransactionId())
        seal_refuse(JUDGE_OTHER_TRANSACTION, ret->table, NULL);
    ret->relation = seal_relation_of(ret->table);
}

static void next_change(Message *m, JudgeRow *ret_old, JudgeRow *ret_new)
{
    const int code = judge_change(&m->head, ret_old, ret_new);
    if (code != 0) seal_refuse(code, m->table, NULL);
}

/* The vault takes what is shown as old for what is there, and freezes it when it is wrong: so a row
 * that moved since the core signed must not get that far. Its lock is held from here on. */
static void require_old(const Message *m, const JudgeRow *old)
{
    JudgeRow now;
    const char *key[JUDGE_KEY_COLUMNS_MAX];
    if (old->absent) return;
    const int code = judge_key_texts(m->table, old, key);
    if (code != 0) seal_refuse(code, m->table, old);
    const bool present = seal_read_row(m->table, m->relation, key, SEAL_LOCKED, &now);
    if (!present || !judge_same_image(&now, old)) seal_refuse(JUDGE_RETRY, m->table, old);
}

static void hand_in(Message *m)
{
    JudgeRow old;
    JudgeRow new;
    Message again = *m;
    const JudgeConfig config = seal_config();
    uint8_t *seals = palloc0((size_t)m->head.changes * JUDGE_SEAL_BYTES + 1);
    for (uint32_t i = 0; i < m->head.changes; i++) {
        next_change(m, &old, &new);
        require_old(m, &old);
    }
    const int code = judge_announce(&config, m->bytes, m->size, m->head.changes, seals);
    CHECK_FOR_INTERRUPTS();
    if (code != 0) seal_refuse(code, m->table, m->head.changes > 0 ? &new : NULL);
    for (uint32_t i = 0; i < again.head.changes; i++) {
        next_change(&again, &old, &new);
        if (new.absent)
            seal_delete_seal(again.table, &new);
        else
            seal_write_seal(again.table, &new, seals + (size_t)i * JUDGE_SEAL_BYTES);
        remember(again.relation, &new);
    }
}

PG_FUNCTION_INFO_V1(hufu_sql_announce);
Datum hufu_sql_announce(PG_FUNCTION_ARGS)
{
    Message m;
    SPI_connect();
    open_message(PG_GETARG_BYTEA_PP(0), &m);
    hand_in(&m);
    SPI_finish();
    PG_RETURN_INT32((int32)m.head.changes);
}
