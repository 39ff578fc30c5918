#include "api/passkey_desk.h"

#include "access/staff.h"
#include "store/unit_wait.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct PasskeyDesk {
    pthread_mutex_t changing; /* from "the id is free" until the book has it */
    PasskeyBook *book;
    PasskeyChallenges *challenges;
};

Status passkey_desk_open(House *house, size_t *ret_loaded, size_t *ret_left_out)
{
    PasskeyDesk *desk = calloc(1, sizeof(*desk));
    CHECK(desk != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&desk->changing, NULL) == 0);
    house->passkeys = desk;
    TRY(passkey_challenges_open(&house->clock, &house->random, &desk->challenges));
    TRY(passkey_book_open(&desk->book));
    return passkey_book_refresh(desk->book, house->batcher, ret_loaded, ret_left_out);
}

void passkey_desk_close(House *house)
{
    PasskeyDesk *desk = house->passkeys;
    if (desk == NULL) return;
    passkey_book_close(&desk->book);
    passkey_challenges_close(&desk->challenges);
    pthread_mutex_destroy(&desk->changing);
    free(desk);
    house->passkeys = NULL;
}

PasskeyBook *passkey_desk_book(const House *house) { return house->passkeys->book; }

PasskeyChallenges *passkey_desk_challenges(const House *house)
{
    return house->passkeys->challenges;
}

size_t passkey_desk_list(
        const House *house, const Principal *principal, Passkey ret[PASSKEYS_EACH_MAX])
{
    size_t kept = 0;
    const Span who = span_of_text(principal->id);
    const size_t count = passkey_book_list(house->passkeys->book, who, ret);
    for (size_t i = 0; i < count; i++) {
        if (ret[i].stamp == principal->changed_us) ret[kept++] = ret[i];
    }
    return kept;
}

void passkey_desk_put_list(const House *house, const Principal *principal, JsonWriter *w)
{
    Passkey list[PASSKEYS_EACH_MAX];
    const size_t count = passkey_desk_list(house, principal, list);
    json_key_array(w, "passkeys");
    for (size_t i = 0; i < count; i++) {
        const char *algorithm = passkey_algorithm_name(list[i].key.algorithm);
        json_open_object(w);
        json_key_text(w, "passkey", span_of_text(list[i].name));
        json_key_text(w, "algorithm", span_of_text(algorithm));
        json_key_int(w, "added_us", list[i].added_us);
        json_key_bool(w, "may_be_copied", list[i].key.may_be_copied);
        json_close(w);
    }
    json_close(w);
}

/* --- changes, one at a time --- */

static Status is_free(PasskeyBook *book, const Passkey *passkey)
{
    Passkey list[PASSKEYS_EACH_MAX];
    const Span id = { passkey->key.id, passkey->key.id_size };
    const Span who = span_of_text(passkey->principal);
    REQUIRE(!passkey_book_has_id(book, id), REFUSED_PASSKEY_EXISTS);
    REQUIRE(passkey_book_list(book, who, list) < PASSKEYS_EACH_MAX, REFUSED_PASSKEYS_FULL);
    return OK;
}

static void unlock(PasskeyDesk **desk) { pthread_mutex_unlock(&(*desk)->changing); }

Status passkey_desk_change(House *house, PasskeyChange *work)
{
    passkey_change_unit(work, NULL);
    pthread_mutex_lock(&house->passkeys->changing);
    CLEANUP(unlock) PasskeyDesk *desk = house->passkeys;
    if (work->deed == PASSKEY_DEED_ADD) TRY(is_free(desk->book, &work->passkey));
    TRY(unit_wait(house->batcher, &work->unit));
    return passkey_book_put(desk->book, &work->passkey);
}

Status passkey_desk_remove(House *house, PasskeyChange *work, uint64_t but)
{
    Principal owner;
    TRY(passkey_desk_change(house, work));
    const Span who = span_of_text(work->passkey.principal);
    if (!principal_book_look(house->principals, who, &owner)) return OK;
    const Span tenant = span_of_text(owner.tenant);
    const SessionOwner sessions = { staff_session_kind(tenant), tenant, who };
    session_end_all_of(house->sessions, &sessions, but);
    return OK;
}

void passkey_desk_clear(House *house, const Principal *principal, const char *actor,
        const char *from, const char *reason)
{
    Passkey list[PASSKEYS_EACH_MAX];
    const Span who = span_of_text(principal->id);
    const size_t count = passkey_book_list(house->passkeys->book, who, list);
    for (size_t i = 0; i < count; i++) {
        PasskeyChange work = { .unit = { .from = from, .reason = reason },
            .deed = PASSKEY_DEED_REMOVE,
            .passkey = list[i] };
        snprintf(work.actor, sizeof(work.actor), "%s", actor);
        IGNORE(passkey_desk_change(house, &work), "their stamp is not their owner's any more");
    }
}
