/* `hufu payer register|login|logout|code|scan`: what a payer's app does at its own doors, with a
 * device key in a file: for demonstrations, and to try a house by hand. */
#include "command.h"
#include "hidden.h"
#include "machine.h"
#include "payer_phone.h"
#include "shown_picture.h"

#include "base/secret.h"
#include "base/time.h"
#include "crypto/tls.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAYERS_FOLDER_MODE = 0700 };

/* What the commands have in common, opened and closed together. */
typedef struct Doors {
    const char *directory;
    char folder[PATH_BYTES_MAX]; /* of device keys */
    struct ssl_ctx_st *tls;
    HttpClient *http;
    BoxKey box_key;
    PayerPhone phone;
    PayerApp app;
    PayerAnswer answer;
    char password[PAYER_PHONE_SECRET_MAX];
} Doors;

static void doors_close(Doors *d)
{
    http_client_close(&d->http);
    tls_context_free(&d->tls);
    box_key_free(&d->box_key);
    payer_phone_wipe(&d->phone);
    bytes_wipe(d, sizeof(*d));
}

static Status doors_open(Doors *d)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[16384];
    Buffer ca = BUFFER_OF(memory);
    uint16_t port = 0;
    TRY(machine_port(d->directory, &port));
    TRY(file_read(path_in(path, d->directory, "ca.pem"), &ca));
    TRY(tls_client_context(span_of_buffer(&ca), NULL, &d->tls));
    const HttpClientConfig http = { .address = "127.0.0.1", .port = port, .tls = d->tls };
    TRY(http_client_open(&http, &d->http));
    TRY(box_key_pin(path_in(path, d->directory, "demo"), &d->box_key));
    path_in(d->folder, d->directory, "demo/payers");
    CHECK(mkdir(d->folder, PAYERS_FOLDER_MODE) == 0 || errno == EEXIST, FAULT_DISK);
    d->app.phone = &d->phone;
    return OK;
}

static PayerTalk talk_of(Doors *d)
{
    return (PayerTalk) { &d->app, d->http, &d->box_key, &d->answer };
}

/* What the service answered, when it was that. */
static int failed(const Doors *d, const char *what, Status s)
{
    if (d->answer.code[0] != 0 && d->answer.status != 0) {
        fprintf(stderr, "hufu %s: refused: %s\n", what, d->answer.code);
        return EXIT_FAILED;
    }
    return command_failed(what, s);
}

static void show(const Doors *d, const char *done)
{
    printf("payer %s %s; session %lld", d->app.id, done, (long long)d->phone.session_number);
    const Clock clock = clock_system();
    if (d->phone.cools_until_us > clock_now_us(&clock))
        printf("; no money leaves for another %lld s",
                (long long)((d->phone.cools_until_us - clock_now_us(&clock)) / TIME_SECOND_US));
    printf("\n");
}

static bool ask_secret(const char *what, const char *prompt, char *ret_text, size_t capacity)
{
    char typed[PAYER_PHONE_SECRET_MAX + 2];
    char shown[32];
    snprintf(shown, sizeof(shown), "%s: ", prompt);
    const bool fits =
            hidden_line(STDIN_FILENO, shown, typed, sizeof(typed)) && strlen(typed) < capacity;
    if (fits) snprintf(ret_text, capacity, "%s", typed);
    if (!fits) fprintf(stderr, "hufu %s: no %s was given\n", what, prompt);
    bytes_wipe(typed, sizeof(typed));
    return fits;
}

static bool name_payer(Doors *d, const char *id, const char *what)
{
    if (id != NULL && strlen(id) < sizeof(d->app.id)) {
        snprintf(d->app.id, sizeof(d->app.id), "%s", id);
        return true;
    }
    fprintf(stderr, "hufu %s: --id is required\nSee `hufu %s --help`.\n", what, what);
    return false;
}

/* --- register --- */

static Status register_payer(Doors *d, const PayerPerson *person)
{
    TRY(doors_open(d));
    TRY(payer_phone_make(KEY_P256, "hufu", &d->phone));
    const PayerTalk talk = talk_of(d);
    TRY(payer_phone_register(&talk, person, d->password));
    return payer_phone_save(&d->phone, d->folder, d->app.id);
}

int command_payer_register(int argc, char **argv)
{
    static const char what[] = "payer register";
    CLEANUP(doors_close) Doors d = { .directory = directory_default() };
    PayerPerson person = { NULL, NULL, NULL };
    const char *id = NULL;
    const Option options[] = {
        { "--id", OPTION_TEXT, "ID", "of a payer who was added and knows the PIN [a new one]", &id,
                0, 0 },
        { "--name", OPTION_TEXT, "TEXT", "as on the identity document (required)", &person.name, 0,
                0 },
        { "--identity-number", OPTION_TEXT, "TEXT", "of the identity document (required)",
                &person.identity_number, 0, 0 },
        { "--phone", OPTION_TEXT, "DIGITS", "(required)", &person.phone, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &d.directory, 0, 0 },
    };
    const Usage usage = { "hufu payer register",
        "Register a payer with a login password and a device key, as the payer's own app does. "
        "PIN and\n"
        "password are asked for, or read from two lines of standard input; they and the identity "
        "leave\n"
        "this program only in sealed boxes. The device key is kept in DIR/demo/payers.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (person.name == NULL || person.identity_number == NULL || person.phone == NULL) {
        fprintf(stderr,
                "hufu payer register: --name, --identity-number and --phone are required\n");
        return EXIT_USAGE;
    }
    if (id != NULL && !name_payer(&d, id, what)) return EXIT_USAGE;
    if (!ask_secret(what, "PIN", d.app.pin, sizeof(d.app.pin))) return EXIT_USAGE;
    if (!ask_secret(what, "password", d.password, sizeof(d.password))) return EXIT_USAGE;
    const Status s = register_payer(&d, &person);
    if (!status_ok(s)) return failed(&d, what, s);
    show(&d, "registered");
    return EXIT_DONE;
}

/* --- log in and out --- */

static Status log_in(Doors *d, bool new_device)
{
    TRY(doors_open(d));
    if (new_device) TRY(payer_phone_make(KEY_P256, "hufu", &d->phone));
    if (!new_device) TRY(payer_phone_load(d->folder, d->app.id, &d->phone));
    const PayerTalk talk = talk_of(d);
    TRY(payer_phone_login(&talk, d->password, new_device));
    return payer_phone_save(&d->phone, d->folder, d->app.id);
}

int command_payer_login(int argc, char **argv)
{
    static const char what[] = "payer login";
    CLEANUP(doors_close) Doors d = { .directory = directory_default() };
    const char *id = NULL;
    bool new_device = false;
    const Option options[] = {
        { "--id", OPTION_TEXT, "ID", "(required)", &id, 0, 0 },
        { "--new-device", OPTION_FLAG, NULL, "with another key; the PIN is asked for, too",
                &new_device, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &d.directory, 0, 0 },
    };
    const Usage usage = { "hufu payer login",
        "Log a registered payer in, from the device key in DIR/demo/payers. The password is asked "
        "for,\n"
        "or read from standard input.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!name_payer(&d, id, what)) return EXIT_USAGE;
    if (new_device && !ask_secret(what, "PIN", d.app.pin, sizeof(d.app.pin))) return EXIT_USAGE;
    if (!ask_secret(what, "password", d.password, sizeof(d.password))) return EXIT_USAGE;
    const Status s = log_in(&d, new_device);
    if (!status_ok(s)) return failed(&d, what, s);
    show(&d, "logged in");
    return EXIT_DONE;
}

static Status log_out(Doors *d, bool everywhere)
{
    TRY(doors_open(d));
    TRY(payer_phone_load(d->folder, d->app.id, &d->phone));
    const PayerTalk talk = talk_of(d);
    TRY(payer_phone_logout(&talk, everywhere));
    return payer_phone_save(&d->phone, d->folder, d->app.id);
}

int command_payer_logout(int argc, char **argv)
{
    static const char what[] = "payer logout";
    CLEANUP(doors_close) Doors d = { .directory = directory_default() };
    const char *id = NULL;
    bool everywhere = false;
    const Option options[] = {
        { "--id", OPTION_TEXT, "ID", "(required)", &id, 0, 0 },
        { "--everywhere", OPTION_FLAG, NULL, "the payer's other sessions, too", &everywhere, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &d.directory, 0, 0 },
    };
    const Usage usage = { "hufu payer logout", "End the session that `hufu payer login` began.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!name_payer(&d, id, what)) return EXIT_USAGE;
    const Status s = log_out(&d, everywhere);
    if (!status_ok(s)) return failed(&d, what, s);
    printf("payer %s logged out\n", d.app.id);
    return EXIT_DONE;
}

/* --- a code for a shop's scanner --- */

static Status show_code(const char *code, const char *file)
{
    Picture bars;
    Status s = picture_bars(span_of_text(code), &bars);
    if (status_ok(s) && file != NULL) s = picture_save(&bars, file);
    if (status_ok(s) && file == NULL) s = picture_show_qr(span_of_text(code));
    if (status_ok(s)) printf("%s\n", code);
    bytes_wipe(&bars, sizeof(bars));
    return s;
}

/* With the device of who registered; of who was only added the PIN is all there is. */
static Status doors_open_as(Doors *d)
{
    TRY(doors_open(d));
    const Status known = payer_phone_load(d->folder, d->app.id, &d->phone);
    if (!status_is(known, REFUSED_PAYER_DEVICE_UNKNOWN)) return known;
    d->app.phone = NULL;
    return OK;
}

static Status take_code(Doors *d, const char *file)
{
    const char *code = NULL;
    TRY(doors_open_as(d));
    TRY(payer_app_code(&d->app, d->http, &d->box_key, &d->answer, &code));
    return show_code(code, file);
}

int command_payer_code(int argc, char **argv)
{
    static const char what[] = "payer code";
    CLEANUP(doors_close) Doors d = { .directory = directory_default() };
    const char *id = NULL;
    const char *file = NULL;
    const Option options[] = {
        { "--id", OPTION_TEXT, "ID", "(required)", &id, 0, 0 },
        { "--picture", OPTION_TEXT, "FILE", "bars as PNG into FILE [a QR code on this terminal]",
                &file, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &d.directory, 0, 0 },
    };
    const Usage usage = { "hufu payer code",
        "Take a payment code, for a shop's scanner: once, within a minute, and it says nothing of\n"
        "the payer. The PIN is asked for, or read from standard input.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!name_payer(&d, id, what)) return EXIT_USAGE;
    if (!ask_secret(what, "PIN", d.app.pin, sizeof(d.app.pin))) return EXIT_USAGE;
    const Status s = take_code(&d, file);
    return status_ok(s) ? EXIT_DONE : failed(&d, what, s);
}

/* --- a merchant's code --- */

/* Who is paid is said before the PIN is asked for. */
static Status look_at(Doors *d, const char *url, PayeeShown *ret_shown)
{
    TRY(doors_open_as(d));
    TRY(payer_app_payee(&d->app, d->http, span_of_text(url), &d->answer, ret_shown));
    printf("to %s (%s), up to %lld.%02lld CNY\n", ret_shown->payee, ret_shown->mchid,
            (long long)(ret_shown->limit_minor / 100), (long long)(ret_shown->limit_minor % 100));
    return OK;
}

int command_payer_scan(int argc, char **argv)
{
    static const char what[] = "payer scan";
    CLEANUP(doors_close) Doors d = { .directory = directory_default() };
    const char *id = NULL;
    const char *url = NULL;
    int64_t minor = 0;
    PayeeShown shown = { 0 };
    const Option options[] = {
        { "CODE_URL", OPTION_TEXT, NULL, "hufu://payee/..., of a static code", &url, 0, 0 },
        { "--id", OPTION_TEXT, "ID", "of the payer (required)", &id, 0, 0 },
        { "--amount", OPTION_NUMBER, "FEN", "what is paid (required)", &minor, 1, INT64_MAX },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &d.directory, 0, 0 },
    };
    const Usage usage = { "hufu payer scan",
        "Pay by a merchant's static code, as the payer's own app does it: who is paid is shown, "
        "then\n"
        "the PIN is asked for, or read from standard input.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!name_payer(&d, id, what)) return EXIT_USAGE;
    if (minor == 0) {
        fprintf(stderr, "hufu %s: --amount is required\nSee `hufu %s --help`.\n", what, what);
        return EXIT_USAGE;
    }
    Status s = look_at(&d, url, &shown);
    if (!status_ok(s)) return failed(&d, what, s);
    if (!ask_secret(what, "PIN", d.app.pin, sizeof(d.app.pin))) return EXIT_USAGE;
    s = payer_app_pay_payee(
            &d.app, d.http, &d.box_key, span_of_text(url), &shown, minor, &d.answer);
    if (!status_ok(s)) return failed(&d, what, s);
    printf("paid %lld.%02lld CNY as %s\n", (long long)(minor / 100), (long long)(minor % 100),
            shown.out_trade_no);
    return EXIT_DONE;
}
