#include "terms_file.h"

#include <stdio.h>

enum { TERMS_BYTES_MAX = 4096 };

static const TermsMember good[] = {
    { "mchid", "\"1900000001\"" },
    { "licence_name", "\"上海一号书店有限公司\"" },
    { "licence_number", "\"91310000MA1K35XQ7U\"" },
    { "licence_sha256", "\"" TERMS_HASH "\"" },
    { "licence_until", "\"2099-12-31T23:59:59+08:00\"" },
    { "account_holder", "\"上海一号书店有限公司\"" },
    { "account_token", "\"6217003810012345675\"" },
    { "account_mask", "\"**** 1234\"" },
    { "mcc", "5942" },
    { "agreement_sha256", "\"" TERMS_HASH "\"" },
    { "agreement_time", "\"2026-01-31T10:00:00+08:00\"" },
    { "agreement_clause", "\"7.3\"" },
    { "merchant_risk", "\"LOW\"" },
    { "fee_rate", "38" },
    { "fee_min_minor", "1" },
    { "fee_max_minor", "100000" },
    { "settlement_cycle", "\"T+1\"" },
};
enum { MEMBERS = sizeof(good) / sizeof(good[0]) };

static const char *value_of(const TermsMember *member, const TermsMember *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(others[i].name, member->name) == 0) return others[i].value;
    return member->value;
}

void terms_file_write(const Stand *stand, const TermsMember *others, size_t count)
{
    char text[TERMS_BYTES_MAX];
    int size = snprintf(text, sizeof(text), "\n{");
    bool first = true;
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *said = value_of(&good[i], others, count);
        if (said[0] == 0) continue;
        size += snprintf(text + size, sizeof(text) - (size_t)size, "%s\"%s\":%s", first ? "" : ",",
                good[i].name, said);
        first = false;
    }
    size += snprintf(text + size, sizeof(text) - (size_t)size, "}\n");
    FILE *file = fopen(stand_path(stand, "terms.json"), "wb");
    ASSERT(file != NULL && fwrite(text, 1, (size_t)size, file) == (size_t)size);
    ASSERT(fclose(file) == 0);
}
