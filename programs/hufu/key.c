#include "admin_client.h"
#include "command.h"

#include "base/time.h"

typedef struct KeyJson {
    const JsonValue *keys;
    Span name;
    Span algorithm;
    Span serial;
    int64_t version;
    int64_t created_us;
    int64_t expires_us;
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
};

/* "2026-11-23", or "never" for zero. */
static void day_text(int64_t time_us, char ret_day[11])
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    snprintf(ret_day, 11, "never");
    if (time_us == 0 || !status_ok(time_format(time_us, &text))) return;
    memcpy(ret_day, memory, 10);
    ret_day[10] = '\0';
}

MUST_USE static Status show(Span answer)
{
    JsonProblem problem = { 0 };
    KeyJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), list_fields, 1, &json, &problem));
    printf("%-20s %-16s %7s  %-10s  %-10s  %s\n", "name", "algorithm", "version", "created",
            "expires", "serial");
    for (size_t i = 0; i < json_list_size(json.keys); i++) {
        const JsonValue *item = NULL;
        char created[11];
        char expires[11];
        TRY(json_list_object(document, json.keys, i, &item, &problem));
        TRY(json_read_some(document, item, key_fields, 6, &json, &problem));
        day_text(json.created_us, created);
        day_text(json.expires_us, expires);
        printf("%-20.*s %-16.*s %7lld  %-10s  %-10s  %.*s\n", (int)json.name.size,
                (const char *)json.name.data, (int)json.algorithm.size,
                (const char *)json.algorithm.data, (long long)json.version, created, expires,
                (int)json.serial.size, (const char *)json.serial.data);
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
        "List the vault's keys: names, algorithms, versions, dates, serials. Never a key.", options,
        1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    static uint8_t memory[64 * 1024];
    Buffer answer = BUFFER_OF(memory);
    Status s = admin_ask_plain(directory, "key.list", &answer);
    if (status_ok(s)) s = show(span_of_buffer(&answer));
    return status_ok(s) ? EXIT_DONE : command_failed("key list", s);
}
