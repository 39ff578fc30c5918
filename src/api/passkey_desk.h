#pragma once
/*
 * passkey_desk: the passkeys of people who log in at the console: the book in memory, the
 * challenges of this run, and the one place that changes either, so that book and rows agree. For
 * the console (api/console.h) and the operations access.passkey.*. Thread-safe.
 */
#include "access/passkey_challenge.h"
#include "access/passkey_change.h"
#include "api/house.h"
#include "text/json.h"

/* Makes house->passkeys; ret_*: as passkey_book_refresh() says. Waits for the batch. */
MUST_USE Status passkey_desk_open(House *house, size_t *ret_loaded, size_t *ret_left_out);
void passkey_desk_close(House *house); /* never opened is fine */

PasskeyBook *passkey_desk_book(const House *house);
PasskeyChallenges *passkey_desk_challenges(const House *house);

/* This person's, as long as he is what he was when he added them; how many. */
size_t passkey_desk_list(
        const House *house, const Principal *principal, Passkey ret[PASSKEYS_EACH_MAX]);
/* The same as member "passkeys" of the open object. */
void passkey_desk_put_list(const House *house, const Principal *principal, JsonWriter *w);
/* Run the change (access/passkey_change.h) and keep the book; never from the batch thread. To add
 * refuses PASSKEY_EXISTS also where anybody else has the id, and PASSKEYS_FULL. */
MUST_USE Status passkey_desk_change(House *house, PasskeyChange *work);
/* Remove one, and end all of its owner's sessions but one (0: all). */
MUST_USE Status passkey_desk_remove(House *house, PasskeyChange *work, uint64_t but);
/* Remove all of somebody who left or was changed: they count no more in any case. */
void passkey_desk_clear(House *house, const Principal *principal, const char *actor,
        const char *from, const char *reason);
