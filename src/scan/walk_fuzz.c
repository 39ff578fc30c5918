/* Arbitrary bytes as a file: whatever archive they claim to be, the walk ends within its budget,
 * and places and findings are whole. */
#define _GNU_SOURCE
#include "scan/walk.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ALLOWED_BYTES = 1 << 20 };

static void on_found(void *context, const char *place, const ScanFinding *finding)
{
    (void)context;
    ASSERT(strlen(place) < WALK_PLACE_BYTES_MAX);
    ASSERT(finding->kind > DETECT_NOTHING && finding->kind < DETECT_KINDS);
    ASSERT(finding->value.size > 0 && finding->column > 0);
}

static void on_skipped(void *context, const char *place, Status why)
{
    (void)context;
    ASSERT(strlen(place) < WALK_PLACE_BYTES_MAX && !status_ok(why));
}

static void on_read(void *context, uint64_t bytes)
{
    (void)context;
    (void)bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const WalkSink sink = { on_found, on_skipped, on_read, NULL };
    static Scanner *scanner;
    static Walk *walk;
    if (walk == NULL) {
        ASSERT(status_ok(scanner_new(&scanner)));
        ASSERT(status_ok(walk_new(scanner, &sink, ALLOWED_BYTES, &walk)));
    }
    const int fd = memfd_create("file", MFD_CLOEXEC);
    ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    ASSERT(status_ok(walk_fd(walk, fd, "file")));
    close(fd);
    return 0;
}
