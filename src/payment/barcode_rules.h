#pragma once
/*
 * barcode_rules: what a payer may pay by barcode in a day at each level of protection; read from
 * rules/barcode.yaml at start. Source: 银发 [2017] 296 (TP-18). 0: no limit of this kind. Pure.
 */
#include "payment/account_rules.h"

enum { BARCODE_RULES_BYTES_MAX = 16384, BARCODE_RULES_MAGIC = 0x42415243 };

typedef struct BarcodeRules {
    uint32_t magic; /* BARCODE_RULES_MAGIC once read; with anything else nothing is allowed */
    int64_t dynamic[AUTH_STRENGTHS]; /* levels C, B, A by AuthStrength */
    int64_t fixed; /* level D: static codes, whatever the verification */
} BarcodeRules;

/* Refuses BARCODE_RULES_INVALID (a lower level that allows more) and what text/yaml.h refuses;
 * `problem` says where. */
MUST_USE Status barcode_rules_parse(Span yaml, BarcodeRules *ret_rules, YamlProblem *problem);
/* The same from a file. Refuses BARCODE_RULES_INVALID (no such file, too large) with line 0. */
MUST_USE Status barcode_rules_load(const char *path, BarcodeRules *ret_rules, YamlProblem *problem);

/*
 * The rules of accounts as they are for a payment by barcode: a day's sum is the lower of both. An
 * account's daily sums count every payment from its balance, so barcodes alone never go over theirs
 * (docs/decisions/0074). Rules that were never read allow nothing.
 */
AccountRules barcode_account_rules(const BarcodeRules *rules, const AccountRules *accounts);
/* May so much more be paid by static codes after `day_minor` today? Refuses BARCODE_STATIC. */
MUST_USE Status barcode_allows_static(const BarcodeRules *rules, int64_t day_minor, int64_t minor);
