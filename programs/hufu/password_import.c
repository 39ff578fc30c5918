/* `hufu password import`: a password table of before Hufu, in boxes, since a legacy digest is
 * password data (TP-6). What is shown of a record is its line and why it was refused. */
#include "password.h"

#include "enrol.h"
#include "terminal.h"

#include "base/encoding.h"
#include "base/money.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "ipc/password_wire.h"
#include "policy/detect.h"
#include "policy/purposes.h"
#include "text/csv.h"

#include <inttypes.h>
#include <unistd.h>

enum {
    REQUEST_BYTES = 32 * 1024,
    PLACE_BYTES = 512,
    RECORD_BYTES_MAX =
            12 + WIRE_USER_BYTES_MAX + WIRE_LEGACY_DATA_BYTES_MAX + WIRE_LEGACY_DIGEST_BYTES_MAX,
};

/* How bytes are written in the file. */
typedef enum Form { FORM_TEXT, FORM_HEX, FORM_BASE64, FORM_UNKNOWN } Form;

typedef struct Import {
    PasswordRealm realm;
    const char *directory;
    const char *file;
    const char *digest_form;
    const char *data_form;
    bool wrap;
    size_t user, data, digest; /* columns */
    uint8_t print[DIGEST_SHA256_BYTES]; /* of the file */
    uint64_t lines; /* of the file */
    uint64_t done; /* up to this line it was imported before */
    uint64_t taken, there, refused;
} Import;

/* Records of one box. */
typedef struct Batch {
    uint8_t records[BOX_PLAIN_BYTES_MAX]; /* the count is put in front when it is known */
    Buffer plain; /* secret */
    uint8_t names[WIRE_LEGACY_MAX][WIRE_USER_BYTES_MAX];
    Span users[WIRE_LEGACY_MAX];
    uint64_t lines[WIRE_LEGACY_MAX];
    size_t count;
} Batch;

static void batch_empty(Batch *batch)
{
    bytes_wipe(batch->records, sizeof(batch->records));
    batch->plain = BUFFER_OF(batch->records);
    batch->count = 0;
}

/* --- the place: where a run that was stopped goes on --- */

static const char *place_path(const Import *i, char path[PATH_BYTES_MAX])
{
    const int size = snprintf(path, PATH_BYTES_MAX, "%s.place", i->file);
    return size < PATH_BYTES_MAX ? path : NULL;
}

/* Whose, and of which file: another one begins anew. */
MUST_USE static Status put_table(const Import *i, Buffer *text)
{
    TRY(buffer_print(text, "%s %s/%s ", i->realm.class, i->realm.tenant, i->realm.realm));
    TRY(hex_encode(SPAN_OF(i->print), text));
    return buffer_put_u8(text, ' ');
}

/* How the rest must be taken as well: one table half in another form would never open. */
MUST_USE static Status put_manner(const Import *i, Buffer *text)
{
    return buffer_print(text, "%s %s %s ", i->wrap ? "wrap" : "keep", i->digest_form, i->data_form);
}

MUST_USE static Status save_place(const Import *i, uint64_t line)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[PLACE_BYTES];
    Buffer text = BUFFER_OF(memory);
    TRY(put_table(i, &text));
    TRY(put_manner(i, &text));
    TRY(buffer_print(&text, "%" PRIu64 "\n", line));
    REQUIRE(place_path(i, path) != NULL, REFUSED_BUFFER_FULL);
    return file_write(path, 0600, span_of_buffer(&text));
}

static bool take_exactly(Cursor *c, const Buffer *wanted)
{
    Span text = { NULL, 0 };
    return status_ok(cursor_take(c, wanted->size, &text))
            && span_equal(text, span_of_buffer(wanted));
}

/* Refuses REFUSED_IMPORT_OTHER_FORM. */
MUST_USE static Status load_place(Import *i)
{
    char path[PATH_BYTES_MAX];
    uint8_t table_bytes[PLACE_BYTES];
    uint8_t manner_bytes[PLACE_BYTES];
    uint8_t kept_bytes[PLACE_BYTES];
    Buffer table = BUFFER_OF(table_bytes);
    Buffer manner = BUFFER_OF(manner_bytes);
    Buffer kept = BUFFER_OF(kept_bytes);
    TRY(put_table(i, &table));
    TRY(put_manner(i, &manner));
    REQUIRE(place_path(i, path) != NULL, REFUSED_BUFFER_FULL);
    if (!status_ok(file_read_secret(path, &kept))) return OK;
    Cursor c = cursor_of(span_of_buffer(&kept));
    if (!take_exactly(&c, &table)) return OK;
    REQUIRE(take_exactly(&c, &manner), REFUSED_IMPORT_OTHER_FORM);
    int64_t line = 0;
    if (status_ok(i64_parse(c.rest, &line))) i->done = line > 0 ? (uint64_t)line : 0;
    return OK;
}

/* The file's print, and how many lines it has. */
MUST_USE static Status measure(Import *i, FILE *file)
{
    static uint8_t memory[64 * 1024];
    DigestState state;
    digest_begin(&state, DIGEST_SHA256);
    for (size_t size = 1; size > 0;) {
        size = fread(memory, 1, sizeof(memory), file);
        digest_update(&state, (Span) { memory, size });
        for (size_t at = 0; at < size; at++)
            i->lines += memory[at] == '\n';
    }
    digest_end(&state, i->print);
    bytes_wipe(memory, sizeof(memory));
    CHECK(ferror(file) == 0, FAULT_DISK);
    rewind(file);
    return OK;
}

/* --- sending --- */

MUST_USE static Status make_box(const Import *i, const Batch *batch, Buffer *ret_base64)
{
    uint8_t realm_bytes[WIRE_TENANT_BYTES_MAX + 1 + WIRE_REALM_BYTES_MAX];
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer realm = BUFFER_OF(realm_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    CLEANUP(box_key_free) BoxKey key = { 0 };
    TRY(password_realm_put(&i->realm, &realm));
    BoxWish wish = { .data_class = password_realm_class(&i->realm),
        .purpose = BOX_PURPOSE_IMPORT,
        .tenant = span_of_buffer(&realm) };
    TRY(enrol_box_key(i->directory, &key, wish.nonce));
    TRY(wire_put_count(&plain, batch->count, WIRE_LEGACY_MAX));
    TRY(buffer_put(&plain, span_of_buffer(&batch->plain)));
    const Status s = box_make(&key, &wish, span_of_buffer(&plain), ret_base64);
    bytes_wipe(plain_bytes, sizeof(plain_bytes));
    return s;
}

MUST_USE static Status ask(const Import *i, const Batch *batch, Buffer *ret_answer)
{
    uint8_t box_bytes[2 * BOX_BYTES_MAX];
    uint8_t request_bytes[REQUEST_BYTES];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    TRY(make_box(i, batch, &box));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    password_request(&w, "password.import", &i->realm, span_of_buffer(&box));
    json_key_bool(&w, "wrap", i->wrap);
    json_key_array(&w, "users");
    for (size_t n = 0; n < batch->count; n++)
        json_item_text(&w, batch->users[n]);
    json_close(&w);
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(i->directory, span_of_buffer(&request), ret_answer);
}

static void say_refused(Import *i, uint64_t line, Span name)
{
    i->refused++;
    fprintf(stderr, "line %" PRIu64 ": %.*s\n", line, (int)name.size, (const char *)name.data);
}

/* Who has a password keeps it; a run that was stopped may also send a few records twice. */
static void count_outcome(Import *i, uint64_t line, Span outcome)
{
    if (span_equal(outcome, SPAN("OK")))
        i->taken++;
    else if (span_equal(outcome, SPAN("PASSWORD_EXISTS")))
        i->there++;
    else
        say_refused(i, line, outcome);
}

MUST_USE static Status send(Import *i, Batch *batch)
{
    static const JsonField fields[] = {
        { "outcomes", JSON_LIST, true, 1, WIRE_LEGACY_MAX, 0 },
    };
    uint8_t answer_bytes[4096];
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonProblem problem = { 0 };
    const JsonValue *list = NULL;
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (batch->count == 0) return OK;
    TRY(ask(i, batch, &answer));
    TRY(json_parse(span_of_buffer(&answer), &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &list, &problem));
    REQUIRE(json_list_size(list) == batch->count, REFUSED_IPC_FORMAT);
    for (size_t n = 0; n < batch->count; n++) {
        Span outcome = { NULL, 0 };
        TRY(json_list_text(document, list, n, 64, &outcome, &problem));
        count_outcome(i, batch->lines[n], outcome);
    }
    TRY(save_place(i, batch->lines[batch->count - 1]));
    batch_empty(batch);
    return OK;
}

/* --- reading --- */

static Form form_of(const char *name)
{
    if (strcmp(name, "text") == 0) return FORM_TEXT;
    if (strcmp(name, "hex") == 0) return FORM_HEX;
    return strcmp(name, "base64") == 0 ? FORM_BASE64 : FORM_UNKNOWN;
}

MUST_USE static Status decode(Span text, Form form, Buffer *ret_bytes)
{
    if (form == FORM_TEXT) return buffer_put(ret_bytes, text);
    return form == FORM_HEX ? hex_decode(text, ret_bytes) : base64_decode(text, ret_bytes);
}

/* Refuses REFUSED_LEGACY_RECORD, and what detect_free_text() refuses in a user's name. */
MUST_USE static Status take_record(const Import *i, const CsvReader *csv, Batch *batch)
{
    uint8_t data_bytes[WIRE_LEGACY_DATA_BYTES_MAX];
    uint8_t digest_bytes[WIRE_LEGACY_DIGEST_BYTES_MAX];
    Buffer data = BUFFER_OF(data_bytes);
    Buffer digest = BUFFER_OF(digest_bytes);
    const Span user = csv_field(csv, i->user);
    TRY(detect_free_text(user));
    const bool whole = user.size > 0 && user.size <= WIRE_USER_BYTES_MAX
            && status_ok(decode(csv_field(csv, i->data), form_of(i->data_form), &data))
            && status_ok(decode(csv_field(csv, i->digest), form_of(i->digest_form), &digest))
            && digest.size > 0;
    REQUIRE(whole, REFUSED_LEGACY_RECORD);
    const WireLegacyRecord record = { user, span_of_buffer(&data), span_of_buffer(&digest) };
    const Status s = wire_put_legacy_record(&batch->plain, &record);
    bytes_wipe(digest_bytes, sizeof(digest_bytes));
    TRY(s);
    memcpy(batch->names[batch->count], user.data, user.size);
    batch->users[batch->count] = (Span) { batch->names[batch->count], user.size };
    batch->lines[batch->count++] = csv_line(csv);
    return OK;
}

static bool is_full(const Batch *batch)
{
    const size_t left = BOX_PLAIN_BYTES_MAX - 4 - batch->plain.size;
    return batch->count == WIRE_LEGACY_MAX || left < RECORD_BYTES_MAX;
}

MUST_USE static Status import_rows(Import *i, CsvReader *csv, Batch *batch)
{
    Progress progress = progress_begin("records", i->lines);
    for (bool more = true;;) {
        TRY(csv_next(csv, &more));
        if (!more) break;
        const uint64_t line = csv_line(csv);
        if (line <= i->done) continue;
        const Status s = take_record(i, csv, batch);
        if (status_broken(s)) return s;
        if (!status_ok(s)) say_refused(i, line, span_of_text(status_name(s)));
        if (is_full(batch)) TRY(send(i, batch));
        progress_show(&progress, line);
    }
    TRY(send(i, batch));
    progress_end(&progress, i->lines);
    return OK;
}

static void file_done(FILE **file)
{
    if (*file != NULL) fclose(*file);
}

MUST_USE static Status import(Import *i)
{
    static Batch batch;
    char path[PATH_BYTES_MAX];
    CLEANUP(csv_close) CsvReader *csv = NULL;
    CLEANUP(file_done) FILE *file = fopen(i->file, "re");
    CHECK(file != NULL, FAULT_DISK);
    TRY(measure(i, file));
    TRY(load_place(i));
    TRY(csv_open_file(file, &csv));
    TRY(csv_column(csv, "user", &i->user));
    TRY(csv_column(csv, "data", &i->data));
    TRY(csv_column(csv, "digest", &i->digest));
    if (i->done > 0) printf("going on behind line %" PRIu64 "\n", i->done);
    batch_empty(&batch);
    const Status s = import_rows(i, csv, &batch);
    batch_empty(&batch);
    if (status_ok(s) && place_path(i, path) != NULL) unlink(path);
    return s;
}

static bool is_complete(const Import *i)
{
    const bool known = form_of(i->data_form) != FORM_UNKNOWN
            && (form_of(i->digest_form) == FORM_HEX || form_of(i->digest_form) == FORM_BASE64);
    if (!known)
        fprintf(stderr,
                "hufu password import: --digest-form is hex or base64, --data-form text, "
                "hex or base64\n");
    return known && password_realm_check(&i->realm, "password import") == EXIT_DONE;
}

int command_password_import(int argc, char **argv)
{
    Import i = { .directory = directory_default(),
        .realm = { .class = "password" },
        .digest_form = "hex",
        .data_form = "text" };
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "CSV with the columns user, data (the salt), digest", &i.file,
                0, 0 },
        PASSWORD_REALM_OPTIONS(i.realm),
        { "--wrap", OPTION_FLAG, NULL, "keep a slow hash of the digest instead of it", &i.wrap, 0,
                0 },
        { "--digest-form", OPTION_TEXT, "FORM", "hex or base64 [hex]", &i.digest_form, 0, 0 },
        { "--data-form", OPTION_TEXT, "FORM", "text, hex or base64 [text]", &i.data_form, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &i.directory, 0, 0 },
    };
    const Usage usage = { "hufu password import",
        "Take over a password table of before Hufu, of the formula that `hufu password "
        "enable-legacy`\n"
        "allowed. The digests travel in boxes that only the vault opens. With --wrap the weak "
        "digest does\n"
        "not rest anywhere, at the cost of one slow hash a record. Each record is replaced when "
        "its owner\n"
        "first gives the password. Who has a password already keeps it. May be stopped, or killed, "
        "and run\n"
        "again, in the same form: FILE.place says where it was. A refused record is told by its "
        "line; then the exit "
        "status\n"
        "is 1. Delete FILE afterwards.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_complete(&i)) return EXIT_USAGE;
    const Status s = import(&i);
    if (!status_ok(s)) return command_failed("password import", s);
    printf("  %" PRIu64 " taken, %" PRIu64 " had a password, %" PRIu64 " refused\n", i.taken,
            i.there, i.refused);
    return i.refused == 0 ? EXIT_DONE : EXIT_FAILED;
}
