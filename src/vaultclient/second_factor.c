#include "vaultclient/second_factor.h"

#include "base/secret.h"
#include "policy/purposes.h"
#include "vaultclient/domain_inside.h"
#include "vaultclient/passwords_inside.h"

static void wipe(Buffer *record) { bytes_wipe(record->data, record->capacity); }

WireOwner second_factor_owner(const WireOwner *person)
{
    WireOwner owner = *person;
    owner.data_class = CLASS_SECOND_FACTOR;
    return owner;
}

Status second_factor_is_set(const Passwords *passwords, const WireOwner *owner, bool *ret_set)
{
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer record = BUFFER_OF(bytes);
    const WireOwner second = second_factor_owner(owner);
    TRY(passwords_find(passwords, &second, &record));
    *ret_set = record.size > 0;
    return OK;
}

Status second_factor_set(const Passwords *passwords, const WirePasswordSet *set)
{
    WirePasswordSet whole = *set;
    whole.owner = second_factor_owner(&set->owner);
    return passwords_set_by(passwords, VAULT_SECOND_SET, &whole, NULL, 0);
}

Status second_factor_check(const Passwords *passwords, const WirePasswordCheck *check,
        uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    WirePasswordCheck whole = *check;
    whole.owner = second_factor_owner(&check->owner);
    whole.purpose = BOX_PURPOSE_CODE;
    return passwords_check_by(passwords, VAULT_SECOND_CHECK, &whole, ret_grant);
}

Status second_factor_login(const Passwords *passwords, const WireSecondLogin *login,
        uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    uint8_t verifier_bytes[DOMAIN_RECORD_BYTES_MAX];
    uint8_t second_bytes[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer verifier = BUFFER_OF(verifier_bytes);
    CLEANUP(wipe) Buffer second = BUFFER_OF(second_bytes);
    CLEANUP(slot_give) Slot *slot = NULL;
    WireSecondLogin whole = *login;
    const WireOwner second_owner = second_factor_owner(&login->owner);
    CLEANUP(domain_turn_end) pthread_mutex_t *turn = passwords_turn(passwords, &login->owner);
    pthread_mutex_lock(turn);
    TRY(passwords_find(passwords, &login->owner, &verifier));
    TRY(passwords_find(passwords, &second_owner, &second));
    whole.verifier = span_of_buffer(&verifier);
    whole.second = span_of_buffer(&second);
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_second_login(&slot->request, &whole));
    TRY(slot_ask(slot, VAULT_SECOND_LOGIN, &slot->answer));
    return passwords_take_right(passwords, &login->owner, whole.verifier, slot, ret_grant);
}

Status second_factor_reset(
        const Passwords *passwords, const WireApproval approvals[2], const WirePasswordReset *reset)
{
    WirePasswordReset whole = *reset;
    whole.owner = second_factor_owner(&reset->owner);
    return passwords_reset_by(passwords, VAULT_SECOND_RESET, approvals, &whole);
}
