#pragma once
/*
 * payer_reset: another password for a payer who says who he is (TP-6, docs/decisions/0048).
 *
 * The payments are held back before it is tried, durably, so that no crash lets a reset through
 * without; a try that was refused is taken back. Callers let nobody come so far without a device of
 * the payer's, or one of his passwords: so nobody can hold back the payments of another.
 */
#include "api/payer_desk.h"

typedef struct PayerReset {
    PayerActKind kind; /* PAYER_RESETS_PASSWORD or _PIN */
    WireOwner owner;
    Span box; /* "recover-password" */
    Span device_name; /* of a device that may be new */
    bool adds_device;
} PayerReset;

/* Other devices and all other sessions end. Refuses as payer_recover(), PAYER_DEVICES_FULL. */
MUST_USE Status payer_reset(Passage *passage, const PayerReset *reset, PayerAct *ret_act);
