#pragma once
/*
 * first_people: who is there when a house begins: `hufu up` and the tests' stand have three, so
 * that who asks, who approves and who audits are different people from the first day.
 *
 *   alice  asks: access-administrator, payment-operator, security-operator, data-protection-officer
 *   bob    approves: security-officer
 *   carol  audits: auditor
 *
 * alice and bob are operators of vaultd; carol joins as anybody does later. Keys lie in
 * DIR/operators/, and DIR/as says that alice asks unless somebody else is named.
 */
#include "text/json.h"

/* One of the first people, for access.begin. */
typedef struct FirstPerson {
    const char *id;
    const char *staff_number;
    const char *roles; /* names joined by commas */
} FirstPerson;

/* Name them to a running hufud; does nothing when they are named already. Refuses what access.begin
 * and access.join refuse; faults FAULT_DISK. */
MUST_USE Status first_people_name(const char *directory);

/* access.begin with these people, each with a key in <directory>/operators/ (<id>.pub.pem, or
 * <id>.key.pem), signed by the first. */
MUST_USE Status first_people_begin(const char *directory, const FirstPerson *people, size_t count);

/* PEM of the public key of somebody: `given` is a file, or a name in <directory>/operators/. */
MUST_USE Status person_public_pem(const char *directory, const char *given, Buffer *ret_pem);
/* Items of the array that is open, of names joined by commas. */
void first_people_put_list(JsonWriter *w, const char *names);
