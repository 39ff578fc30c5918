#pragma once
/*
 * payer_barcode: what one payer's barcodes share, as one sealed row: from when on his payment codes
 * count, and what static codes took from his balance today (TP-18). Nobody outside this room needs
 * it. Who has no row has taken nothing, and all his codes count.
 */
#include "payment/payment.h"

extern const Table payer_barcode_table;

enum PayerBarcodeColumn {
    PAYER_BARCODE_PAYER = 1, /* TEXT, key */
    PAYER_BARCODE_CODES_FROM = 2, /* INT, us: codes made before are void */
    PAYER_BARCODE_DAY = 3, /* INT: the business day that the next counts */
    PAYER_BARCODE_STATIC = 4, /* INT, minor units paid by static codes */
};

typedef struct PayerBarcode {
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t codes_from_us;
    int64_t day;
    int64_t static_minor;
    bool stored; /* false: there is no row yet */
} PayerBarcode;

MUST_USE Status payer_barcode_gather(Rows *rows, const char *payer);
/* Running. */
MUST_USE Status payer_barcode_get(Rows *rows, const char *payer, PayerBarcode *ret_barcode);
/* Running: inserts or updates. */
MUST_USE Status payer_barcode_put(Rows *rows, const PayerBarcode *barcode);

/* When the codes that are made now count as made: after all before, in the same batch, too. They
 * void those. */
int64_t payer_barcode_renew(PayerBarcode *barcode, int64_t now_us);

/* Count a payment by a static code, or refuse it: BARCODE_STATIC. A clock that was set back opens
 * no new day. */
MUST_USE Status payer_barcode_count(
        PayerBarcode *barcode, const BarcodeRules *rules, int64_t minor, int64_t now_us);
/* Give back what was counted at `counted_us`, when it is not paid after all. */
void payer_barcode_uncount(PayerBarcode *barcode, int64_t minor, int64_t counted_us);
