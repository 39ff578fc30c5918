/* Goal: a URI names one key of one token, or is refused; a PIN in it always is (RFC 7512, TP-10).
 * Method: every attribute there and wrong, every cut of one URI. */
#include "text/pkcs11_uri.h"

#include "base/expect.h"

#include <string.h>

#define MODULE "?module-path=/usr/lib/p11.so"

static const char whole[] = "pkcs11:token=my%20cards;object=alice;id=%01%ff;type=private" MODULE
                            "&pin-source=file:/pin";

static void test_every_attribute_is_read(void)
{
    Pkcs11Uri uri;
    EXPECT_OK(pkcs11_uri_parse(span_of_text(whole), &uri));
    EXPECT(strcmp(uri.token, "my cards") == 0 && strcmp(uri.object, "alice") == 0);
    EXPECT(uri.id_bytes == 2 && uri.id[0] == 1 && uri.id[1] == 0xFF);
    EXPECT(strcmp(uri.module_path, "/usr/lib/p11.so") == 0 && strcmp(uri.pin_file, "/pin") == 0);
    EXPECT_OK(pkcs11_uri_parse(SPAN("pkcs11:token=t;id=%01" MODULE), &uri));
    EXPECT(uri.object[0] == '\0' && uri.pin_file[0] == '\0');
}

static void test_what_is_wrong_is_refused(void)
{
    static const char *const wrong[] = {
        "",
        "pkcs11:",
        "pkcs12:token=t;object=a" MODULE,
        "PKCS11:token=t;object=a" MODULE,
        "pkcs11:object=a" MODULE, /* of which token? */
        "pkcs11:token=t" MODULE, /* which key? */
        "pkcs11:token=t;object=a", /* by which module? */
        "pkcs11:token=t;object=a" MODULE "&pin-value=1234",
        "pkcs11:token=t;object=a;pin-value=1234" MODULE,
        "pkcs11:token=t;token=u;object=a" MODULE,
        "pkcs11:token=t;object=a;object=b" MODULE,
        "pkcs11:token=t;id=%01;id=%02" MODULE,
        "pkcs11:token=;object=a" MODULE,
        "pkcs11:token=t;object=" MODULE,
        "pkcs11:token=t;object=a;id=" MODULE,
        "pkcs11:token=t;object=a%00b" MODULE,
        "pkcs11:token=t;object=a%2" MODULE,
        "pkcs11:token=t;object=a%zz" MODULE,
        "pkcs11:token=t;object=a b" MODULE,
        "pkcs11:token=t;object=a;serial=1" MODULE,
        "pkcs11:token=t;object=a;type=public" MODULE,
        "pkcs11:token=t;object=a;object" MODULE,
        "pkcs11:token=t;object=a?module-path=p11.so",
        "pkcs11:token=t;object=a" MODULE "&module-path=/other.so",
        "pkcs11:token=t;object=a" MODULE "&pin-source=/pin",
        "pkcs11:token=t;object=a" MODULE "&pin-source=http:/pin",
        "pkcs11:token=t;object=a" MODULE "&pin-source=file:pin",
        "pkcs11:token=123456789012345678901234567890123;object=a" MODULE,
    };
    Pkcs11Uri uri;
    memset(&uri, 0x5A, sizeof(uri));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_REFUSED(pkcs11_uri_parse(span_of_text(wrong[i]), &uri), REFUSED_TOKEN_URI);
    EXPECT(uri.token[0] == 0x5A);
    char large[PKCS11_URI_BYTES_MAX + 2];
    memset(large, 'a', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    memcpy(large, "pkcs11:", 7);
    EXPECT_REFUSED(pkcs11_uri_parse(span_of_text(large), &uri), REFUSED_TOKEN_URI);
}

/* Whatever is left of it, no byte behind its end is read. */
static void test_every_cut(void)
{
    for (size_t size = 0; size < sizeof(whole); size++) {
        char *cut = malloc(size > 0 ? size : 1); /* the sanitizer watches its end */
        Pkcs11Uri uri;
        EXPECT(cut != NULL);
        memcpy(cut, whole, size);
        const Status s = pkcs11_uri_parse((Span) { (const uint8_t *)cut, size }, &uri);
        free(cut);
        EXPECT(!status_broken(s));
    }
}

TESTS(TEST(test_every_attribute_is_read), TEST(test_what_is_wrong_is_refused), TEST(test_every_cut))
