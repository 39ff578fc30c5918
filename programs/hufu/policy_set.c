/* `hufu policy override`, `mask`, `check` and `set`: two people sign what differs from the default
 * (policy/amend.h). */
#include "policy_command.h"
#include "policy_file.h"

#include "base/seams.h"
#include "base/time.h"
#include "crypto/digest.h"

#include <stdlib.h>

/* --- signing a blob --- */

MUST_USE static Status sign_and_set(const PolicyAct *act, VaultClient *vault, PolicyBlob *blob)
{
    uint8_t bytes[POLICY_BLOB_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer blob_bytes = BUFFER_OF(bytes);
    CLEANUP(together_signed_done) TogetherSigned both = { 0 };
    TRY(policy_blob_write(blob, &blob_bytes));
    TRY(policy_act_sign(act, SPAN("set-policy"), span_of_buffer(&blob_bytes), digest, &both));
    TRY(vaultclient_policy_set(vault, both.approvals, span_of_buffer(&blob_bytes)));
    printf("policy version %llu is in force\n", (unsigned long long)blob->version);
    return OK;
}

typedef struct Current {
    uint8_t memory[WIRE_POLICY_BYTES_MAX + 1024]; /* the blob's texts lie here */
    PolicyBlob blob; /* version 0: nothing was ever set */
    int64_t now_us; /* vaultd's clock */
} Current;

MUST_USE static Status current_policy(VaultClient *vault, Current *ret)
{
    Buffer memory = BUFFER_OF(ret->memory);
    VaultPolicy policy;
    ret->blob = (PolicyBlob) { 0 };
    TRY(vaultclient_policy_get(vault, 0, &memory, &policy));
    if (policy.found) TRY(policy_blob_read(policy.set.blob, &ret->blob));
    ret->now_us = policy.book.now_us;
    return OK;
}

/* --- one cell --- */

static bool is_default(const PolicyAmendment *a)
{
    if (a->kind == AMEND_MASK) {
        const PolicyMask mask = policy_mask(policy_default(), a->class, 0);
        return mask.shape == a->mask.shape && mask.first == a->mask.first
                && mask.last == a->mask.last;
    }
    const PolicyDecision d = policy_decide(policy_default(), a->class, a->layer, a->purpose, 0);
    return d.forms == a->forms && d.usual == (PolicyForm)a->usual;
}

static bool is_same_cell(const PolicyAmendment *a, const PolicyAmendment *b)
{
    return a->kind == b->kind && a->class == b->class
            && (a->kind == AMEND_MASK || (a->layer == b->layer && a->purpose == b->purpose));
}

/* What is in force without what has ended, with this cell as it is to be. */
MUST_USE static Status with_cell(
        const Current *current, const PolicyAmendment *wanted, PolicyBlob *ret_blob)
{
    *ret_blob = (PolicyBlob) { .version = current->blob.version + 1 };
    for (size_t i = 0; i < current->blob.count; i++) {
        const PolicyAmendment *a = &current->blob.amendments[i];
        if (!is_same_cell(a, wanted) && !policy_amendment_is_over(a, current->now_us))
            ret_blob->amendments[ret_blob->count++] = *a;
    }
    REQUIRE(ret_blob->count < POLICY_AMENDMENTS_MAX, REFUSED_BUFFER_FULL);
    if (!is_default(wanted)) ret_blob->amendments[ret_blob->count++] = *wanted;
    size_t wrong = 0;
    return policy_blob_check(ret_blob, current->now_us, &wrong);
}

MUST_USE static Status amend(const PolicyAct *act, PolicyAmendment *wanted)
{
    Current current;
    PolicyBlob blob;
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    wanted->clause = span_of_text(act->clause);
    wanted->reason = span_of_text(act->together.reason);
    TRY(policy_act_until(act, &wanted->until_us));
    TRY(together_vault(act->together.directory, &vault));
    TRY(current_policy(vault, &current));
    TRY(with_cell(&current, wanted, &blob));
    return sign_and_set(act, vault, &blob);
}

/* "clear,mask": the usual form first. */
static int read_forms(const char *text, PolicyAmendment *ret)
{
    Cursor c = cursor_of(span_of_text(text));
    for (bool first = true; c.rest.size > 0; first = false) {
        Span name = c.rest;
        if (!status_ok(cursor_until(&c, ',', &name))) c.rest = (Span) { 0 };
        uint8_t form = 0;
        if (!policy_number(POLICY_FORMS, name, &form))
            return policy_no_name(POLICY_FORMS, "form", text);
        if (first) ret->usual = form;
        if (form != FORM_REFUSE) ret->forms |= FORM_BIT(form);
    }
    return EXIT_DONE;
}

#define CLAUSE_AND_END(act)                                                                        \
    { "--until", OPTION_TEXT, "TIME", "its end, RFC 3339; an override needs one", &(act).until, 0, \
        0 },                                                                                       \
    {                                                                                              \
        "--clause", OPTION_TEXT, "TP-n", "which article it touches", &(act).clause, 0, 0           \
    }

int command_policy_override(int argc, char **argv)
{
    PolicyAct act = {
        .command = "policy override", .together.directory = directory_default(), .clause = ""
    };
    PolicyAmendment wanted = { .kind = AMEND_RULE };
    const char *class = NULL;
    const char *layer = NULL;
    const char *forms = NULL;
    const char *purpose = "any";
    const Option options[] = {
        { "CLASS", OPTION_TEXT, NULL, "such as card, password, phone", &class, 0, 0 },
        { "LAYER", OPTION_TEXT, NULL, "such as database, log, display", &layer, 0, 0 },
        { "FORMS", OPTION_TEXT, NULL, "such as clear,mask: the usual first; or refuse", &forms, 0,
                0 },
        { "--purpose", OPTION_TEXT, "NAME", "what for [any]", &purpose, 0, 0 },
        CLAUSE_AND_END(act),
        POLICY_ACT_OPTIONS(act),
    };
    const Usage usage = { "hufu policy override",
        "Put another rule in place of the default, for a while: two enrolled operators sign it. "
        "With the\n"
        "forms of the default it takes an earlier one back. Prohibited data has no override "
        "(TP-5).",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    PolicyCell cell = { 0 };
    exit_status = policy_act_check(&act);
    if (exit_status == EXIT_DONE) exit_status = policy_read_cell(class, layer, purpose, &cell);
    if (exit_status == EXIT_DONE) exit_status = read_forms(forms, &wanted);
    if (exit_status != EXIT_DONE) return exit_status;
    wanted.class = (uint16_t)cell.class;
    wanted.layer = cell.layer;
    wanted.purpose = cell.purpose;
    const Status s = amend(&act, &wanted);
    return status_ok(s) ? EXIT_DONE : command_failed("policy override", s);
}

/* --- a mask --- */

int command_policy_mask(int argc, char **argv)
{
    PolicyAct act = {
        .command = "policy mask", .together.directory = directory_default(), .clause = "TP-11"
    };
    const char *name = NULL;
    const char *shape = NULL;
    int64_t first = -1;
    int64_t last = -1;
    const Option options[] = {
        { "CLASS", OPTION_TEXT, NULL, "such as card, phone, name", &name, 0, 0 },
        { "--first", OPTION_NUMBER, "N", "characters that stay at the beginning", &first, 0, 255 },
        { "--last", OPTION_NUMBER, "N", "and at the end", &last, 0, 255 },
        { "--shape", OPTION_TEXT, "NAME", "all, number, name, email, address", &shape, 0, 0 },
        CLAUSE_AND_END(act),
        POLICY_ACT_OPTIONS(act),
    };
    const Usage usage = { "hufu policy mask",
        "Show less of a class wherever it is masked (TP-11), or for a while more: two enrolled "
        "operators\n"
        "sign it. What is not named stays as the default has it; with the default's numbers it "
        "takes an\n"
        "earlier mask back. A card never shows more than its first six and last four.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    DataClass class = CLASS_PUBLIC;
    exit_status = policy_act_check(&act);
    if (exit_status != EXIT_DONE) return exit_status;
    if (!data_class_of(span_of_text(name), &class)) return policy_no_class(name);
    PolicyAmendment wanted = { .kind = AMEND_MASK, .class = (uint16_t) class };
    wanted.mask = policy_mask(policy_default(), class, 0);
    if (first >= 0) wanted.mask.first = (uint8_t)first;
    if (last >= 0) wanted.mask.last = (uint8_t)last;
    if (shape != NULL && !policy_number(POLICY_SHAPES, span_of_text(shape), &wanted.mask.shape))
        return policy_no_name(POLICY_SHAPES, "shape", shape);
    const Status s = amend(&act, &wanted);
    return status_ok(s) ? EXIT_DONE : command_failed("policy mask", s);
}

/* --- a whole file --- */

enum { FILE_BYTES_MAX = 256 * 1024 };

static PolicyFile file; /* too large for the stack */

static int file_wrong(const char *path, Status s, const PolicyFileWrong *wrong)
{
    if (wrong->where.line == 0) return command_failed(path, s);
    fprintf(stderr, "%s:%d:%d: %s%s%s (%s)\n", path, wrong->where.line, wrong->where.column,
            wrong->where.key, wrong->where.key[0] == '\0' ? "" : ": ",
            wrong->what[0] != '\0' ? wrong->what : status_advice(s), status_name(s));
    return EXIT_FAILED;
}

/* Its differences from the default, as they would be signed.
 * EXIT_DONE, or what is wrong was said. */
static int read_file(const PolicyAct *act, const char *path, uint8_t *memory, PolicyBlob *ret_blob)
{
    Buffer text = { memory, 0, FILE_BYTES_MAX };
    PolicyFileWrong wrong = { 0 };
    int64_t until_us = 0;
    size_t count = 0;
    Status s = policy_act_until(act, &until_us);
    if (status_ok(s)) s = file_read(path, &text);
    if (!status_ok(s)) return command_failed(path, s);
    s = policy_file_read(span_of_buffer(&text), &file, &wrong);
    if (!status_ok(s)) return file_wrong(path, s, &wrong);
    const char *reason = act->together.reason == NULL ? "" : act->together.reason;
    s = policy_file_differences(
            &file, until_us, SPAN("TP-11"), span_of_text(reason), ret_blob, &count);
    if (status_ok(s)) return EXIT_DONE;
    fprintf(stderr, "%s: %zu cells differ from the default; at most %d can be signed at once\n",
            path, count, POLICY_AMENDMENTS_MAX);
    return EXIT_FAILED;
}

static void show_differences(const PolicyBlob *blob, const char *state)
{
    for (size_t i = 0; i < blob->count; i++)
        policy_show_amendment(&blob->amendments[i], state);
    if (blob->count == 0) printf("no cell differs from the default\n");
}

/* Could two people sign it? An override without an end is judged as if it had one. */
static int may_be_signed(const char *path, const PolicyBlob *blob, bool ends)
{
    const Clock clock = clock_system();
    const int64_t now_us = clock_now_us(&clock) / TIME_SECOND_US * TIME_SECOND_US;
    PolicyBlob judged = *blob;
    size_t wrong = 0;
    for (size_t i = 0; i < judged.count && !ends; i++) {
        PolicyAmendment *a = &judged.amendments[i];
        if (policy_amendment_is_override(a)) a->until_us = now_us + 3600 * TIME_SECOND_US;
        if (a->kind == AMEND_MASK && a->reason.size == 0) a->reason = SPAN("as signed");
    }
    const Status s = policy_blob_check(&judged, now_us, &wrong);
    if (status_ok(s)) return EXIT_DONE;
    const PolicyAmendment *a = &judged.amendments[wrong];
    fprintf(stderr, "%s: %s%s%s: %s (%s)\n", path, data_class_name(a->class),
            a->kind == AMEND_RULE ? " at " : "'s mask",
            a->kind == AMEND_RULE ? policy_name(POLICY_LAYERS, a->layer) : "", status_advice(s),
            status_name(s));
    return EXIT_FAILED;
}

static void memory_done(uint8_t **memory) { free(*memory); }
static void file_done(PolicyFile **closing) { policy_file_close(*closing); }

int command_policy_check(int argc, char **argv)
{
    PolicyAct act = { .command = "policy check" };
    const char *path = NULL;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "a whole policy, in the form of rules/policy.yaml", &path, 0,
                0 },
        { "--until", OPTION_TEXT, "TIME", "judge its overrides with this end, RFC 3339", &act.until,
                0, 0 },
    };
    const Usage usage = { "hufu policy check",
        "Read a policy file as strictly as the build reads the default, say what differs from the "
        "default,\n"
        "and whether two people could sign it. Nothing is changed. Exit status 1: something is "
        "wrong.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    PolicyBlob blob;
    CLEANUP(memory_done) uint8_t *memory = malloc(FILE_BYTES_MAX);
    __attribute__((unused)) CLEANUP(file_done) PolicyFile *closing = &file;
    if (memory == NULL) return command_failed(act.command, BROKEN(FAULT_MEMORY));
    exit_status = read_file(&act, path, memory, &blob);
    if (exit_status == EXIT_DONE) show_differences(&blob, "");
    if (exit_status == EXIT_DONE) exit_status = may_be_signed(path, &blob, act.until != NULL);
    return exit_status;
}

MUST_USE static Status set_file(const PolicyAct *act, PolicyBlob *blob)
{
    Current current;
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_vault(act->together.directory, &vault));
    TRY(current_policy(vault, &current));
    blob->version = current.blob.version + 1;
    return sign_and_set(act, vault, blob);
}

int command_policy_set(int argc, char **argv)
{
    PolicyAct act = { .command = "policy set", .together.directory = directory_default() };
    const char *path = NULL;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "a whole policy, in the form of rules/policy.yaml", &path, 0,
                0 },
        { "--until", OPTION_TEXT, "TIME", "the end of its overrides, RFC 3339", &act.until, 0, 0 },
        POLICY_ACT_OPTIONS(act),
    };
    const Usage usage = { "hufu policy set",
        "Put a whole policy file in force: two enrolled operators sign what differs from the "
        "default, and\n"
        "nothing else; it takes the place of all that was signed before. Each override is signed "
        "with its\n"
        "rule's `by` and `why`. `hufu policy check FILE` shows beforehand what that is.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    exit_status = policy_act_check(&act);
    if (exit_status != EXIT_DONE) return exit_status;
    PolicyBlob blob;
    CLEANUP(memory_done) uint8_t *memory = malloc(FILE_BYTES_MAX);
    __attribute__((unused)) CLEANUP(file_done) PolicyFile *closing = &file;
    if (memory == NULL) return command_failed(act.command, BROKEN(FAULT_MEMORY));
    exit_status = read_file(&act, path, memory, &blob);
    if (exit_status == EXIT_DONE) exit_status = may_be_signed(path, &blob, true);
    if (exit_status != EXIT_DONE) return exit_status;
    show_differences(&blob, "signed");
    const Status s = set_file(&act, &blob);
    return status_ok(s) ? EXIT_DONE : command_failed("policy set", s);
}
