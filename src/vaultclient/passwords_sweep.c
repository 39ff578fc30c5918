/* The walk over password records: what a page changed and where it ended are one transaction, so a
 * kill repeats at most one page, and repeating one changes nothing. */
#include "vaultclient/passwords.h"

#include "base/secret.h"
#include "crypto/seal.h"
#include "vaultclient/client_internal.h"
#include "vaultclient/domain_inside.h"
#include "vaultclient/passwords_inside.h"

#include <stdlib.h>

#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

enum { PAGE = WIRE_SHOWN_MAX };

/* Payers first. */
typedef enum Stage { STAGE_PAYERS = 0, STAGE_PEOPLE = 1 } Stage;

typedef struct Record {
    uint16_t data_class;
    uint8_t names[WIRE_TENANT_BYTES_MAX + WIRE_REALM_BYTES_MAX + WIRE_USER_BYTES_MAX];
    size_t tenant_size, realm_size, user_size; /* one after another in `names` */
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    size_t size;
    uint32_t status; /* vaultd's answer */
    uint8_t moved[DOMAIN_RECORD_BYTES_MAX];
    size_t moved_size; /* 0: stays */
} Record;

typedef struct Walk {
    Stage stage;
    Record at; /* its owner: the last one that is done */
    uint64_t total;
    uint64_t done;
    bool found; /* a place was stored */
    size_t count;
    Record page[PAGE];
} Walk;

static void walk_free(Walk **walk)
{
    if (*walk != NULL) bytes_wipe(*walk, sizeof(**walk));
    free(*walk);
}

static Status walk_new(Walk **ret_walk)
{
    *ret_walk = calloc(1, sizeof(**ret_walk));
    CHECK(*ret_walk != NULL, FAULT_MEMORY);
    return OK;
}

static WireOwner owner_of(Stage stage, const Record *record)
{
    const uint8_t *realm = record->names + record->tenant_size;
    const Span user = { realm + record->realm_size, record->user_size };
    if (stage == STAGE_PAYERS) return wire_owner_of_payer(user);
    return (WireOwner) { record->data_class, { record->names, record->tenant_size },
        { realm, record->realm_size }, user };
}

static Span bytes_of(const Record *record) { return (Span) { record->bytes, record->size }; }

static Status name_record(Record *record, Span tenant, Span realm, Span user)
{
    Buffer names = BUFFER_OF(record->names);
    const bool fits = tenant.size <= WIRE_TENANT_BYTES_MAX && realm.size <= WIRE_REALM_BYTES_MAX
            && user.size <= WIRE_USER_BYTES_MAX;
    REQUIRE(fits, REFUSED_ROW_INVALID);
    TRY(buffer_put(&names, tenant));
    TRY(buffer_put(&names, realm));
    TRY(buffer_put(&names, user));
    record->tenant_size = tenant.size;
    record->realm_size = realm.size;
    record->user_size = user.size;
    return OK;
}

/* --- the place: of a person, the row key is "realm/user"; no realm has a slash --- */

static const char get_place[] = "SELECT total, done, column_id, table_id, tenant, row_key FROM walk"
                                " WHERE name = 'pepper'";
static const char put_place[] =
        "INSERT INTO walk(name, total, done, column_id, table_id, tenant, row_key)"
        " VALUES ('pepper', ?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(name) DO UPDATE SET"
        " total = excluded.total, done = excluded.done, column_id = excluded.column_id,"
        " table_id = excluded.table_id, tenant = excluded.tenant, row_key = excluded.row_key";
static const char delete_place[] = "DELETE FROM walk WHERE name = 'pepper'";
static const char count_all[] =
        "SELECT (SELECT COUNT(*) FROM verifier) + (SELECT COUNT(*) FROM password)";

static Status take_place(void *context, const Value *values, size_t count)
{
    Walk *w = context;
    ASSERT(count == 6);
    Span realm = { NULL, 0 };
    Cursor c = cursor_of(values[5].bytes);
    w->found = true;
    w->total = (uint64_t)values[0].integer;
    w->done = (uint64_t)values[1].integer;
    w->stage = values[2].integer == STAGE_PAYERS ? STAGE_PAYERS : STAGE_PEOPLE;
    w->at.data_class = (uint16_t)values[3].integer;
    if (w->stage == STAGE_PEOPLE)
        REQUIRE(status_ok(cursor_until(&c, '/', &realm)), REFUSED_ROW_INVALID);
    return name_record(&w->at, values[4].bytes, realm, c.rest);
}

static Status take_count(void *context, const Value *values, size_t count)
{
    ASSERT(count == 1);
    *(uint64_t *)context = (uint64_t)values[0].integer;
    return OK;
}

static Status begin(const Passwords *passwords, Walk *w)
{
    TRY(domain_query(passwords->domain, get_place, NULL, 0, take_place, w));
    if (w->found) return OK;
    return domain_query(passwords->domain, count_all, NULL, 0, take_count, &w->total);
}

static bool is_last_page(const Walk *w) { return w->stage == STAGE_PEOPLE && w->count < PAGE; }

static Status store_place(const Walk *w, Store *store)
{
    static const Record nobody = { 0 };
    uint8_t memory[WIRE_REALM_BYTES_MAX + 1 + WIRE_USER_BYTES_MAX];
    Buffer row_key = BUFFER_OF(memory);
    if (is_last_page(w)) return store_execute(store, delete_place, NULL, 0);
    const bool stage_ends = w->count < PAGE;
    const Stage stage = stage_ends ? STAGE_PEOPLE : w->stage;
    const Record *last = stage_ends ? &nobody : &w->page[w->count - 1];
    const WireOwner owner = owner_of(stage, last);
    if (stage == STAGE_PEOPLE) {
        TRY(buffer_put(&row_key, owner.realm));
        TRY(buffer_put_u8(&row_key, '/'));
    }
    TRY(buffer_put(&row_key, owner.user));
    const Value values[] = { VALUE_OF_INT((int64_t)w->total),
        VALUE_OF_INT((int64_t)(w->done + w->count)), VALUE_OF_INT(stage),
        VALUE_OF_INT(owner.data_class), VALUE_OF_TEXT(owner.tenant),
        VALUE_OF_TEXT(span_of_buffer(&row_key)) };
    return store_execute(store, put_place, values, 6);
}

/* --- a page --- */

static const char next_payers[] = "SELECT 0, '', '', payer, record FROM verifier"
                                  " WHERE payer > ?1 ORDER BY payer LIMIT 64";
static const char next_people[] = "SELECT data_class, tenant, realm, user_id, record FROM password"
                                  " WHERE (data_class, tenant, realm, user_id) > (?1, ?2, ?3, ?4)"
                                  " ORDER BY data_class, tenant, realm, user_id LIMIT 64";
_Static_assert(PAGE == 64, "the statements say so");

static Status take_record(void *context, const Value *values, size_t count)
{
    Walk *w = context;
    ASSERT(count == 5 && w->count < PAGE);
    Record *record = &w->page[w->count++];
    *record = (Record) { .data_class = (uint16_t)values[0].integer };
    TRY(name_record(record, values[1].bytes, values[2].bytes, values[3].bytes));
    Buffer bytes = BUFFER_OF(record->bytes);
    TRY(buffer_put(&bytes, values[4].bytes));
    record->size = bytes.size;
    return OK;
}

static Status read_page(const Passwords *passwords, Walk *w)
{
    const WireOwner at = owner_of(w->stage, &w->at);
    const Value payer[] = { VALUE_OF_TEXT(at.user) };
    const Value person[] = { VALUE_OF_INT(at.data_class), VALUE_OF_TEXT(at.tenant),
        VALUE_OF_TEXT(at.realm), VALUE_OF_TEXT(at.user) };
    w->count = 0;
    if (w->stage == STAGE_PAYERS)
        return domain_query(passwords->domain, next_payers, payer, 1, take_record, w);
    return domain_query(passwords->domain, next_people, person, 4, take_record, w);
}

static Status show(const Passwords *passwords, Stage stage, Record *records, size_t count)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    uint32_t answered = 0;
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_count(&slot->request, count, WIRE_SHOWN_MAX));
    for (size_t i = 0; i < count; i++) {
        const WirePasswordShown shown = { owner_of(stage, &records[i]), bytes_of(&records[i]) };
        TRY(wire_put_password_shown(&slot->request, &shown));
    }
    TRY(slot_ask(slot, VAULT_PASSWORD_SHOW, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(wire_take_count(&c, WIRE_SHOWN_MAX, &answered));
    REQUIRE(answered == count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++) {
        WirePasswordKept kept;
        READ(wire_take_password_kept(&c, &kept));
        Buffer moved = BUFFER_OF(records[i].moved);
        READ(buffer_put(&moved, kept.verifier));
        records[i].status = kept.status;
        records[i].moved_size = moved.size;
    }
    READ(cursor_end(&c));
    return OK;
}

/* A record that was replaced between its reading and its showing is an old one to vaultd. In its
 * owner's turn nobody is about to replace it: what stands there now is shown once more. */
static Status look_again(const Passwords *passwords, Stage stage, Record *record)
{
    uint8_t now_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer now = BUFFER_OF(now_bytes);
    const WireOwner owner = owner_of(stage, record);
    CLEANUP(domain_turn_end) pthread_mutex_t *turn = passwords_turn(passwords, &owner);
    pthread_mutex_lock(turn);
    TRY(passwords_find(passwords, &owner, &now));
    if (now.size == 0) {
        record->status = 0; /* nobody's any more */
        return OK;
    }
    if (span_equal(span_of_buffer(&now), bytes_of(record))) return OK;
    memcpy(record->bytes, now.data, now.size);
    record->size = now.size;
    bytes_wipe(now_bytes, sizeof(now_bytes));
    return show(passwords, stage, record, 1);
}

static Status show_page(const Passwords *passwords, Walk *w)
{
    TRY(show(passwords, w->stage, w->page, w->count));
    for (size_t i = 0; i < w->count; i++) {
        if (w->page[i].status != 0) TRY(look_again(passwords, w->stage, &w->page[i]));
    }
    return OK;
}

static Status store_page(void *context, Store *store)
{
    const Walk *w = context;
    for (size_t i = 0; i < w->count; i++) {
        const Record *record = &w->page[i];
        if (record->status != 0 || record->moved_size == 0) continue;
        Value values[PASSWORDS_KEY_COLUMNS_MAX + 2];
        const WireOwner owner = owner_of(w->stage, record);
        const PasswordsTable *table = passwords_table(&owner, values);
        values[table->keys] = VALUE_OF_BYTES(((Span) { record->moved, record->moved_size }));
        values[table->keys + 1] = VALUE_OF_BYTES(bytes_of(record));
        TRY(store_execute(store, table->replace, values, table->keys + 2));
    }
    return store_place(w, store);
}

Status passwords_sweep(const Passwords *passwords, PasswordsSweep *ret_sweep)
{
    CLEANUP(walk_free) Walk *w = NULL;
    TRY(policy_allow(CLASS_PASSWORD, LAYER_DOMAIN, PURPOSE_ANY, FORM_HASH));
    TRY(walk_new(&w));
    TRY(begin(passwords, w));
    TRY(read_page(passwords, w));
    if (w->count > 0) TRY(show_page(passwords, w));
    TRY(domain_transaction(passwords->domain, store_page, w));
    *ret_sweep = (PasswordsSweep) {
        .total = w->total, .done = w->done + w->count, .finished = is_last_page(w)
    };
    for (size_t i = 0; i < w->count; i++) {
        if (w->page[i].status != 0)
            ret_sweep->refused++;
        else if (w->page[i].moved_size > 0)
            ret_sweep->moved++;
    }
    if (ret_sweep->total < ret_sweep->done) ret_sweep->total = ret_sweep->done; /* newcomers */
    return OK;
}

/* --- what stands under which pepper --- */

/* A record is its version u32, then a sealed field, which names its key's version. */
static uint32_t pepper_of(Span record)
{
    SealHeader header;
    Cursor c = cursor_of(record);
    uint32_t version = 0;
    const bool read = status_ok(cursor_u32(&c, &version)) && status_ok(seal_parse(c.rest, &header));
    return read ? header.key_version : 0;
}

static void count_record(
        uint32_t version, PasswordsPepper peppers[PASSWORDS_PEPPERS_MAX], size_t *count)
{
    size_t at = 0;
    while (at < *count && peppers[at].version > version)
        at++;
    if (at < *count && peppers[at].version == version) {
        peppers[at].records++;
        return;
    }
    if (at == PASSWORDS_PEPPERS_MAX) return;
    if (*count < PASSWORDS_PEPPERS_MAX) ++*count;
    memmove(&peppers[at + 1], &peppers[at], (*count - 1 - at) * sizeof(peppers[0]));
    peppers[at] = (PasswordsPepper) { version, 1 };
}

Status passwords_by_pepper(const Passwords *passwords,
        PasswordsPepper ret_peppers[PASSWORDS_PEPPERS_MAX], size_t *ret_count)
{
    CLEANUP(walk_free) Walk *w = NULL;
    TRY(walk_new(&w));
    *ret_count = 0;
    for (bool more = true; more;) {
        TRY(read_page(passwords, w));
        for (size_t i = 0; i < w->count; i++)
            count_record(pepper_of(bytes_of(&w->page[i])), ret_peppers, ret_count);
        more = !is_last_page(w);
        w->at = w->count == PAGE ? w->page[PAGE - 1] : (Record) { 0 };
        if (w->count < PAGE) w->stage = STAGE_PEOPLE;
    }
    return OK;
}
