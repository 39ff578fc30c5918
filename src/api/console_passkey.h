#pragma once
/* console_passkey: what the passkey routes share. Private to console_passkey*.c. */
#include "api/console_inside.h"
#include "api/passkey_desk.h"

enum {
    PASSKEY_BOUND_BYTES_MAX = 96,
    PASSKEY_ID_TEXT_MAX = 4 * (PASSKEY_ID_BYTES_MAX + 2) / 3,
    PASSKEY_LONG_TEXT_MAX = 4 * (PASSKEY_ANSWER_BYTES_MAX + 2) / 3, /* also client data */
    PASSKEY_SIGNATURE_BYTES_MAX = 128,
    PASSKEY_SIGNATURE_TEXT_MAX = 4 * (PASSKEY_SIGNATURE_BYTES_MAX + 2) / 3,
};

/* This console as an authenticator knows it; spans into it. */
PasskeySite console_passkey_site(const Console *console);
/* For what a challenge of this session is good: "registration/alice/5"; empty without a session.
 */
MUST_USE Status console_passkey_bound(const ConsoleCall *call, const char *what, Buffer *ret_bound);
/* Members of the open object: a fresh challenge, rp_id, timeout_ms. */
MUST_USE Status console_passkey_challenge(
        ConsoleCall *call, PasskeyAct act, Span bound, JsonWriter *w);
void console_passkey_text(JsonWriter *w, const char *key, Span bytes); /* base64url */
/* Appended. Refuses PASSKEY_FORMAT. */
MUST_USE Status console_passkey_bytes(Span base64url, Buffer *ret_bytes);
/* Why something about a passkey is refused stands in the log before anybody hears of it. */
MUST_USE Status console_passkey_refused(ConsoleCall *call, const char *what, Status why);
