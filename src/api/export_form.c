#include "api/export_form.h"

#include "base/time.h"
#include "lifecycle/subject.h"
#include "policy/classes.h"
#include "policy/detect.h"

typedef struct FormJson {
    Span operation;
    Span list;
    Span purpose;
    Span receiver;
    Span basis;
    Span reference;
    Span until;
    Span from;
    Span to;
    Span reason;
    const JsonValue *classes;
    const JsonValue *fields;
} FormJson;

#define AT(member) offsetof(FormJson, member)
#define TEXT(name, member, required, size)             \
    {                                                  \
        name, JSON_TEXT, required, 1, size, AT(member) \
    }

static const JsonField form_fields[] = {
    TEXT("operation", operation, true, 64),
    TEXT("register", list, true, EXPORT_NAME_BYTES_MAX),
    TEXT("purpose", purpose, true, EXPORT_TEXT_BYTES_MAX),
    TEXT("receiver", receiver, true, EXPORT_NAME_BYTES_MAX),
    TEXT("basis", basis, true, EXPORT_TEXT_BYTES_MAX),
    TEXT("reference", reference, true, EXPORT_TEXT_BYTES_MAX),
    TEXT("until", until, true, EXPORT_NAME_BYTES_MAX),
    TEXT("from", from, false, EXPORT_NAME_BYTES_MAX),
    TEXT("to", to, false, EXPORT_NAME_BYTES_MAX),
    TEXT("reason", reason, true, EXPORT_TEXT_BYTES_MAX),
    { "classes", JSON_LIST, true, 1, EXPORT_CLASSES_MAX, AT(classes) },
    { "fields", JSON_LIST, true, 1, EXPORT_FIELDS_MAX, AT(fields) },
};

static const ExportColumn trail_columns[] = {
    { "leaf", CLASS_PUBLIC },
    { "time", CLASS_PUBLIC },
    { "kind", CLASS_PUBLIC },
    { "outcome", CLASS_PUBLIC },
    { "actor", CLASS_IDENTITY },
    { "subject", CLASS_IDENTITY },
    { "detail", CLASS_FREE_TEXT },
};
enum { TRAIL_COLUMNS = sizeof(trail_columns) / sizeof(trail_columns[0]) };

const ExportColumn *export_trail_columns(size_t *ret_count)
{
    *ret_count = TRAIL_COLUMNS;
    return trail_columns;
}

static ExportColumn column_at(const ExportForm *form, size_t place)
{
    if (form->table == NULL) return trail_columns[place];
    const Column *column = &form->table->columns[place];
    return (ExportColumn) { column->name, (uint8_t)column->class };
}

ExportColumn export_column(const ExportForm *form, size_t at)
{
    ASSERT(at < form->column_count);
    return column_at(form, form->columns[at]);
}

static Status name_register(Span name, ExportForm *form)
{
    static const struct {
        const char *name;
        ExportRegister list;
        const Table *table;
    } registers[] = {
        { "merchants", EXPORT_MERCHANTS, &merchant_table },
        { "callers", EXPORT_CALLERS, &caller_table },
        { "subjects", EXPORT_SUBJECTS, &data_subject_table },
        { "trail", EXPORT_TRAIL, NULL },
    };
    for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
        if (!span_equal(name, span_of_text(registers[i].name))) continue;
        form->list = registers[i].list;
        form->name = name;
        form->table = registers[i].table;
        return OK;
    }
    return REFUSE(REFUSED_EXPORT_FORM);
}

static Status add_field(Span name, ExportForm *form)
{
    const size_t count = form->table != NULL ? form->table->column_count : TRAIL_COLUMNS;
    for (size_t i = 0; i < count; i++) {
        if (!span_equal(name, span_of_text(column_at(form, i).name))) continue;
        form->columns[form->column_count++] = (uint8_t)i;
        return OK;
    }
    return REFUSE(REFUSED_EXPORT_FORM);
}

/* Each class by name, each one that the policy lets out in clear: the file is its receiver's to
 * read. */
static Status read_classes(const JsonDocument *document, const JsonValue *list, bool *ret_named)
{
    JsonProblem problem = { 0 };
    for (size_t i = 0; i < json_list_size(list); i++) {
        Span name = { 0 };
        DataClass class = CLASS_PUBLIC;
        TRY(json_list_text(document, list, i, EXPORT_NAME_BYTES_MAX, &name, &problem));
        REQUIRE(data_class_of(name, &class), REFUSED_EXPORT_FORM);
        TRY(policy_allow((uint32_t) class, LAYER_EXPORT, PURPOSE_ANY, FORM_CLEAR));
        ret_named[(uint8_t) class] = true;
    }
    return OK;
}

static Status read_fields(
        const JsonDocument *document, const JsonValue *list, const bool *named, ExportForm *form)
{
    JsonProblem problem = { 0 };
    for (size_t i = 0; i < json_list_size(list); i++) {
        Span name = { 0 };
        TRY(json_list_text(document, list, i, EXPORT_NAME_BYTES_MAX, &name, &problem));
        TRY(add_field(name, form));
        REQUIRE(named[export_column(form, i).class], REFUSED_EXPORT_FORM);
    }
    return OK;
}

static Status read_times(const FormJson *json, int64_t now_us, ExportForm *form)
{
    TRY(time_parse(json->until, &form->until_us));
    if (json->from.size > 0) TRY(time_parse(json->from, &form->from_us));
    if (json->to.size > 0) TRY(time_parse(json->to, &form->to_us));
    REQUIRE(form->until_us - now_us <= EXPORT_DAYS_MAX * TIME_DAY_US, REFUSED_EXPORT_FORM);
    return OK;
}

static Status check_texts(const FormJson *json)
{
    TRY(detect_free_text(json->purpose));
    TRY(detect_free_text(json->basis));
    TRY(detect_free_text(json->reference));
    return detect_free_text(json->reason);
}

Status export_form_read(const JsonDocument *document, int64_t now_us, ExportForm *ret_form)
{
    FormJson json = { 0 };
    JsonProblem problem = { 0 };
    bool named[256] = { false };
    ExportForm form = { .table = NULL };
    TRY(json_read_request(document, json_root(document), form_fields,
            sizeof(form_fields) / sizeof(form_fields[0]), &json, &problem));
    TRY(check_texts(&json));
    REQUIRE(span_is_plain_name(json.receiver, EXPORT_NAME_BYTES_MAX), REFUSED_EXPORT_FORM);
    TRY(name_register(json.list, &form));
    TRY(read_classes(document, json.classes, named));
    TRY(read_fields(document, json.fields, named, &form));
    TRY(read_times(&json, now_us, &form));
    form.receiver = json.receiver;
    form.purpose = json.purpose;
    *ret_form = form;
    return OK;
}
