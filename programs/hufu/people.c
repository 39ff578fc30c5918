#include "people.h"

#include "command.h"

#include "base/seams.h"
#include "base/secret.h"
#include "base/time.h"

#include <stdlib.h>

static const int64_t approval_life_us = 600 * TIME_SECOND_US;

/* "alice" of "/somewhere/alice.key.pem". */
MUST_USE static Status name_of(const char *path, char ret_name[PEOPLE_NAME_BYTES_MAX + 1])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const size_t size = strcspn(base, ".");
    REQUIRE(size > 0 && size <= PEOPLE_NAME_BYTES_MAX, REFUSED_OPERATOR_KEY);
    memcpy(ret_name, base, size);
    ret_name[size] = '\0';
    return OK;
}

Status person_load(const char *directory, const char *given, Person *ret_person)
{
    char path[PATH_BYTES_MAX];
    char file[PEOPLE_NAME_BYTES_MAX + 32];
    TRY(name_of(given, ret_person->name));
    snprintf(file, sizeof(file), "operators/%s.key.pem", ret_person->name);
    const char *where = strchr(given, '/') != NULL ? given : path_in(path, directory, file);
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    REQUIRE(status_ok(file_read(where, &pem)), REFUSED_OPERATOR_KEY);
    const Status s = private_key_from_pem(span_of_buffer(&pem), &ret_person->key);
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    REQUIRE(private_key_algorithm(ret_person->key) == KEY_ED25519, REFUSED_OPERATOR_KEY);
    return OK;
}

void person_free(Person *person) { private_key_free(&person->key); }

Status person_sign(Person *person, WireApproval *approval)
{
    const Random random = random_system();
    uint8_t memory[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(memory);
    Buffer signature = BUFFER_OF(person->signature);
    TRY(random_fill(&random, person->nonce, sizeof(person->nonce)));
    approval->name = span_of_text(person->name);
    approval->nonce = SPAN_OF(person->nonce);
    TRY(wire_approval_message(approval, &message));
    TRY(sign_make(person->key, span_of_buffer(&message), &signature));
    approval->signature = span_of_buffer(&signature);
    return OK;
}

Status person_approve(
        Person *person, Span operation, Span subject, Span reason, WireApproval *ret_approval)
{
    const Clock clock = clock_system();
    *ret_approval = (WireApproval) {
        .operation = operation,
        .subject = subject,
        .reason = reason,
        .expires_us = clock_now_us(&clock) + approval_life_us,
    };
    return person_sign(person, ret_approval);
}
