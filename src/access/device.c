#include "access/device.h"

#include "base/encoding.h"
#include "store/unit_wait.h"

#include <pthread.h>
#include <stdlib.h>

static const Column device_columns[] = {
    { DEVICE_PRINCIPAL, "principal", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { DEVICE_NAME, "name", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { DEVICE_ADDED, "added", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { DEVICE_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};
enum { COLUMNS = sizeof(device_columns) / sizeof(device_columns[0]), NAME_BYTES = 16 };

const Table device_table = {
    TABLE_DEVICE,
    .schema = 1,
    .name = "device",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = device_columns,
};

void device_name(const uint8_t digest[SESSION_DEVICE_BYTES], char ret_name[DEVICE_NAME_BYTES + 1])
{
    Buffer text = { (uint8_t *)ret_name, 0, DEVICE_NAME_BYTES };
    ASSERT(status_ok(hex_encode((Span) { digest, NAME_BYTES }, &text)));
    ret_name[DEVICE_NAME_BYTES] = 0;
}

static Status device_of_row(const Row *row, Device *ret)
{
    const Value *v = row->values;
    Device device = { .status = (RegisterStatus)v[COLUMN_AT(DEVICE_STATUS)].integer,
        .added_us = v[COLUMN_AT(DEVICE_ADDED)].integer };
    TRY(value_copy_text(
            &v[COLUMN_AT(DEVICE_PRINCIPAL)], device.principal, sizeof(device.principal)));
    TRY(value_copy_text(&v[COLUMN_AT(DEVICE_NAME)], device.name, sizeof(device.name)));
    *ret = device;
    return OK;
}

Status device_get(Rows *rows, const char *principal, const char *name, Device *ret, bool *ret_found)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(principal)),
        VALUE_OF_TEXT(span_of_text(name)) };
    const Row *row = NULL;
    TRY(rows_get(rows, &device_table, key, &row));
    *ret_found = row != NULL;
    return row != NULL ? device_of_row(row, ret) : OK;
}

static void device_values(const Device *device, Value ret_values[COLUMNS])
{
    ret_values[COLUMN_AT(DEVICE_PRINCIPAL)] = VALUE_OF_TEXT(span_of_text(device->principal));
    ret_values[COLUMN_AT(DEVICE_NAME)] = VALUE_OF_TEXT(span_of_text(device->name));
    ret_values[COLUMN_AT(DEVICE_ADDED)] = VALUE_OF_INT(device->added_us);
    ret_values[COLUMN_AT(DEVICE_STATUS)] = VALUE_OF_INT((int64_t)device->status);
}

Status device_insert(Rows *rows, const Device *device)
{
    Value values[COLUMNS];
    device_values(device, values);
    return rows_insert(rows, &device_table, values);
}

Status device_update(Rows *rows, const Device *device)
{
    Value values[COLUMNS];
    device_values(device, values);
    return rows_update(rows, &device_table, values);
}

/* --- the book --- */

struct DeviceBook {
    pthread_rwlock_t lock;
    size_t count;
    Device devices[DEVICES_MAX];
};

Status device_book_open(DeviceBook **ret_book)
{
    DeviceBook *book = calloc(1, sizeof(*book));
    CHECK(book != NULL, FAULT_MEMORY);
    ASSERT(pthread_rwlock_init(&book->lock, NULL) == 0);
    *ret_book = book;
    return OK;
}

void device_book_close(DeviceBook **book)
{
    if (*book == NULL) return;
    pthread_rwlock_destroy(&(*book)->lock);
    free(*book);
    *book = NULL;
}

static bool is_of(const Device *device, Span principal)
{
    return device->status == STATUS_LIVE && span_equal(span_of_text(device->principal), principal);
}

static bool is_called(const Device *device, const char *name)
{
    return bytes_equal_ct(device->name, name, DEVICE_NAME_BYTES);
}

bool device_book_knows(DeviceBook *book, Span principal, const char *name)
{
    bool knows = false;
    pthread_rwlock_rdlock(&book->lock);
    for (size_t i = 0; i < book->count && !knows; i++)
        knows = is_of(&book->devices[i], principal) && is_called(&book->devices[i], name);
    pthread_rwlock_unlock(&book->lock);
    return knows;
}

bool device_book_knows_of(DeviceBook *book, const char *name)
{
    bool knows = false;
    pthread_rwlock_rdlock(&book->lock);
    for (size_t i = 0; i < book->count && !knows; i++)
        knows = book->devices[i].status == STATUS_LIVE && is_called(&book->devices[i], name);
    pthread_rwlock_unlock(&book->lock);
    return knows;
}

size_t device_book_list(DeviceBook *book, Span principal, Device ret[DEVICES_EACH_MAX])
{
    size_t count = 0;
    pthread_rwlock_rdlock(&book->lock);
    for (size_t i = 0; i < book->count && count < DEVICES_EACH_MAX; i++) {
        if (is_of(&book->devices[i], principal)) ret[count++] = book->devices[i];
    }
    pthread_rwlock_unlock(&book->lock);
    return count;
}

static void unlock(DeviceBook **book) { pthread_rwlock_unlock(&(*book)->lock); }

static Device *find(DeviceBook *book, const Device *device)
{
    for (size_t i = 0; i < book->count; i++) {
        Device *other = &book->devices[i];
        if (strcmp(other->principal, device->principal) == 0 && is_called(other, device->name))
            return other;
    }
    return NULL;
}

/* What was forgotten stays in its row alone; the others keep the order in which they came. */
static void forget(DeviceBook *book, Device *device)
{
    if (device == NULL) return;
    const Device *end = &book->devices[book->count--];
    memmove(device, device + 1, (size_t)(end - device - 1) * sizeof(*device));
}

Status device_book_put(DeviceBook *book, const Device *device)
{
    pthread_rwlock_wrlock(&book->lock);
    CLEANUP(unlock) DeviceBook *held = book;
    Device *place = find(held, device);
    if (device->status != STATUS_LIVE) {
        forget(held, place);
        return OK;
    }
    REQUIRE(place != NULL || held->count < DEVICES_MAX, REFUSED_DEVICES_FULL);
    if (place == NULL) place = &held->devices[held->count++];
    *place = *device;
    return OK;
}

/* --- loading --- */

typedef struct DeviceLoad {
    Unit unit;
    Device device;
} DeviceLoad;

static Status load_gather(Unit *unit, Rows *rows)
{
    DeviceLoad *work = (DeviceLoad *)unit;
    bool found = false;
    return device_get(rows, work->device.principal, work->device.name, &work->device, &found);
}

static Status load_run(Unit *unit, Rows *rows)
{
    DeviceLoad *work = (DeviceLoad *)unit;
    bool found = false;
    TRY(device_get(rows, work->device.principal, work->device.name, &work->device, &found));
    REQUIRE(found, REFUSED_DEVICE_UNKNOWN);
    return OK;
}

typedef struct Names {
    Device *devices; /* DEVICES_MAX */
    size_t count;
} Names;

static Status take_name(void *context, const Value *values, size_t count)
{
    Names *names = context;
    CHECK(count == 2 && names->count < DEVICES_MAX, FAULT_STORE);
    Device *device = &names->devices[names->count];
    if (status_ok(value_copy_text(&values[0], device->principal, sizeof(device->principal)))
            && status_ok(value_copy_text(&values[1], device->name, sizeof(device->name))))
        names->count++;
    return OK;
}

static Status list_names(void *context, Store *store)
{
    const Value parameters[] = { VALUE_OF_INT(STATUS_LIVE), VALUE_OF_INT(DEVICES_MAX) };
    return store_query(store,
            "SELECT principal, name FROM device WHERE status = ?1 ORDER BY added LIMIT ?2",
            parameters, 2, take_name, context);
}

static Status load_all(DeviceBook *book, Batcher *batcher, const Names *names, size_t *ret_loaded)
{
    for (size_t i = 0; i < names->count; i++) {
        DeviceLoad work = { .unit = { .gather = load_gather, .run = load_run },
            .device = names->devices[i] };
        Status s = unit_wait(batcher, &work.unit);
        if (status_ok(s)) s = device_book_put(book, &work.device);
        if (status_broken(s)) return s;
        *ret_loaded += status_ok(s);
    }
    return OK;
}

Status device_book_refresh(
        DeviceBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out)
{
    Names names = { .devices = calloc(DEVICES_MAX, sizeof(Device)) };
    CHECK(names.devices != NULL, FAULT_MEMORY);
    *ret_loaded = 0;
    Status s = batcher_between(batcher, list_names, &names);
    if (status_ok(s)) s = load_all(book, batcher, &names, ret_loaded);
    *ret_left_out = names.count - *ret_loaded;
    free(names.devices);
    return s;
}
