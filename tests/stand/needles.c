#define _GNU_SOURCE
#include "needles.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/legacy_digest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NEEDLES_MAX = 1 << 18,
    BUCKETS = 1 << 18,
    SIEVE_BITS = 1 << 25,
    TEXT_BYTES_MAX = 4096,
    CHUNK_BYTES = 4 << 20,
    LABELS_TOLD_MAX = 40,
};

typedef struct Needle {
    uint8_t *bytes;
    size_t size;
    char *label;
    const char *form;
    int32_t next; /* of its bucket; -1: none */
    bool told;
} Needle;

struct Needles {
    Needle *all;
    size_t count;
    int32_t *buckets;
    uint8_t *sieve; /* one bit for each hash of the first eight bytes */
    size_t told;
};

static uint64_t hash_of(const uint8_t *bytes)
{
    uint64_t word = 0;
    memcpy(&word, bytes, sizeof(word));
    return (word * 0x9E3779B97F4A7C15u) >> 39; /* 25 bits */
}

Needles *needles_open(void)
{
    Needles *n = calloc(1, sizeof(*n));
    ASSERT(n != NULL);
    n->all = calloc(NEEDLES_MAX, sizeof(Needle));
    n->buckets = malloc(BUCKETS * sizeof(int32_t));
    n->sieve = calloc(1, SIEVE_BITS / 8);
    ASSERT(n->all != NULL && n->buckets != NULL && n->sieve != NULL);
    for (size_t i = 0; i < BUCKETS; i++)
        n->buckets[i] = -1;
    return n;
}

void needles_close(Needles *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free(n->all[i].bytes);
        free(n->all[i].label);
    }
    free(n->all);
    free(n->buckets);
    free(n->sieve);
    free(n);
}

void needles_hush(Needles *n) { n->told = LABELS_TOLD_MAX; }
size_t needles_count(const Needles *n) { return n->count; }

static void add(Needles *n, Span bytes, const char *label, const char *form)
{
    if (bytes.size < NEEDLE_BYTES_MIN) return;
    ASSERT(n->count < NEEDLES_MAX);
    Needle *needle = &n->all[n->count];
    *needle = (Needle) { malloc(bytes.size), bytes.size, strdup(label), form, -1, false };
    ASSERT(needle->bytes != NULL && needle->label != NULL);
    memcpy(needle->bytes, bytes.data, bytes.size);
    const uint64_t hash = hash_of(bytes.data);
    n->sieve[hash / 8] |= (uint8_t)(1u << (hash % 8));
    needle->next = n->buckets[hash % BUCKETS];
    n->buckets[hash % BUCKETS] = (int32_t)n->count++;
}

/* --- the forms --- */

static void add_hex(Needles *n, Span bytes, const char *label, const char *form)
{
    uint8_t text[2 * DIGEST_BYTES_MAX];
    Buffer hex = BUFFER_OF(text);
    ASSERT(status_ok(hex_encode(bytes, &hex)));
    add(n, span_of_buffer(&hex), label, form);
    for (size_t i = 0; i < hex.size; i++)
        if (text[i] >= 'a' && text[i] <= 'f') text[i] = (uint8_t)(text[i] - 'a' + 'A');
    add(n, span_of_buffer(&hex), label, form);
}

/* What the value is in base64 behind `phase` other bytes, whatever these are and whatever follows.
 */
static void add_base64(Needles *n, Span value, size_t phase, bool url, const char *label)
{
    static const size_t touched[] = { 0, 2, 3 }; /* characters that the bytes before have part in */
    uint8_t bytes[TEXT_BYTES_MAX] = { 0 };
    uint8_t text[2 * TEXT_BYTES_MAX];
    Buffer base64 = BUFFER_OF(text);
    ASSERT(phase + value.size <= sizeof(bytes));
    memcpy(bytes + phase, value.data, value.size);
    ASSERT(status_ok(base64_encode((Span) { bytes, phase + value.size }, &base64)));
    const size_t whole = (phase + value.size) * 8 / 6; /* characters without a bit behind the end */
    bool differs = false;
    for (size_t i = 0; i < base64.size && url; i++) {
        differs = differs || text[i] == '+' || text[i] == '/';
        if (text[i] == '+') text[i] = '-';
        if (text[i] == '/') text[i] = '_';
    }
    if (url && !differs) return;
    const Span core = { text + touched[phase], whole - touched[phase] };
    add(n, core, label, "base64");
}

void needles_add_digests(Needles *n, Span value, const char *label)
{
    uint8_t digest[DIGEST_BYTES_MAX];
    sha256(value, digest);
    add(n, (Span) { digest, DIGEST_SHA256_BYTES }, label, "SHA-256");
    add_hex(n, (Span) { digest, DIGEST_SHA256_BYTES }, label, "SHA-256 in hexadecimal");
    sm3(value, digest);
    add(n, (Span) { digest, DIGEST_SM3_BYTES }, label, "SM3");
    add_hex(n, (Span) { digest, DIGEST_SM3_BYTES }, label, "SM3 in hexadecimal");
    legacy_md5_verify_only(&value, 1, digest);
    add(n, (Span) { digest, LEGACY_MD5_BYTES }, label, "MD5");
    add_hex(n, (Span) { digest, LEGACY_MD5_BYTES }, label, "MD5 in hexadecimal");
}

void needles_add(Needles *n, Span value, const char *label)
{
    add(n, value, label, "clear");
    for (size_t phase = 0; phase < 3; phase++) {
        add_base64(n, value, phase, false, label);
        add_base64(n, value, phase, true, label);
    }
    needles_add_digests(n, value, label);
}

void needles_add_spelled(Needles *n, Span text, const char *label)
{
    add(n, text, label, "as it was spelled");
}

/* --- the search --- */

static void tell(Needles *n, Needle *needle, const char *where)
{
    if (needle->told || n->told >= LABELS_TOLD_MAX) return;
    needle->told = true;
    n->told++;
    fprintf(stderr, "  %s holds %s: %s\n", where, needle->label, needle->form);
}

size_t needles_search(Needles *n, Span bytes, const char *where)
{
    size_t hits = 0;
    for (size_t at = 0; at + NEEDLE_BYTES_MIN <= bytes.size; at++) {
        const uint64_t hash = hash_of(bytes.data + at);
        if ((n->sieve[hash / 8] >> (hash % 8) & 1) == 0) continue;
        for (int32_t i = n->buckets[hash % BUCKETS]; i >= 0; i = n->all[i].next) {
            Needle *needle = &n->all[i];
            if (bytes.size - at < needle->size) continue;
            if (!span_equal((Span) { bytes.data + at, needle->size },
                        (Span) { needle->bytes, needle->size }))
                continue;
            hits++;
            tell(n, needle, where);
        }
    }
    return hits;
}

size_t needles_search_file(Needles *n, const char *path)
{
    struct stat facts = { 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ASSERT(fd >= 0 && fstat(fd, &facts) == 0);
    size_t hits = 0;
    if (facts.st_size > 0) {
        const size_t size = (size_t)facts.st_size;
        const uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        ASSERT(bytes != MAP_FAILED);
        hits = needles_search(n, (Span) { bytes, size }, path);
        munmap((void *)(uintptr_t)bytes, size);
    }
    close(fd);
    return hits;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text);
    return end != NULL && size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

size_t needles_search_folder(Needles *n, const char *folder, const char *but, size_t *ret_files)
{
    size_t hits = 0;
    DIR *dir = opendir(folder);
    ASSERT(dir != NULL);
    for (const struct dirent *entry = NULL; (entry = readdir(dir)) != NULL;) {
        char path[1024];
        struct stat facts;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        const int size = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        ASSERT(size > 0 && (size_t)size < sizeof(path));
        if (lstat(path, &facts) != 0 || ends_with(path, but)) continue;
        if (S_ISDIR(facts.st_mode)) hits += needles_search_folder(n, path, but, ret_files);
        if (!S_ISREG(facts.st_mode)) continue;
        hits += needles_search_file(n, path);
        (*ret_files)++;
    }
    closedir(dir);
    return hits;
}

/* --- a process --- */

static size_t search_range(
        Needles *n, int memory, uint64_t from, uint64_t to, const char *where, size_t *ret_bytes)
{
    static uint8_t chunk[CHUNK_BYTES + TEXT_BYTES_MAX];
    size_t hits = 0;
    while (from < to) {
        const uint64_t left = to - from;
        const size_t wanted = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
        const ssize_t got = pread(memory, chunk, wanted, (off_t)from);
        if (got <= 0) return hits; /* the kernel's own pages, or unmapped meanwhile */
        *ret_bytes += (size_t)got;
        hits += needles_search(n, (Span) { chunk, (size_t)got }, where);
        if ((size_t)got < sizeof(chunk)) return hits;
        from += CHUNK_BYTES; /* the pieces overlap by the longest needle */
    }
    return hits;
}

static size_t search_text_of(Needles *n, pid_t pid, const char *name, size_t *ret_bytes)
{
    uint8_t bytes[16384];
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const ssize_t got = read(fd, bytes, sizeof(bytes));
    close(fd);
    if (got <= 0) return 0;
    *ret_bytes += (size_t)got;
    return needles_search(n, (Span) { bytes, (size_t)got }, path);
}

size_t needles_search_process(Needles *n, pid_t pid, size_t *ret_bytes)
{
    char path[64];
    char line[512];
    size_t hits = search_text_of(n, pid, "environ", ret_bytes);
    hits += search_text_of(n, pid, "cmdline", ret_bytes);
    *ret_bytes = 0;
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    const int memory = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    while (memory >= 0 && maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        char *rest = NULL;
        const uint64_t from = strtoull(line, &rest, 16);
        const uint64_t to = strtoull(rest + 1, &rest, 16);
        const bool readable = rest[1] == 'r';
        const bool shadow =
                to - from > (UINT64_C(1) << 33); /* a sanitizer's, nearly all unmapped */
        line[strcspn(line, "\n")] = 0;
        if (readable && !shadow) hits += search_range(n, memory, from, to, line, ret_bytes);
    }
    if (maps != NULL) fclose(maps);
    if (memory >= 0) close(memory);
    return hits;
}
