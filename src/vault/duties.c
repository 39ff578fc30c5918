#include "vault/duties.h"

#include "ipc/attached_wire.h"

static const struct {
    const char *operation;
    WireDuty duty;
} table[] = {
    { "release-row", DUTY_RELEASE },
    { "accept-restore", DUTY_RELEASE },
    { "unwrap-backup", DUTY_RELEASE },
    { "rotate-key", DUTY_KEYS },
    { "destroy-key", DUTY_KEYS },
    { "turn-root", DUTY_KEYS },
    { "import-legacy", DUTY_KEYS }, /* a key that somebody brings */
    { "reveal-field", DUTY_REVEAL },
    { "enroll-receiver", DUTY_REVEAL },
    { "remove-receiver", DUTY_REVEAL },
    { "set-policy", DUTY_POLICY },
    { "grant-expiry", DUTY_POLICY },
    { OPERATOR_ACT_ADD, DUTY_PEOPLE },
    { OPERATOR_ACT_CHANGE, DUTY_PEOPLE },
    { OPERATOR_ACT_REMOVE, DUTY_PEOPLE },
    { "destroy-subjects", DUTY_DESTRUCTION },
    { "hold-subject", DUTY_DESTRUCTION },
    { "release-hold", DUTY_DESTRUCTION },
    { "close-incident", DUTY_REPORTS },
    { "review-report", DUTY_REPORTS },
    { ATTACHED_OPERATION_REGISTER, DUTY_ATTACHED },
    { ATTACHED_OPERATION_DETACH, DUTY_ATTACHED },
    { ATTACHED_OPERATION_RELEASE, DUTY_ATTACHED },
    { "reset-password", DUTY_PASSWORDS },
    { "reset-second-factor", DUTY_PASSWORDS },
    { "enable-legacy", DUTY_PASSWORDS },
};

uint32_t duty_for(Span operation)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (span_equal(operation, span_of_text(table[i].operation))) return table[i].duty;
    }
    return 0;
}
