#include "admin_client.h"
#include "command.h"
#include "enrol.h"

#include "base/secret.h"

int command_merchant_add(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *mchid = NULL;
    const char *name = NULL;
    const char *key_file = NULL;
    const char *csr_file = NULL;
    const char *apiv3_file = NULL;
    const char *serial = NULL;
    const char *out = NULL;
    int64_t limit = 0;
    const Option options[] = {
        { "--mchid", OPTION_TEXT, "ID", "digits, letters, `_` and `-` (required)", &mchid, 0, 0 },
        { "--name", OPTION_TEXT, "TEXT", "as people know it (required)", &name, 0, 0 },
        { "--public-key", OPTION_TEXT, "FILE", "PEM: RSA of 2048 bits and more, or SM2", &key_file,
                0, 0 },
        { "--csr", OPTION_TEXT, "FILE",
                "or a certificate request (PEM): the house issues a certificate", &csr_file, 0, 0 },
        { "--out", OPTION_TEXT, "FILE", "with --csr: where the certificate goes", &out, 0, 0 },
        { "--serial", OPTION_TEXT, "TEXT",
                "the merchant's serial_no [made of the key's fingerprint]", &serial, 0, 0 },
        { "--apiv3-key", OPTION_TEXT, "FILE", "32 characters; goes to the vault in a sealed box",
                &apiv3_file, 0, 0 },
        { "--limit", OPTION_NUMBER, "FEN", "of one payment [5000000]", &limit, 1, INT64_MAX },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu merchant add",
        "Register a merchant with its public key. The merchant makes its own private key and keeps "
        "it;\n"
        "we never see one. The key's algorithm decides how answers are signed.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (mchid == NULL || name == NULL || (key_file == NULL) == (csr_file == NULL)
            || (csr_file == NULL) != (out == NULL)) {
        fprintf(stderr,
                "hufu merchant add: --mchid, --name and one of --public-key, and --csr with --out, "
                "are required\n"
                "See `hufu merchant add --help`.\n");
        return EXIT_USAGE;
    }
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t apiv3_bytes[64];
    uint8_t answer_bytes[64 * 1024];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer apiv3 = BUFFER_OF(apiv3_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    const char *file = key_file != NULL ? key_file : csr_file;
    Status s = file_read(file, &pem);
    if (!status_ok(s)) return command_failed(file, s);
    if (apiv3_file != NULL) s = file_read_secret(apiv3_file, &apiv3);
    if (!status_ok(s)) return command_failed(apiv3_file, s);
    const EnrolMerchant merchant = { .mchid = mchid,
        .name = name,
        .key_pem = span_of_buffer(&pem),
        .is_request = csr_file != NULL,
        .serial = serial,
        .limit_minor = limit,
        .apiv3 = span_of_buffer(&apiv3) };
    s = enrol_merchant(directory, &merchant, &answer);
    bytes_wipe(apiv3_bytes, sizeof(apiv3_bytes));
    if (status_ok(s) && csr_file != NULL) s = enrol_keep_certificate(span_of_buffer(&answer), out);
    if (!status_ok(s)) return command_failed("merchant add", s);
    json_show(span_of_buffer(&answer));
    return EXIT_DONE;
}
