/* Goal: what src/picture draws is read back by somebody else's reader, byte for byte, in each form;
 * what does not fit is refused (TP-18: a code that a scanner misreads is another payment). Method:
 * zbarimg on each file; text for a terminal is turned back into dots first. */
#include "picture/picture.h"

#include "base/expect.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

enum { READ_BYTES_MAX = 1024, DOT = 4 };

static const char code_url[] = "hufu://pay/hf0mtfqz5ab1c2d3e4f5g6h7i8j9k0l1m2n3";

static bool write_file(const char *path, Span bytes)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL) return false;
    const bool whole = fwrite(bytes.data, 1, bytes.size, f) == bytes.size;
    return fclose(f) == 0 && whole;
}

/* What zbarimg reads in a file, symbology before it, or "" for nothing. */
static void scan(const char *path, char ret_text[READ_BYTES_MAX])
{
    int out[2];
    ASSERT(pipe(out) == 0);
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        const int null = open("/dev/null", O_WRONLY);
        dup2(out[1], 1);
        dup2(null, 2);
        close(out[0]);
        execlp("zbarimg", "zbarimg", "-q", "--nodbus", path, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    size_t size = 0;
    ssize_t n = 0;
    while ((n = read(out[0], ret_text + size, READ_BYTES_MAX - 1 - size)) > 0)
        size += (size_t)n;
    ret_text[size] = 0;
    close(out[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) == 127) fprintf(stderr, "no zbarimg: tools/setup check\n");
}

/* `wanted` as zbarimg says it: "QR-Code:..." with a line end. */
static bool reads(const char *name, Span file, const char *wanted)
{
    char path[EXPECT_PATH_BYTES];
    char text[READ_BYTES_MAX];
    ASSERT(write_file(expect_path(name, path), file));
    scan(path, text);
    unlink(path);
    if (strcmp(text, wanted) != 0) fprintf(stderr, "%s read as: %s\n", name, text);
    return strcmp(text, wanted) == 0;
}

typedef Status (*Draw)(const Picture *picture, Buffer *out);

static uint8_t file_bytes[512 * 1024];

static void test_a_qr_code_is_read_back(void)
{
    static const char wanted[] = "QR-Code:hufu://pay/hf0mtfqz5ab1c2d3e4f5g6h7i8j9k0l1m2n3\n";
    Picture picture;
    EXPECT_OK(picture_qr(span_of_text(code_url), &picture));
    Buffer png = BUFFER_OF(file_bytes);
    EXPECT_OK(picture_png(&picture, &png));
    EXPECT(reads("qr.png", span_of_buffer(&png), wanted));
}

static void test_every_size_up_to_the_largest_is_read_back(void)
{
    char text[PICTURE_QR_BYTES_MAX + 1] = "";
    for (size_t size = 1; size <= PICTURE_QR_BYTES_MAX; size = size < 500 ? size + 73 : size + 1) {
        char wanted[PICTURE_QR_BYTES_MAX + 16];
        Picture picture;
        Buffer png = BUFFER_OF(file_bytes);
        for (size_t i = 0; i < size; i++)
            text[i] = (char)('a' + (i * 7 + size) % 26);
        text[size] = 0;
        snprintf(wanted, sizeof(wanted), "QR-Code:%s\n", text);
        EXPECT_OK(picture_qr(span_of_text(text), &picture));
        EXPECT_OK(picture_png(&picture, &png));
        EXPECT(reads("size.png", span_of_buffer(&png), wanted));
    }
}

static void test_bars_are_read_back(void)
{
    static const char *const codes[] = { "134579246801357924", "100000000000000000",
        "149999999999999999", "120123456789101112" };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char wanted[64];
        Picture picture;
        Buffer png = BUFFER_OF(file_bytes);
        snprintf(wanted, sizeof(wanted), "CODE-128:%s\n", codes[i]);
        EXPECT_OK(picture_bars(span_of_text(codes[i]), &picture));
        EXPECT_OK(picture_png(&picture, &png));
        EXPECT(reads("bars.png", span_of_buffer(&png), wanted));
    }
}

/* Every pair of digits: each of the table's widths is right. */
static void test_every_symbol_of_set_c_is_read_back(void)
{
    for (int pair = 0; pair < 100; pair += 10) {
        char text[21];
        char wanted[64];
        Picture picture;
        Buffer png = BUFFER_OF(file_bytes);
        for (size_t i = 0; i < 10; i++) {
            text[2 * i] = (char)('0' + pair / 10);
            text[2 * i + 1] = (char)('0' + i);
        }
        text[20] = 0;
        snprintf(wanted, sizeof(wanted), "CODE-128:%s\n", text);
        EXPECT_OK(picture_bars(span_of_text(text), &picture));
        EXPECT_OK(picture_png(&picture, &png));
        EXPECT(reads("pair.png", span_of_buffer(&png), wanted));
    }
}

/* One column of text is two modules, one above the other. */
static void put_modules(unsigned light, uint8_t *column, size_t stride)
{
    for (size_t y = 0; y < (size_t)2 * DOT; y++)
        for (size_t x = 0; x < DOT; x++)
            column[y * stride + x] = (light >> (y < DOT ? 1 : 0) & 1) != 0 ? 0xff : 0;
}

static void test_text_of_a_terminal_is_read_back(void)
{
    static uint8_t text_bytes[PICTURE_TEXT_BYTES_MAX];
    static uint8_t gray[(PICTURE_SIDE_MAX + 9) * DOT * (PICTURE_SIDE_MAX + 9) * DOT];
    Picture picture;
    Buffer text = BUFFER_OF(text_bytes);
    EXPECT_OK(picture_qr(span_of_text(code_url), &picture));
    EXPECT_OK(picture_text(&picture, &text));
    const size_t wide = picture.width + 2 * picture.quiet;
    const size_t stride = wide * DOT;
    size_t line = 0;
    size_t column = 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t b = text_bytes[i];
        if (b == '\n') {
            EXPECT(column == wide);
            line++;
            column = 0;
            continue;
        }
        unsigned light = 0;
        if (b != ' ') {
            EXPECT(b == 0xe2 && text_bytes[i + 1] == 0x96);
            const uint8_t last = text_bytes[i + 2];
            light = last == 0x84 ? 1 : last == 0x80 ? 2 : 3;
            i += 2;
        }
        put_modules(light, gray + line * 2 * DOT * stride + column * DOT, stride);
        column++;
    }
    Buffer pgm = BUFFER_OF(file_bytes);
    EXPECT_OK(buffer_print(&pgm, "P5 %zu %zu 255\n", stride, line * 2 * DOT));
    EXPECT_OK(buffer_put(&pgm, (Span) { gray, stride * line * 2 * DOT }));
    EXPECT(reads("text.pgm", span_of_buffer(&pgm),
            "QR-Code:hufu://pay/hf0mtfqz5ab1c2d3e4f5g6h7i8j9k0l1m2n3\n"));
}

static void test_what_does_not_fit_is_refused(void)
{
    static char long_text[PICTURE_QR_BYTES_MAX + 2];
    static const char *const no_bars[] = { "", "123", "12a4", "12345678901234567x", "-1",
        "12345678901234567890123456789012345678901234567890" };
    Picture picture;
    memset(long_text, 'x', PICTURE_QR_BYTES_MAX + 1);
    EXPECT_REFUSED(picture_qr(span_of_text(long_text), &picture), REFUSED_PICTURE_CONTENT);
    EXPECT_REFUSED(picture_qr(span_of_text(""), &picture), REFUSED_PICTURE_CONTENT);
    for (size_t i = 0; i < sizeof(no_bars) / sizeof(no_bars[0]); i++)
        EXPECT_REFUSED(picture_bars(span_of_text(no_bars[i]), &picture), REFUSED_PICTURE_CONTENT);
}

static void test_a_small_buffer_is_refused(void)
{
    static const Draw draws[] = { picture_png, picture_text };
    uint8_t few[100];
    Picture picture;
    EXPECT_OK(picture_qr(span_of_text(code_url), &picture));
    for (size_t i = 0; i < 2; i++) {
        Buffer out = BUFFER_OF(few);
        EXPECT_REFUSED(draws[i](&picture, &out), REFUSED_BUFFER_FULL);
    }
}

TESTS(TEST(test_a_qr_code_is_read_back), TEST(test_every_size_up_to_the_largest_is_read_back),
        TEST(test_bars_are_read_back), TEST(test_every_symbol_of_set_c_is_read_back),
        TEST(test_text_of_a_terminal_is_read_back), TEST(test_what_does_not_fit_is_refused),
        TEST(test_a_small_buffer_is_refused))
