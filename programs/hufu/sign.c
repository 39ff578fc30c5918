#include "command.h"
#include "merchant_app.h"

#include "base/money.h"
#include "base/secret.h"
#include "base/time.h"
#include "message/explain.h"

#include <stdlib.h>

/* A text that is given directly, or as @FILE. */
MUST_USE static Status text_or_file(const char *given, Buffer *ret_text)
{
    if (given == NULL) return OK;
    if (given[0] == '@') return file_read(given + 1, ret_text);
    return buffer_put(ret_text, span_of_text(given));
}

int command_sign(int argc, char **argv)
{
    const char *key_file = NULL;
    const char *mchid = NULL;
    const char *serial = NULL;
    const char *method = "POST";
    const char *target = NULL;
    const char *body_given = NULL;
    const char *nonce_given = NULL;
    const Clock clock = clock_system();
    int64_t timestamp = clock_now_us(&clock) / TIME_SECOND_US;
    const Option options[] = {
        { "--key", OPTION_TEXT, "FILE", "the merchant's private key, PEM (required)", &key_file, 0,
                0 },
        { "--mchid", OPTION_TEXT, "ID", "(required)", &mchid, 0, 0 },
        { "--target", OPTION_TEXT, "PATH", "path and query exactly as sent (required)", &target, 0,
                0 },
        { "--method", OPTION_TEXT, "METHOD", "[POST]", &method, 0, 0 },
        { "--body", OPTION_TEXT, "TEXT", "or @FILE: the exact bytes [none]", &body_given, 0, 0 },
        { "--serial", OPTION_TEXT, "TEXT", "serial_no [made of the key's fingerprint]", &serial, 0,
                0 },
        { "--timestamp", OPTION_NUMBER, "S", "seconds since 1970 [now]", &timestamp, 0, INT64_MAX },
        { "--nonce", OPTION_TEXT, "TEXT", "[random]", &nonce_given, 0, 0 },
    };
    const Usage usage = { "hufu sign",
        "Sign a request as a merchant does, and show what exactly was signed: the canonical "
        "string, and\n"
        "the Authorization header to send. RSA and SM2 keys sign under their own scheme.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (key_file == NULL || mchid == NULL || target == NULL) {
        fprintf(stderr,
                "hufu sign: --key, --mchid and --target are required\nSee `hufu sign --help`.\n");
        return EXIT_USAGE;
    }
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    static uint8_t body_bytes[MESSAGE_BODY_BYTES_MAX];
    static uint8_t canonical_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    uint8_t header_bytes[CLIENT_AUTHORIZATION_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer body = BUFFER_OF(body_bytes);
    Buffer canonical = BUFFER_OF(canonical_bytes);
    Buffer header = BUFFER_OF(header_bytes);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    Status s = file_read(key_file, &pem);
    if (status_ok(s)) s = private_key_from_pem(span_of_buffer(&pem), &key);
    bytes_wipe(pem_bytes, sizeof(pem_bytes));
    if (!status_ok(s)) return command_failed(key_file, s);
    s = text_or_file(body_given, &body);
    if (!status_ok(s)) return command_failed("--body", s);

    char drawn[CLIENT_NONCE_BYTES];
    char own_serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    const Random random = random_system();
    s = client_nonce(&random, drawn);
    if (!status_ok(s)) return command_failed("sign", s);
    merchant_serial_of(private_key_public(key), own_serial);
    const Span nonce = nonce_given != NULL ? span_of_text(nonce_given) : SPAN_OF(drawn);
    const MessageSigner signer = { profile_by_algorithm(private_key_algorithm(key)), key,
        span_of_text(mchid), span_of_text(serial != NULL ? serial : own_serial) };
    if (signer.profile == NULL) return command_failed(key_file, REFUSE(REFUSED_KEY_FORMAT));
    s = client_sign(&signer, span_of_text(method), span_of_text(target), span_of_buffer(&body),
            timestamp, nonce, &canonical, &header);
    if (!status_ok(s)) return command_failed("sign", s);
    printf("canonical string, %zu bytes, every line ends with a line feed:\n", canonical.size);
    printf("%.*s\n", (int)canonical.size, (const char *)canonical.data);
    printf("serial_no: %.*s\n\n", (int)signer.serial.size, (const char *)signer.serial.data);
    printf("Authorization: %.*s\n", (int)header.size, (const char *)header.data);
    return EXIT_DONE;
}

/* A line end of the file, not of the header in it. */
static void without_line_end(Buffer *text)
{
    while (text->size > 0 && strchr("\r\n", text->data[text->size - 1]) != NULL)
        text->size--;
}

/* A public key for trying the signature; NULL when none was given. */
MUST_USE static Status load_key(
        const char *path, PublicKey **ret_key, char ret_serial[MESSAGE_SERIAL_BYTES_MAX + 1])
{
    ret_serial[0] = '\0';
    if (path == NULL) return OK;
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    TRY(file_read(path, &pem));
    TRY(public_key_from_pem(span_of_buffer(&pem), ret_key));
    merchant_serial_of(*ret_key, ret_serial);
    return OK;
}

enum Given { GIVEN_AUTHORIZATION, GIVEN_FORM, GIVEN_BODY, GIVEN_THEIRS, GIVEN };

/* What was not given stays without data. The first two come from one line. */
static Status read_given(const char *const given[GIVEN], Span ret_texts[GIVEN])
{
    static uint8_t memory[GIVEN][EXPLAIN_BYTES_MAX];
    for (size_t i = 0; i < GIVEN; i++) {
        Buffer text = { memory[i], 0, EXPLAIN_BYTES_MAX };
        if (given[i] == NULL) continue;
        TRY(text_or_file(given[i], &text));
        if (i <= GIVEN_FORM) without_line_end(&text);
        ret_texts[i] = span_of_buffer(&text);
    }
    return OK;
}

int command_explain(int argc, char **argv)
{
    const char *authorization = NULL;
    const char *form_given = NULL;
    const char *method = "POST";
    const char *target = NULL;
    const char *body_given = NULL;
    const char *theirs_given = NULL;
    const char *key_file = NULL;
    const char *serial = NULL;
    bool ignore_clock = false;
    const Option options[] = {
        { "--authorization", OPTION_TEXT, "TEXT", "the header's value as received, or @FILE",
                &authorization, 0, 0 },
        { "--form", OPTION_TEXT, "TEXT", "or @FILE: instead, the form fields of POST /gateway",
                &form_given, 0, 0 },
        { "--target", OPTION_TEXT, "PATH", "path and query exactly as received", &target, 0, 0 },
        { "--method", OPTION_TEXT, "METHOD", "[POST]", &method, 0, 0 },
        { "--body", OPTION_TEXT, "TEXT", "or @FILE: the exact bytes [none]", &body_given, 0, 0 },
        { "--theirs", OPTION_TEXT, "TEXT", "or @FILE: what the other side says it signed",
                &theirs_given, 0, 0 },
        { "--public-key", OPTION_TEXT, "FILE", "PEM, to try the signature", &key_file, 0, 0 },
        { "--serial", OPTION_TEXT, "TEXT", "the serial_no that this key is known by", &serial, 0,
                0 },
        { "--any-time", OPTION_FLAG, NULL, "do not judge the timestamp", &ignore_clock, 0, 0 },
    };
    const Usage usage = { "hufu explain",
        "Why does a signature not match? Shows the canonical string that was to be signed, the "
        "serial\n"
        "number expected, and, with the other side's string, the first byte that differs and the "
        "cause.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (form_given == NULL && (authorization == NULL || target == NULL)) {
        fprintf(stderr,
                "hufu explain: --form, or --authorization and --target, are required\n"
                "See `hufu explain --help`.\n");
        return EXIT_USAGE;
    }
    static uint8_t report_bytes[4 * EXPLAIN_BYTES_MAX];
    const char *const given[GIVEN] = { authorization, form_given, body_given, theirs_given };
    Span texts[GIVEN] = { 0 };
    Buffer report = BUFFER_OF(report_bytes);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    char own_serial[MESSAGE_SERIAL_BYTES_MAX + 1];
    Status s = read_given(given, texts);
    if (status_ok(s)) s = load_key(key_file, &key, own_serial);
    if (!status_ok(s)) return command_failed("explain", s);

    const Clock clock = clock_system();
    const ExplainInput input = { .authorization = texts[GIVEN_AUTHORIZATION],
        .method = span_of_text(method),
        .target = span_of_text(target == NULL ? "" : target),
        .body = texts[GIVEN_BODY],
        .form = texts[GIVEN_FORM],
        .theirs = texts[GIVEN_THEIRS],
        .key = key,
        .expected_serial = span_of_text(serial != NULL ? serial : own_serial),
        .now_us = ignore_clock ? 0 : clock_now_us(&clock) };
    ExplainResult result = { 0 };
    s = message_explain(&input, &report, &result);
    if (!status_ok(s)) return command_failed("explain", s);
    printf("%.*s", (int)report.size, (const char *)report.data);
    return status_ok(result.verdict) && result.cause == EXPLAIN_SAME ? EXIT_DONE : EXIT_FAILED;
}
