#include "judge.h"

#include "attach/announced.h"
#include "attach/core.h"
#include "attach/key_text.h"
#include "attach/value.h"

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #ours)
SAME(JUDGE_COLUMNS_MAX, ROW_COLUMNS_MAX);
SAME(JUDGE_KEY_COLUMNS_MAX, ROW_KEY_COLUMNS_MAX);
SAME(JUDGE_IMAGE_BYTES_MAX, ROW_IMAGE_BYTES_MAX);
SAME(JUDGE_KEY_BYTES_MAX, ROW_KEY_BYTES_MAX);
SAME(JUDGE_SEAL_BYTES, WIRE_SEAL_BYTES);
SAME(JUDGE_ROW_MISSING, REFUSED_ROW_MISSING);
SAME(JUDGE_TABLE, REFUSED_ATTACH_TABLE);
SAME(JUDGE_WRITE_DIFFERS, REFUSED_ATTACH_WRITE_DIFFERS);
SAME(JUDGE_RETRY, REFUSED_ATTACH_RETRY);
SAME(JUDGE_UNCERTAIN, REFUSED_ATTACH_UNCERTAIN);
SAME(JUDGE_UNANNOUNCED, REFUSED_ATTACH_UNANNOUNCED);
SAME(JUDGE_OTHER_TRANSACTION, REFUSED_ATTACH_OTHER_TRANSACTION);

enum { TABLES_KEPT = 16 };

struct JudgeTable {
    AttachTable is;
};

/* Of this backend. */
static AttachCore core;
static bool core_is_open;
static JudgeTable kept[TABLES_KEPT];
static size_t kept_next;

const char *judge_name(int code) { return status_name((Status) { code }); }
const char *judge_advice(int code) { return status_advice((Status) { code }); }

bool judge_is_away(int code) { return code < 0 || code == REFUSED_VAULT_UNAVAILABLE; }

/* --- the connection --- */

static void forget_tables(void)
{
    for (size_t i = 0; i < TABLES_KEPT; i++)
        kept[i].is.number = 0;
}

static Status open_core(const JudgeConfig *config)
{
    if (core_is_open && strcmp(core.socket, config->socket) != 0) {
        attach_core_close(&core);
        core_is_open = false;
        forget_tables();
    }
    if (!core_is_open) TRY(attach_core_open(config->socket, (Span) { NULL, 0 }, &core));
    core_is_open = true;
    core.deadline_ms = config->timeout_ms;
    return OK;
}

/* --- tables --- */

/* name NULL: the one with this number. */
static const JudgeTable *find_kept(const char *database, const char *name, uint16_t number)
{
    for (size_t i = 0; i < TABLES_KEPT; i++) {
        const AttachTable *t = &kept[i].is;
        if (t->number == 0 || strcmp(t->database, database) != 0) continue;
        if (name != NULL ? strcmp(t->name, name) == 0 : t->number == number) return &kept[i];
    }
    return NULL;
}

static Status find_table(
        const JudgeConfig *config, const char *name, uint16_t number, const JudgeTable **ret_table)
{
    TRY(open_core(config));
    *ret_table = find_kept(config->database, name, number);
    if (*ret_table != NULL) return OK;
    AttachTable table;
    if (name != NULL)
        TRY(attach_table_find(&core, config->database, name, &table));
    else
        TRY(attach_table_numbered(&core, number, &table));
    REQUIRE(strcmp(table.database, config->database) == 0, REFUSED_ATTACHED_TABLE_UNKNOWN);
    JudgeTable *place = &kept[kept_next++ % TABLES_KEPT];
    place->is = table;
    *ret_table = place;
    return OK;
}

int judge_table(const JudgeConfig *config, const char *name, const JudgeTable **ret_table)
{
    return find_table(config, name, 0, ret_table).code;
}

int judge_table_numbered(const JudgeConfig *config, uint16_t number, const JudgeTable **ret_table)
{
    return find_table(config, NULL, number, ret_table).code;
}

const char *judge_table_name(const JudgeTable *table) { return table->is.name; }
uint16_t judge_table_number(const JudgeTable *table) { return table->is.number; }
size_t judge_columns(const JudgeTable *table) { return table->is.columns; }
size_t judge_key_columns(const JudgeTable *table) { return table->is.key_columns; }
const char *judge_column(const JudgeTable *table, size_t column)
{
    return table->is.column[column].name;
}

/* --- rows --- */

static Status take_values(const AttachTable *t, const JudgeValue *from, size_t count,
        Buffer *scratch, Value *ret_values)
{
    for (size_t i = 0; i < count; i++) {
        REQUIRE(attach_kind(from[i].type) == t->column[i].kind, REFUSED_ATTACH_TABLE);
        const Span binary = { from[i].data, from[i].size };
        TRY(attach_value(from[i].type, binary, scratch, &ret_values[i]));
    }
    return OK;
}

static Status put_row(const AttachTable *t, const JudgeValue *from, size_t count, JudgeRow *ret_row)
{
    uint8_t memory[ROW_COLUMNS_MAX * ATTACH_NUMERIC_BYTES_MAX];
    Buffer scratch = BUFFER_OF(memory);
    Value values[ROW_COLUMNS_MAX];
    Buffer image = BUFFER_OF(ret_row->image);
    Buffer key = BUFFER_OF(ret_row->key);
    TRY(take_values(t, from, count, &scratch, values));
    TRY(attach_key(t, values, &key));
    if (count == t->columns) TRY(attach_image(t, values, &image));
    ret_row->absent = count != t->columns;
    ret_row->locked = false;
    ret_row->doubled = false;
    ret_row->image_bytes = image.size;
    ret_row->key_bytes = key.size;
    ret_row->seal_bytes = 0;
    return OK;
}

int judge_row(const JudgeTable *table, const JudgeValue *values, JudgeRow *ret_row)
{
    return put_row(&table->is, values, table->is.columns, ret_row).code;
}

int judge_key(const JudgeTable *table, const JudgeValue *values, JudgeRow *ret_row)
{
    const Status s = put_row(&table->is, values, table->is.key_columns, ret_row);
    ret_row->absent = true;
    return s.code;
}

static Span image_of(const JudgeRow *row) { return (Span) { row->image, row->image_bytes }; }
static Span key_of(const JudgeRow *row) { return (Span) { row->key, row->key_bytes }; }

bool judge_same_image(const JudgeRow *a, const JudgeRow *b)
{
    return span_equal(image_of(a), image_of(b));
}

bool judge_same_key(const JudgeRow *a, const JudgeRow *b)
{
    return span_equal(key_of(a), key_of(b));
}

int judge_key_texts(
        const JudgeTable *table, const JudgeRow *row, const char *ret_values[JUDGE_KEY_COLUMNS_MAX])
{
    static AttachKeyText text;
    const Status s = attach_key_values(&table->is, key_of(row), &text);
    memcpy(ret_values, text.values, sizeof(text.values));
    return s.code;
}

const char *judge_key_text(const JudgeTable *table, const JudgeRow *row)
{
    static uint8_t memory[2 * ROW_KEY_BYTES_MAX + ROW_KEY_COLUMNS_MAX * 72];
    Buffer text = { memory, 0, sizeof(memory) - 1 };
    if (!status_ok(attach_key_text(&table->is, key_of(row), &text))) text.size = 0;
    memory[text.size] = '\0';
    return (const char *)memory;
}

/* --- verdicts --- */

static Status ask_rows(
        const JudgeConfig *config, const JudgeRow *const *rows, size_t count, int *ret_verdicts)
{
    WireAttachedClaim claims[JUDGE_ROWS_MAX];
    WireAttachedVerdict verdicts[JUDGE_ROWS_MAX];
    ASSERT(count <= JUDGE_ROWS_MAX);
    for (size_t i = 0; i < count; i++) {
        const JudgeRow *row = rows[i];
        claims[i] = (WireAttachedClaim) { .absent = row->absent,
            .locked = row->locked && !row->absent,
            .doubled = row->doubled,
            .image = row->absent ? key_of(row) : image_of(row),
            .seal = { row->seal, row->absent ? 0 : row->seal_bytes } };
    }
    TRY(open_core(config));
    TRY(attach_claims(&core, 0, claims, (uint32_t)count, verdicts));
    for (size_t i = 0; i < count; i++)
        ret_verdicts[i] = attach_verdict(&verdicts[i]).code;
    return OK;
}

int judge_rows(const JudgeConfig *config, const JudgeRow *const *rows, size_t count,
        int ret_verdicts[JUDGE_ROWS_MAX])
{
    const Status s = ask_rows(config, rows, count, ret_verdicts);
    if (status_is(s, REFUSED_ATTACHED_TABLE_UNKNOWN)) forget_tables(); /* it was detached */
    return s.code;
}

bool judge_is_seal_lost(int verdict) { return verdict == REFUSED_ATTACHED_SEAL_LOST; }
bool judge_is_unsealed(int verdict) { return verdict == REFUSED_ATTACHED_ROW_UNSEALED; }

static Status find_open(const JudgeConfig *config, uint16_t table, uint32_t xid)
{
    bool is_open = false;
    TRY(open_core(config));
    TRY(attach_is_open(&core, table, xid, &is_open));
    REQUIRE(is_open, REFUSED_ATTACH_UNANNOUNCED);
    return OK;
}

int judge_is_open(const JudgeConfig *config, const JudgeTable *table, uint32_t xid)
{
    return find_open(config, table->is.number, xid).code;
}

/* --- announcements --- */

int judge_announcement(const void *bytes, size_t size, JudgeAnnouncement *ret_announcement)
{
    AttachAnnounced a;
    const Status s = attach_announced_open((Span) { bytes, size }, &a);
    if (!status_ok(s)) return s.code;
    *ret_announcement = (JudgeAnnouncement) { a.table, (uint32_t)(a.transaction & UINT32_MAX),
        a.changes, a.rest.rest.data, a.rest.rest.size };
    return 0;
}

static void put_image(Span image, Span key, JudgeRow *ret_row)
{
    Buffer to = BUFFER_OF(ret_row->image);
    Buffer to_key = BUFFER_OF(ret_row->key);
    ASSERT(status_ok(buffer_put(&to, image)) && status_ok(buffer_put(&to_key, key)));
    ret_row->absent = image.size == 0;
    ret_row->image_bytes = to.size;
    ret_row->key_bytes = to_key.size;
    ret_row->seal_bytes = 0;
}

int judge_change(JudgeAnnouncement *announcement, JudgeRow *ret_old, JudgeRow *ret_new)
{
    AttachAnnounced a = { .table = announcement->table,
        .rest = cursor_of((Span) { announcement->rest, announcement->rest_bytes }) };
    WireAttachedChange change;
    Span key;
    const Status s = attach_announced_next(&a, &change, &key);
    if (!status_ok(s)) return s.code;
    put_image(change.old_image, key, ret_old);
    put_image(change.new_image, key, ret_new);
    announcement->rest = a.rest.rest.data;
    announcement->rest_bytes = a.rest.rest.size;
    return 0;
}

static Status hand_in(
        const JudgeConfig *config, Span announcement, uint32_t changes, uint8_t *ret_seals)
{
    TRY(open_core(config));
    return attach_hand_in(&core, announcement, changes, ret_seals);
}

int judge_announce(const JudgeConfig *config, const void *bytes, size_t size, uint32_t changes,
        uint8_t *ret_seals)
{
    return hand_in(config, (Span) { bytes, size }, changes, ret_seals).code;
}

int64_t judge_seal_revision(const uint8_t seal[JUDGE_SEAL_BYTES])
{
    return attach_seal_revision(seal);
}
