#pragma once
/*
 * log: one JSON line per event on standard error, with declared keys only (log_keys.def).
 *
 * A value is a number or a short text; there is no way to pass a Secret, a Span of outside bytes or
 * a body (TP-5, TP-6, TP-14: nothing sensitive in any log). Texts are escaped and cut at
 * LOG_TEXT_BYTES_MAX. Library rooms never log; programs do. Thread-safe: one write(2) a line.
 */
#include "base/status.h"

#include <stddef.h>

enum { LOG_TEXT_BYTES_MAX = 200, LOG_LINE_BYTES_MAX = 4096, LOG_FIELDS_MAX = 12 };

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_ALERT } LogLevel;

typedef enum LogKey {
#define LOG_KEY(name, text, class) LOG_KEY_##name,
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
