#include "first_people.h"

#include "admin_client.h"
#include "as.h"
#include "command.h"
#include "request_client.h"

#include "base/secret.h"

#include <stdlib.h>

enum { REQUEST_BYTES_MAX = 32 * 1024 };

static const FirstPerson first[] = {
    { "alice", "S0001",
            "access-administrator,payment-operator,security-operator,data-protection-officer" },
    { "bob", "S0002", "security-officer" },
};
static const FirstPerson auditor = { "carol", "S0003", "auditor" };

Status person_public_pem(const char *directory, const char *given, Buffer *ret_pem)
{
    char path[PATH_BYTES_MAX];
    char file[PEOPLE_NAME_BYTES_MAX + 32];
    CLEANUP(person_free) Person person = { 0 };
    if (strchr(given, '/') != NULL) return file_read(given, ret_pem);
    snprintf(file, sizeof(file), "operators/%s.pub.pem", given);
    if (status_ok(file_read(path_in(path, directory, file), ret_pem))) return OK;
    const bool is_file = strchr(given, '.') != NULL; /* or a name with a point */
    if (is_file && status_ok(file_read(given, ret_pem))) return OK;
    TRY(person_load(directory, given, &person));
    REQUIRE(person.key != NULL, REFUSED_OPERATOR_KEY); /* of a token: give <name>.pub.pem */
    return public_key_to_pem(private_key_public(person.key), ret_pem);
}

void first_people_put_list(JsonWriter *w, const char *names)
{
    while (names[0] != '\0') {
        const size_t size = strcspn(names, ",");
        json_item_text(w, (Span) { (const uint8_t *)names, size });
        names += size + (names[size] == ',' ? 1 : 0);
    }
}

MUST_USE static Status put_person(const char *directory, const FirstPerson *p, JsonWriter *w)
{
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    TRY(person_public_pem(directory, p->id, &pem));
    json_key_text(w, "id", span_of_text(p->id));
    json_key_text(w, "staff_number", span_of_text(p->staff_number));
    json_key_array(w, "roles");
    first_people_put_list(w, p->roles);
    json_close(w);
    json_key_text(w, "key_pem", span_of_buffer(&pem));
    return OK;
}

Status first_people_begin(const char *directory, const FirstPerson *people, size_t count)
{
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    uint8_t answer_bytes[1024];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("access.begin"));
    json_key_array(&w, "people");
    for (size_t i = 0; i < count; i++) {
        json_open_object(&w);
        TRY(put_person(directory, &people[i], &w));
        json_close(&w);
    }
    json_close(&w);
    json_close(&w);
    TRY(json_finish(&w));
    return admin_ask(directory, span_of_buffer(&request), &answer);
}

/* Hers is no key of vaultd: who audits approves nothing. */
MUST_USE static Status make_key(const char *directory, const char *name)
{
    char path[PATH_BYTES_MAX];
    char file[PEOPLE_NAME_BYTES_MAX + 32];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    snprintf(file, sizeof(file), "operators/%s.key.pem", name);
    if (status_ok(file_read(path_in(path, directory, file), &pem))) {
        bytes_wipe(memory, sizeof(memory));
        return OK;
    }
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(private_key_to_pem(key, &pem));
    const Status s = file_write(path, 0600, span_of_buffer(&pem));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

MUST_USE static Status join_auditor(const char *directory)
{
    uint8_t request_bytes[REQUEST_BYTES_MAX];
    uint8_t answer_bytes[1024];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(make_key(directory, auditor.id));
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("access.join"));
    TRY(put_person(directory, &auditor, &w));
    json_key_text(&w, "reason", SPAN("first people"));
    json_close(&w);
    TRY(json_finish(&w));
    setenv(APPROVE_VARIABLE, "bob", 0); /* alice asks for her, bob agrees */
    const Status s = admin_ask(directory, span_of_buffer(&request), &answer);
    return status_is(s, REFUSED_PRINCIPAL_PERSON) ? OK : s; /* she is there */
}

Status first_people_name(const char *directory)
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[PEOPLE_NAME_BYTES_MAX + 1];
    Buffer as = BUFFER_OF(memory);
    if (!status_ok(file_read(path_in(path, directory, AS_FILE), &as)))
        TRY(file_write(path, 0644, SPAN("alice\n")));
    const Status s = first_people_begin(directory, first, sizeof(first) / sizeof(first[0]));
    if (status_is(s, REFUSED_ACCESS_BEGUN)) return OK;
    TRY(s);
    return join_auditor(directory);
}
