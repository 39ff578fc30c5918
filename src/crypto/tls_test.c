/* TLS 1.3 with authentication of one side or both (TP-17, LL-4.3.8). */
#include "crypto/tls.h"

#include "base/expect.h"
#include "base/seams.h"
#include "crypto/certificate.h"

#include <openssl/ssl.h>

enum { STEPS_MAX = 20 };

/* An authority, and identities under it. libssl judges dates by the system clock, and so do we
 * here. */
typedef struct Party {
    uint8_t certificate[CERTIFICATE_PEM_BYTES_MAX];
    uint8_t key[SIGN_PKCS8_BYTES_MAX * 2];
    TlsIdentity identity;
} Party;

static int64_t leaf_life_us = 3600000000; /* from now */

static CertificateSubject subject_of(Span name, bool authority)
{
    static const uint8_t serial[] = { 0x17 };
    static const char *const dns[] = { "localhost", NULL };
    static const char *const ip[] = { "127.0.0.1", NULL };
    const Clock clock = clock_system();
    const int64_t now = clock_now_us(&clock);
    return (CertificateSubject) { .serial = SPAN_OF(serial),
        .common_name = name,
        .not_before_us = now - 3600000000,
        .not_after_us = now + (authority ? 3600000000 : leaf_life_us),
        .dns_names = authority ? NULL : dns,
        .ip_addresses = authority ? NULL : ip,
        .authority = authority };
}

static bool write_party(Party *party, const Certificate *certificate, const PrivateKey *key)
{
    Buffer c = BUFFER_OF(party->certificate), k = BUFFER_OF(party->key);
    if (!status_ok(certificate_to_pem(certificate, &c))) return false;
    if (!status_ok(private_key_to_pem(key, &k))) return false;
    party->identity = (TlsIdentity) { span_of_buffer(&c), span_of_buffer(&k) };
    return true;
}

static bool make_parties(Party *authority, Party *server, Party *client)
{
    CLEANUP(private_key_free) PrivateKey *ca_key = NULL;
    CLEANUP(certificate_free) Certificate *ca = NULL;
    const CertificateSubject ca_subject = subject_of(SPAN("authority"), true);
    if (!status_ok(private_key_generate(KEY_P256, &ca_key))) return false;
    if (!status_ok(certificate_make_self_signed(ca_key, &ca_subject, &ca))) return false;
    Party *const leaves[] = { server, client };
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(private_key_free) PrivateKey *key = NULL;
        CLEANUP(certificate_free) Certificate *leaf = NULL;
        const CertificateSubject subject =
                subject_of(i == 0 ? SPAN("server") : SPAN("client"), false);
        if (!status_ok(private_key_generate(KEY_P256, &key))) return false;
        if (!status_ok(certificate_issue(ca, ca_key, private_key_public(key), &subject, &leaf)))
            return false;
        if (!write_party(leaves[i], leaf, key)) return false;
    }
    return write_party(authority, ca, ca_key);
}

typedef struct Outcome {
    bool client_done;
    bool server_done;
    bool data_arrived;
    const char *version;
} Outcome;

static Outcome converse(SSL *client, SSL *server)
{
    BIO *to_server = NULL, *to_client = NULL;
    ASSERT(BIO_new_bio_pair(&to_server, 0, &to_client, 0) == 1);
    SSL_set_bio(client, to_server, to_server);
    SSL_set_bio(server, to_client, to_client);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    Outcome outcome = { 0 };
    for (int i = 0; i < STEPS_MAX; i++) {
        outcome.client_done = SSL_do_handshake(client) == 1;
        outcome.server_done = SSL_do_handshake(server) == 1;
    }
    char text[8] = "";
    if (outcome.client_done && outcome.server_done)
        outcome.data_arrived = SSL_write(client, "hello", 5) == 5
                && SSL_read(server, text, sizeof(text)) == 5 && strcmp(text, "hello") == 0;
    outcome.version = SSL_get_version(client);
    return outcome;
}

static Outcome handshake(SSL_CTX *client_context, SSL_CTX *server_context, const char *host)
{
    SSL *client = SSL_new(client_context);
    SSL *server = SSL_new(server_context);
    ASSERT(client != NULL && server != NULL && status_ok(tls_expect_host(client, host)));
    const Outcome outcome = converse(client, server);
    SSL_free(client);
    SSL_free(server);
    return outcome;
}

static void both_sides_show_certificates(void)
{
    static Party authority, server, client, foreign_authority, foreign_server, foreign_client;
    EXPECT(make_parties(&authority, &server, &client));
    EXPECT(make_parties(&foreign_authority, &foreign_server, &foreign_client));
    const Span ca = authority.identity.certificates_pem;
    CLEANUP(tls_context_free) SSL_CTX *serving = NULL;
    CLEANUP(tls_context_free) SSL_CTX *right = NULL;
    CLEANUP(tls_context_free) SSL_CTX *without = NULL;
    CLEANUP(tls_context_free) SSL_CTX *foreign = NULL;
    CLEANUP(tls_context_free) SSL_CTX *mistrusting = NULL;
    EXPECT_OK(tls_server_context(&server.identity, ca, &serving));
    EXPECT_OK(tls_client_context(ca, &client.identity, &right));
    EXPECT_OK(tls_client_context(ca, NULL, &without));
    EXPECT_OK(tls_client_context(ca, &foreign_client.identity, &foreign));
    EXPECT_OK(tls_client_context(
            foreign_authority.identity.certificates_pem, &client.identity, &mistrusting));

    Outcome o = handshake(right, serving, "localhost");
    EXPECT(o.client_done && o.server_done && o.data_arrived);
    EXPECT(strcmp(o.version, "TLSv1.3") == 0);
    EXPECT(handshake(right, serving, "127.0.0.1").data_arrived);
    EXPECT(!handshake(right, serving, "127.0.0.2").client_done);
    EXPECT(!handshake(right, serving, "elsewhere.example").client_done);
    EXPECT(!handshake(mistrusting, serving, "localhost").client_done);
    o = handshake(without, serving, "localhost"); /* in 1.3 the client learns it later */
    EXPECT(!o.server_done && !o.data_arrived);
    o = handshake(foreign, serving, "localhost");
    EXPECT(!o.server_done && !o.data_arrived);
}

static void a_server_may_not_ask(void)
{
    static Party authority, server, client;
    EXPECT(make_parties(&authority, &server, &client));
    CLEANUP(tls_context_free) SSL_CTX *serving = NULL;
    CLEANUP(tls_context_free) SSL_CTX *calling = NULL;
    EXPECT_OK(tls_server_context(&server.identity, (Span) { 0 }, &serving));
    EXPECT_OK(tls_client_context(authority.identity.certificates_pem, NULL, &calling));
    EXPECT(handshake(calling, serving, "localhost").data_arrived);
}

static void older_versions_are_refused(void)
{
    static Party authority, server, client;
    EXPECT(make_parties(&authority, &server, &client));
    CLEANUP(tls_context_free) SSL_CTX *serving = NULL;
    CLEANUP(tls_context_free) SSL_CTX *old = SSL_CTX_new(TLS_client_method());
    EXPECT_OK(tls_server_context(&server.identity, (Span) { 0 }, &serving));
    EXPECT(SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION) == 1);
    EXPECT(!handshake(old, serving, "localhost").server_done);
}

/* A server that is not ours: 1.2 with an AEAD is spoken, CBC and 1.1 are not. */
static void strangers_may_speak_tls_1_2(void)
{
    static const struct {
        int version;
        const char *ciphers;
        bool done;
    } servers[] = {
        { TLS1_3_VERSION, "DEFAULT", true },
        { TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256", true },
        { TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256", false },
        { TLS1_1_VERSION, "ALL:@SECLEVEL=0", false },
    };
    static Party authority, server, client;
    EXPECT(make_parties(&authority, &server, &client));
    CLEANUP(tls_context_free) SSL_CTX *calling = NULL;
    EXPECT_OK(tls_outside_context(authority.identity.certificates_pem, &calling));
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        CLEANUP(tls_context_free) SSL_CTX *serving = NULL;
        EXPECT_OK(tls_server_context(&server.identity, (Span) { 0 }, &serving));
        EXPECT(SSL_CTX_set_min_proto_version(serving, TLS1_VERSION) == 1);
        EXPECT(SSL_CTX_set_max_proto_version(serving, servers[i].version) == 1);
        EXPECT(SSL_CTX_set_cipher_list(serving, servers[i].ciphers) == 1);
        EXPECT(handshake(calling, serving, "localhost").client_done == servers[i].done);
    }
}

static void odd_identities_are_refused(void)
{
    static Party authority, server, client;
    EXPECT(make_parties(&authority, &server, &client));
    CLEANUP(tls_context_free) SSL_CTX *none = NULL;
    const TlsIdentity mixed = { server.identity.certificates_pem, client.identity.private_key_pem };
    EXPECT_REFUSED(tls_server_context(&mixed, (Span) { 0 }, &none), REFUSED_KEY_FORMAT);
    const TlsIdentity empty = { 0 };
    EXPECT_REFUSED(tls_server_context(&empty, (Span) { 0 }, &none), REFUSED_CERTIFICATE_INVALID);
    EXPECT_REFUSED(tls_server_context(&server.identity, SPAN("no certificate"), &none),
            REFUSED_CERTIFICATE_INVALID);
    EXPECT(none == NULL);
}

/* A server whose leaf has ended shows it to nobody, not even to who would take it. */
static void an_ended_leaf_is_not_shown(void)
{
    static Party authority, server, client;
    CLEANUP(tls_context_free) SSL_CTX *calling = SSL_CTX_new(TLS_client_method());
    for (int ended = 0; ended < 2; ended++) {
        CLEANUP(tls_context_free) SSL_CTX *serving = NULL;
        leaf_life_us = ended ? -1000000 : 3600000000;
        EXPECT(make_parties(&authority, &server, &client));
        leaf_life_us = 3600000000;
        EXPECT_OK(tls_server_context(&server.identity, (Span) { 0 }, &serving));
        SSL_CTX_set_verify(calling, SSL_VERIFY_NONE, NULL);
        const Outcome o = handshake(calling, serving, "localhost");
        EXPECT(o.data_arrived == !ended && o.client_done == !ended && o.server_done == !ended);
    }
}

TESTS(TEST(an_ended_leaf_is_not_shown), TEST(both_sides_show_certificates),
        TEST(a_server_may_not_ask), TEST(older_versions_are_refused),
        TEST(strangers_may_speak_tls_1_2), TEST(odd_identities_are_refused))
