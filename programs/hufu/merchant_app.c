#include "merchant_app.h"

#include "command.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "text/csv.h"

enum { SERIAL_DIGEST_BYTES = 16 };

void merchant_serial_of(const PublicKey *key, char ret_serial[MESSAGE_SERIAL_BYTES_MAX + 1])
{
    uint8_t fingerprint[32];
    uint8_t memory[MESSAGE_SERIAL_BYTES_MAX];
    Buffer serial = BUFFER_OF(memory);
    public_key_fingerprint(key, fingerprint);
    ASSERT(status_ok(buffer_put(&serial, SPAN("PUB_KEY_ID_"))));
    ASSERT(status_ok(hex_encode_upper((Span) { fingerprint, SERIAL_DIGEST_BYTES }, &serial)));
    memcpy(ret_serial, memory, serial.size);
    ret_serial[serial.size] = '\0';
}

/* --- what lies in the folder --- */

MUST_USE static Status append_line(const char *folder, const char *mchid, const char *serial)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer text = BUFFER_OF(memory);
    const Status read = file_read(path_in(path, folder, "merchants.csv"), &text);
    if (!status_ok(read)) TRY(buffer_put(&text, SPAN("mchid,serial_no\r\n")));
    const Span fields[] = { span_of_text(mchid), span_of_text(serial) };
    TRY(csv_put_record(&text, fields, 2));
    return file_write(path, 0600, span_of_buffer(&text));
}

/* 32 characters, since the profile hands this key around as text. */
MUST_USE static Status draw_apiv3(uint8_t ret_key[32])
{
    uint8_t bytes[16];
    const Random random = random_system();
    Buffer text = { ret_key, 0, 32 };
    TRY(random_fill(&random, bytes, sizeof(bytes)));
    return hex_encode((Span) { bytes, sizeof(bytes) }, &text);
}

Status merchant_app_make(const char *folder, const char *mchid, KeyAlgorithm algorithm)
{
    char name[MESSAGE_MCHID_BYTES_MAX + 16];
    char path[PATH_BYTES_MAX];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    snprintf(name, sizeof(name), "%s.key.pem", mchid);
    if (status_ok(file_read(path_in(path, folder, name), &pem))) return OK;

    CLEANUP(private_key_free) PrivateKey *key = NULL;
    TRY(private_key_generate(algorithm, &key));
    uint8_t apiv3[32];
    TRY(draw_apiv3(apiv3));
    char serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    merchant_serial_of(private_key_public(key), serial);
    TRY(append_line(folder, mchid, serial));
    snprintf(name, sizeof(name), "%s.apiv3", mchid);
    TRY(file_write(path_in(path, folder, name), 0600, SPAN_OF(apiv3)));
    TRY(private_key_to_pem(key, &pem));
    snprintf(name, sizeof(name), "%s.key.pem", mchid);
    const Status s = file_write(path_in(path, folder, name), 0600, span_of_buffer(&pem));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

MUST_USE static Status load_one(const char *folder, Span mchid, Span serial, MerchantApp *ret_app)
{
    REQUIRE(mchid.size <= MESSAGE_MCHID_BYTES_MAX, REFUSED_CSV_SIZE);
    REQUIRE(serial.size <= MESSAGE_SERIAL_BYTES_MAX, REFUSED_CSV_SIZE);
    memcpy(ret_app->mchid, mchid.data, mchid.size);
    memcpy(ret_app->serial, serial.data, serial.size);
    char name[MESSAGE_MCHID_BYTES_MAX + 16];
    char path[PATH_BYTES_MAX];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    snprintf(name, sizeof(name), "%s.key.pem", ret_app->mchid);
    TRY(file_read(path_in(path, folder, name), &pem));
    const Status s = private_key_from_pem(span_of_buffer(&pem), &ret_app->key);
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    ret_app->profile = profile_by_algorithm(private_key_algorithm(ret_app->key));
    REQUIRE(ret_app->profile != NULL, REFUSED_KEY_FORMAT);
    uint8_t apiv3[33];
    Buffer text = BUFFER_OF(apiv3);
    snprintf(name, sizeof(name), "%s.apiv3", ret_app->mchid);
    TRY(file_read(path_in(path, folder, name), &text));
    REQUIRE(text.size == sizeof(ret_app->apiv3), REFUSED_KEY_FORMAT);
    memcpy(ret_app->apiv3, apiv3, sizeof(ret_app->apiv3));
    bytes_wipe(apiv3, sizeof(apiv3));
    return OK;
}

Status merchant_apps_load(const char *folder, MerchantApps *ret_apps)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer text = BUFFER_OF(memory);
    TRY(file_read(path_in(path, folder, "merchants.csv"), &text));
    CLEANUP(csv_close) CsvReader *reader = NULL;
    TRY(csv_open(span_of_buffer(&text), &reader));
    size_t mchid = 0;
    size_t serial = 0;
    TRY(csv_column(reader, "mchid", &mchid));
    TRY(csv_column(reader, "serial_no", &serial));
    for (bool more = true;;) {
        TRY(csv_next(reader, &more));
        if (!more) return ret_apps->count > 0 ? OK : REFUSE(REFUSED_MERCHANT_UNKNOWN);
        REQUIRE(ret_apps->count < MERCHANT_APPS_MAX, REFUSED_CSV_SIZE);
        TRY(load_one(folder, csv_field(reader, mchid), csv_field(reader, serial),
                &ret_apps->items[ret_apps->count]));
        ret_apps->count++;
    }
}

void merchant_apps_free(MerchantApps *apps)
{
    for (size_t i = 0; i < MERCHANT_APPS_MAX; i++) {
        private_key_free(&apps->items[i].key);
        public_key_free(&apps->items[i].platform);
    }
    bytes_wipe(apps, sizeof(*apps));
}
