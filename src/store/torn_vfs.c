#include "store/torn_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>

typedef struct TornFile {
    char name[TORN_NAME_BYTES_MAX];
    bool exists;
    bool durable; /* its name is on the disk */
    uint8_t *view; /* what a reader sees */
    size_t view_size;
    uint8_t *disk; /* what is on the disk for certain */
    size_t disk_size;
    uint8_t *saved;
    size_t saved_size;
    bool saved_exists;
    void *shared[16]; /* the WAL index, in pages of 32 KiB */
} TornFile;

/* A write (or, with bytes NULL, a truncation) that no sync has covered. */
typedef struct TornWrite {
    TornFile *file;
    uint8_t *bytes;
    size_t size;
    size_t offset;
} TornWrite;

typedef struct TornHandle {
    sqlite3_file base;
    TornFile *file;
    int chunk; /* the file grows by so many bytes at a time; 0: as it is written */
} TornHandle;

static struct {
    TornFile files[TORN_FILES_MAX];
    TornWrite writes[TORN_WRITES_MAX];
    size_t write_count;
    TornFault fault;
    uint64_t at;
    uint64_t operations;
    bool happened;
    bool dead;
    sqlite3_vfs vfs;
} torn;

/* --- faults --- */

/* One operation that changes the disk. False: the power is, or just went, off. */
static bool operate(void)
{
    if (torn.dead) return false;
    torn.operations++;
    if (torn.fault == TORN_CUT && torn.operations == torn.at) torn.happened = torn.dead = true;
    return !torn.dead;
}

static size_t bytes_taken(void)
{
    size_t bytes = 0;
    for (size_t i = 0; i < TORN_FILES_MAX; i++)
        bytes += torn.files[i].exists ? torn.files[i].view_size : 0;
    return bytes;
}

static bool disk_is_full(const TornFile *file, size_t end)
{
    if (end <= file->view_size) return false;
    const bool full = (torn.fault == TORN_FULL && torn.operations >= torn.at)
            || (torn.fault == TORN_SMALL && bytes_taken() + end - file->view_size > torn.at);
    torn.happened = torn.happened || full;
    return full;
}

static bool sync_fails(void)
{
    const bool fails =
            torn.fault == TORN_SYNC_FAILS && torn.operations >= torn.at && !torn.happened;
    torn.happened = torn.happened || fails;
    return fails;
}

/* --- writes that wait for a sync --- */

static void apply(uint8_t *to, size_t *size, const TornWrite *write)
{
    if (write->bytes == NULL) {
        if (write->size < *size) *size = write->size;
        return;
    }
    const size_t end = write->offset + write->size;
    if (end > *size) {
        memset(to + *size, 0, end - *size);
        *size = end;
    }
    memcpy(to + write->offset, write->bytes, write->size);
}

static int remember(TornFile *file, const void *bytes, size_t size, size_t offset)
{
    if (torn.write_count == TORN_WRITES_MAX) return SQLITE_IOERR_WRITE;
    TornWrite *write = &torn.writes[torn.write_count];
    *write = (TornWrite) { .file = file, .size = size, .offset = offset };
    if (bytes != NULL) {
        write->bytes = malloc(size);
        if (write->bytes == NULL) return SQLITE_IOERR_NOMEM;
        memcpy(write->bytes, bytes, size);
    }
    torn.write_count++;
    return SQLITE_OK;
}

/* Forget the waiting writes of one file (NULL: of all). */
static void forget(const TornFile *file)
{
    size_t kept = 0;
    for (size_t i = 0; i < torn.write_count; i++) {
        if (file == NULL || torn.writes[i].file == file)
            free(torn.writes[i].bytes);
        else
            torn.writes[kept++] = torn.writes[i];
    }
    torn.write_count = kept;
}

static void make_durable(TornFile *file)
{
    memcpy(file->disk, file->view, file->view_size);
    file->disk_size = file->view_size;
    file->durable = file->exists;
    forget(file);
}

/* --- power --- */

static void drop_shared(TornFile *file)
{
    for (size_t i = 0; i < 16; i++) {
        free(file->shared[i]);
        file->shared[i] = NULL;
    }
}

/* Each sector of a write is its own: kept or lost. */
static void settle_write(const TornWrite *write, SeededRandom *random)
{
    TornFile *file = write->file;
    if (write->bytes == NULL) {
        if (seeded_next(random) % 2 == 0) apply(file->disk, &file->disk_size, write);
        return;
    }
    for (size_t done = 0; done < write->size;) {
        const size_t in_sector = TORN_SECTOR_BYTES - (write->offset + done) % TORN_SECTOR_BYTES;
        const size_t size = write->size - done < in_sector ? write->size - done : in_sector;
        const TornWrite sector = { file, write->bytes + done, size, write->offset + done };
        if (seeded_next(random) % 2 == 0) apply(file->disk, &file->disk_size, &sector);
        done += size;
    }
}

void torn_power_on(uint64_t seed)
{
    SeededRandom random;
    const Random made = random_seeded(&random, seed);
    (void)made;
    /* Three worlds, so that both ends are met as well: all lost, all kept in order, and anything
     * between. */
    const uint64_t world = seed % 4;
    for (size_t i = torn.write_count; world > 1 && i > 1; i--) { /* Fisher and Yates */
        const size_t other = (size_t)(seeded_next(&random) % i);
        const TornWrite moved = torn.writes[i - 1];
        torn.writes[i - 1] = torn.writes[other];
        torn.writes[other] = moved;
    }
    for (size_t i = 0; i < torn.write_count; i++) {
        TornFile *file = torn.writes[i].file;
        if (world == 1) apply(file->disk, &file->disk_size, &torn.writes[i]);
        if (world > 1) settle_write(&torn.writes[i], &random);
    }
    forget(NULL);
    for (size_t i = 0; i < TORN_FILES_MAX; i++) {
        TornFile *file = &torn.files[i];
        if (file->exists && !file->durable && (world == 0 || seeded_next(&random) % 2 == 0)) {
            file->exists = false;
            file->disk_size = 0;
        }
        if (file->exists) file->durable = true;
        memcpy(file->view, file->disk, file->disk_size);
        file->view_size = file->disk_size;
        drop_shared(file);
    }
    torn.dead = false;
    torn_arm(TORN_NONE, 0);
}

void torn_arm(TornFault fault, uint64_t at)
{
    torn.fault = fault;
    torn.at = at;
    torn.operations = 0;
    torn.happened = false;
}

uint64_t torn_operations(void) { return torn.operations; }
bool torn_fault_happened(void) { return torn.happened; }

Status torn_save(void)
{
    for (size_t i = 0; i < TORN_FILES_MAX; i++) {
        TornFile *file = &torn.files[i];
        make_durable(file);
        free(file->saved);
        file->saved = malloc(file->disk_size + 1);
        CHECK(file->saved != NULL, FAULT_MEMORY);
        memcpy(file->saved, file->disk, file->disk_size);
        file->saved_size = file->disk_size;
        file->saved_exists = file->exists;
    }
    return OK;
}

void torn_restore(void)
{
    forget(NULL);
    for (size_t i = 0; i < TORN_FILES_MAX; i++) {
        TornFile *file = &torn.files[i];
        memcpy(file->view, file->saved, file->saved_size);
        memcpy(file->disk, file->saved, file->saved_size);
        file->view_size = file->disk_size = file->saved_size;
        file->exists = file->durable = file->saved_exists;
        drop_shared(file);
    }
    torn.dead = false;
    torn_arm(TORN_NONE, 0);
}

/* --- one open file, as SQLite asks for it --- */

static TornFile *file_of(sqlite3_file *handle) { return ((TornHandle *)handle)->file; }

static int torn_close_file(sqlite3_file *handle) { return SQLITE_OK; }

static int torn_read(sqlite3_file *handle, void *to, int size, sqlite3_int64 offset)
{
    const TornFile *file = file_of(handle);
    if (torn.dead) return SQLITE_IOERR_READ;
    const size_t start = (size_t)offset;
    const size_t there = start < file->view_size ? file->view_size - start : 0;
    const size_t taken = there < (size_t)size ? there : (size_t)size;
    if (taken > 0) memcpy(to, file->view + start, taken);
    if (taken == (size_t)size) return SQLITE_OK;
    memset((uint8_t *)to + taken, 0, (size_t)size - taken);
    return SQLITE_IOERR_SHORT_READ;
}

static int torn_write(sqlite3_file *handle, const void *from, int size, sqlite3_int64 offset)
{
    TornFile *file = file_of(handle);
    const size_t end = (size_t)offset + (size_t)size;
    if (torn.dead) return SQLITE_IOERR_WRITE;
    if (end > TORN_FILE_BYTES_MAX) return SQLITE_FULL;
    const bool powered = operate();
    if (disk_is_full(file, end)) return SQLITE_FULL;
    const int code = remember(file, from, (size_t)size, (size_t)offset);
    if (code != SQLITE_OK) return code;
    if (!powered) return SQLITE_IOERR_WRITE; /* it may have reached the disk: the seed says */
    apply(file->view, &file->view_size, &torn.writes[torn.write_count - 1]);
    return SQLITE_OK;
}

/* As the unix VFS does. */
static sqlite3_int64 whole_chunks(sqlite3_file *handle, sqlite3_int64 size)
{
    const sqlite3_int64 chunk = ((TornHandle *)handle)->chunk;
    return chunk == 0 ? size : (size + chunk - 1) / chunk * chunk;
}

static int torn_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    TornFile *file = file_of(handle);
    if (torn.dead) return SQLITE_IOERR_TRUNCATE;
    const bool powered = operate();
    size = whole_chunks(handle, size);
    const int code = remember(file, NULL, (size_t)size, 0);
    if (code != SQLITE_OK) return code;
    if (!powered) return SQLITE_IOERR_TRUNCATE;
    apply(file->view, &file->view_size, &torn.writes[torn.write_count - 1]);
    return SQLITE_OK;
}

static int torn_sync(sqlite3_file *handle, int flags)
{
    if (!operate()) return SQLITE_IOERR_FSYNC;
    if (sync_fails()) return SQLITE_IOERR_FSYNC;
    make_durable(file_of(handle));
    return SQLITE_OK;
}

static int torn_size(sqlite3_file *handle, sqlite3_int64 *ret_size)
{
    *ret_size = (sqlite3_int64)file_of(handle)->view_size;
    return torn.dead ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int torn_lock(sqlite3_file *handle, int level) { return SQLITE_OK; }

static int torn_locked(sqlite3_file *handle, int *ret_locked)
{
    *ret_locked = 0;
    return SQLITE_OK;
}

static int torn_reserve(sqlite3_file *handle, sqlite3_int64 size)
{
    const size_t end = (size_t)whole_chunks(handle, size);
    if (((TornHandle *)handle)->chunk == 0 || end <= file_of(handle)->view_size) return SQLITE_OK;
    return torn_write(handle, "", 1, (sqlite3_int64)end - 1);
}

static int torn_control(sqlite3_file *handle, int operation, void *argument)
{
    if (operation == SQLITE_FCNTL_SIZE_HINT)
        return torn_reserve(handle, *(const sqlite3_int64 *)argument);
    if (operation != SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_NOTFOUND;
    ((TornHandle *)handle)->chunk = *(const int *)argument;
    return SQLITE_OK;
}
static int torn_sector(sqlite3_file *handle) { return TORN_SECTOR_BYTES; }
/* As the unix VFS says of every disk: bytes beside a write stay what they were. */
static int torn_device(sqlite3_file *handle) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

static int torn_shared_map(
        sqlite3_file *handle, int page, int page_size, int extend, void volatile **ret_memory)
{
    TornFile *file = file_of(handle);
    *ret_memory = NULL;
    if (page >= 16) return SQLITE_IOERR_SHMMAP;
    if (file->shared[page] == NULL && extend != 0)
        file->shared[page] = calloc(1, (size_t)page_size);
    *ret_memory = file->shared[page];
    return SQLITE_OK;
}

static int torn_shared_lock(sqlite3_file *handle, int offset, int count, int flags)
{
    return SQLITE_OK;
}
static void torn_shared_barrier(sqlite3_file *handle) { __sync_synchronize(); }

static int torn_shared_unmap(sqlite3_file *handle, int delete)
{
    if (delete != 0) drop_shared(file_of(handle));
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = { 2, torn_close_file, torn_read, torn_write,
    torn_truncate, torn_sync, torn_size, torn_lock, torn_lock, torn_locked, torn_control,
    torn_sector, torn_device, torn_shared_map, torn_shared_lock, torn_shared_barrier,
    torn_shared_unmap, NULL, NULL };

/* --- the file system --- */

static TornFile *find_file(const char *name)
{
    const Span wanted = span_of_text(name);
    for (size_t i = 0; i < TORN_FILES_MAX; i++) {
        if (span_equal(span_of_text(torn.files[i].name), wanted)) return &torn.files[i];
    }
    return NULL;
}

static TornFile *make_file(const char *name)
{
    const Span wanted = span_of_text(name);
    TornFile *file = find_file("");
    if (file == NULL || wanted.size >= TORN_NAME_BYTES_MAX) return NULL;
    memcpy(file->name, name, wanted.size + 1);
    return file;
}

static int torn_open_file(
        sqlite3_vfs *vfs, const char *name, sqlite3_file *handle, int flags, int *ret_flags)
{
    TornHandle *open = (TornHandle *)handle;
    open->base.pMethods = NULL;
    if (name == NULL || torn.dead) return SQLITE_CANTOPEN; /* temporary files stay in memory */
    TornFile *file = find_file(name);
    if (file == NULL) file = make_file(name);
    if (file == NULL) return SQLITE_CANTOPEN;
    if (!file->exists && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    file->exists = true;
    open->base.pMethods = &methods;
    open->file = file;
    open->chunk = 0;
    if (ret_flags != NULL) *ret_flags = flags;
    return SQLITE_OK;
}

/* With `sync` the folder is synced, so the name is gone for good; SQLite asks for that where it
 * matters. */
static int torn_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    TornFile *file = find_file(name);
    if (!operate()) return SQLITE_IOERR_DELETE;
    if (file == NULL || !file->exists) return SQLITE_IOERR_DELETE_NOENT;
    file->exists = file->durable = false;
    file->view_size = file->disk_size = 0;
    forget(file);
    return SQLITE_OK;
}

static int torn_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_there)
{
    const TornFile *file = find_file(name);
    *ret_there =
            file != NULL && file->exists && (flags != SQLITE_ACCESS_EXISTS || file->view_size > 0);
    return torn.dead ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int torn_full_name(sqlite3_vfs *vfs, const char *name, int size, char *ret_name)
{
    sqlite3_snprintf(size, ret_name, "%s", name);
    return SQLITE_OK;
}

static int torn_random(sqlite3_vfs *vfs, int size, char *ret_bytes)
{
    memset(ret_bytes, 7, (size_t)size);
    return size;
}

static int torn_sleep(sqlite3_vfs *vfs, int us) { return us; }

static int torn_time(sqlite3_vfs *vfs, double *ret_day)
{
    *ret_day = 2460000.5;
    return SQLITE_OK;
}

static int torn_last_error(sqlite3_vfs *vfs, int size, char *text) { return 0; }

Status torn_open(void)
{
    for (size_t i = 0; i < TORN_FILES_MAX; i++) {
        torn.files[i].view = calloc(1, TORN_FILE_BYTES_MAX);
        torn.files[i].disk = calloc(1, TORN_FILE_BYTES_MAX);
        CHECK(torn.files[i].view != NULL && torn.files[i].disk != NULL, FAULT_MEMORY);
    }
    torn.vfs = (sqlite3_vfs) { .iVersion = 1,
        .szOsFile = sizeof(TornHandle),
        .mxPathname = TORN_NAME_BYTES_MAX - 8,
        .zName = TORN_VFS_NAME,
        .xOpen = torn_open_file,
        .xDelete = torn_delete,
        .xAccess = torn_access,
        .xFullPathname = torn_full_name,
        .xRandomness = torn_random,
        .xSleep = torn_sleep,
        .xCurrentTime = torn_time,
        .xGetLastError = torn_last_error };
    CHECK(sqlite3_vfs_register(&torn.vfs, 0) == SQLITE_OK, FAULT_STORE);
    return OK;
}

void torn_close(void)
{
    sqlite3_vfs_unregister(&torn.vfs);
    forget(NULL);
    for (size_t i = 0; i < TORN_FILES_MAX; i++) {
        drop_shared(&torn.files[i]);
        free(torn.files[i].view);
        free(torn.files[i].disk);
        free(torn.files[i].saved);
        torn.files[i] = (TornFile) { .exists = false };
    }
    torn.dead = false;
}
