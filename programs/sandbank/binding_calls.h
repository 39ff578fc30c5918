#pragma once
/*
 * binding_calls: the sandbox bank's endpoints for cards that are bound (bank.h).
 *
 * Faults are ordered by the last two digits of the phone: 91 is refused (REFUSED), 92 is done and
 * never answered (ask for it), 93 is done, and the code's answer never comes, 95 is answered
 * BANK_SLOW_MS late, 96 is refused (403) without being written down.
 */
#include "bindings.h"
#include "crypto/sign.h"

typedef enum BindingFault {
    BINDING_FAULT_NONE = 0,
    BINDING_FAULT_LOST = 1,
    BINDING_FAULT_SLOW = 2,
    BINDING_FAULT_REFUSED = 3, /* 403 */
} BindingFault;

typedef struct BindingAnswer {
    int status;
    BindingFault fault;
} BindingAnswer;

/* One POST: "" begins, "confirmed" takes a code, "ended" ends. ret_body: appended. Refuses
 * REFUSED_JSON_*, REFUSED_BOX_*, REFUSED_JSON_RANGE (no such place). */
MUST_USE Status binding_post(const Bindings *bindings, const PrivateKey *box_key, Span place,
        Span body, int64_t now_us, BindingAnswer *ret_answer, Buffer *ret_body);
MUST_USE Status binding_get(
        const Bindings *bindings, Span number, BindingAnswer *ret_answer, Buffer *ret_body);
