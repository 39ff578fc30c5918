/* Goal: an approver signs what hufud does and never, by the same key, what vaultd would believe
 * (TP-15, DESIGN section 2). Method: what a captured hufud would answer. */
#include "request_shown.h"

#include "base/expect.h"

#include <stdio.h>

#define ID "00112233445566ff"
#define EXACT "{\"operation\":\"caller.add\",\"name\":\"shop\"}"
#define EXACT_BASE64 "eyJvcGVyYXRpb24iOiJjYWxsZXIuYWRkIiwibmFtZSI6InNob3AifQ=="
/* sha256sum of EXACT */
#define DIGEST "ec5ff8f1ccd4308645b16ddf1d318687255daa54d818abe2e28dff1c9137457f"
/* {"operation":"add-operator"} */
#define VAULT_BASE64 "eyJvcGVyYXRpb24iOiJhZGQtb3BlcmF0b3IifQ=="

typedef struct Said {
    const char *request, *action, *exact;
} Said;

static uint8_t exact_bytes[1024];
static Buffer exact;

static Status shown(const Said *said, RequestShown *ret_shown)
{
    char answer[1024];
    exact = BUFFER_OF(exact_bytes);
    const int size = snprintf(answer, sizeof(answer),
            "{\"request\":\"%s\",\"action\":\"%s\",\"sha256\":\"00\",\"exact_base64\":\"%s\","
            "\"expires_us\":7,\"state\":\"waiting\"}",
            said->request, said->action, said->exact);
    ASSERT(size > 0 && (size_t)size < sizeof(answer));
    return request_shown_read(span_of_text(answer), ID, ret_shown, &exact);
}

static void test_the_digest_is_of_the_bytes_that_are_shown(void)
{
    RequestShown read;
    EXPECT_OK(shown(&(Said) { ID, "caller.add", EXACT_BASE64 }, &read));
    EXPECT(span_equal(span_of_buffer(&exact), SPAN(EXACT)));
    EXPECT(strcmp(read.action, "caller.add") == 0 && read.expires_us == 7);
    EXPECT(strcmp(read.subject, ID "/" DIGEST) == 0);
}

static void test_what_vaultd_would_believe_is_not_signed(void)
{
    static const Said lies[] = {
        { ID, "add-operator", EXACT_BASE64 }, /* an operation of vaultd's */
        { ID, "add-operator", VAULT_BASE64 }, /* also when the bytes agree */
        { ID, "caller.add", VAULT_BASE64 }, { ID, "export.permit", EXACT_BASE64 },
        { "00112233445566fe", "caller.add", EXACT_BASE64 }, /* another request */
        { "103/hufu/payer/u", "caller.add", EXACT_BASE64 },
        { ID, "caller.add", "AAAAA2V2ZQ==" }, /* no JSON */
    };
    RequestShown read;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        const Status s = shown(&lies[i], &read);
        EXPECT(status_refused(s));
        if (i + 1 < sizeof(lies) / sizeof(lies[0])) EXPECT_REFUSED(s, REFUSED_APPROVAL_FILE_OTHER);
    }
}

TESTS(TEST(test_the_digest_is_of_the_bytes_that_are_shown),
        TEST(test_what_vaultd_would_believe_is_not_signed))
