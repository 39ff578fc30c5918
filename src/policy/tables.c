#include "policy/tables.h"

size_t table_position(const Table *table, uint16_t column)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].id == column) return i;
    }
    status_assert_failed("the table has no such column", table->name, column);
}

Status column_allow(const Column *column)
{
    const PolicyForm form = column->form == 0 ? FORM_SEAL : (PolicyForm)column->form;
    return policy_allow(column->class, LAYER_DATABASE, PURPOSE_ANY, form);
}

bool table_is_dense(const Table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (COLUMN_AT(table->columns[i].id) != i) return false;
    }
    return true;
}

Status value_copy_text(const Value *value, char *ret_text, size_t capacity)
{
    REQUIRE(value->type == VALUE_TEXT || value->type == VALUE_NULL, REFUSED_ROW_INVALID);
    const Span text = value->bytes;
    REQUIRE(text.size < capacity, REFUSED_ROW_INVALID);
    REQUIRE(text.size == 0 || memchr(text.data, 0, text.size) == NULL, REFUSED_ROW_INVALID);
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = 0;
    return OK;
}

Value value_of_optional_text(const char *text)
{
    return text[0] == 0 ? VALUE_OF_NULL : VALUE_OF_TEXT(span_of_text(text));
}
