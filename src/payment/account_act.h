#pragma once
/*
 * account_act: what the institution's people do to a payer's account (allowance.h): stop it in an
 * emergency, lift that, confirm anew who the payer is (which sets the class, and wakes an account
 * that was opened and never used), look. Every act has its line in the audit log (LL-4.5.3).
 * Source: PBOC notice [2015] 43; 银发 [2016] 261.
 */
#include "audit/event.h"
#include "payment/allowance.h"
#include "payment/enrol.h"

typedef enum AccountActKind {
    ACCOUNT_LOOK = 0,
    ACCOUNT_STOP = 1, /* nothing goes out, nor what was held before */
    ACCOUNT_RESUME = 2,
    ACCOUNT_CONFIRM = 3,
} AccountActKind;

typedef struct AccountAct {
    Unit unit;
    AccountActKind kind; /* in, as all up to the line */
    char actor[ENROL_ACTOR_BYTES_MAX + 1];
    char payer[PAYER_ID_BYTES_MAX + 1];
    char reason[AUDIT_DETAIL_BYTES_MAX + 1]; /* for the log */
    const AccountRules *rules;
    int64_t channels; /* CONFIRM: how many independent ones said who it is */
    bool face_to_face; /* CONFIRM */
    /* --- out --- */
    Allowance allowance;
    bool dormant;
} AccountAct;

/* Refuses PAYER_UNKNOWN; ALLOWANCE_GRADE (so few channels confirm no class). */
void account_act_unit(AccountAct *work, void (*done)(Unit *unit, Status outcome));
