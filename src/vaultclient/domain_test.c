#include "vaultclient/domain.h"

#include "base/expect.h"

#include <unistd.h>

static const char path[] = "/tmp/hufu_domain_test.db";

static void remove_file(void)
{
    unlink(path);
    unlink("/tmp/hufu_domain_test.db-wal");
    unlink("/tmp/hufu_domain_test.db-shm");
}

static void records_come_back(void)
{
    remove_file();
    DomainStore *domain = NULL;
    EXPECT_OK(domain_open(path, NULL, &domain));
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN("p1"), &record), REFUSED_ROW_MISSING);
    EXPECT_OK(domain_put_verifier(domain, SPAN("p1"), SPAN("one\0zero")));
    EXPECT_OK(domain_put_verifier(domain, SPAN("p1"), SPAN("two\0zero")));
    EXPECT_OK(domain_put_signing_key(domain, SPAN("p1"), SPAN("key")));
    domain_close(domain);

    EXPECT_OK(domain_open(path, NULL, &domain)); /* durable, and the tables are apart */
    EXPECT_OK(domain_get_verifier(domain, SPAN("p1"), &record));
    EXPECT(span_equal(span_of_buffer(&record), SPAN("two\0zero")));
    record.size = 0;
    EXPECT_OK(domain_get_signing_key(domain, SPAN("p1"), &record));
    EXPECT(span_equal(span_of_buffer(&record), SPAN("key")));
    EXPECT_REFUSED(domain_get_signing_key(domain, SPAN("p2"), &record), REFUSED_ROW_MISSING);
    domain_close(domain);
    remove_file();
}

static void names_are_data(void)
{
    remove_file();
    DomainStore *domain = NULL;
    EXPECT_OK(domain_open(path, NULL, &domain));
    EXPECT_OK(domain_put_verifier(domain, SPAN("' OR 1=1 --"), SPAN("x")));
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN("%"), &record), REFUSED_ROW_MISSING);
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN(""), &record), REFUSED_ROW_MISSING);
    domain_close(domain);
    remove_file();
}

static void sizes_are_bounded(void)
{
    remove_file();
    DomainStore *domain = NULL;
    EXPECT_OK(domain_open(path, NULL, &domain));
    static uint8_t big[DOMAIN_RECORD_BYTES_MAX + 1];
    char name[DOMAIN_NAME_BYTES_MAX + 1];
    memset(name, 'a', sizeof(name));
    EXPECT_REFUSED(domain_put_verifier(domain, SPAN("p"), SPAN_OF(big)), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(domain_put_verifier(domain, SPAN_OF(name), SPAN("x")), REFUSED_BUFFER_FULL);
    EXPECT_OK(domain_put_verifier(domain, SPAN("p"), (Span) { big, DOMAIN_RECORD_BYTES_MAX }));
    Buffer tight = { big, 0, 10 };
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN("p"), &tight), REFUSED_BUFFER_FULL);
    domain_close(domain);
    remove_file();
}

TESTS(TEST(records_come_back), TEST(names_are_data), TEST(sizes_are_bounded))
