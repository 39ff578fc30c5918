#pragma once
/*
 * payer_desk: what the handlers of payer_register.c, payer_login.c, payer_password.c and
 * payer_devices.c share, on an opener's thread; nobody else includes it.
 */
#include "api/challenge.h"
#include "api/passage.h"
#include "api/payer_door.h"
#include "api/payer_pin.h"
#include "payment/payer_act.h"
#include "vaultclient/passwords.h"

Passwords payer_passwords(const House *house);
/* The login password; the PIN is wire_owner_of_payer(). */
WireOwner payer_password_owner(Span payer);

/* An act of this payer, by the device that came, from where it came. */
void payer_act_begin(Passage *passage, PayerActKind kind, Span payer, PayerAct *ret_act);
/* Commit it, waiting. */
MUST_USE Status payer_act_do(Passage *passage, PayerAct *act);
/* The act was refused before: told to the audit log; `why` itself again, or what broke. */
MUST_USE Status payer_act_failed(Passage *passage, PayerAct *act, Status why);

/* Who he is by what stands sealed of him, for the act to keep (payment/order_identity.h); nothing
 * when that is not known. */
MUST_USE Status payer_identify(Passage *passage, Span payer, PayerAct *act);

/* May this name be a payer's, and be kept as it came? Refuses PAYER_FIELD, DATA_*. */
MUST_USE Status payer_name_check(Span payer);

/* --- boxes --- */
/* A password in a box: of whom, and which questions it is for. */
MUST_USE Status payer_set(Passage *passage, const WireOwner *owner, Span base64);
/* A PIN that the institution's front hands over for its payer, compared with who he is where that
 * is known. Refuses what passwords_set_pin() does. */
MUST_USE Status payer_set_pin(const House *house, const WirePinSet *set);
/* Is it right? Refuses PAYER_LOGIN_REFUSED (wrong, or there is nobody), PIN_LOCKED, BOX_*. */
MUST_USE Status payer_check(Passage *passage, const WireOwner *owner, Span base64);
/* Another one, for who says who he is. Refuses as payer_check(); PASSWORD_WEAK, PIN_WEAK. */
MUST_USE Status payer_recover(Passage *passage, const WireOwner *owner, Span base64);

/* --- tries --- */
/*
 * Somebody from there is about to try a password of this payer. `known`: his device is the payer's.
 * Refuses LOGIN_SLOWED; alarms when it is time.
 */
MUST_USE Status payer_tries(Passage *passage, bool known);
/* What came of it: only what was wrong counts against where it came from. */
void payer_tried(Passage *passage, Status outcome);

/* --- answers --- */
/* The `write` of handlers that made p->body themselves. */
int payer_write_made(Passage *passage, Buffer *ret_body);
/* {"result": ...}, and from when money leaves again (0: it does). */
MUST_USE Status payer_say(Passage *passage, Span result, int64_t cools_until_us);
/* When money leaves from this place. */
int64_t payer_cools_until(const PayerAct *act);
