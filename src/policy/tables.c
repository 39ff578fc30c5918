#include "policy/tables.h"

size_t table_position(const Table *table, uint16_t column)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].id == column) return i;
    }
    status_assert_failed("the table has no such column", table->name, column);
}
