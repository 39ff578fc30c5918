#include "crypto/mac.h"

#include "base/secret.h"
#include "crypto/mac_lanes.h"

/* Our Sm3State and libcrypto's SHA256_CTX begin with the eight words of the chain. */
static void take_chain(const DigestState *state, uint32_t ret_chain[8])
{
    memcpy(ret_chain, state->opaque, 8 * sizeof(uint32_t));
}

/* The message behind the key's block, padded. */
static void put_message(MacLane *lane, const Span *parts, size_t each)
{
    uint8_t *at = lane->bytes;
    for (size_t i = 0; i < each; i++) {
        if (parts[i].size > 0) memcpy(at, parts[i].data, parts[i].size);
        at += parts[i].size;
    }
    const size_t size = (size_t)(at - lane->bytes);
    lane->blocks = (size + 1 + 8 + MAC_LANE_BLOCK_BYTES - 1) / MAC_LANE_BLOCK_BYTES;
    uint8_t *const end = lane->bytes + lane->blocks * MAC_LANE_BLOCK_BYTES;
    memset(at, 0, (size_t)(end - at));
    *at = 0x80;
    const uint64_t bits = __builtin_bswap64((size + MAC_LANE_BLOCK_BYTES) * 8);
    memcpy(end - sizeof(bits), &bits, sizeof(bits));
}

static void take_digest(const MacLane *lane, uint8_t ret_digest[32])
{
    for (size_t i = 0; i < 8; i++) {
        const uint32_t word = __builtin_bswap32(lane->state[i]);
        memcpy(ret_digest + 4 * i, &word, sizeof(word));
    }
}

static void make_lanes(
        const MacKey *key, const Span *parts, size_t each, size_t count, uint8_t (*ret_macs)[32])
{
    MacLane lanes[MAC_LANES];
    for (size_t i = 0; i < count; i++) {
        take_chain(&key->inner, lanes[i].state);
        put_message(&lanes[i], parts + i * each, each);
    }
    mac_lanes_run(key->algorithm, lanes, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t inner[32];
        take_digest(&lanes[i], inner);
        take_chain(&key->outer, lanes[i].state);
        put_message(&lanes[i], &SPAN_OF(inner), 1);
    }
    mac_lanes_run(key->algorithm, lanes, count);
    for (size_t i = 0; i < count; i++) {
        take_digest(&lanes[i], ret_macs[i]);
        bytes_wipe(lanes[i].state, sizeof(lanes[i].state));
    }
}

static bool fits(const Span *parts, size_t each)
{
    size_t size = 9; /* of padding */
    for (size_t i = 0; i < each; i++)
        size += parts[i].size;
    return size <= sizeof(((MacLane *)NULL)->bytes);
}

void mac_make_many(
        const MacKey *key, const Span *parts, size_t each, size_t count, uint8_t (*ret_macs)[32])
{
    ASSERT(mac_bytes(key->algorithm) == 32);
    const bool lanes = mac_lanes_here(key->algorithm);
    for (size_t i = 0; i < count;) {
        size_t together = 0;
        while (lanes && together < MAC_LANES && i + together < count
                && fits(parts + (i + together) * each, each))
            together++;
        if (together > 0)
            make_lanes(key, parts + i * each, each, together, ret_macs + i);
        else
            mac_make(key, parts + i * each, each, ret_macs[i]);
        i += together > 0 ? together : 1;
    }
}
