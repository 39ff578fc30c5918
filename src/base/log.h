#pragma once
/*
 * log: one JSON line per event on standard error, with declared keys only (log_keys.def).
 *
 * A value is a number or a short text; there is no way to pass a Secret, a Span of outside bytes or
 * a body (TP-5, TP-6, TP-14: nothing sensitive in any log). Texts are escaped and cut at
 * LOG_TEXT_BYTES_MAX. Library rooms never log; programs do. Thread-safe: one write(2) a line.
 */
#include "base/bytes.h"

enum {
    LOG_TEXT_BYTES_MAX = 200,
    LOG_LINE_BYTES_MAX = 4096,
    LOG_FIELDS_MAX = 12,
    LOG_PARTS_MAX = 2 * LOG_FIELDS_MAX, /* what a guard is shown at most */
};

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_ALERT } LogLevel;

typedef enum LogKey {
#define LOG_KEY(name, text, class, level, owner) LOG_KEY_##name,
#include "base/log_keys.def"
#undef LOG_KEY
    LOG_KEY_COUNT_OF
} LogKey;

typedef struct LogField {
    LogKey key;
    const char *text; /* NULL: the number counts */
    int64_t number;
} LogField;

#define LOG_TEXT(key, value) ((LogField) { LOG_KEY_##key, (value), 0 })
#define LOG_NUMBER(key, value) ((LogField) { LOG_KEY_##key, NULL, (int64_t)(value) })

/* `event` is a literal like "payment.committed". */
#define LOG(level, event, ...)                                     \
    log_write(level, "" event, (const LogField[]) { __VA_ARGS__ }, \
            sizeof((const LogField[]) { __VA_ARGS__ }) / sizeof(LogField))

/* The same for a status that is not OK. */
#define LOG_STATUS(level, event, status, ...)                \
    LOG(level, event, LOG_TEXT(STATUS, status_name(status)), \
            LOG_TEXT(ADVICE, status_advice(status)), ##__VA_ARGS__)

void log_write(LogLevel level, const char *event, const LogField *fields, size_t count);

/* Set once at start: the program's name, the lowest level that is written, the descriptor. */
void log_open(const char *program, LogLevel lowest, int fd);

/*
 * The guard of the sink (TP-5, TP-14): it is shown the fields of each line in their order, numbers
 * as text, and returns the kind of what must not be there (static storage) with the parts that hold
 * it, NULL when the line is clean. Those fields are written as "[refused: KIND]" and an alert line
 * follows. It is called by any thread. Between two numbers it is shown an empty part: two counters
 * side by side are not one number.
 */
typedef const char *(*LogGuard)(
        const Span *parts, size_t count, size_t *ret_first, size_t *ret_last);

/* Set once at start, before any thread; NULL: none. */
void log_guard(LogGuard guard);

/* Which keys may be written now (policy/log_door.h); the others are left out of their lines. Set as
 * the guard is. */
typedef bool (*LogDoor)(LogKey key);
void log_set_door(LogDoor door);
