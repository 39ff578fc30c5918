#include "scan/sweep.h"

void sweep_masks(const uint8_t *bytes, size_t count, SweepMask *ret_masks)
{
    for (size_t i = 0; i < count; i++) {
        SweepMask mask = { 0, 0, 0 };
        for (size_t k = 0; k < HOT_CELL_BYTES; k++) {
            const uint8_t c = bytes[i * HOT_CELL_BYTES + k];
            const uint64_t digit = c >= '0' && c <= '9';
            mask.digits |= digit << k;
            mask.numerals |= (uint64_t)(c == ' ' || c == '_' || (c >= '-' && c <= '9')) << k;
            mask.escapes |= (uint64_t)(c == '%' || c == '&' || c == '\\') << k;
        }
        ret_masks[i] = mask;
    }
}
