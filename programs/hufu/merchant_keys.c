/* hufu merchant key: the public keys that speak for a merchant come, follow one another and end
 * (TP-7). The merchant makes its own private keys; we never see one. */
#include "admin_client.h"
#include "command.h"
#include "enrol.h"

#include "base/secret.h"
#include "base/time.h"

enum { ANSWER_BYTES_MAX = 64 * 1024 };

typedef struct KeyWish {
    const char *directory;
    const char *mchid;
    const char *file;
    const char *request_file;
    const char *out;
    const char *serial;
    const char *before;
    const char *apiv3_file;
    const char *owner_file;
    int64_t overlap_days;
    int64_t overlap_s;
    int64_t days;
} KeyWish;

static Status ask_for_key(const KeyWish *wish, Buffer *ret_answer)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t request_bytes[2 * SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    const Clock clock = clock_system();
    const bool certified = wish->request_file != NULL;
    TRY(file_read(certified ? wish->request_file : wish->file, &pem));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.key.add"));
    json_key_text(&w, "mchid", span_of_text(wish->mchid));
    if (certified)
        json_key_text(&w, "csr_pem", span_of_buffer(&pem));
    else
        json_key_text(&w, "public_key_pem", span_of_buffer(&pem));
    if (wish->serial != NULL) json_key_text(&w, "serial", span_of_text(wish->serial));
    if (wish->days > 0)
        json_key_int(&w, "expires_us", clock_now_us(&clock) + wish->days * TIME_DAY_US);
    if (wish->before != NULL) {
        const int64_t days_s = wish->overlap_days * (TIME_DAY_US / 1000000);
        json_key_text(&w, "before", span_of_text(wish->before));
        json_key_int(&w, "overlap_s", wish->overlap_s > 0 ? wish->overlap_s : days_s);
    }
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(wish->directory, span_of_buffer(&request), ret_answer);
}

static Status send_apiv3(const KeyWish *wish, Buffer *ret_answer)
{
    uint8_t apiv3_bytes[64];
    Buffer apiv3 = BUFFER_OF(apiv3_bytes);
    uint8_t owner_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer owner = BUFFER_OF(owner_bytes);
    if (wish->owner_file != NULL) TRY(file_read(wish->owner_file, &owner));
    TRY(file_read_secret(wish->apiv3_file, &apiv3));
    const EnrolApiv3 key = { wish->mchid, span_of_buffer(&owner), span_of_buffer(&apiv3),
        wish->overlap_s };
    const Status s = enrol_apiv3(wish->directory, &key, ret_answer);
    bytes_wipe(apiv3_bytes, sizeof(apiv3_bytes));
    return s;
}

/* The certificate goes into the file that the merchant is given. */
static int done_with_key(const char *what, const KeyWish *wish, Status s, const Buffer *answer)
{
    if (status_ok(s) && wish->request_file != NULL)
        s = enrol_keep_certificate(span_of_buffer(answer), wish->out);
    if (!status_ok(s)) return command_failed(what, s);
    json_show(span_of_buffer(answer));
    return EXIT_DONE;
}

static int done(const char *what, Status s, const Buffer *answer)
{
    if (!status_ok(s)) return command_failed(what, s);
    json_show(span_of_buffer(answer));
    return EXIT_DONE;
}

#define OPTION_MCHID(wish)                                                              \
    {                                                                                   \
        "--mchid", OPTION_TEXT, "ID", "whose key it is (required)", &(wish).mchid, 0, 0 \
    }
#define OPTION_DIRECTORY(wish)                                                                    \
    {                                                                                             \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(wish).directory, 0, 0 \
    }

int command_merchant_key_add(int argc, char **argv)
{
    KeyWish wish = { .directory = directory_default() };
    const Option options[] = {
        OPTION_MCHID(wish),
        { "--public-key", OPTION_TEXT, "FILE", "PEM: a public key, RSA or SM2", &wish.file, 0, 0 },
        { "--csr", OPTION_TEXT, "FILE",
                "or a certificate request (PEM): the house issues a certificate",
                &wish.request_file, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "with --csr: where the certificate goes", &wish.out, 0, 0 },
        { "--serial", OPTION_TEXT, "TEXT",
                "the merchant's serial_no [made of the key's fingerprint]", &wish.serial, 0, 0 },
        { "--days", OPTION_NUMBER, "N", "how long it is good [five years]", &wish.days, 1, 3660 },
        { "--apiv3-key", OPTION_TEXT, "FILE",
                "or another APIv3 key: 32 characters; goes to the vault in a sealed box",
                &wish.apiv3_file, 0, 0 },
        { "--owner", OPTION_TEXT, "FILE",
                "PEM: the merchant's public key whose holder may obtain the APIv3 key [nobody]",
                &wish.owner_file, 0, 0 },
        { "--overlap-seconds", OPTION_NUMBER, "N",
                "with --apiv3-key: so long the one that is there is used still [0: at once]",
                &wish.overlap_s, 1, 366 * 86400 },
        OPTION_DIRECTORY(wish),
    };
    const Usage usage = { "hufu merchant key add",
        "A further public key for a merchant, beside those it has, or another APIv3 key in place "
        "of\n"
        "the one it has.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const int given = (wish.file != NULL) + (wish.request_file != NULL) + (wish.apiv3_file != NULL);
    if (wish.mchid == NULL || given != 1 || (wish.request_file == NULL) != (wish.out == NULL))
        return options_missing(&usage,
                "--mchid and one of --public-key, --csr with --out, and --apiv3-key are required");
    static uint8_t answer_bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(answer_bytes);
    const Status s =
            wish.apiv3_file == NULL ? ask_for_key(&wish, &answer) : send_apiv3(&wish, &answer);
    return done_with_key("merchant key add", &wish, s, &answer);
}

int command_merchant_key_rotate(int argc, char **argv)
{
    KeyWish wish = { .directory = directory_default(), .overlap_days = 30 };
    const Option options[] = {
        OPTION_MCHID(wish),
        { "--before", OPTION_TEXT, "SERIAL", "the key that it follows (required)", &wish.before, 0,
                0 },
        { "--public-key", OPTION_TEXT, "FILE", "PEM: the new public key", &wish.file, 0, 0 },
        { "--csr", OPTION_TEXT, "FILE",
                "or a certificate request (PEM): the house issues a certificate",
                &wish.request_file, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "with --csr: where the certificate goes", &wish.out, 0, 0 },
        { "--serial", OPTION_TEXT, "TEXT", "of the new one [made of the key's fingerprint]",
                &wish.serial, 0, 0 },
        { "--overlap", OPTION_NUMBER, "DAYS", "how long both are good [30]", &wish.overlap_days, 1,
                366 },
        { "--overlap-seconds", OPTION_NUMBER, "N", "the same, shorter", &wish.overlap_s, 1,
                366 * 86400 },
        { "--days", OPTION_NUMBER, "N", "how long the new one is good [five years]", &wish.days, 1,
                3660 },
        OPTION_DIRECTORY(wish),
    };
    const Usage usage = { "hufu merchant key rotate",
        "A new key in place of an old one: both are good for the overlap, then the old one is "
        "refused.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const bool one = (wish.file == NULL) != (wish.request_file == NULL);
    if (wish.mchid == NULL || wish.before == NULL || !one
            || (wish.request_file == NULL) != (wish.out == NULL))
        return options_missing(
                &usage, "--mchid, --before and --public-key, or --csr with --out, are required");
    static uint8_t answer_bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(answer_bytes);
    const Status s = ask_for_key(&wish, &answer);
    return done_with_key("merchant key rotate", &wish, s, &answer);
}

int command_merchant_key_revoke(int argc, char **argv)
{
    KeyWish wish = { .directory = directory_default() };
    const Option options[] = {
        OPTION_MCHID(wish),
        { "--serial", OPTION_TEXT, "SERIAL", "of the key (required)", &wish.serial, 0, 0 },
        OPTION_DIRECTORY(wish),
    };
    const Usage usage = { "hufu merchant key revoke",
        "The key is refused from here on, for good: it was lost, or somebody else has it.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL || wish.serial == NULL)
        return options_missing(&usage, "--mchid and --serial are required");
    uint8_t request_bytes[1024];
    uint8_t answer_bytes[4096];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.key.revoke"));
    json_key_text(&w, "mchid", span_of_text(wish.mchid));
    json_key_text(&w, "serial", span_of_text(wish.serial));
    json_close(&w);
    Status s = json_finish(&w);
    if (status_ok(s)) s = admin_ask(wish.directory, span_of_buffer(&request), &answer);
    return done("merchant key revoke", s, &answer);
}

/* --- ways of signing --- */

/* Names joined by commas, as a list. */
static void put_names(JsonWriter *w, const char *names)
{
    Cursor c = cursor_of(span_of_text(names));
    json_key_array(w, "profiles");
    while (c.rest.size > 0) {
        Span name = c.rest;
        if (!status_ok(cursor_until(&c, ',', &name))) c.rest.size = 0;
        json_item_text(w, name);
    }
    json_close(w);
}

int command_merchant_profile(int argc, char **argv)
{
    KeyWish wish = { .directory = directory_default() };
    const char *names = NULL;
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &wish.mchid, 0, 0 },
        { "--give", OPTION_TEXT, "NAME,...",
                "sorted-rsa2, sorted-sm2, lianlian-rsa, lianlian-sm2, and lianlian-md5 when\n"
                "hufud.yaml names it; \"\" takes all back (required)",
                &names, 0, 0 },
        OPTION_DIRECTORY(wish),
    };
    const Usage usage = { "hufu merchant profile",
        "Which ways of signing the merchant may use besides the v3 profile's; somebody else\n"
        "approves it.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL || names == NULL)
        return options_missing(&usage, "--mchid and --give are required");
    uint8_t request_bytes[1024];
    uint8_t answer_bytes[4096];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.profile"));
    json_key_text(&w, "mchid", span_of_text(wish.mchid));
    put_names(&w, names);
    json_close(&w);
    Status s = json_finish(&w);
    if (status_ok(s)) s = admin_ask(wish.directory, span_of_buffer(&request), &answer);
    return done("merchant profile", s, &answer);
}

int command_merchant_profile_list(int argc, char **argv)
{
    KeyWish wish = { .directory = directory_default() };
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &wish.mchid, 0, 0 },
        OPTION_DIRECTORY(wish),
    };
    const Usage usage = { "hufu merchant profile list",
        "Which ways of signing the merchant was given, and which of them have a broken digest.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL) return options_missing(&usage, "--mchid is required");
    uint8_t request_bytes[256];
    Buffer request = BUFFER_OF(request_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.profile.list"));
    json_key_text(&w, "mchid", span_of_text(wish.mchid));
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed("merchant profile list", s);
    return admin_show(wish.directory, "merchant profile list", span_of_buffer(&request));
}

/* --- list --- */

typedef struct ListJson {
    const JsonValue *keys;
    Span mchid;
    Span serial;
    Span algorithm;
    Span state;
    int64_t expires_us;
} ListJson;

static const JsonField list_fields[] = {
    { "keys", JSON_LIST, true, 0, 4096, offsetof(ListJson, keys) },
};

static const JsonField key_fields[] = {
    { "mchid", JSON_TEXT, true, 1, 64, offsetof(ListJson, mchid) },
    { "serial", JSON_TEXT, true, 1, 64, offsetof(ListJson, serial) },
    { "algorithm", JSON_TEXT, true, 1, 16, offsetof(ListJson, algorithm) },
    { "state", JSON_TEXT, true, 1, 16, offsetof(ListJson, state) },
    { "expires_us", JSON_INT, true, 0, INT64_MAX, offsetof(ListJson, expires_us) },
};

/* Days that are left of a live key which ends soon; empty otherwise. */
static void soon_text(const ListJson *key, int64_t now_us, char ret_text[32])
{
    const int64_t days = (key->expires_us - now_us) / TIME_DAY_US;
    ret_text[0] = '\0';
    if (span_equal(key->state, SPAN("live")) && days < 30)
        snprintf(ret_text, 32, "ends in %lld days", (long long)days);
}

static Status show_list(Span answer)
{
    JsonProblem problem = { 0 };
    ListJson json = { 0 };
    const Clock clock = clock_system();
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), list_fields, 1, &json, &problem));
    printf("%-16s %-44s %-9s %-8s %-10s\n", "mchid", "serial", "algorithm", "state", "expires");
    for (size_t i = 0; i < json_list_size(json.keys); i++) {
        const JsonValue *item = NULL;
        char expires[11];
        char soon[32];
        TRY(json_list_object(document, json.keys, i, &item, &problem));
        TRY(json_read_some(document, item, key_fields, 5, &json, &problem));
        day_text(json.expires_us, expires);
        soon_text(&json, clock_now_us(&clock), soon);
        printf("%-16.*s %-44.*s %-9.*s %-8.*s %-10s  %s\n", (int)json.mchid.size,
                (const char *)json.mchid.data, (int)json.serial.size,
                (const char *)json.serial.data, (int)json.algorithm.size,
                (const char *)json.algorithm.data, (int)json.state.size,
                (const char *)json.state.data, expires, soon);
    }
    return OK;
}

int command_merchant_key_list(int argc, char **argv)
{
    KeyWish wish = { .directory = directory_default() };
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "of this merchant alone", &wish.mchid, 0, 0 },
        OPTION_DIRECTORY(wish),
    };
    const Usage usage = { "hufu merchant key list",
        "Merchants' public keys: serials, states, dates. A key that ends within 30 days says so.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    static uint8_t memory[ADMIN_ANSWER_BYTES_MAX];
    uint8_t request_bytes[512];
    Buffer answer = BUFFER_OF(memory);
    Buffer request = BUFFER_OF(request_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("merchant.key.list"));
    if (wish.mchid != NULL) json_key_text(&w, "mchid", span_of_text(wish.mchid));
    json_close(&w);
    Status s = json_finish(&w);
    if (status_ok(s)) s = admin_ask(wish.directory, span_of_buffer(&request), &answer);
    if (status_ok(s)) s = show_list(span_of_buffer(&answer));
    return status_ok(s) ? EXIT_DONE : command_failed("merchant key list", s);
}
