#pragma once
/* passwords_inside: where a record of each owner stands in the domain store, and what is done alike
 * about passwords (passwords.h) and second factors (second_factor.h). */
#include <pthread.h>

#include "store/store.h"
#include "vaultclient/client_internal.h"
#include "vaultclient/fields_inside.h"
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

/* The record, or nothing: vaultd judges that as well. */
MUST_USE Status passwords_find(
        const Passwords *passwords, const WireOwner *owner, Buffer *ret_record);
MUST_USE Status passwords_keep(const Passwords *passwords, const WireOwner *owner, Span record);
/* domain_turn() of this person, from the reading of a record to its replacement. */
pthread_mutex_t *passwords_turn(const Passwords *passwords, const WireOwner *owner);
/* The WirePasswordRight in the slot's answer: its grant, and the record that it brings instead of
 * `before`, which is stored. */
MUST_USE Status passwords_take_right(const Passwords *passwords, const WireOwner *owner,
        Span before, Slot *slot, uint8_t ret_grant[WIRE_GRANT_BYTES]);

/* What the domain store has of an owner; `wire` borrows from the rest. */
typedef struct PasswordsKnown {
    WireKnown wire;
    uint8_t wrapped[WIRE_WRAPPED_BYTES_MAX];
    FieldRow rows[WIRE_FACTS_MAX];
} PasswordsKnown;
/* Those of these classes that are there (TABLE_FIELD, the column is the class, row key and subject
 * are his id); maybe none. */
MUST_USE Status passwords_known(const Passwords *passwords, const WireOwner *owner,
        const DataClass *classes, size_t count, PasswordsKnown *ret_known);

/* passwords_set_against(), _check() and _reset(), asking this operation. */
MUST_USE Status passwords_set_by(const Passwords *passwords, VaultOperation operation,
        const WirePasswordSet *set, const DataClass *classes, size_t count);
MUST_USE Status passwords_check_by(const Passwords *passwords, VaultOperation operation,
        const WirePasswordCheck *check, uint8_t ret_grant[WIRE_GRANT_BYTES]);
MUST_USE Status passwords_reset_by(const Passwords *passwords, VaultOperation operation,
        const WireApproval approvals[2], const WirePasswordReset *reset);
