/* hufu subject hold, release-hold: two people sign; vaultd believes the signatures (LL-4.5.4). */
#include "subject.h"

#include "together.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "ipc/hold_wire.h"

enum { REQUEST_BYTES = 24 * 1024, APPROVALS_BYTES = 2 * WIRE_APPROVAL_BYTES_MAX };

typedef struct HoldWords {
    SubjectWords words;
    const char *authority;
    const char *reference;
    const char *until; /* NULL: release */
    Together together;
} HoldWords;

/* What both sign: the digest of the hold as vaultd will read it. */
static Status approve(const HoldWords *h, int64_t until_us, Buffer *ret_approvals)
{
    uint8_t memory[WIRE_HOLD_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer bytes = BUFFER_OF(memory);
    const WireLegalHold hold = { span_of_text(h->words.tenant), span_of_text(h->words.subject),
        span_of_text(h->authority), span_of_text(h->reference), until_us };
    TRY(wire_put_legal_hold(&bytes, &hold));
    sha256(span_of_buffer(&bytes), digest);
    const Span operation = h->until != NULL ? SPAN("hold-subject") : SPAN("release-hold");
    return together_approve(&h->together, operation, SPAN_OF(digest), ret_approvals);
}

static int send(const HoldWords *h, const char *what)
{
    uint8_t approvals_memory[APPROVALS_BYTES];
    uint8_t text_memory[2 * APPROVALS_BYTES];
    uint8_t memory[REQUEST_BYTES];
    Buffer approvals = BUFFER_OF(approvals_memory);
    Buffer text = BUFFER_OF(text_memory);
    Buffer request = BUFFER_OF(memory);
    int64_t until_us = 0;
    Status s = h->until != NULL ? time_parse(span_of_text(h->until), &until_us) : OK;
    if (status_ok(s)) s = approve(h, until_us, &approvals);
    if (status_ok(s)) s = base64_encode(span_of_buffer(&approvals), &text);
    if (!status_ok(s)) return command_failed(what, s);
    const char *operation = h->until != NULL ? "subject.hold" : "subject.release_hold";
    JsonWriter w = subject_request(&request, operation, &h->words);
    subject_text(&w, "authority", h->authority);
    subject_text(&w, "reference", h->reference);
    subject_text(&w, "until", h->until);
    json_key_text(&w, "approvals", span_of_buffer(&text));
    return subject_ask(&h->words, what, &w, &request);
}

#define HOLD_OPTIONS(h)                                                                           \
    SUBJECT_OPTIONS((h).words),                                                                   \
            { "--authority", OPTION_TEXT, "TEXT", "court, police... (required)", &(h).authority,  \
                0, 0 },                                                                           \
            { "--reference", OPTION_TEXT, "TEXT", "of its order (required)", &(h).reference, 0,   \
                0 },                                                                              \
            TOGETHER_SIGN_OPTIONS((h).together),                                                  \
    {                                                                                             \
        "--reason", OPTION_TEXT, "TEXT", "why; it is signed (required)", &(h).together.reason, 0, \
                0                                                                                 \
    }

static bool is_whole(HoldWords *h, const char *what)
{
    h->together.directory = h->words.directory;
    if (h->authority == NULL || h->reference == NULL) {
        fprintf(stderr, "hufu %s: --authority and --reference are needed\n", what);
        return false;
    }
    return together_is_whole(&h->together, what, TOGETHER_REASON_BYTES_MAX);
}

int command_subject_hold(int argc, char **argv)
{
    HoldWords h = { .words = subject_words() };
    const Option options[] = {
        HOLD_OPTIONS(h),
        { "--until", OPTION_TEXT, "TIME", "2027-01-31T00:00:00+08:00 (required)", &h.until, 0, 0 },
    };
    const Usage usage = { "hufu subject hold",
        "An authority wants a person's data kept: until the date nothing of it is deleted or\n"
        "destroyed, and it is of use for the authority's purpose alone. Two people sign.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (h.until == NULL || !is_whole(&h, "subject hold")) {
        if (h.until == NULL) fprintf(stderr, "hufu subject hold: --until is needed\n");
        return EXIT_USAGE;
    }
    return send(&h, "subject hold");
}

int command_subject_release_hold(int argc, char **argv)
{
    HoldWords h = { .words = subject_words() };
    const Option options[] = { HOLD_OPTIONS(h) };
    const Usage usage = { "hufu subject release-hold",
        "The authority no longer wants it: the retention clocks go on. Two people sign.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (!is_whole(&h, "subject release-hold")) return EXIT_USAGE;
    return send(&h, "subject release-hold");
}
