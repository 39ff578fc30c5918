#include "vault/checkpoint.h"

#include "base/encoding.h"
#include "vault/note.h"

static Status put_origin(const StoreView *view, Buffer *b)
{
    TRY(buffer_put(b, SPAN("hufu/")));
    TRY(hex_encode(keys_instance(view->keys), b));
    return buffer_print(b, "/%u", view->memory->log_epoch);
}

static Status put_note(
        const StoreView *view, int64_t size, const MerkleHash *root, Buffer *ret_note)
{
    uint8_t origin_memory[CHECKPOINT_ORIGIN_BYTES_MAX];
    uint8_t text_memory[CHECKPOINT_BYTES_MAX];
    Buffer origin = BUFFER_OF(origin_memory);
    Buffer text = BUFFER_OF(text_memory);
    TRY(put_origin(view, &origin));
    TRY(buffer_put(&text, span_of_buffer(&origin)));
    TRY(buffer_print(&text, "\n%lld\n", (long long)size));
    TRY(base64_encode(SPAN_OF(root->bytes), &text));
    TRY(buffer_put_u8(&text, '\n'));

    return note_sign(view->keys, span_of_buffer(&origin), span_of_buffer(&text), ret_note);
}

Status checkpoint_sign(StoreView *view, Buffer *ret_note)
{
    REQUIRE(view->phase == STORE_SERVING, REFUSED_VAULT_NOT_READY);
    MerkleHash root;
    merkle_root(&view->tree, &root);
    const int64_t size = (int64_t)view->tree.size;
    TRY(memory_sign_root(view->memory, size, &root));
    return put_note(view, size, &root, ret_note);
}
