#pragma once
/* reveal: what `hufu vault reveal-legal` and `hufu vault display` share: where the field stands,
 * what two people sign, and the box that comes back (TP-8). */
#include "ipc/field_wire.h"
#include "together.h"

typedef struct RevealWords {
    Together together;
    const char *row;
    const char *tenant;
    const char *class;
    int64_t table;
    int64_t column;
    const char *subject;
    const char *receiver;
    const char *data_purpose; /* NULL: none was named */
    const char *sealed_file; /* NULL: it stands in the domain store */
} RevealWords;
/* A card of the domain store. */
RevealWords reveal_words(void);

#define REVEAL_PLACE_OPTIONS(r)                                                                \
    { "ROW", OPTION_TEXT, NULL, "the row's key; of a card in the domain store its token",      \
        &(r).row, 0, 0 },                                                                      \
            { "--tenant", OPTION_TEXT, "NAME", "whose field it is (required)", &(r).tenant, 0, \
                0 },                                                                           \
            { "--class", OPTION_TEXT, "NAME", "of the data [card]", &(r).class, 0, 0 },        \
            { "--table", OPTION_NUMBER, "N", "where it stands [20, the vault's own cards]",    \
                &(r).table, 1, UINT16_MAX },                                                   \
    {                                                                                          \
        "--column", OPTION_NUMBER, "N", "likewise [1]", &(r).column, 0, UINT16_MAX             \
    }

#define REVEAL_SIGNED_OPTIONS(r)                                                                \
    { "--subject", OPTION_TEXT, "NAME", "whose data it is", &(r).subject, 0, 0 },               \
            { "--sealed", OPTION_TEXT, "FILE",                                                  \
                "the sealed field, where the institution keeps it itself", &(r).sealed_file, 0, \
                0 },                                                                            \
            TOGETHER_OPTIONS((r).together)

/* What anybody may see of a field of the domain store, appended. Refuses ROW_MISSING. */
MUST_USE Status reveal_mask(const RevealWords *words, Buffer *ret_mask);
/* Two sign, hufud passes it on, vaultd decides: the box for the receiver, appended. Refuses what
 * vaultd refuses. */
MUST_USE Status reveal_ask(const RevealWords *words, WireRevealPurpose purpose, Buffer *ret_box);
