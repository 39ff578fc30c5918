/* Goal: old password tables are verified exactly as they were made, and by nothing else (TP-6,
 * TP-10). Method: each formula against digests made by Python's hashlib; RFC 1321 and FIPS 180
 * vectors for the two broken digests; every form that does not exist is refused. */
#include "crypto/legacy_password.h"

#include "crypto/legacy_digest.h"
#include "crypto/vector_test.h"

static void the_broken_digests_are_the_published_ones(void)
{
    uint8_t digest[LEGACY_DIGEST_BYTES_MAX];
    const Span parts[] = { SPAN("a"), SPAN(""), SPAN("bc") };
    legacy_md5_verify_only(parts, 3, digest); /* RFC 1321, A.5 */
    EXPECT(vector_is("900150983cd24fb0d6963f7d28e17f72", digest, LEGACY_MD5_BYTES));
    legacy_sha1_verify_only(parts, 3, digest); /* FIPS 180-4's example */
    EXPECT(vector_is("a9993e364706816aba3e25717850c26c9cd0d89d", digest, LEGACY_SHA1_BYTES));
}

/* TP-10: the two samples, and what tables hold in practice. */
static void formulas_are_what_others_computed(void)
{
    static const struct {
        LegacyForm form;
        const char *digest;
    } known[] = {
        { { LEGACY_SHA256_DATA_PW, LEGACY_INNER_NONE },
                "d8bfd07b077a3a88fccb9dda9b22f18172b8311e023fbb03061c0145abde7f5e" },
        { { LEGACY_SHA256_PW_DATA, LEGACY_INNER_NONE },
                "9addca319827b0081029666ebbe767ee85bf86e97a6458f86c5dbff0bb757223" },
        { { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_HEX_LOWER },
                "f0870dbe455828ca488f7e76e626d10a4ff95a165a9871ffe3b75e24b47c604e" },
        { { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_HEX_UPPER },
                "786bb99433ce547d0548d79dd3e5a14f543be6b310dc0d2dd20f59f3d0c91512" },
        { { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_RAW },
                "28d16e26426143ce139f692d7fc216d8f766c8885381c2f6497b0ec7f31e8ad8" },
        { { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_BASE64 },
                "606904cdc7c7ef1dee790d8d281f1bfa2377fa26756737e472c8d51035882ebb" },
        { { LEGACY_MD5_DATA_PW, LEGACY_INNER_NONE }, "2c0928a541d8cceb158d74e76ef6e110" },
        { { LEGACY_MD5_PW_DATA, LEGACY_INNER_NONE }, "21f5c0032d4bc03054af84c39ea6e450" },
        { { LEGACY_SHA1_DATA_PW, LEGACY_INNER_NONE }, "5244e7aaa0f8d5e5ed36882ef08147fa38cd0d84" },
        { { LEGACY_SHA1_PW_DATA, LEGACY_INNER_NONE }, "19aa94ad5a38085dad00f64c73695f4307196ef7" },
    };
    const LegacyParts parts = { SPAN("8f3a"), SPAN("u1001"), SPAN("Zx9QpL3mVt7Rw2Yc"),
        SPAN("284617") };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint8_t digest[LEGACY_DIGEST_BYTES_MAX];
        EXPECT(legacy_form_is_valid(known[i].form));
        legacy_password_digest(known[i].form, &parts, digest);
        EXPECT(vector_is(known[i].digest, digest, legacy_digest_bytes(known[i].form.formula)));
    }
}

static void other_forms_do_not_exist(void)
{
    EXPECT(!legacy_form_is_valid((LegacyForm) { LEGACY_NONE, LEGACY_INNER_NONE }));
    EXPECT(!legacy_form_is_valid((LegacyForm) { (LegacyFormula)8, LEGACY_INNER_NONE }));
    EXPECT(!legacy_form_is_valid((LegacyForm) { (LegacyFormula)-1, LEGACY_INNER_NONE }));
    EXPECT(!legacy_form_is_valid((LegacyForm) { LEGACY_SHA256_DATA_MD5, LEGACY_INNER_NONE }));
    EXPECT(!legacy_form_is_valid((LegacyForm) { LEGACY_SHA256_DATA_MD5, (LegacyInner)5 }));
    EXPECT(!legacy_form_is_valid((LegacyForm) { LEGACY_MD5_DATA_PW, LEGACY_INNER_RAW }));
    EXPECT(legacy_digest_bytes((LegacyFormula)8) == 0);
    EXPECT(legacy_formula_of(SPAN("md4(pw)")) == LEGACY_NONE);
    for (int i = 1; i < 8; i++) {
        const char *name = legacy_formula_name((LegacyFormula)i);
        EXPECT(legacy_formula_of(span_of_text(name)) == (LegacyFormula)i);
    }
    LegacyInner inner = LEGACY_INNER_NONE;
    EXPECT(legacy_inner_of(SPAN("HEX"), &inner) && inner == LEGACY_INNER_HEX_UPPER);
    EXPECT(!legacy_inner_of(SPAN("Hex"), &inner));
}

TESTS(TEST(the_broken_digests_are_the_published_ones), TEST(formulas_are_what_others_computed),
        TEST(other_forms_do_not_exist))
