#pragma once
/*
 * payer_session: a session of a payer begins on the device that signed, and ends (routes.h: logout,
 * sessions). Nobody else includes it but the payers' handlers.
 */
#include "api/payer_desk.h"

/* Begin one for who was let in by this act, and write the answer. Refuses SESSIONS_FULL. */
MUST_USE Status payer_session_begin(Passage *passage, const PayerAct *act);
/* All of the payer's but the one that asks (none: all). */
void payer_sessions_end_others(Passage *passage, const char *payer);
/* Those that began on this device. */
void payer_sessions_end_device(
        Passage *passage, const char *payer, const uint8_t device[PAYER_DEVICE_ID_BYTES]);
