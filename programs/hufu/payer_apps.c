/* Payers by the hundred: drawn, kept in a file, loaded (payer_app.h). */
#include "payer_app.h"

#include "command.h"

#include "base/secret.h"
#include "crypto/common_password.h"
#include "text/csv.h"

#include <stdlib.h>

/* Six digits that nobody would guess first. */
static bool pin_is_easy(const char pin[PAYER_APP_PIN_DIGITS + 1])
{
    unsigned same = 0;
    unsigned up = 0;
    unsigned down = 0;
    for (size_t i = 1; i < PAYER_APP_PIN_DIGITS; i++) {
        same += pin[i] == pin[i - 1];
        up += pin[i] == pin[i - 1] + 1;
        down += pin[i] == pin[i - 1] - 1;
    }
    const bool halves = strncmp(pin, pin + 3, 3) == 0;
    const bool pairs = strncmp(pin, pin + 2, 4) == 0;
    const bool year = pin[0] == '1' || pin[0] == '2' || pin[0] == '0';
    return common_pin((Span) { (const uint8_t *)pin, PAYER_APP_PIN_DIGITS }) || same >= 2 || up >= 3
            || down >= 3 || halves || pairs || year;
}

MUST_USE static Status draw_pin(const Random *random, char ret_pin[PAYER_APP_PIN_DIGITS + 1])
{
    do {
        uint32_t number = 0;
        TRY(random_fill(random, &number, sizeof(number)));
        snprintf(ret_pin, PAYER_APP_PIN_DIGITS + 1, "%06u", number % 1000000);
    } while (pin_is_easy(ret_pin));
    return OK;
}

Status payer_apps_make(const char *folder, size_t count)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(file_read(path_in(path, folder, "payers.csv"), &text))) return OK;
    const Random random = random_system();
    TRY(buffer_put(&text, SPAN("payer_id,pin\r\n")));
    for (size_t i = 0; i < count; i++) {
        char pin[PAYER_APP_PIN_DIGITS + 1];
        TRY(draw_pin(&random, pin));
        TRY(buffer_print(&text, "payer-%03zu,%s\r\n", i, pin));
    }
    const Status s = file_write(path, 0600, span_of_buffer(&text));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

MUST_USE static Status load_one(Span id, Span pin, PayerApps *apps)
{
    REQUIRE(id.size <= PAYER_APP_ID_BYTES_MAX && pin.size == PAYER_APP_PIN_DIGITS,
            REFUSED_CSV_SIZE);
    REQUIRE(apps->count < PAYER_APPS_MAX, REFUSED_CSV_SIZE);
    PayerApp *more = realloc(apps->items, (apps->count + 1) * sizeof(PayerApp));
    CHECK(more != NULL, FAULT_MEMORY);
    apps->items = more;
    PayerApp *app = &apps->items[apps->count++];
    memset(app, 0, sizeof(*app));
    memcpy(app->id, id.data, id.size);
    memcpy(app->pin, pin.data, pin.size);
    return OK;
}

Status payer_apps_load(const char *folder, PayerApps *ret_apps)
{
    char path[PATH_BYTES_MAX];
    FILE *file = fopen(path_in(path, folder, "payers.csv"), "r");
    CHECK(file != NULL, FAULT_DISK);
    CLEANUP(csv_close) CsvReader *reader = NULL;
    Status s = csv_open_file(file, &reader);
    size_t id = 0;
    size_t pin = 0;
    if (status_ok(s)) s = csv_column(reader, "payer_id", &id);
    if (status_ok(s)) s = csv_column(reader, "pin", &pin);
    bool more = true;
    while (status_ok(s) && more) {
        s = csv_next(reader, &more);
        if (status_ok(s) && more)
            s = load_one(csv_field(reader, id), csv_field(reader, pin), ret_apps);
    }
    fclose(file);
    TRY(s);
    return ret_apps->count > 0 ? OK : REFUSE(REFUSED_PAYER_UNKNOWN);
}

void payer_apps_free(PayerApps *apps)
{
    if (apps->items != NULL) bytes_wipe(apps->items, apps->count * sizeof(PayerApp));
    free(apps->items);
    *apps = (PayerApps) { 0 };
}
