#include "base/log.h"

#include "base/bytes.h"
#include "base/seams.h"
#include "base/time.h"

#include <unistd.h>

static struct {
    const char *program;
    LogLevel lowest;
    int fd;
} sink = { "hufu", LOG_INFO, 2 };

static const char *const key_names[] = {
#define LOG_KEY(name, text, class) [LOG_KEY_##name] = text,
#include "base/log_keys.def"
#undef LOG_KEY
};

static const char *const level_names[] = { "debug", "info", "warning", "error", "alert" };

void log_open(const char *program, LogLevel lowest, int fd)
{
    sink.program = program;
    sink.lowest = lowest;
    sink.fd = fd;
}

/* Control characters, quotes and everything beyond ASCII are escaped: one line stays one line. */
static Status put_text(Buffer *line, const char *text)
{
    TRY(buffer_put_u8(line, '"'));
    for (size_t i = 0; text[i] != 0 && i < LOG_TEXT_BYTES_MAX; i++) {
        const uint8_t c = (uint8_t)text[i];
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\')
            TRY(buffer_put_u8(line, c));
        else
            TRY(buffer_print(line, "\\u%04x", c));
    }
    return buffer_put_u8(line, '"');
}

static Status put_line(
        Buffer *line, LogLevel level, const char *event, const LogField *fields, size_t count)
{
    const Clock clock = clock_system();
    TRY(buffer_put(line, SPAN("{\"time\":\"")));
    TRY(time_format(clock_now_us(&clock), line));
    TRY(buffer_print(line, "\",\"level\":\"%s\",\"program\":\"%s\",\"event\":\"%s\"",
            level_names[level], sink.program, event));
    for (size_t i = 0; i < count && i < LOG_FIELDS_MAX; i++) {
        TRY(buffer_print(line, ",\"%s\":", key_names[fields[i].key]));
        if (fields[i].text == NULL)
            TRY(buffer_print(line, "%lld", (long long)fields[i].number));
        else
            TRY(put_text(line, fields[i].text));
    }
    return buffer_put(line, SPAN("}\n"));
}

void log_write(LogLevel level, const char *event, const LogField *fields, size_t count)
{
    if (level < sink.lowest) return;
    uint8_t memory[LOG_LINE_BYTES_MAX];
    Buffer line = BUFFER_OF(memory);
    if (!status_ok(put_line(&line, level, event, fields, count))) return;
    const ssize_t written = write(sink.fd, line.data, line.size);
    (void)written; /* a log that cannot be written has nobody to tell */
}
