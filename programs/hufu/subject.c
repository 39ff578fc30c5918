/* hufu subject: consent, collecting, use, and what a person asks of us (LL-2.3). */
#include "subject.h"

#include "base/encoding.h"
#include "crypto/digest.h"

enum { REQUEST_BYTES = 8192, NOTICE_BYTES_MAX = 1 << 20 };

#define COUNT(options) (sizeof(options) / sizeof((options)[0]))

/* --- consent --- */

/* The SHA-256 of the text that the person was shown. */
static Status put_digest(const char *path, JsonWriter *w)
{
    static uint8_t memory[NOTICE_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t hex_memory[2 * DIGEST_SHA256_BYTES];
    Buffer text = BUFFER_OF(memory);
    Buffer hex = BUFFER_OF(hex_memory);
    TRY(file_read(path, &text));
    sha256(span_of_buffer(&text), digest);
    TRY(hex_encode(SPAN_OF(digest), &hex));
    json_key_text(w, "text_sha256", span_of_buffer(&hex));
    return OK;
}

int command_subject_consent(int argc, char **argv)
{
    SubjectWords words = subject_words();
    const char *purpose = NULL;
    const char *channel = NULL;
    const char *text = NULL;
    bool separate = false;
    const Option options[] = {
        SUBJECT_OPTIONS(words),
        { "--purpose", OPTION_TEXT, "NAME", "of rules/purposes.yaml (required)", &purpose, 0, 0 },
        { "--text", OPTION_TEXT, "FILE", "what the person was shown, to the letter (required)",
                &text, 0, 0 },
        { "--channel", OPTION_TEXT, "TEXT", "app, branch, phone... (required)", &channel, 0, 0 },
        { "--separate", OPTION_FLAG, NULL, "the separate explicit consent to the sensitive part",
                &separate, 0, 0 },
    };
    const Usage usage = { "hufu subject consent",
        "Record that a person consented to a purpose: when, to which text, through which channel.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (purpose == NULL || channel == NULL || text == NULL) {
        fprintf(stderr, "hufu subject consent: --purpose, --text and --channel are needed\n");
        return EXIT_USAGE;
    }
    uint8_t memory[REQUEST_BYTES];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = subject_request(&request, "subject.consent", &words);
    subject_text(&w, "purpose", purpose);
    subject_text(&w, "channel", channel);
    json_key_bool(&w, "separate", separate);
    const Status s = put_digest(text, &w);
    if (!status_ok(s)) return command_failed("subject consent", s);
    return subject_ask(&words, "subject consent", &w, &request);
}

/* --- collecting --- */

/* "card=4a1f,phone": classes, each with the reference of its value where there is one. */
static void put_fields(JsonWriter *w, const char *list)
{
    Cursor c = cursor_of(span_of_text(list));
    json_key_array(w, "fields");
    while (c.rest.size > 0) {
        Span one = c.rest;
        if (!status_ok(cursor_until(&c, ',', &one))) c.rest.size = 0; /* the last one */
        Cursor pair = cursor_of(one);
        Span class = one;
        json_open_object(w);
        const bool referred = status_ok(cursor_until(&pair, '=', &class));
        json_key_text(w, "class", class);
        if (referred) json_key_text(w, "reference", pair.rest);
        json_close(w);
    }
    json_close(w);
}

int command_subject_collect(int argc, char **argv)
{
    SubjectWords words = subject_words();
    const char *purpose = NULL;
    const char *channel = NULL;
    const char *classes = NULL;
    const Option options[] = {
        SUBJECT_OPTIONS(words),
        { "--purpose", OPTION_TEXT, "NAME", "of rules/purposes.yaml (required)", &purpose, 0, 0 },
        { "--classes", OPTION_TEXT, "LIST", "card=REFERENCE,phone,... (required)", &classes, 0, 0 },
        { "--channel", OPTION_TEXT, "TEXT", "app, branch, phone... (required)", &channel, 0, 0 },
    };
    const Usage usage = { "hufu subject collect",
        "Record that data of these classes is collected for a purpose. What the purpose does not\n"
        "need is refused by name; so is what needs a consent that was not given.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (purpose == NULL || channel == NULL || classes == NULL) {
        fprintf(stderr, "hufu subject collect: --purpose, --classes and --channel are needed\n");
        return EXIT_USAGE;
    }
    uint8_t memory[REQUEST_BYTES];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = subject_request(&request, "subject.collect", &words);
    subject_text(&w, "purpose", purpose);
    subject_text(&w, "channel", channel);
    put_fields(&w, classes);
    return subject_ask(&words, "subject collect", &w, &request);
}

/* --- use --- */

int command_subject_use(int argc, char **argv)
{
    SubjectWords words = subject_words();
    const char *purpose = NULL;
    const char *act = NULL;
    const char *classes = NULL;
    const char *party = NULL;
    const char *reference = NULL;
    const Option options[] = {
        SUBJECT_OPTIONS(words),
        { "--act", OPTION_TEXT, "ACT", "store, display, share, disclose, entrust, process", &act, 0,
                0 },
        { "--purpose", OPTION_TEXT, "NAME", "of rules/purposes.yaml", &purpose, 0, 0 },
        { "--classes", OPTION_TEXT, "LIST", "card,phone,...", &classes, 0, 0 },
        { "--party", OPTION_TEXT, "NAME", "to whom: share, disclose, entrust", &party, 0, 0 },
        { "--reference", OPTION_TEXT, "TEXT", "of the contract or order", &reference, 0, 0 },
    };
    const Usage usage = { "hufu subject use",
        "Ask whether these data may be used so. Sharing, disclosing and entrusting are recorded.",
        options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (act == NULL || purpose == NULL || classes == NULL) {
        fprintf(stderr, "hufu subject use: --act, --purpose and --classes are needed\n");
        return EXIT_USAGE;
    }
    uint8_t memory[REQUEST_BYTES];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = subject_request(&request, "subject.use", &words);
    subject_text(&w, "act", act);
    subject_text(&w, "purpose", purpose);
    subject_list(&w, "classes", classes);
    subject_text(&w, "party", party);
    subject_text(&w, "reference", reference);
    return subject_ask(&words, "subject use", &w, &request);
}

/* --- what a person asks for --- */

typedef struct Right {
    const char *name; /* "hufu subject access" */
    const char *kind;
    const char *about;
} Right;

static int ask_right(const Right *right, int argc, char **argv)
{
    SubjectWords words = subject_words();
    const char *proof = NULL;
    const char *purpose = NULL;
    const char *class = NULL;
    const char *reference = NULL;
    int64_t number = 0;
    bool receive = false;
    const Option options[] = {
        SUBJECT_OPTIONS(words),
        { "--proof", OPTION_TEXT, "TEXT", "how we know who asks (required)", &proof, 0, 0 },
        { "--purpose", OPTION_TEXT, "NAME", "withdraw: the consent to which", &purpose, 0, 0 },
        { "--class", OPTION_TEXT, "CLASS", "correct: what", &class, 0, 0 },
        { "--reference", OPTION_TEXT, "WORD", "correct: of the new value in the vault's store",
                &reference, 0, 0 },
        { "--receive", OPTION_FLAG, NULL, "only write down that the request came", &receive, 0, 0 },
        { "--number", OPTION_NUMBER, "N", "answer the open request of this number", &number, 1,
                INT32_MAX },
    };
    const Usage usage = { right->name, right->about, options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (proof == NULL) {
        fprintf(stderr, "%s: --proof is needed\n", right->name);
        return EXIT_USAGE;
    }
    uint8_t memory[REQUEST_BYTES];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = subject_request(&request, "subject.request", &words);
    subject_text(&w, "kind", right->kind);
    subject_text(&w, "proof", proof);
    subject_text(&w, "purpose", purpose);
    subject_text(&w, "class", class);
    subject_text(&w, "reference", reference);
    if (number > 0) json_key_int(&w, "number", number);
    if (receive) json_key_bool(&w, "receive", true);
    exit_status = subject_ask(&words, right->name, &w, &request);
    if (exit_status != EXIT_DONE || receive || strcmp(right->kind, "access") != 0)
        return exit_status;
    request.size = 0;
    w = subject_request(&request, "subject.status", &words);
    return subject_ask(&words, right->name, &w, &request);
}

int command_subject_access(int argc, char **argv)
{
    const Right right = { "hufu subject access", "access",
        "Answer a person who asks what we hold: classes, purposes, since when, shared with whom." };
    return ask_right(&right, argc, argv);
}

int command_subject_correct(int argc, char **argv)
{
    const Right right = { "hufu subject correct", "correct",
        "Answer a person who corrects a value: the new one counts, the old one is sealed away." };
    return ask_right(&right, argc, argv);
}

int command_subject_delete(int argc, char **argv)
{
    const Right right = { "hufu subject delete", "delete",
        "Answer a person who wants their data deleted. What a law or an authority has us keep is\n"
        "restricted until a date, and the answer says so." };
    return ask_right(&right, argc, argv);
}

int command_subject_withdraw(int argc, char **argv)
{
    const Right right = { "hufu subject withdraw", "withdraw",
        "Answer a person who withdraws a consent: the use that rested on it stops at once." };
    return ask_right(&right, argc, argv);
}

/* --- without further words --- */

static int plain(const char *name, const char *operation, const char *about, int argc, char **argv)
{
    SubjectWords words = subject_words();
    const Option options[] = { SUBJECT_OPTIONS(words) };
    const Usage usage = { name, about, options, COUNT(options) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    uint8_t memory[REQUEST_BYTES];
    Buffer request = BUFFER_OF(memory);
    JsonWriter w = subject_request(&request, operation, &words);
    return subject_ask(&words, name, &w, &request);
}

int command_subject_status(int argc, char **argv)
{
    return plain("hufu subject status", "subject.status",
            "Show what is held of a person, agreed, done and asked for. Never a value. Audited.",
            argc, argv);
}

int command_subject_end(int argc, char **argv)
{
    return plain("hufu subject end", "subject.end",
            "The relationship with a person is over: every retention clock starts.", argc, argv);
}
