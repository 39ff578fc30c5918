#include "bank/card_channel.h"

static const struct {
    const char *name;
    CardSays says;
} names[] = {
    { "WAITING", CARD_IS_WAITING },
    { "LIVE", CARD_IS_LIVE },
    { "REFUSED", CARD_IS_REFUSED },
    { "ENDED", CARD_IS_ENDED },
};

bool card_says_of(Span name, CardSays *ret_says)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!span_equal(name, span_of_text(names[i].name))) continue;
        *ret_says = names[i].says;
        return true;
    }
    return false;
}
