/* hufu bank: orders to the bank and its two lines (docs/bank-channels.md). */
#include "admin_client.h"
#include "base/encoding.h"
#include "command.h"

enum { REQUEST_BYTES_MAX = 1024, FILE_BYTES_MAX = 60 * 1024 };

typedef struct Order {
    const char *operation;
    const char *name; /* of the command */
    const char *about;
} Order;

static Status put_order(
        Buffer *request, const Order *order, const char *number, const char *holder, int64_t amount)
{
    JsonWriter w = json_writer(request);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(order->operation));
    json_key_text(&w, "number", span_of_text(number));
    json_key_text(&w, "holder", span_of_text(holder));
    json_key_int(&w, "amount", amount);
    json_close(&w);
    return json_finish(&w);
}

/* The number is said before anything is asked: with it the same can be asked again. */
static int have_done(const Order *order, const char *directory, const char *number,
        const char *holder, int64_t amount)
{
    uint8_t bytes[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(bytes);
    const Status s = put_order(&request, order, number, holder, amount);
    if (!status_ok(s)) return command_failed(order->name, s);
    return admin_show(directory, order->name, span_of_buffer(&request));
}

static int order_command(const Order *order, int argc, char **argv)
{
    const char *directory = directory_default();
    const char *number = NULL;
    const char *holder = NULL;
    int64_t amount = 0;
    const Option options[] = {
        { "--number", OPTION_TEXT, "N",
                "6 to 32 letters, digits, - and _; the same again is the "
                "same order (required)",
                &number, 0, 0 },
        { "--holder", OPTION_TEXT, "WHO", "merchant/MCHID or payer/ID (required)", &holder, 0, 0 },
        { "--amount", OPTION_NUMBER, "FEN", "in fen (required)", &amount, 1, INT64_MAX },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { order->name, order->about, options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (number == NULL || holder == NULL || amount == 0) {
        fprintf(stderr, "%s: --number, --holder and --amount are required\n", order->name);
        return EXIT_USAGE;
    }
    return have_done(order, directory, number, holder, amount);
}

int command_bank_fund(int argc, char **argv)
{
    const Order order = { "bank.fund", "hufu bank fund",
        "From a bank account to a balance. The balance has it when the bank says that it was "
        "done;\n"
        "UNKNOWN means that its answer did not come: it is asked until it says." };
    return order_command(&order, argc, argv);
}

int command_bank_withdraw(int argc, char **argv)
{
    const Order order = { "bank.withdraw", "hufu bank withdraw",
        "From a merchant's balance to the bank account in its terms, when somebody else approves.\n"
        "Then held at once; gone when the bank says that it was done, back when it says that it\n"
        "was not." };
    return order_command(&order, argc, argv);
}

int command_bank_list(int argc, char **argv)
{
    const char *directory = directory_default();
    bool all = false;
    const Option options[] = {
        { "--all", OPTION_FLAG, NULL, "ended ones too (the newest 64)", &all, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu bank list", "Orders to the bank that have no end yet.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Span request = all ? SPAN("{\"operation\":\"bank.list\",\"all\":true}")
                             : SPAN("{\"operation\":\"bank.list\"}");
    return admin_show(directory, "bank list", request);
}

int command_bank_status(int argc, char **argv)
{
    const char *directory = directory_default();
    const Option options[] = {
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu bank status",
        "Both lines to the bank: which is in use, which answers, how often was switched and how\n"
        "long it took.",
        options, 1 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return admin_show_plain(directory, "bank.status");
}

/* --- days --- */

typedef struct DayAsk {
    const char *operation;
    int64_t day;
    const char *number, *reason;
    Span file;
} DayAsk;

static Status put_day(Buffer *request, const DayAsk *ask)
{
    JsonWriter w = json_writer(request);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(ask->operation));
    if (ask->day != 0) json_key_int(&w, "day", ask->day);
    if (ask->number != NULL) json_key_text(&w, "number", span_of_text(ask->number));
    if (ask->reason != NULL) json_key_text(&w, "reason", span_of_text(ask->reason));
    if (ask->file.size > 0) json_key_text(&w, "file_base64", ask->file);
    json_close(&w);
    return json_finish(&w);
}

static int ask_day(const char *directory, const char *what, const DayAsk *ask)
{
    static uint8_t bytes[FILE_BYTES_MAX + REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(bytes);
    const Status s = put_day(&request, ask);
    if (!status_ok(s)) return command_failed(what, s);
    return admin_show(directory, what, span_of_buffer(&request));
}

static Status file_base64(const char *path, Buffer *ret_text)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    Buffer file = BUFFER_OF(bytes);
    TRY(file_read(path, &file));
    return base64_encode(span_of_buffer(&file), ret_text);
}

int command_bank_reconcile(int argc, char **argv)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    const char *directory = directory_default();
    const char *path = NULL;
    DayAsk ask = { .operation = "bank.reconcile" };
    const Option options[] = {
        { "--day", OPTION_NUMBER, "YYYYMMDD", "a day that is over [yesterday]", &ask.day, 20000101,
                99991231 },
        { "--file", OPTION_TEXT, "FILE", "the bank's file of that day [asked of the bank]", &path,
                0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu bank reconcile",
        "A day as the bank has it against our orders. What differs becomes a case, once.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    Buffer text = BUFFER_OF(bytes);
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Status s = path == NULL ? OK : file_base64(path, &text);
    if (!status_ok(s)) return command_failed(path, s);
    ask.file = span_of_buffer(&text);
    return ask_day(directory, "bank reconcile", &ask);
}

int command_bank_differences(int argc, char **argv)
{
    const char *directory = directory_default();
    bool all = false;
    const Option options[] = {
        { "--all", OPTION_FLAG, NULL, "explained ones too (the newest 64)", &all, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu bank differences",
        "Where the bank's files and our orders differ, and nobody has said why.", options, 2 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Span request = all ? SPAN("{\"operation\":\"bank.differences\",\"all\":true}")
                             : SPAN("{\"operation\":\"bank.differences\"}");
    return admin_show(directory, "bank differences", request);
}

int command_bank_explain(int argc, char **argv)
{
    const char *directory = directory_default();
    DayAsk ask = { .operation = "bank.explain" };
    const Option options[] = {
        { "--day", OPTION_NUMBER, "YYYYMMDD", "(required)", &ask.day, 20000101, 99991231 },
        { "--number", OPTION_TEXT, "N", "of the order (required)", &ask.number, 0, 0 },
        { "--reason", OPTION_TEXT, "TEXT", "up to 200 bytes; it is kept (required)", &ask.reason, 0,
                0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu bank explain", "Say why the bank and we differ.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (ask.day == 0 || ask.number == NULL || ask.reason == NULL) {
        fprintf(stderr, "%s: --day, --number and --reason are required\n", usage.name);
        return EXIT_USAGE;
    }
    return ask_day(directory, "bank explain", &ask);
}
