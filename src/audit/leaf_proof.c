#include "audit/leaf_proof.h"

#include "base/encoding.h"
#include "base/money.h"

#define HEAD SPAN("c2sp.org/tlog-proof@v1")
#define EXTRA SPAN("extra ")
#define INDEX SPAN("index ")

static Status put_line(Buffer *b, Span word, Span bytes)
{
    TRY(buffer_put(b, word));
    TRY(base64_encode(bytes, b));
    return buffer_put_u8(b, '\n');
}

Status leaf_proof_put(Buffer *b, const LeafProof *proof)
{
    TRY(buffer_put(b, HEAD));
    TRY(buffer_put_u8(b, '\n'));
    TRY(put_line(b, EXTRA, proof->leaf));
    TRY(buffer_print(b, "index %llu\n", (unsigned long long)proof->index));
    for (size_t i = 0; i < proof->path.count; i++)
        TRY(put_line(b, SPAN(""), SPAN_OF(proof->path.hashes[i].bytes)));
    TRY(buffer_put_u8(b, '\n'));
    return buffer_put(b, proof->note);
}

/* The rest of a line that begins with this word. */
static Status take_word(Cursor *c, Span word, Span *ret_rest)
{
    Span line = { 0 };
    Span head = { 0 };
    TRY(cursor_until(c, '\n', &line));
    Cursor at = cursor_of(line);
    TRY(cursor_take(&at, word.size, &head));
    REQUIRE(span_equal(head, word), REFUSED_TRAIL_PROOF);
    *ret_rest = at.rest;
    return OK;
}

/* No sign and no leading zeros: one proof, one text. */
static Status take_index(Span digits, uint64_t *ret_index)
{
    int64_t index = 0;
    TRY(i64_parse(digits, &index));
    REQUIRE(digits.data[0] != '-' && digits.data[0] != '+', REFUSED_TRAIL_PROOF);
    REQUIRE(digits.size == 1 || digits.data[0] != '0', REFUSED_TRAIL_PROOF);
    *ret_index = (uint64_t)index;
    return OK;
}

static Status take_path(Cursor *c, MerkleProof *path)
{
    for (;;) {
        Span line = { 0 };
        TRY(cursor_until(c, '\n', &line));
        if (line.size == 0) return OK;
        REQUIRE(path->count < MERKLE_PROOF_HASHES_MAX, REFUSED_TRAIL_PROOF);
        Buffer hash = BUFFER_OF(path->hashes[path->count].bytes);
        TRY(base64_decode(line, &hash));
        REQUIRE(hash.size == MERKLE_HASH_BYTES, REFUSED_TRAIL_PROOF);
        path->count++;
    }
}

static Status parse(Span text, Buffer *memory, LeafProof *proof)
{
    Cursor c = cursor_of(text);
    Span rest = { 0 };
    const size_t before = memory->size;
    REQUIRE(text.size <= LEAF_PROOF_BYTES_MAX, REFUSED_TRAIL_PROOF);
    TRY(take_word(&c, HEAD, &rest));
    REQUIRE(rest.size == 0, REFUSED_TRAIL_PROOF);
    TRY(take_word(&c, EXTRA, &rest));
    TRY(base64_decode(rest, memory));
    proof->leaf = (Span) { memory->data + before, memory->size - before };
    TRY(take_word(&c, INDEX, &rest));
    TRY(take_index(rest, &proof->index));
    TRY(take_path(&c, &proof->path));
    proof->note = c.rest;
    return OK;
}

Status leaf_proof_parse(Span text, Buffer *memory, LeafProof *ret_proof)
{
    LeafProof proof = { 0 };
    REQUIRE(status_ok(parse(text, memory, &proof)), REFUSED_TRAIL_PROOF);
    *ret_proof = proof;
    return OK;
}

Status leaf_proof_check(Span text, const AuditKeys *keys, Buffer *memory, LeafProof *ret_proof,
        AuditCheckpoint *ret_checkpoint)
{
    LeafProof proof;
    AuditCheckpoint checkpoint;
    AuditLeaf leaf;
    MerkleHash hash;
    TRY(leaf_proof_parse(text, memory, &proof));
    TRY(audit_checkpoint_verify(proof.note, keys, &checkpoint));
    TRY(audit_leaf_parse(proof.leaf, &leaf));
    REQUIRE(leaf.batch >= 0 && (uint64_t)leaf.batch == proof.index, REFUSED_AUDIT_LEAF_FORMAT);
    merkle_leaf(proof.leaf, &hash);
    REQUIRE(merkle_check_inclusion(
                    &hash, proof.index, checkpoint.size, &proof.path, &checkpoint.root),
            REFUSED_AUDIT_ROOT_DIFFERS);
    *ret_proof = proof;
    *ret_checkpoint = checkpoint;
    return OK;
}
