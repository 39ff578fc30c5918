/* What is told about keys: names, dates and counts, never a key. */
#include "keys/keys_inside.h"

#include <stdio.h>

/* Of a next one: from when on. Of one that has a successor: when it ends. */
static int64_t pair_date(const Keys *keys, const KeyEntry *entry, KeyState state)
{
    const KeyHead *head = &entry->head;
    if (state == KEY_NEXT) return pair_turn(keys, head->role, head->version)->from_us;
    const int64_t ends_us = pair_ends_us(keys, entry);
    return ends_us != 0 ? ends_us : head->expires_us;
}

static void tell_pair(const Keys *keys, const KeyEntry *entry, KeyFacts *ret)
{
    const KeyHead *head = &entry->head;
    const KeyState state = pair_state(keys, entry);
    *ret = (KeyFacts) {
        .algorithm = role_algorithm(head->role, keys->suite),
        .state = state,
        .version = head->version,
        .created_us = head->created_us,
        .expires_us = pair_date(keys, entry, state),
    };
    const char *name = role_of(head->role)->name;
    if (head->role == KEY_BOX)
        snprintf(ret->name, sizeof(ret->name), "%s/%u", name, head->key_id);
    else
        snprintf(ret->name, sizeof(ret->name), "%s", name);
    if (entry->certificate == NULL) return;
    Buffer serial = { (uint8_t *)ret->serial, 0, CERTIFICATE_SERIAL_TEXT_MAX };
    IGNORE(certificate_serial(entry->certificate, &serial), "a serial of ours fits");
}

static void tell_version(const Keys *keys, const KeyVersion *version, KeyFacts *ret)
{
    const bool current = keys->current[version->role] == version;
    *ret = (KeyFacts) {
        .algorithm = role_algorithm(version->role, keys->suite),
        .state = current ? KEY_CURRENT : KEY_OLD,
        .version = version->version,
        .created_us = version->created_us,
        .expires_us = current ? version_due_us(keys, version) : 0,
        .uses = version->uses,
        .uses_max = version_uses_max(keys, version->role),
    };
    snprintf(ret->name, sizeof(ret->name), "%s", role_of(version->role)->name);
}

static void tell_remains(const Keys *keys, const KeyRemains *remains, KeyFacts *ret)
{
    *ret = (KeyFacts) {
        .algorithm = role_algorithm(remains->role, keys->suite),
        .state = KEY_GONE,
        .version = remains->version,
        .created_us = remains->created_us,
        .expires_us = remains->destroyed_us,
    };
    snprintf(ret->name, sizeof(ret->name), "%s", role_of(remains->role)->name);
}

_Static_assert(KEYS_FACTS_MAX >= KEYS_VERSIONS_MAX + KEYS_ENTRIES_MAX, "all that live are told");

size_t keys_facts(Keys *keys, KeyFacts ret_facts[KEYS_FACTS_MAX])
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    size_t count = 0;
    for (size_t i = 0; i < KEYS_VERSIONS_MAX; i++) {
        const KeyVersion *version = &keys->secrets->versions[i];
        if (version->role != 0) tell_version(keys, version, &ret_facts[count++]);
    }
    for (size_t i = 0; i < keys->entry_count; i++)
        tell_pair(keys, keys->entries[i], &ret_facts[count++]);
    for (size_t i = keys->remains_count; i-- > 0 && count < KEYS_FACTS_MAX;)
        tell_remains(keys, &keys->remains[i], &ret_facts[count++]);
    return count;
}
