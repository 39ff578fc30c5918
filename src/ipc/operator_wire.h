#pragma once
/*
 * operator_wire: the people whose signatures vaultd counts: joiners, movers, leavers (TP-15,
 * LL-4.5.2; vault/operators.h). The rules of vault_wire.h hold.
 *
 *   OPERATOR_ADD     2 WireApproval ("add-operator"), WireOperator       -> nothing
 *   OPERATOR_CHANGE  2 WireApproval ("change-operator"), WireOperator    -> nothing
 *   OPERATOR_REMOVE  2 WireApproval ("remove-operator"), name framed     -> nothing
 *   OPERATORS                                                -> list of WireOperatorFacts
 *
 * The approvals' subject is "<name>/<SHA-256 of the WireOperator as it is sent, hex>", and the name
 * alone of who is removed.
 */
#include "ipc/vault_wire.h"

#define OPERATOR_ACT_ADD "add-operator"
#define OPERATOR_ACT_CHANGE "change-operator"
#define OPERATOR_ACT_REMOVE "remove-operator"

enum {
    WIRE_OPERATORS_MAX = 200, /* those who left stay on the list */
    WIRE_OPERATOR_NAME_BYTES_MAX = 64,
    WIRE_OPERATOR_PERSON_BYTES_MAX = 64,
    WIRE_OPERATOR_KEY_BYTES_MAX = 128, /* SPKI of Ed25519: 44; of P-256 and SM2: 91 */
};

/* Which kinds of act somebody may approve; a mask, kept: append only. vault/duties.c has the
 * operations of each. */
typedef enum WireDuty {
    DUTY_RELEASE = 1 << 0, /* frozen rows, restores, backups */
    DUTY_KEYS = 1 << 1,
    DUTY_REVEAL = 1 << 2, /* full numbers, and who receives them */
    DUTY_POLICY = 1 << 3, /* with grants for card expiry */
    DUTY_PEOPLE = 1 << 4,
    DUTY_DESTRUCTION = 1 << 5, /* of subjects' keys, and the holds against it */
    DUTY_REPORTS = 1 << 6, /* and incidents */
    DUTY_ATTACHED = 1 << 7, /* tables of other people's databases */
    DUTY_PASSWORDS = 1 << 8,
} WireDuty;
enum { WIRE_DUTIES = 9, DUTIES_ALL = (1 << WIRE_DUTIES) - 1 };

/* "release", "keys"... of the bit with this number; NULL from WIRE_DUTIES on. */
const char *wire_duty_name(unsigned number);
/* 0: no such duty. */
uint32_t wire_duty_of(Span name);

/* Who shall be enrolled, or what shall be different: an empty part stays as it is. */
typedef struct WireOperator {
    Span name; /* a-z, 0-9, '-', '_' */
    Span key; /* SubjectPublicKeyInfo of Ed25519, P-256 or SM2 */
    Span person; /* whose name it is: a staff number; only its keyed hash is kept */
    uint32_t duties; /* of WireDuty */
} WireOperator;
MUST_USE Status wire_put_operator(Buffer *b, const WireOperator *operator_);
MUST_USE Status wire_take_operator(Cursor *c, WireOperator *ret);

/* What everybody may know of an operator. */
typedef struct WireOperatorFacts {
    Span name;
    Span algorithm; /* "Ed25519", "P-256", "SM2" */
    uint8_t fingerprint[WIRE_HASH_BYTES]; /* SHA-256 of the SPKI */
    uint32_t duties;
    bool has_person;
    bool gone; /* left: no signature of theirs counts, and nobody gets the name again */
    int64_t since_us; /* 0: not kept, by a release before this */
    int64_t changed_us; /* the last change; of who is gone: when */
} WireOperatorFacts;
MUST_USE Status wire_put_operator_facts(Buffer *b, const WireOperatorFacts *facts);
MUST_USE Status wire_take_operator_facts(Cursor *c, WireOperatorFacts *ret);
