#include "admin_client.h"
#include "command.h"

#include "base/seams.h"
#include "base/time.h"

typedef struct KeyJson {
    const JsonValue *keys;
    Span name;
    Span algorithm;
    Span serial;
    int64_t version;
    int64_t created_us;
    int64_t expires_us;
    int64_t state;
    int64_t uses;
    int64_t uses_max;
} KeyJson;

static const JsonField list_fields[] = {
    { "keys", JSON_LIST, true, 0, 256, offsetof(KeyJson, keys) },
};

static const JsonField key_fields[] = {
    { "name", JSON_TEXT, true, 1, 64, offsetof(KeyJson, name) },
    { "algorithm", JSON_TEXT, true, 1, 64, offsetof(KeyJson, algorithm) },
    { "version", JSON_INT, true, 0, UINT32_MAX, offsetof(KeyJson, version) },
    { "created_us", JSON_INT, true, 0, INT64_MAX, offsetof(KeyJson, created_us) },
    { "expires_us", JSON_INT, true, 0, INT64_MAX, offsetof(KeyJson, expires_us) },
    { "serial", JSON_TEXT, true, 0, 64, offsetof(KeyJson, serial) },
    { "state", JSON_INT, true, 0, 255, offsetof(KeyJson, state) },
    { "uses", JSON_INT, true, 0, INT64_MAX, offsetof(KeyJson, uses) },
    { "uses_max", JSON_INT, true, 0, INT64_MAX, offsetof(KeyJson, uses_max) },
};

/* What the last date means: a current key is rotated or ends then, a destroyed one went then, a
 * next one protects from then on. */
static const char *state_text(const KeyJson *key)
{
    switch (key->state) {
    case 1: return "current";
    case 2: return "opens only";
    case 3: return "destroyed";
    case 4: return "next";
    case 5: return "ended";
    default: return "?";
    }
}

/* "0.0 %" of what a version may be used. */
static void uses_text(const KeyJson *key, char ret_text[16])
{
    if (key->uses_max == 0)
        snprintf(ret_text, 16, "-");
    else
        snprintf(ret_text, 16, "%.2f %%", 100.0 * (double)key->uses / (double)key->uses_max);
}

/* A certificate that nobody renews by itself. */
static void ends_text(const KeyJson *key, char ret_text[32])
{
    const Clock clock = clock_system();
    const int64_t days = (key->expires_us - clock_now_us(&clock)) / TIME_DAY_US;
    ret_text[0] = '\0';
    if (key->serial.size > 0 && key->expires_us > 0 && days < 30)
        snprintf(ret_text, 32, "  ends in %lld days", (long long)(days < 0 ? 0 : days));
}

static void show_key(const KeyJson *key)
{
    char ends[32];
    char created[11];
    char expires[11];
    char uses[16];
    day_text(key->created_us, created);
    day_text(key->expires_us, expires);
    uses_text(key, uses);
    ends_text(key, ends);
    printf("%-20.*s %-16.*s %7lld  %-10s  %-10s  %-10s %9s  %.*s%s\n", (int)key->name.size,
            (const char *)key->name.data, (int)key->algorithm.size,
            (const char *)key->algorithm.data, (long long)key->version, state_text(key), created,
            expires, uses, (int)key->serial.size, (const char *)key->serial.data, ends);
}

MUST_USE static Status show(Span answer)
{
    JsonProblem problem = { 0 };
    KeyJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), list_fields, 1, &json, &problem));
    printf("%-20s %-16s %7s  %-10s  %-10s  %-10s %9s  %s\n", "name", "algorithm", "version",
            "state", "created", "until", "used", "serial");
    for (size_t i = 0; i < json_list_size(json.keys); i++) {
        const JsonValue *item = NULL;
        TRY(json_list_object(document, json.keys, i, &item, &problem));
        TRY(json_read_some(document, item, key_fields, sizeof(key_fields) / sizeof(key_fields[0]),
                &json, &problem));
        show_key(&json);
    }
    return OK;
}

int command_key_list(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu key list",
        "List the vault's keys: names, algorithms, versions, dates, uses, serials. Never a key.",
        options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    static uint8_t memory[64 * 1024];
    Buffer answer = BUFFER_OF(memory);
    Status s = admin_ask_plain(directory, "key.list", &answer);
    if (status_ok(s)) s = show(span_of_buffer(&answer));
    return status_ok(s) ? EXIT_DONE : command_failed("key list", s);
}
