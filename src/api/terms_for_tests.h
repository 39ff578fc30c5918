#pragma once
/* terms_for_tests: a merchant's terms, put into a test house's table as they are. */
#include "access/merchant_terms.h"
#include "api/house_for_tests.h"
#include "store/unit_wait.h"

typedef struct TermsPut {
    Unit unit;
    MerchantTerms terms;
} TermsPut;

static inline Status terms_put_gather(Unit *unit, Rows *rows)
{
    MerchantTerms before;
    const Status s = merchant_terms_get(rows, ((const TermsPut *)unit)->terms.mchid, &before);
    return status_is(s, REFUSED_TERMS_NONE) ? OK : s;
}

static inline Status terms_put_run(Unit *unit, Rows *rows)
{
    return merchant_terms_put(rows, &((const TermsPut *)unit)->terms);
}

static inline Status terms_put(TestHouse *t, const char *mchid, int64_t licence_until_us)
{
    TermsPut work = { .unit = { .gather = terms_put_gather, .run = terms_put_run },
        .terms = { .licence_name = "Book shop",
                .licence_number = "91310000MA1K35XQ7U",
                .licence_until_us = licence_until_us,
                .account_token = "6217003810012345675",
                .account_mask = "**** 1234",
                .agreement_clause = "7.3" } };
    snprintf(work.terms.mchid, sizeof(work.terms.mchid), "%s", mchid);
    return unit_wait(t->house.batcher, &work.unit);
}
