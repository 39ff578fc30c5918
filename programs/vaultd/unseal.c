#define _GNU_SOURCE
#include "unseal.h"

#include "process.h"

#include "base/log.h"
#include "crypto/box.h"
#include "ipc/vault_wire.h"
#include "policy/purposes.h"

#include <unistd.h>

typedef struct Unseal {
    const UnsealConfig *config;
    PrivateKey *key; /* of this start */
    uint8_t nonce[BOX_NONCE_BYTES];
    ShareBasket basket;
    Secret root;
    Service *service;
} Unseal;

static void unseal_done(Unseal *u)
{
    service_close(u->service);
    private_key_free(&u->key);
    bytes_wipe(u, sizeof(*u));
}

static Status answer_status(const Unseal *u, Buffer *ret_answer)
{
    (void)u;
    const WireStatus status = { .custody = SPAN("custodians, sealed") };
    return wire_put_status(ret_answer, &status);
}

static Status begin(const Unseal *u, Buffer *ret_answer)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    TRY(public_key_to_spki(private_key_public(u->key), &spki));
    const WireUnseal wire = { u->basket.held, u->basket.set.needed, u->basket.set.count,
        SPAN_OF(u->nonce), span_of_buffer(&spki) };
    return wire_put_unseal(ret_answer, &wire);
}

static Status open_share(const Unseal *u, Span request, Share *ret_share)
{
    Cursor c = cursor_of(request);
    Span bytes;
    Box box;
    TRY(cursor_framed(&c, BOX_BYTES_MAX, &bytes));
    TRY(cursor_end(&c));
    TRY(box_parse(bytes, &box));
    uint8_t memory[BOX_PLAIN_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    Status s = box_open(u->key, &box, &text);
    const bool is_for_this = box.context.purpose == BOX_PURPOSE_SHARE
            && bytes_equal_ct(box.context.server_nonce, u->nonce, BOX_NONCE_BYTES);
    if (status_ok(s) && !is_for_this) s = REFUSE(REFUSED_BOX_CONTEXT);
    if (status_ok(s)) s = share_parse_text(span_of_buffer(&text), ret_share);
    bytes_wipe(memory, sizeof(memory));
    return s;
}

static Status take_share(Unseal *u, Span request, Buffer *ret_answer)
{
    CLEANUP(share_wipe) Share share = { 0 };
    REQUIRE(u->root.size == 0, REFUSED_SHARE_DUPLICATE);
    TRY(open_share(u, request, &share));
    TRY(share_basket_add(&u->basket, &share));
    LOG(LOG_ALERT, "vault.share", LOG_NUMBER(COUNT, u->basket.held));
    TRY(buffer_put_u8(ret_answer, u->basket.held));
    TRY(buffer_put_u8(ret_answer, u->basket.set.needed));
    if (u->basket.held < u->basket.set.needed) return OK;
    TRY(share_basket_root(&u->basket, &u->root));
    service_stop(u->service);
    return OK;
}

/* One lane of one worker: no lock is needed. */
static Status handle(
        void *context, const ServicePeer *peer, uint8_t operation, Span request, Buffer *ret_answer)
{
    Unseal *u = context;
    (void)peer;
    switch (operation) {
    case VAULT_STATUS: return answer_status(u, ret_answer);
    case VAULT_UNSEAL_BEGIN: return begin(u, ret_answer);
    case VAULT_UNSEAL_SHARE: return take_share(u, request, ret_answer);
    default: return REFUSE(REFUSED_VAULT_SEALED);
    }
}

static int lane_of(uint8_t operation)
{
    (void)operation;
    return 0;
}

static bool admit(void *context, const ServicePeer *peer)
{
    return peer->uid == ((const Unseal *)context)->config->operator_uid;
}

static Status open_door(Unseal *u)
{
    ServiceConfig config = {
        .listener_count = 1,
        .lanes = { { "unseal", 1, 16 } },
        .lane_count = 1,
        .lane_of = lane_of,
        .lane_full = REFUSE(REFUSED_VAULT_BUSY),
        .admit = admit,
        .handle = handle,
        .context = u,
    };
    const uint32_t mode = u->config->group < 0 ? 0600 : 0660;
    TRY(service_listen(u->config->socket, mode, u->config->group, &config.listeners[0]));
    return service_open(&config, &u->service);
}

Status unseal_wait(const UnsealConfig *config, Secret *ret_root)
{
    const Random random = random_system();
    CLEANUP(unseal_done) Unseal u = { .config = config };
    share_basket_begin(config->set, &u.basket);
    TRY(random_fill(&random, u.nonce, sizeof(u.nonce)));
    TRY(private_key_generate(KEY_P256, &u.key));
    TRY(open_door(&u));
    TRY(process_catch_signals(u.service));
    TRY(service_run(u.service));
    TRY(process_forget_service());
    unlink(config->socket); /* whoever comes now waits for the door that opens next */
    REQUIRE(u.root.size == SHARE_VALUE_BYTES, REFUSED_VAULT_SEALED);
    *ret_root = u.root;
    return OK;
}
