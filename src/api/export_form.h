#pragma once
/*
 * export_form: what somebody wants to give to somebody outside, and why (LL-4.5.2:
 * "对外提供的信息需经严格的审批流程"; TP-17). Others agree to exactly this form (access/request.h);
 * until its end, what it names may be exported to whom it names, and nothing else.
 */
#include "api/house.h"
#include "text/json.h"

enum {
    EXPORT_FIELDS_MAX = 16,
    EXPORT_CLASSES_MAX = 16,
    EXPORT_TEXT_BYTES_MAX = 160,
    EXPORT_NAME_BYTES_MAX = 64,
    EXPORT_DAYS_MAX = 366,
};

/* What can be exported: a sealed table, or the trail of events. */
typedef enum ExportRegister {
    EXPORT_MERCHANTS = 1,
    EXPORT_CALLERS = 2,
    EXPORT_SUBJECTS = 3, /* whose data is held, and in which state; never a value */
    EXPORT_TRAIL = 4,
} ExportRegister;

typedef struct ExportForm {
    ExportRegister list;
    Span name; /* of the register */
    const Table *table; /* NULL: EXPORT_TRAIL */
    uint8_t columns[EXPORT_FIELDS_MAX]; /* places in the table's (or the trail's) columns */
    size_t column_count;
    Span receiver;
    Span purpose;
    int64_t until_us;
    int64_t from_us; /* of EXPORT_TRAIL; 0: no end on this side */
    int64_t to_us;
} ExportForm;

/* The trail's own columns. */
typedef struct ExportColumn {
    const char *name;
    uint8_t class; /* DataClass */
} ExportColumn;
const ExportColumn *export_trail_columns(size_t *ret_count);
/* The name and class of one of the form's columns. */
ExportColumn export_column(const ExportForm *form, size_t at);

/*
 * Read and judge a form: {operation, register, purpose, receiver, classes, fields, basis,
 * reference, until, from?, to?, reason}. Spans borrow from the document.
 *
 * Refuses EXPORT_FORM (no such register or field, a class of its fields that it does not name, an
 * end that is past or over a year away), what policy_allow() refuses of any class it names at
 * LAYER_EXPORT in clear, what detect_free_text() refuses, and what text/json.h refuses.
 */
MUST_USE Status export_form_read(
        const JsonDocument *document, int64_t now_us, ExportForm *ret_form);
