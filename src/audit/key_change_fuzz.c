/* Any bytes as a file of keys, as a note of a key change, as its text: refused or read, never
 * more. */
#include "audit/key_change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AuditKeyChange change;
    AuditKeys keys = { .count = 0 };
    if (status_ok(audit_key_change_parse(bytes, &change)))
        ASSERT(change.version > 1 && change.before.data >= data && change.key.data < data + size);
    ASSERT(!status_ok(audit_key_change(bytes, &keys)) && keys.count == 0);
    if (status_ok(audit_keys_parse(bytes, &keys))) {
        /* A file tells nothing to who has read it. */
        const size_t count = keys.count;
        ASSERT(status_ok(audit_keys_follow(bytes, &keys)) && keys.count == count);
        audit_keys_free(&keys);
    }
    return 0;
}
