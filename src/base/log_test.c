/* Goal: a line stays one line of JSON whatever its texts hold, and levels below the lowest are
 * silent. */
#define _GNU_SOURCE
#include "base/bytes.h"
#include "base/expect.h"
#include "base/log.h"

#include <sys/mman.h>
#include <unistd.h>

static char line[2 * LOG_LINE_BYTES_MAX];

static int begin(void)
{
    const int fd = memfd_create("log", 0);
    log_open("test", LOG_INFO, fd);
    return fd;
}

static size_t end(int fd)
{
    const ssize_t size = pread(fd, line, sizeof(line) - 1, 0);
    line[size > 0 ? size : 0] = 0;
    log_open("test", LOG_INFO, STDERR_FILENO);
    close(fd);
    return size > 0 ? (size_t)size : 0;
}

static void test_a_line(void)
{
    const int fd = begin();
    LOG(LOG_WARNING, "payment.refused", LOG_TEXT(MERCHANT, "1900000001"),
            LOG_NUMBER(HTTP_STATUS, -5));
    EXPECT(end(fd) > 0);
    EXPECT(strstr(line, "\"level\":\"warning\",\"program\":\"test\",\"event\":\"payment.refused\"")
            != NULL);
    EXPECT(strstr(line, ",\"mchid\":\"1900000001\",\"http_status\":-5}\n") != NULL);
}

static void test_texts_cannot_break_out(void)
{
    const int fd = begin();
    LOG(LOG_ERROR, "x", LOG_TEXT(PATH, "a\"},\n{\"evil\":\"\\\x01\x7F\xE4\xB8\xAD"));
    const size_t size = end(fd);
    EXPECT(size > 0 && line[size - 1] == '\n');
    for (size_t i = 0; i + 1 < size; i++)
        EXPECT(line[i] >= 0x20 && line[i] < 0x7F);
    EXPECT(strstr(line, "evil\":") == NULL && strstr(line, "\\u0022}") != NULL);
}

static void test_long_texts_are_cut(void)
{
    char text[1000];
    memset(text, '\x02', sizeof(text) - 1); /* six characters each when escaped */
    text[sizeof(text) - 1] = 0;
    const int fd = begin();
    LOG(LOG_INFO, "x", LOG_TEXT(PATH, text));
    const size_t size = end(fd);
    EXPECT(size > 6 * LOG_TEXT_BYTES_MAX && size < 6 * LOG_TEXT_BYTES_MAX + 200);
}

static void test_levels(void)
{
    const int fd = begin();
    LOG(LOG_DEBUG, "quiet", LOG_NUMBER(COUNT, 1));
    EXPECT(end(fd) == 0);
}

TESTS(TEST(test_a_line), TEST(test_texts_cannot_break_out), TEST(test_long_texts_are_cut),
        TEST(test_levels))
