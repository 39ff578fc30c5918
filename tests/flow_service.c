/*
 * Goal: the vault's service lets in whom an operator registered, for what that caller may ask, and
 * nobody else (TP-15, TP-17: certificates on both sides; LL-4.5.2 default deny). Method: callers
 * with keys of their own against the real programs: no certificate, one of another authority, one
 * of ours that is not registered, a revoked one, one without the right, and a restart in between.
 */
#include "admin_client.h"
#include "asks.h"
#include "base/expect.h"
#include "callers.h"
#include "crypto/certificate.h"
#include "crypto/tls.h"
#include "policy/purposes.h"

#include <signal.h>

static Stand stand;
static StandCaller core;
static StandCaller narrow;

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect,lookup,password", &core));
    EXPECT_OK(stand_caller(&stand, "narrow", "bank-b", "lookup", &narrow));
}

/* HTTP status of one call over a connection of its own; 0: no answer at all. */
static int status_of(struct ssl_ctx_st *tls, const char *target, Span body)
{
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    Status s = stand_service(&stand, tls, &http);
    if (status_ok(s)) s = stand_service_call(http, target, body, &answer);
    const int status = status_ok(s) ? answer.status : 0;
    http_client_close(&http);
    return status;
}

static void test_registered_callers_are_served(void)
{
    EXPECT(status_of(core.tls, "/vault/v1/box-key", SPAN("")) == 200);
    EXPECT(status_of(core.tls, "/vault/v1/challenge", SPAN("")) == 200);
    EXPECT(status_of(narrow.tls, "/vault/v1/box-key", SPAN("")) == 200);
    EXPECT(status_of(core.tls, "/vault/v1/nothing", SPAN("")) == 404);
    EXPECT(status_of(core.tls, "/v3/certificates", SPAN("")) == 404); /* another door */
}

/* Nobody without a certificate gets as far as a request. */
static void test_strangers_are_not(void)
{
    StandCaller stranger = { 0 };
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *own = NULL;
    uint8_t certificate_bytes[CERTIFICATE_PEM_BYTES_MAX];
    uint8_t key_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer certificate = BUFFER_OF(certificate_bytes);
    Buffer pem = BUFFER_OF(key_bytes);
    EXPECT(status_of(stand.tls, "/vault/v1/box-key", SPAN("")) == 0);

    const int64_t now_us = clock_now_us(&(Clock) { clock_system().now_us, NULL });
    const CertificateSubject subject = { .serial = SPAN("\x41\x42"),
        .common_name = SPAN("caller:core"),
        .not_before_us = now_us - 1000000,
        .not_after_us = now_us + INT64_C(3600000000) };
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    EXPECT_OK(certificate_make_self_signed(key, &subject, &own));
    EXPECT_OK(certificate_to_pem(own, &certificate));
    EXPECT_OK(private_key_to_pem(key, &pem));
    const TlsIdentity identity = { span_of_buffer(&certificate), span_of_buffer(&pem) };
    EXPECT_OK(tls_client_context((Span) { NULL, 0 }, &identity, &stranger.tls));
    EXPECT(status_of(stranger.tls, "/vault/v1/box-key", SPAN("")) == 0);
    stand_caller_done(&stranger);
}

/* hufud's own certificate is of the same authority, and no caller. A caller's is no server. */
static void test_a_certificate_alone_is_no_right(void)
{
    StandCaller gone = { 0 };
    EXPECT_OK(stand_caller(&stand, "gone", "bank-a", "protect", &gone));
    EXPECT(status_of(gone.tls, "/vault/v1/box-key", SPAN("")) == 200);
    EXPECT_OK(stand_caller_revoke(&stand, "gone"));
    EXPECT(status_of(gone.tls, "/vault/v1/box-key", SPAN("")) == 401);
    EXPECT(status_of(gone.tls, "/vault/v1/nothing", SPAN("")) == 401); /* routes tell nothing */
    stand_caller_done(&gone);
    EXPECT_OK(stand_caller(&stand, "gone", "bank-a", "protect", &gone)); /* the name comes again */
    EXPECT(status_of(gone.tls, "/vault/v1/box-key", SPAN("")) == 200);
    stand_caller_done(&gone);
}

static void test_bad_callers_are_refused(void)
{
    StandCaller bad = { 0 };
    EXPECT_REFUSED(stand_caller(&stand, "core", "bank-a", "protect", &bad), REFUSED_CALLER_EXISTS);
    stand_caller_done(&bad);
    EXPECT_REFUSED(stand_caller(&stand, "a b", "bank-a", "protect", &bad), REFUSED_CALLER_FIELD);
    stand_caller_done(&bad);
    EXPECT_REFUSED(stand_caller(&stand, "fresh", "bank-a", "all", &bad), REFUSED_CALLER_FIELD);
    stand_caller_done(&bad);
    EXPECT_REFUSED(stand_caller_revoke(&stand, "nobody"), REFUSED_CALLER_UNKNOWN);
}

/* One key is one caller: a second name for it is refused before any row says so, and a restart,
 * which reads the rows anew, knows no more. A key that was revoked may come again. */
static void test_one_key_is_one_caller(void)
{
    StandCaller once = { 0 };
    EXPECT_REFUSED(stand_caller_with(&stand, "aa-first", "bank-b", "lookup", core.key),
            REFUSED_CALLER_EXISTS);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM caller WHERE name = 'aa-first'") == 0);
    EXPECT_OK(stand_caller(&stand, "once", "bank-a", "protect", &once));
    EXPECT_OK(stand_caller_revoke(&stand, "once"));
    EXPECT(status_of(once.tls, "/vault/v1/box-key", SPAN("")) == 401);
    EXPECT_OK(stand_caller_with(&stand, "again", "bank-a", "protect", once.key));
    EXPECT(status_of(once.tls, "/vault/v1/box-key", SPAN("")) == 200);
    stand_caller_done(&once);
}

static void test_callers_are_known_after_a_restart(void)
{
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT(status_of(core.tls, "/vault/v1/box-key", SPAN("")) == 200);
    EXPECT(status_of(narrow.tls, "/vault/v1/box-key", SPAN("")) == 200);
}

/* --- passwords of the caller's own people (TP-6) --- */

static int ask_password(HttpClient *http, const char *what, const char *user, BoxPurpose purpose,
        Span plain, const char *more)
{
    uint8_t box_bytes[2 * BOX_BYTES_MAX];
    char body[4 * BOX_BYTES_MAX];
    char target[64];
    Buffer box = BUFFER_OF(box_bytes);
    HttpAnswer answer = { 0 };
    const BoxContext context = { .data_class = CLASS_PASSWORD,
        .purpose = (uint16_t)purpose,
        .tenant = SPAN("bank-a/people"),
        .payee = span_of_text(user) };
    if (!status_ok(stand_service_box(http, &context, plain, &box))) return 0;
    snprintf(target, sizeof(target), "/vault/v1/passwords/%s", what);
    snprintf(body, sizeof(body),
            "{\"class\":\"password\",\"realm\":\"people\",\"user\":\"%s\",\"box\":\"%.*s\"%s}",
            user, (int)box.size, (const char *)box.data, more);
    if (!status_ok(stand_service_call(http, target, span_of_text(body), &answer))) return 0;
    return answer.status;
}

#define LOGIN ",\"purpose\":\"login\""

static void test_passwords_are_checked_and_nothing_else(void)
{
    HttpClient *http = NULL;
    EXPECT_OK(stand_service(&stand, core.tls, &http));
    const Span first = SPAN("\0correct horse battery 7");
    EXPECT(ask_password(http, "set", "li", BOX_PURPOSE_SET_PASSWORD, SPAN("\0short"), "") == 400);
    EXPECT(ask_password(http, "set", "li", BOX_PURPOSE_SET_PASSWORD, first, "") == 200);
    EXPECT(ask_password(
                   http, "check", "li", BOX_PURPOSE_LOGIN, SPAN("correct horse battery 7"), LOGIN)
            == 200);
    for (int i = 0; i < 5; i++)
        EXPECT(ask_password(http, "check", "li", BOX_PURPOSE_LOGIN, SPAN("wrong"), LOGIN) == 403);
    EXPECT(ask_password(
                   http, "check", "li", BOX_PURPOSE_LOGIN, SPAN("correct horse battery 7"), LOGIN)
            == 403); /* the sixth: locked */
    EXPECT(ask_password(http, "check", "nobody", BOX_PURPOSE_LOGIN, SPAN("wrong"), LOGIN) == 403);
    http_client_close(&http);
    EXPECT(status_of(narrow.tls, "/vault/v1/passwords/check", SPAN("{}")) == 403);
    EXPECT(asks_log_lacks(&stand, "correct horse"));
}

#define QUICK(id, user)                                                                  \
    SPAN("{\"id\":\"" id "\",\"kind\":\"quick-pay\",\"user\":\"" user                    \
         "\",\"card\":\"9031557201846623\",\"limit_minor\":100,\"day_limit_minor\":500," \
         "\"expire_time\":\"2099-01-01T00:00:00+08:00\"}")

/* TP-9: a binding that somebody changed in the database is refused before it is used. */
static void test_a_changed_binding_is_refused(void)
{
    StandCaller binder = { 0 };
    EXPECT_OK(stand_caller(&stand, "binder", "bank-a", "bind", &binder));
    EXPECT(status_of(core.tls, "/vault/v1/bindings", QUICK("B-1", "u-17")) == 403);
    EXPECT(status_of(binder.tls, "/vault/v1/bindings", QUICK("B-1", "u-17")) == 200);
    EXPECT(status_of(binder.tls, "/vault/v1/bindings", QUICK("B-1", "u-17")) == 200);
    EXPECT(status_of(binder.tls, "/vault/v1/bindings", QUICK("B-1", "u-18")) == 400);
    EXPECT(status_of(binder.tls, "/vault/v1/bindings", QUICK("4111111111111111", "u")) == 400);
    EXPECT(status_of(binder.tls, "/vault/v1/bindings/B-1", SPAN("")) == 200);
    EXPECT(status_of(binder.tls, "/vault/v1/bindings/B-2", SPAN("")) == 404);
    EXPECT(status_of(binder.tls, "/vault/v1/bindings", QUICK("B-2", "u-19")) == 200);
    stand_tamper(&stand, "UPDATE binding SET user_id = 'thief' WHERE id = 'B-1'");
    EXPECT(status_of(binder.tls, "/vault/v1/bindings/B-1", SPAN("")) == 403);
    stand_tamper(&stand, "UPDATE binding SET user_id = 'u-17' WHERE id = 'B-1'");
    EXPECT(status_of(binder.tls, "/vault/v1/bindings/B-1", SPAN("")) == 403); /* frozen */
    EXPECT(status_of(binder.tls, "/vault/v1/bindings/B-2/end", SPAN("{}")) == 200);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert") == 1);
    stand_caller_done(&binder);
}

/* Somebody with the database gives a caller more rights: the row is refused at its next use, and
 * what hufud knew from the sealed row stands. */
static void test_a_changed_row_is_not_believed(void)
{
    stand_tamper(&stand, "UPDATE caller SET rights = 31 WHERE name = 'narrow'");
    EXPECT_REFUSED(stand_caller_revoke(&stand, "narrow"), REFUSED_ROW_SEAL_MISMATCH);
    EXPECT(status_of(core.tls, "/vault/v1/box-key", SPAN("")) == 200);
    EXPECT_OK(stand_caller_revoke(&stand, "core"));
    EXPECT(status_of(core.tls, "/vault/v1/box-key", SPAN("")) == 401);
}

static void test_house_closes(void)
{
    stand_caller_done(&core);
    stand_caller_done(&narrow);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_registered_callers_are_served),
        TEST(test_strangers_are_not), TEST(test_a_certificate_alone_is_no_right),
        TEST(test_bad_callers_are_refused), TEST(test_one_key_is_one_caller),
        TEST(test_callers_are_known_after_a_restart),
        TEST(test_passwords_are_checked_and_nothing_else), TEST(test_a_changed_binding_is_refused),
        TEST(test_a_changed_row_is_not_believed), TEST(test_house_closes))
