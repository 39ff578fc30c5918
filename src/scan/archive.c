/* Archives and compressed files, opened while they are read. */
#include "scan/walk_inside.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

/* What the outermost reader and the entries inside share. */
typedef struct Opened {
    Walk *walk;
    const WalkSource *source;
    Span head; /* given first */
    Status broken; /* the source's own refusal or fault */
} Opened;

static void reader_free(struct archive **reader) { archive_read_free(*reader); }

ArchiveKind archive_kind(Span head)
{
    static const struct {
        uint8_t bytes[6];
        uint8_t size;
        uint16_t at;
        ArchiveKind kind;
    } magics[] = { { { 0x1F, 0x8B }, 2, 0, ARCHIVE_PACKED }, /* gzip */
        { { 'B', 'Z', 'h' }, 3, 0, ARCHIVE_PACKED },
        { { 0xFD, '7', 'z', 'X', 'Z', 0 }, 6, 0, ARCHIVE_PACKED },
        { { 0x28, 0xB5, 0x2F, 0xFD }, 4, 0, ARCHIVE_PACKED }, /* zstd */
        { { 0x04, 0x22, 0x4D, 0x18 }, 4, 0, ARCHIVE_PACKED }, /* lz4 */
        { { 'P', 'K', 3, 4 }, 4, 0, ARCHIVE_FILES }, /* zip, and what is made of it: docx, jar */
        { { '0', '7', '0', '7', '0' }, 5, 0, ARCHIVE_FILES }, /* cpio */
        { { 'u', 's', 't', 'a', 'r' }, 5, 257, ARCHIVE_FILES } };
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const size_t end = (size_t)magics[i].at + magics[i].size;
        if (head.size < end) continue;
        const Span there = { head.data + magics[i].at, magics[i].size };
        if (span_equal(there, (Span) { magics[i].bytes, magics[i].size })) return magics[i].kind;
    }
    return ARCHIVE_NONE;
}

static la_ssize_t on_read(struct archive *reader, void *context, const void **ret_bytes)
{
    Opened *opened = context;
    Span bytes = opened->head;
    opened->head.size = 0;
    if (bytes.size == 0) opened->broken = opened->source->read(opened->source->context, &bytes);
    if (!status_ok(opened->broken)) {
        archive_set_error(reader, EIO, "the source ended");
        return ARCHIVE_FATAL;
    }
    *ret_bytes = bytes.data;
    return (la_ssize_t)bytes.size;
}

/* libarchive's own readers alone: its other filters start programs. One layer at a time: asked for
 * both, it takes a compressed file of zeros for an empty tar and shows nothing of what follows. */
static Status reader_open(Opened *opened, ArchiveKind kind, struct archive **ret_reader)
{
    CLEANUP(reader_free) struct archive *r = archive_read_new();
    CHECK(r != NULL, FAULT_MEMORY);
    if (kind == ARCHIVE_PACKED) {
        archive_read_support_filter_gzip(r);
        archive_read_support_filter_bzip2(r);
        archive_read_support_filter_xz(r);
        archive_read_support_filter_zstd(r);
        archive_read_support_filter_lz4(r);
        archive_read_support_format_raw(r);
    }
    if (kind == ARCHIVE_FILES) {
        archive_read_support_format_tar(r);
        archive_read_support_format_zip_streamable(r);
        archive_read_support_format_cpio(r);
        /* What follows the end that a tar says it has is read as well. */
        archive_read_set_options(r, "tar:read_concatenated_archives");
    }
    REQUIRE(archive_read_open(r, opened, NULL, on_read, NULL) == ARCHIVE_OK,
            REFUSED_SCAN_ARCHIVE_FORMAT);
    *ret_reader = r;
    r = NULL; /* transferred */
    return OK;
}

/* --- one entry --- */

typedef struct Entry {
    Opened *opened;
    struct archive *reader;
} Entry;

/* A bomb is small outside and endless inside. */
static bool is_bomb(const Walk *walk)
{
    if (walk->bytes_out > walk->archive_bytes_max) return true;
    return walk->bytes_out > WALK_RATIO_FREE_BYTES
            && walk->bytes_out / WALK_RATIO_MAX > walk->bytes_in;
}

static Status read_entry(void *context, Span *ret_bytes)
{
    Entry *entry = context;
    Walk *walk = entry->opened->walk;
    const void *bytes = NULL;
    size_t size = 0;
    la_int64_t offset = 0;
    int result = ARCHIVE_OK;
    do /* a hole in a sparse file gives no bytes */
        result = archive_read_data_block(entry->reader, &bytes, &size, &offset);
    while (result == ARCHIVE_OK && size == 0);
    *ret_bytes = (Span) { bytes, result == ARCHIVE_EOF ? 0 : size };
    if (result == ARCHIVE_EOF) return OK;
    if (!status_ok(entry->opened->broken)) return entry->opened->broken;
    REQUIRE(result == ARCHIVE_OK || result == ARCHIVE_WARN, REFUSED_SCAN_ARCHIVE_FORMAT);
    walk->bytes_out += size;
    REQUIRE(!is_bomb(walk), REFUSED_SCAN_ARCHIVE_BOMB);
    return OK;
}

static Status judge_entry(Walk *walk, Opened *opened, struct archive *reader,
        struct archive_entry *header, unsigned depth)
{
    if (archive_entry_is_encrypted(header)) {
        walk_skipped(walk, REFUSE(REFUSED_SCAN_ARCHIVE_LOCKED));
        return OK;
    }
    Entry entry = { opened, reader };
    const WalkSource source = { read_entry, &entry };
    return walk_source(walk, &source, depth + 1);
}

/* A compressed file has one entry, which libarchive calls "data". */
static const char *name_of(struct archive *reader, struct archive_entry *header)
{
    if (archive_format(reader) == ARCHIVE_FORMAT_RAW) return "";
    const char *name = archive_entry_pathname(header);
    return name != NULL ? name : "?";
}

static Status walk_entries(Walk *walk, Opened *opened, struct archive *reader, unsigned depth)
{
    struct archive_entry *header = NULL;
    for (;;) {
        const int result = archive_read_next_header(reader, &header);
        if (result == ARCHIVE_EOF) return OK;
        if (!status_ok(opened->broken)) return opened->broken;
        REQUIRE(result == ARCHIVE_OK || result == ARCHIVE_WARN, REFUSED_SCAN_ARCHIVE_FORMAT);
        REQUIRE(++walk->entries <= WALK_ENTRIES_MAX, REFUSED_SCAN_ARCHIVE_BOMB);
        REQUIRE(!is_bomb(walk), REFUSED_SCAN_ARCHIVE_BOMB);
        const char *name = name_of(reader, header);
        const size_t kept = walk_place_add(walk, name[0] == 0 ? "" : "!", name);
        if (name[0] != 0) walk_judge_name(walk);
        TRY(judge_entry(walk, opened, reader, header, depth));
        walk_place_cut(walk, kept);
    }
}

Status archive_walk(Walk *walk, Span head, const WalkSource *source, unsigned depth)
{
    const ArchiveKind kind = archive_kind(head);
    if (depth >= WALK_DEPTH_MAX) {
        walk_skipped(walk, REFUSE(REFUSED_SCAN_ARCHIVE_DEPTH));
        return OK;
    }
    const size_t kept = strlen(walk->place);
    CLEANUP(reader_free) struct archive *reader = NULL;
    Opened opened = { walk, source, head, OK };
    Status s = reader_open(&opened, kind, &reader);
    if (status_ok(s)) s = walk_entries(walk, &opened, reader, depth);
    if (status_broken(s)) return s;
    if (!status_ok(s)) walk_skipped(walk, s);
    walk_place_cut(walk, kept);
    return OK;
}
