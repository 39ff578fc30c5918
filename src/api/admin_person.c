#include "api/admin_person.h"

#include "access/staff.h"
#include "base/heap.h"
#include "base/time.h"
#include "ipc/vault_wire.h"
#include "message/nonce.h"

#include <stdio.h>
#include <stdlib.h>

enum { WINDOW_S = 300 };

/* --- the signature --- */

static Status verify(const PublicKey *key, Span message, const WireAdminRequest *asked)
{
    switch (asked->encoding) {
    case WIRE_SIGNATURE_OWN: return sign_verify(key, message, asked->signature);
    case WIRE_SIGNATURE_RAW: return sign_verify_raw(key, message, asked->signature);
    default: return REFUSE(REFUSED_SIGNATURE_FORMAT);
    }
}

static Status check_signature(const PublicKey *key, const WireAdminRequest *asked)
{
    Buffer message = { malloc(WIRE_ADMIN_BYTES_MAX), 0, WIRE_ADMIN_BYTES_MAX };
    CHECK(message.data != NULL, FAULT_MEMORY);
    Status s = wire_admin_message(asked, &message);
    if (status_ok(s)) s = verify(key, span_of_buffer(&message), asked);
    bytes_wipe(message.data, message.size); /* what was read may be why we refuse (TP-5) */
    free(message.data);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_ADMIN_STRANGER);
    return OK;
}

/* What was signed before this start is not taken: its nonces are forgotten. */
static Status check_time(const House *house, const WireAdminRequest *asked)
{
    const int64_t now_us = clock_now_us(&house->clock);
    const int64_t window_us = WINDOW_S * TIME_SECOND_US;
    REQUIRE(asked->at_us >= house->opened_us, REFUSED_TIMESTAMP_SKEWED);
    REQUIRE(asked->at_us <= now_us + window_us, REFUSED_TIMESTAMP_SKEWED);
    REQUIRE(asked->at_us >= now_us - window_us, REFUSED_TIMESTAMP_SKEWED);
    return OK;
}

static Status remember(const House *house, const WireAdminRequest *asked)
{
    uint8_t name_bytes[WIRE_ADMIN_NAME_BYTES_MAX + 16];
    uint8_t digest[NONCE_DIGEST_BYTES];
    Buffer name = BUFFER_OF(name_bytes);
    const int64_t now_s = clock_now_us(&house->clock) / TIME_SECOND_US;
    TRY(buffer_put(&name, SPAN("operator/"))); /* no mchid has a stroke */
    TRY(buffer_put(&name, asked->as));
    nonce_digest(span_of_buffer(&name), asked->nonce, digest);
    return nonce_remember(house->nonces, digest, asked->at_us / TIME_SECOND_US + WINDOW_S, now_s);
}

/* --- who --- */

static Status known(const House *house, const WireAdminRequest *asked, Asker *ret_asker)
{
    Principal principal;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    const Status found = principal_book_find(house->principals, asked->as, &principal);
    REQUIRE(status_ok(found), REFUSED_ADMIN_STRANGER);
    TRY(public_key_from_spki((Span) { principal.key, principal.key_size }, &key));
    TRY(check_signature(key, asked));
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    staff_asker(&principal, ret_asker);
    grant_book_fill(
            house->grants, table, principal.changed_us, clock_now_us(&house->clock), ret_asker);
    return OK;
}

static Status first(const WireAdminRequest *asked, Asker *ret_asker)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(admin_first_key(asked->request, asked->as, &key));
    TRY(check_signature(key, asked));
    *ret_asker = (Asker) { .tenant = ASKER_HOUSE };
    memcpy(ret_asker->principal, asked->as.data, asked->as.size); /* the shape bounds it */
    return OK;
}

static Status identify(const House *house, const WireAdminRequest *asked, Asker *ret_asker)
{
    REQUIRE(principal_id_is_valid(asked->as), REFUSED_ADMIN_STRANGER);
    const bool nobody = principal_book_count(house->principals) == 0;
    if (nobody)
        TRY(first(asked, ret_asker));
    else
        TRY(known(house, asked, ret_asker));
    TRY(check_time(house, asked));
    TRY(remember(house, asked));
    ret_asker->proved_us = clock_now_us(&house->clock);
    return OK;
}

/* A name that was never proved is no actor: a stranger, and which door. */
static void tell_door(House *house, Status refusal, const char *from)
{
    const DoorRefusal told = { .refusal = refusal,
        .actor = SPAN("stranger"),
        .field = SPAN("admin"),
        .from = span_of_text(from) };
    door_refused(&house->door, &told, clock_now_us(&house->clock));
}

Status admin_person(Admin *admin, Span payload, uint32_t uid, Asker *ret_asker, Span *ret_request)
{
    House *house = admin->config.house;
    WireAdminRequest asked = { 0 };
    Asker asker = { 0 };
    char from[ASKER_FROM_BYTES_MAX + 1];
    Cursor c = cursor_of(payload);
    snprintf(from, sizeof(from), "uid:%u", uid);
    Status s = wire_take_admin_request(&c, &asked);
    if (status_ok(s)) s = cursor_end(&c);
    s = status_ok(s) ? identify(house, &asked, &asker) : REFUSE(REFUSED_ADMIN_UNSIGNED);
    if (!status_ok(s)) tell_door(house, s, from);
    TRY(s);
    asker.door = DOOR_CLI;
    memcpy(asker.from, from, sizeof(from));
    *ret_asker = asker;
    *ret_request = asked.request;
    return OK;
}
