#pragma once
/*
 * order_identity: an order that one person alone may pay, by name and identity number (the v3
 * profile's real-name payment), and who each payer is: keyed fingerprints of vaultd's
 * (vault/field_identity.c), in two sealed tables. Equal prints are equal values; what the values
 * are, nobody outside vaultd can tell.
 *
 * An order's row is written with it and never changed. It is not append-only, so that vaultd
 * remembers that it is there: whoever deleted it would make the order anybody's.
 */
#include "payment/payment.h"
#include "store/batch.h"

extern const Table order_identity_table;
extern const Table payer_identity_table;

enum OrderIdentityColumn {
    ORDER_IDENTITY_MCHID = 1, /* TEXT, key */
    ORDER_IDENTITY_OUT_TRADE_NO = 2, /* TEXT, key */
    ORDER_IDENTITY_NUMBER = 3, /* BYTES, print */
    ORDER_IDENTITY_NAME = 4, /* BYTES, print */
    ORDER_IDENTITY_SHOWN = 5, /* BYTES: the masked name, encrypted to the merchant's own key */
    ORDER_IDENTITY_SERIAL = 6, /* TEXT, of that key */
};

enum PayerIdentityColumn {
    PAYER_IDENTITY_PAYER = 1, /* TEXT, key */
    PAYER_IDENTITY_NUMBER = 2, /* BYTES, print */
    PAYER_IDENTITY_NAME = 3, /* BYTES, print */
    PAYER_IDENTITY_CHANGED = 4, /* INT, us */
};

/* Gathering and running. `ret->named` is false when the order is anybody's. */
MUST_USE Status order_identity_get(
        Rows *rows, const char *mchid, const char *out_trade_no, OrderIdentity *ret_identity);
/* Gathering: what the insertion needs; nothing for an order that names nobody. */
MUST_USE Status order_identity_gather(Rows *rows, const PaymentOrder *order);
/* Running: with the order. */
MUST_USE Status order_identity_insert(Rows *rows, const PaymentOrder *order);

/* Gathering and running; false: who he is was never confirmed here. */
MUST_USE Status payer_identity_get(
        Rows *rows, const char *payer, IdentityPrints *ret_prints, bool *ret_there);
/* Running. */
MUST_USE Status payer_identity_put(Rows *rows, const char *payer, const IdentityPrints *prints);

/* The same as a unit, for who was identified by people of the house. */
typedef struct PayerIdentified {
    Unit unit;
    const char *actor; /* in, as the others; borrowed */
    char payer[PAYER_ID_BYTES_MAX + 1];
    IdentityPrints prints;
} PayerIdentified;
void payer_identified_unit(PayerIdentified *work, void (*done)(Unit *unit, Status outcome));

/* The same for a payer and an order that is there, whatever it is paid from: gathering, then
 * running, before any money. */
MUST_USE Status order_identity_pay_gather(Rows *rows, const Payment *payment, const char *payer);
MUST_USE Status order_identity_pay_admit(Rows *rows, const Payment *payment, const char *payer);
/* May this payer pay what `identity` names? Both were gathered. Refuses IDENTITY_NONE,
 * IDENTITY_OTHER. */
MUST_USE Status order_identity_admit(Rows *rows, const OrderIdentity *identity, const char *payer);
