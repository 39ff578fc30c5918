#pragma once
/*
 * terms: a merchant's terms (access/merchant_terms.h), given by an approved change and shown to
 * operators.
 */
#include "access/merchant_terms.h"
#include "payment/enrol.h"

typedef struct TermsGive {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    MerchantTerms terms; /* in */
} TermsGive;

/* Refuses MERCHANT_UNKNOWN, TERMS_FIELD (merchant_terms_check() at the time of the batch). */
void terms_give_unit(TermsGive *work, void (*done)(Unit *unit, Status outcome));

typedef struct TermsShow {
    Unit unit;
    char actor[ENROL_ACTOR_BYTES_MAX + 1]; /* in */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    MerchantTerms terms; /* out */
} TermsShow;

/* Refuses MERCHANT_UNKNOWN, TERMS_NONE. */
void terms_show_unit(TermsShow *work, void (*done)(Unit *unit, Status outcome));
