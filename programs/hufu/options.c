#include "command.h"

#include "base/money.h"

static const Option *option_find(const Usage *usage, Span name)
{
    for (size_t i = 0; i < usage->option_count; i++) {
        if (span_equal(span_of_text(usage->options[i].name), name)) return &usage->options[i];
    }
    return NULL;
}

static bool is_positional(const Option *option) { return option->name[0] != '-'; }

/* A list takes all that come, also none. */
static const Option *positional(const Usage *usage, size_t number)
{
    for (size_t i = 0; i < usage->option_count; i++) {
        if (!is_positional(&usage->options[i])) continue;
        if (number == 0 || usage->options[i].kind == OPTION_LIST) return &usage->options[i];
        number--;
    }
    return NULL;
}

static void show_help(const Usage *usage)
{
    printf("usage: %s", usage->name);
    for (size_t i = 0; i < usage->option_count; i++) {
        if (is_positional(&usage->options[i])) printf(" %s", usage->options[i].name);
    }
    printf(" [OPTIONS]\n\n%s\n", usage->about);
    for (size_t i = 0; i < usage->option_count; i++) {
        const Option *option = &usage->options[i];
        if (option->help[0] == '\0') continue;
        char left[64];
        snprintf(left, sizeof(left), "%s%s%s", option->name, option->value == NULL ? "" : " ",
                option->value == NULL ? "" : option->value);
        printf("%s  %-22s  %s\n", i == 0 ? "\n" : "", left, option->help);
    }
}

int options_missing(const Usage *usage, const char *needs)
{
    fprintf(stderr, "%s: %s\nSee `%s --help`.\n", usage->name, needs, usage->name);
    return EXIT_USAGE;
}

static bool wrong(const Usage *usage, const char *name, const char *what, int *ret_exit)
{
    fprintf(stderr, "%s: %s: %s\nSee `%s --help`.\n", usage->name, name, what, usage->name);
    *ret_exit = EXIT_USAGE;
    return false;
}

/* NULL when the value was taken, else what is wrong with it. */
static const char *option_set(const Option *option, const char *value)
{
    if (option->kind == OPTION_TEXT) *(const char **)option->place = value;
    if (option->kind == OPTION_LIST) {
        OptionList *list = option->place;
        if (list->count == OPTION_VALUES_MAX) return "given too often";
        list->values[list->count++] = value;
    }
    if (option->kind != OPTION_NUMBER) return NULL;
    int64_t number = 0;
    if (!status_ok(i64_parse(span_of_text(value), &number))) return "needs a whole number";
    if (number < option->least || number > option->most) return "is out of range";
    *(int64_t *)option->place = number;
    return NULL;
}

bool options_read(const Usage *usage, int argc, char **argv, int *ret_exit)
{
    size_t given = 0;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            show_help(usage);
            *ret_exit = EXIT_DONE;
            return false;
        }
        const char *equals = word[0] == '-' ? strchr(word, '=') : NULL;
        const size_t name_size = equals == NULL ? strlen(word) : (size_t)(equals - word);
        const Span name = { (const uint8_t *)word, name_size };
        const bool bare = word[0] != '-' || word[1] == '\0';
        const Option *option = bare ? positional(usage, given++) : option_find(usage, name);
        if (option == NULL) return wrong(usage, word, "not an option of this command", ret_exit);
        if (option->kind == OPTION_FLAG) {
            *(bool *)option->place = true;
            continue;
        }
        const char *value = bare ? word : equals != NULL ? equals + 1 : argv[++i];
        if (value == NULL) return wrong(usage, word, "needs a value", ret_exit);
        const char *complaint = option_set(option, value);
        if (complaint != NULL) return wrong(usage, word, complaint, ret_exit);
    }
    const Option *missing = positional(usage, given);
    return missing == NULL || missing->kind == OPTION_LIST
            || wrong(usage, missing->name, "is missing", ret_exit);
}

int command_failed(const char *what, Status status)
{
    if (status_is(status, REFUSED_APPROVAL_REQUESTED)) {
        printf("hufu %s: %s\n", what, status_advice(status));
        return EXIT_DONE;
    }
    fprintf(stderr, "hufu: %s: %s (%s)\n", what, status_advice(status), status_name(status));
    return EXIT_FAILED;
}
