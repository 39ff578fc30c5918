#include "people.h"

#include "command.h"
#include "hidden.h"
#include "token_client.h"

#include "base/seams.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/key_file.h"
#include "text/pkcs11_uri.h"

#include <stdlib.h>

static const int64_t approval_life_us = 600 * TIME_SECOND_US;

static bool ends_with(const char *text, const char *end)
{
    const size_t size = strlen(text);
    return size >= strlen(end) && strcmp(text + size - strlen(end), end) == 0;
}

/* "li.wei" of "/somewhere/li.wei.key.pem", and of itself: a name may have points. */
MUST_USE static Status name_of(const char *path, char ret_name[PEOPLE_NAME_BYTES_MAX + 1])
{
    static const char *const endings[] = { ".key.pem", ".key.uri", ".pem", "" };
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    size_t ending = 0;
    while (!ends_with(base, endings[ending]))
        ending++;
    const size_t size = strlen(base) - strlen(endings[ending]);
    REQUIRE(size > 0 && size <= PEOPLE_NAME_BYTES_MAX, REFUSED_OPERATOR_KEY);
    memcpy(ret_name, base, size);
    ret_name[size] = '\0';
    return OK;
}

/* --- a token's key --- */

MUST_USE static Status keep_uri(Span text, Person *person, Pkcs11Uri *ret_uri)
{
    while (text.size > 0 && text.data[text.size - 1] == '\n')
        text.size--;
    TRY(pkcs11_uri_parse(text, ret_uri));
    memcpy(person->token, text.data, text.size);
    person->token[text.size] = '\0';
    return OK;
}

MUST_USE static Status load_named_by_uri(const char *given, Person *person)
{
    Pkcs11Uri uri;
    TRY(keep_uri(span_of_text(given), person, &uri));
    REQUIRE(uri.object[0] != '\0', REFUSED_TOKEN_URI); /* whose name is it? */
    return name_of(uri.object, person->name);
}

/* False: there is no such file. */
static bool has_uri_file(const char *path, Person *person, Status *ret_status)
{
    uint8_t memory[PEOPLE_URI_BYTES_MAX + 2];
    Buffer text = BUFFER_OF(memory);
    Pkcs11Uri uri;
    if (!status_ok(file_read(path, &text))) return false;
    *ret_status = keep_uri(span_of_buffer(&text), person, &uri);
    return true;
}

/* --- a file --- */

static void wipe_passphrase(char (*text)[KEY_FILE_PASSPHRASE_BYTES_MAX + 1])
{
    bytes_wipe(*text, sizeof(*text));
}

MUST_USE static Status open_encrypted(Span pem, Person *person)
{
    CLEANUP(wipe_passphrase) char passphrase[KEY_FILE_PASSPHRASE_BYTES_MAX + 1];
    char prompt[PEOPLE_NAME_BYTES_MAX + 32];
    snprintf(prompt, sizeof(prompt), "passphrase of %s's key: ", person->name);
    REQUIRE(hidden_ask(prompt, passphrase, sizeof(passphrase)), REFUSED_KEY_PASSPHRASE);
    return key_file_open(pem, span_of_text(passphrase), &person->key);
}

MUST_USE static Status load_file(const char *path, Person *person)
{
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    REQUIRE(status_ok(file_read(path, &pem)), REFUSED_OPERATOR_KEY);
    const Status s = key_file_is_encrypted(span_of_buffer(&pem))
            ? open_encrypted(span_of_buffer(&pem), person)
            : private_key_from_pem(span_of_buffer(&pem), &person->key);
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    REQUIRE(private_key_algorithm(person->key) != KEY_RSA, REFUSED_OPERATOR_KEY);
    return OK;
}

Status person_load(const char *directory, const char *given, Person *ret_person)
{
    char path[PATH_BYTES_MAX];
    char file[PEOPLE_NAME_BYTES_MAX + 32];
    Status s = OK;
    if (pkcs11_uri_is(span_of_text(given))) return load_named_by_uri(given, ret_person);
    TRY(name_of(given, ret_person->name));
    if (strchr(given, '/') != NULL) {
        if (!ends_with(given, ".key.uri")) return load_file(given, ret_person);
        REQUIRE(has_uri_file(given, ret_person, &s), REFUSED_OPERATOR_KEY);
        return s;
    }
    snprintf(file, sizeof(file), "operators/%s.key.uri", ret_person->name);
    if (has_uri_file(path_in(path, directory, file), ret_person, &s)) return s;
    snprintf(file, sizeof(file), "operators/%s.key.pem", ret_person->name);
    return load_file(path_in(path, directory, file), ret_person);
}

void person_free(Person *person) { private_key_free(&person->key); }

Status person_sign_bytes(Person *person, Span message, Span *ret_signature, uint8_t *ret_encoding)
{
    Buffer signature = BUFFER_OF(person->signature);
    *ret_encoding = WIRE_SIGNATURE_OWN;
    if (person->key == NULL)
        TRY(token_client_sign(person->token, message, &signature, ret_encoding));
    else
        TRY(sign_make(person->key, message, &signature));
    *ret_signature = span_of_buffer(&signature);
    return OK;
}

Status person_sign(Person *person, WireApproval *approval)
{
    const Random random = random_system();
    uint8_t memory[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(memory);
    TRY(random_fill(&random, person->nonce, sizeof(person->nonce)));
    approval->name = span_of_text(person->name);
    approval->nonce = SPAN_OF(person->nonce);
    TRY(wire_approval_message(approval, &message));
    return person_sign_bytes(
            person, span_of_buffer(&message), &approval->signature, &approval->encoding);
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
