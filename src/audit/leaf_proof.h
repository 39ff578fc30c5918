#pragma once
/*
 * leaf_proof: that one leaf stands in the log, as a text that anybody checks offline with public
 * keys alone (c2sp.org/tlog-proof):
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64 of the leaf>
 *   index <number>
 *   <base64 hash> ...            from the leaf's sibling up
 *
 *   <the signed checkpoint>
 *
 * The specification lets `extra` be anything and believes none of it; here it is the leaf itself,
 * and what is believed of it is that its hash leads to the root that was signed. Floor 3. No shared
 * state.
 */
#include "audit/checkpoint.h"
#include "audit/log.h"

enum {
    LEAF_PROOF_BYTES_MAX = AUDIT_LEAF_BYTES_MAX / 3 * 4 + 16 + MERKLE_PROOF_HASHES_MAX * 45
            + AUDIT_NOTE_BYTES_MAX + 128,
};

typedef struct LeafProof {
    uint64_t index;
    Span leaf;
    MerkleProof path;
    Span note;
} LeafProof;

/* Append the text. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status leaf_proof_put(Buffer *b, const LeafProof *proof);
/* Read without believing. `memory` (AUDIT_LEAF_BYTES_MAX) will hold the leaf; the note borrows from
 * the text. Refuses REFUSED_TRAIL_PROOF. */
MUST_USE Status leaf_proof_parse(Span text, Buffer *memory, LeafProof *ret_proof);
/*
 * The same, believed: the checkpoint is signed by `keys` (audit_checkpoint_verify()), the leaf is
 * one of ours with this number, and its hash leads to the checkpoint's root. Refuses
 * REFUSED_TRAIL_PROOF, REFUSED_CHECKPOINT_FORMAT, REFUSED_CHECKPOINT_SIGNATURE,
 * REFUSED_AUDIT_LEAF_FORMAT, REFUSED_AUDIT_ROOT_DIFFERS.
 */
MUST_USE Status leaf_proof_check(Span text, const AuditKeys *keys, Buffer *memory,
        LeafProof *ret_proof, AuditCheckpoint *ret_checkpoint);
