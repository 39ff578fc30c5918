#pragma once
/* passwords_inside: where a record of each owner stands in the domain store. */
#include "store/store.h"
#include "vaultclient/passwords.h"

enum { PASSWORDS_KEY_COLUMNS_MAX = 4 };

/* The house's own payers have a table of their own. The key's columns are ?1.. of each statement;
 * then comes the record, then the one that it replaces. */
typedef struct PasswordsTable {
    const char *get;
    const char *put;
    /* Only while the record is still the one that was read: whoever changed the password meanwhile
     * has the last word. */
    const char *replace;
    size_t keys;
} PasswordsTable;

/* ret_values: the key's columns are filled; the rest has room for two records. */
const PasswordsTable *passwords_table(
        const WireOwner *owner, Value ret_values[PASSWORDS_KEY_COLUMNS_MAX + 2]);
