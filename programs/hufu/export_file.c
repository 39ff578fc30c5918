/* hufu export run, hufu export open: the file itself, written and opened part by part (LL-4.5.2,
 * TP-17; crypto/file_box.h). */
#include "admin_client.h"
#include "command.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/file_box.h"

#include <fcntl.h>
#include <unistd.h>

enum {
    PART_BYTES_MAX = 64 * 1024, /* one part, encrypted */
    ANSWER_BYTES_MAX = 2 * PART_BYTES_MAX,
    PLACE_BYTES_MAX = 2048, /* where the next part goes on */
};

/* --- a file that is written part by part, and is there when it is whole --- */

typedef struct Growing {
    FILE *file;
    const char *path;
    char beside[PATH_BYTES_MAX + 8];
} Growing;

static void growing_drop(Growing *g)
{
    if (g->file == NULL) return;
    fclose(g->file);
    unlink(g->beside);
}

MUST_USE static Status growing_open(const char *path, Growing *g)
{
    const int length = snprintf(g->beside, sizeof(g->beside), "%s.new", path);
    REQUIRE(length > 0 && (size_t)length < sizeof(g->beside), REFUSED_BUFFER_FULL);
    unlink(g->beside);
    const int fd = open(g->beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    g->file = fdopen(fd, "wb");
    if (g->file == NULL) close(fd);
    CHECK(g->file != NULL, FAULT_DISK);
    g->path = path;
    return OK;
}

MUST_USE static Status growing_put(Growing *g, Span bytes)
{
    CHECK(fwrite(bytes.data, 1, bytes.size, g->file) == bytes.size, FAULT_DISK);
    return OK;
}

MUST_USE static Status growing_keep(Growing *g)
{
    CHECK(fflush(g->file) == 0 && fsync(fileno(g->file)) == 0, FAULT_DISK);
    CHECK(rename(g->beside, g->path) == 0, FAULT_DISK);
    FILE *file = g->file;
    g->file = NULL;
    CHECK(fclose(file) == 0, FAULT_DISK);
    return OK;
}

/* --- run --- */

typedef struct Run {
    const char *directory;
    const char *request;
    const char *receiver;
    const char *out;
} Run;

typedef struct Part {
    Span file;
    Span sha256;
    int64_t rows;
    Span next;
} Part;

static const JsonField part_fields[] = {
    { "file_base64", JSON_TEXT, true, 1, ANSWER_BYTES_MAX, offsetof(Part, file) },
    { "sha256", JSON_TEXT, true, 64, 64, offsetof(Part, sha256) },
    { "rows", JSON_INT, true, 0, INT64_MAX, offsetof(Part, rows) },
    { "next", JSON_TEXT, false, 1, PLACE_BYTES_MAX, offsetof(Part, next) },
};

MUST_USE static Status ask_part(const Run *r, int64_t number, Span after, Buffer *ret_answer)
{
    uint8_t memory[1024 + PLACE_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("export.run"));
    json_key_text(&w, "request", span_of_text(r->request));
    json_key_text(&w, "receiver", span_of_text(r->receiver));
    json_key_int(&w, "part", number);
    if (after.size > 0) json_key_text(&w, "after", after);
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(r->directory, span_of_buffer(&request), ret_answer);
}

/* Kept framed, told, and where the next one goes on; `next` stays empty behind the last. */
MUST_USE static Status keep_part(Span answer, int64_t number, Growing *out, Buffer *next)
{
    static uint8_t memory[4 + PART_BYTES_MAX];
    static uint8_t file_bytes[PART_BYTES_MAX];
    Buffer framed = BUFFER_OF(memory);
    Buffer file = BUFFER_OF(file_bytes);
    JsonProblem problem = { 0 };
    Part part = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), part_fields, 4, &part, &problem));
    TRY(base64_decode(part.file, &file));
    TRY(buffer_put_framed(&framed, span_of_buffer(&file)));
    TRY(growing_put(out, span_of_buffer(&framed)));
    next->size = 0;
    TRY(buffer_put(next, part.next));
    printf("%s: part %lld, %lld rows, SHA-256 %.*s\n", out->path, (long long)number,
            (long long)part.rows, (int)part.sha256.size, (const char *)part.sha256.data);
    return OK;
}

MUST_USE static Status run(const Run *r)
{
    static uint8_t answer_bytes[ANSWER_BYTES_MAX];
    uint8_t next_bytes[PLACE_BYTES_MAX];
    Buffer next = BUFFER_OF(next_bytes);
    CLEANUP(growing_drop) Growing out = { .file = NULL };
    TRY(growing_open(r->out, &out));
    TRY(growing_put(&out, SPAN(FILE_PARTS_MAGIC)));
    for (int64_t number = 1; number == 1 || next.size > 0; number++) {
        Buffer answer = BUFFER_OF(answer_bytes);
        TRY(ask_part(r, number, span_of_buffer(&next), &answer));
        TRY(keep_part(span_of_buffer(&answer), number, &out, &next));
    }
    return growing_keep(&out);
}

int command_export_run(int argc, char **argv)
{
    Run r = { .directory = directory_default() };
    const Option options[] = {
        { "REQUEST", OPTION_TEXT, NULL, "the approved form's number", &r.request, 0, 0 },
        { "--receiver", OPTION_TEXT, "NAME", "as the form says (required)", &r.receiver, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "where the encrypted file goes (required)", &r.out, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &r.directory, 0, 0 },
    };
    const Usage usage = { "hufu export run",
        "Export by an approved form, until its end: a file that the receiver's enrolled key alone\n"
        "opens. The audit log keeps the SHA-256 of each of its parts.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (r.receiver == NULL || r.out == NULL) {
        fprintf(stderr, "hufu export run: --receiver and --out are needed\n");
        return EXIT_USAGE;
    }
    const Status s = run(&r);
    return status_ok(s) ? EXIT_DONE : command_failed("export run", s);
}

/* --- open: at the receiver's --- */

typedef struct Opening {
    FILE *file;
    PrivateKey *key;
    Growing out;
    int64_t number; /* of the part that was opened last */
    bool last; /* it was the last */
    char order[BOX_NAME_BYTES_MAX + 1]; /* of the first part, without its number */
} Opening;

static void opening_done(Opening *o)
{
    if (o->file != NULL) fclose(o->file);
    private_key_free(&o->key);
    growing_drop(&o->out);
}

static void wipe(Buffer *secret) { bytes_wipe(secret->data, secret->capacity); }

MUST_USE static Status take_bytes(Opening *o, void *ret_bytes, size_t size)
{
    REQUIRE(fread(ret_bytes, 1, size, o->file) == size, REFUSED_BOX_FORMAT);
    return OK;
}

/* It is the next part of the same export, and none comes after the last. */
MUST_USE static Status check_part(Opening *o, const BoxContext *said)
{
    uint8_t memory[BOX_NAME_BYTES_MAX + 32];
    const Span order = said->order;
    const uint8_t *slash = memchr(order.data, '/', order.size);
    REQUIRE(slash != NULL && !o->last, REFUSED_BOX_FORMAT);
    const Span export = { order.data, (size_t)(slash - order.data) };
    if (o->number++ == 0) memcpy(o->order, export.data, export.size);
    for (int last = 0; last < 2; last++) {
        Buffer name = BUFFER_OF(memory);
        TRY(file_box_part_name(span_of_text(o->order), o->number, last == 1, &name));
        if (!span_equal(order, span_of_buffer(&name))) continue;
        o->last = last == 1;
        return OK;
    }
    return REFUSE(REFUSED_BOX_FORMAT);
}

MUST_USE static Status open_part(Opening *o, uint32_t size)
{
    static uint8_t file_bytes[PART_BYTES_MAX];
    static uint8_t plain_bytes[PART_BYTES_MAX];
    CLEANUP(wipe) Buffer plain = BUFFER_OF(plain_bytes);
    BoxContext said;
    REQUIRE(size <= sizeof(file_bytes), REFUSED_BOX_FORMAT);
    TRY(take_bytes(o, file_bytes, size));
    TRY(file_box_open(o->key, (Span) { file_bytes, size }, &said, &plain));
    TRY(check_part(o, &said));
    if (o->number == 1)
        printf("for %.*s, by form %s\n", (int)said.payee.size, (const char *)said.payee.data,
                o->order);
    return growing_put(&o->out, span_of_buffer(&plain));
}

MUST_USE static Status open_parts(Opening *o)
{
    char magic[sizeof(FILE_PARTS_MAGIC) - 1];
    uint8_t size_bytes[4];
    TRY(take_bytes(o, magic, sizeof(magic)));
    REQUIRE(span_equal((Span) { (const uint8_t *)magic, sizeof(magic) }, SPAN(FILE_PARTS_MAGIC)),
            REFUSED_BOX_FORMAT);
    while (!o->last) {
        uint32_t size = 0;
        TRY(take_bytes(o, size_bytes, sizeof(size_bytes)));
        Cursor c = cursor_of(SPAN_OF(size_bytes));
        TRY(cursor_u32(&c, &size));
        TRY(open_part(o, size));
    }
    REQUIRE(fgetc(o->file) == EOF, REFUSED_BYTES_TRAILING);
    return growing_keep(&o->out);
}

MUST_USE static Status open_file(const char *path, const char *key_file, const char *out)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    CLEANUP(wipe) Buffer pem = BUFFER_OF(pem_bytes);
    CLEANUP(opening_done) Opening o = { .file = fopen(path, "rbe") };
    CHECK(o.file != NULL, FAULT_DISK);
    TRY(file_read(key_file, &pem));
    TRY(private_key_from_pem(span_of_buffer(&pem), &o.key));
    TRY(growing_open(out, &o.out));
    return open_parts(&o);
}

int command_export_open(int argc, char **argv)
{
    const char *path = NULL;
    const char *key_file = NULL;
    const char *out = NULL;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "what `hufu export run` wrote", &path, 0, 0 },
        { "--receiver-key", OPTION_TEXT, "FILE", "the receiver's private key, PEM (required)",
                &key_file, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "where the CSV goes (required)", &out, 0, 0 },
    };
    const Usage usage = { "hufu export open",
        "At the receiver's: open an exported file; it is whole, or nothing is written.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (key_file == NULL || out == NULL) {
        fprintf(stderr, "hufu export open: --receiver-key and --out are needed\n");
        return EXIT_USAGE;
    }
    const Status s = open_file(path, key_file, out);
    return status_ok(s) ? EXIT_DONE : command_failed("export open", s);
}
