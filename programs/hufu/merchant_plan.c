/* hufu merchant plan add, close, list: what a merchant may ask payers to sign
 * (docs/deductions.md). */
#include "admin_client.h"
#include "command.h"

typedef struct PlanWish {
    const char *command; /* "merchant plan add" */
    const char *operation;
    const char *directory;
    const char *mchid;
    const char *title;
    const char *period;
    int64_t number;
    int64_t one_minor;
    int64_t period_minor;
    int64_t period_count;
    int64_t life_days;
    int64_t notice_hours;
} PlanWish;

static void put_terms(JsonWriter *w, const PlanWish *wish)
{
    json_key_text(w, "plan_title", span_of_text(wish->title));
    json_key_int(w, "one_minor", wish->one_minor);
    json_key_text(w, "period", span_of_text(wish->period));
    json_key_int(w, "period_minor", wish->period_minor);
    json_key_int(w, "period_count", wish->period_count);
    json_key_int(w, "life_days", wish->life_days);
    json_key_int(w, "notice_hours", wish->notice_hours);
}

static int ask(const PlanWish *wish)
{
    uint8_t request_bytes[1024];
    Buffer request = BUFFER_OF(request_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", span_of_text(wish->operation));
    json_key_text(&w, "mchid", span_of_text(wish->mchid));
    if (wish->number > 0) json_key_int(&w, "plan_id", wish->number);
    if (wish->title != NULL) put_terms(&w, wish);
    json_close(&w);
    const Status s = json_finish(&w);
    if (!status_ok(s)) return command_failed(wish->command, s);
    return admin_show(wish->directory, wish->command, span_of_buffer(&request));
}

#define MERCHANT(wish)                                                               \
    {                                                                                \
        "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &(wish).mchid, 0, 0 \
    }
#define PLAN(wish)                                                                                \
    {                                                                                             \
        "--plan", OPTION_NUMBER, "N", "the plan's number (required)", &(wish).number, 1, 99999999 \
    }
#define DIRECTORY(wish)                                                                           \
    {                                                                                             \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(wish).directory, 0, 0 \
    }

int command_merchant_plan_add(int argc, char **argv)
{
    PlanWish wish = { "merchant plan add", "merchant.plan.add", .directory = directory_default(),
        .period = "month", .period_count = 1, .life_days = 365 };
    const Option options[] = {
        MERCHANT(wish),
        PLAN(wish),
        { "--title", OPTION_TEXT, "TEXT", "what payers are shown (required)", &wish.title, 0, 0 },
        { "--one", OPTION_NUMBER, "FEN", "most of one deduction (required)", &wish.one_minor, 1,
                INT64_MAX },
        { "--period", OPTION_TEXT, "NAME", "day, week, month or year [month]", &wish.period, 0, 0 },
        { "--sum", OPTION_NUMBER, "FEN", "most of a period [--one]", &wish.period_minor, 1,
                INT64_MAX },
        { "--count", OPTION_NUMBER, "N", "how many in a period [1]", &wish.period_count, 1, 1000 },
        { "--days", OPTION_NUMBER, "N", "so long a contract lives [365]", &wish.life_days, 1,
                3660 },
        { "--notice", OPTION_NUMBER, "HOURS", "each is announced so long before [0: none is]",
                &wish.notice_hours, 0, 720 },
        DIRECTORY(wish),
    };
    const Usage usage = { "hufu merchant plan add",
        "What a merchant with terms in force may ask payers to sign: deductions without asking.\n"
        "Somebody else approves it. A plan is never changed: close it, and add another one.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL || wish.title == NULL || wish.number == 0 || wish.one_minor == 0)
        return options_missing(&usage, "--mchid, --plan, --title and --one are required");
    if (wish.period_minor == 0) wish.period_minor = wish.one_minor;
    return ask(&wish);
}

int command_merchant_plan_close(int argc, char **argv)
{
    PlanWish wish = { "merchant plan close", "merchant.plan.close",
        .directory = directory_default() };
    const Option options[] = { MERCHANT(wish), PLAN(wish), DIRECTORY(wish) };
    const Usage usage = { "hufu merchant plan close",
        "Nobody signs it from here on; contracts that were signed go on.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL || wish.number == 0)
        return options_missing(&usage, "--mchid and --plan are required");
    return ask(&wish);
}

int command_merchant_plan_list(int argc, char **argv)
{
    PlanWish wish = { "merchant plan list", "merchant.plan.list",
        .directory = directory_default() };
    const Option options[] = { MERCHANT(wish), DIRECTORY(wish) };
    const Usage usage = { "hufu merchant plan list",
        "What a merchant may ask payers to sign, and what was closed.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL) return options_missing(&usage, "--mchid is required");
    return ask(&wish);
}
