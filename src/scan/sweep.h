#pragma once
/*
 * sweep: marks the places of a block where digits or escapes may be a finding. Hyperscan knows no
 * fast way to look for thirteen digits among other digits (0.4 GB/s on a log of order numbers);
 * bit masks of 64 bytes at a time do (docs/decisions/0010-digits-beside-hyperscan.md).
 */
#include "scan/scan_inside.h"

/*
 * `block` at most SCAN_BLOCK_BYTES; the memory behind it is readable, and zero, up to the next
 * multiple of 64. Marks in `hot` numbers that detect_number_at() confirms, and escapes of digits
 * and letters.
 */
void sweep_block(Span block, Hot *hot);

/* How often `byte` is in the text. */
size_t sweep_count(Span text, uint8_t byte);

/* For each 64 bytes: which of them are digits, which may stand in a number (digits, space - . / _),
 * which begin an escape (% & \). Meson chooses sweep_x86.c or sweep_plain.c. */
typedef struct SweepMask {
    uint64_t digits;
    uint64_t numerals;
    uint64_t escapes;
} SweepMask;
void sweep_masks(const uint8_t *bytes, size_t count, SweepMask *ret_masks);
