#include "crypto/common_password.h"

#include <stdlib.h>

#include "common_passwords.inc"

enum { WORDS = sizeof(words) / sizeof(words[0]), PINS = sizeof(pins) / sizeof(pins[0]) };

size_t common_password_count(void) { return WORDS; }

Span common_password_at(size_t index)
{
    ASSERT(index < WORDS);
    return span_of_text(words[index]);
}

static int compare(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

bool common_pin(Span pin)
{
    uint32_t number = 0;
    if (pin.size != 6) return false;
    for (size_t i = 0; i < pin.size; i++) {
        if (pin.data[i] < '0' || pin.data[i] > '9') return false;
        number = 10 * number + (uint32_t)(pin.data[i] - '0');
    }
    return bsearch(&number, pins, PINS, sizeof(pins[0]), compare) != NULL;
}
