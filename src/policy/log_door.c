#include "policy/log_door.h"

#include "policy/policy.h"

#include "policy_log_rules.inc"

/* A log line holds values as they are: the class must allow just that. */
#define LOG_KEY(name, text, class, level, owner)                                              \
    _Static_assert((POLICY_LOG_##class & FORM_BIT(FORM_CLEAR)) != 0,                          \
            "log key " #name ": rules/policy.yaml lets no " #class " into a log in clear");   \
    _Static_assert(LEVEL_##level == LEVEL_C1, "log key " #name ": level C1 alone is logged"); \
    _Static_assert(sizeof(owner) > 1, "log key " #name ": who answers for it?");
#include "base/log_keys.def"
#undef LOG_KEY

static const DataClass classes[] = {
#define LOG_KEY(name, text, class, level, owner) [LOG_KEY_##name] = CLASS_##class,
#include "base/log_keys.def"
#undef LOG_KEY
};

bool log_door(LogKey key)
{
    return status_ok(policy_allow(classes[key], LAYER_LOG, PURPOSE_ANY, FORM_CLEAR));
}

void log_door_open(void) { log_set_door(log_door); }
