#include "base/log.h"

#include "base/bytes.h"
#include "base/seams.h"
#include "base/time.h"

#include <unistd.h>

static struct {
    const char *program;
    LogLevel lowest;
    int fd;
    LogGuard guard;
    LogDoor door;
} sink = { "hufu", LOG_INFO, 2, NULL, NULL };

static const char *const key_names[] = {
#define LOG_KEY(name, text, class, level, owner) [LOG_KEY_##name] = text,
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

void log_guard(LogGuard guard) { sink.guard = guard; }
void log_set_door(LogDoor door) { sink.door = door; }

/* --- what the guard is shown --- */

typedef struct Shown {
    char numbers[LOG_FIELDS_MAX][24];
    Span parts[LOG_PARTS_MAX];
    size_t fields[LOG_PARTS_MAX]; /* which field each part is */
    size_t count;
    const char *refused[LOG_FIELDS_MAX]; /* the kind that was found in it */
} Shown;

static void show_part(Shown *shown, Span part, size_t field)
{
    shown->parts[shown->count] = part;
    shown->fields[shown->count++] = field;
}

static void show_fields(const LogField *fields, size_t count, Shown *ret)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].text != NULL) {
            const size_t size = strnlen(fields[i].text, LOG_TEXT_BYTES_MAX);
            show_part(ret, (Span) { (const uint8_t *)fields[i].text, size }, i);
            continue;
        }
        if (i > 0 && fields[i - 1].text == NULL) show_part(ret, SPAN(""), i);
        Buffer number = BUFFER_OF(ret->numbers[i]);
        IGNORE(buffer_print(&number, "%lld", (long long)fields[i].number), "20 digits fit");
        show_part(ret, span_of_buffer(&number), i);
    }
}

/* Ask until the guard has no more to say; what it named is not shown again. */
static bool look(const LogField *fields, size_t count, Shown *ret)
{
    if (sink.guard == NULL) return true;
    show_fields(fields, count, ret);
    bool clean = true;
    for (size_t round = 0; round < LOG_FIELDS_MAX; round++) {
        size_t first = 0;
        size_t last = 0;
        const char *kind = sink.guard(ret->parts, ret->count, &first, &last);
        if (kind == NULL) return clean;
        clean = false;
        for (size_t i = first; i <= last && i < ret->count; i++) {
            ret->refused[ret->fields[i]] = kind;
            ret->parts[i] = SPAN("");
        }
    }
    return clean;
}

/* --- the line --- */

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

static Status put_line(Buffer *line, LogLevel level, const char *event, const LogField *fields,
        size_t count, const Shown *shown)
{
    const Clock clock = clock_system();
    TRY(buffer_put(line, SPAN("{\"time\":\"")));
    TRY(time_format(clock_now_us(&clock), line));
    TRY(buffer_print(line, "\",\"level\":\"%s\",\"program\":\"%s\",\"event\":\"%s\"",
            level_names[level], sink.program, event));
    for (size_t i = 0; i < count; i++) {
        if (sink.door != NULL && !sink.door(fields[i].key)) continue;
        TRY(buffer_print(line, ",\"%s\":", key_names[fields[i].key]));
        if (shown->refused[i] != NULL)
            TRY(buffer_print(line, "\"[refused: %s]\"", shown->refused[i]));
        else if (fields[i].text == NULL)
            TRY(buffer_print(line, "%lld", (long long)fields[i].number));
        else
            TRY(put_text(line, fields[i].text));
    }
    return buffer_put(line, SPAN("}\n"));
}

static void write_line(
        LogLevel level, const char *event, const LogField *fields, size_t count, const Shown *shown)
{
    uint8_t memory[LOG_LINE_BYTES_MAX];
    Buffer line = BUFFER_OF(memory);
    if (!status_ok(put_line(&line, level, event, fields, count, shown))) return;
    const ssize_t written = write(sink.fd, line.data, line.size);
    (void)written; /* a log that cannot be written has nobody to tell */
}

/* Who calls the programmer of this line: what was found, under which key. */
static void alert(const char *event, const LogField *fields, size_t count, const Shown *shown)
{
    static const Shown clean = { .count = 0 };
    for (size_t i = 0; i < count; i++) {
        if (shown->refused[i] == NULL) continue;
        const LogField about[] = { LOG_TEXT(OPERATION, event),
            LOG_TEXT(FIELD, key_names[fields[i].key]), LOG_TEXT(KIND, shown->refused[i]) };
        write_line(LOG_ALERT, "log.refused", about, 3, &clean);
    }
}

void log_write(LogLevel level, const char *event, const LogField *fields, size_t count)
{
    if (level < sink.lowest) return;
    if (count > LOG_FIELDS_MAX) count = LOG_FIELDS_MAX;
    Shown shown = { .count = 0 };
    const bool clean = look(fields, count, &shown);
    write_line(level, event, fields, count, &shown);
    if (!clean) alert(event, fields, count, &shown);
}
