#include "house_people.h"

#include "access/enrolment.h"
#include "admin_client.h"
#include "as.h"
#include "command.h"
#include "first_people.h"
#include "text/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_BYTES_MAX = 4096 };

Status house_ask(const Stand *stand, const char *who, Span request, Buffer *ret_answer)
{
    CHECK(setenv(AS_VARIABLE, who, 1) == 0, FAULT_SYSTEM);
    const Status s = admin_ask(stand->folder, request, ret_answer);
    unsetenv(AS_VARIABLE);
    return s;
}

Status house_join(const Stand *stand, const ConsoleUser *person, const char *roles)
{
    char file[96];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t json_bytes[4096];
    uint8_t answer_bytes[ANSWER_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer json = BUFFER_OF(json_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    char staff_number[64];
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    snprintf(staff_number, sizeof(staff_number), "S-%s", person->name);
    snprintf(file, sizeof(file), "operators/%s.key.pem", person->name);
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(private_key_to_pem(key, &pem));
    TRY(file_write(stand_path(stand, file), 0600, span_of_buffer(&pem)));
    pem.size = 0;
    TRY(public_key_to_pem(private_key_public(key), &pem));
    JsonWriter w = json_writer_for(&json, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("access.join"));
    json_key_text(&w, "id", span_of_text(person->name));
    json_key_text(&w, "staff_number", span_of_text(staff_number));
    json_key_array(&w, "roles");
    first_people_put_list(&w, roles);
    json_close(&w);
    json_key_text(&w, "key_pem", span_of_buffer(&pem));
    json_key_text(&w, "reason", SPAN("a newcomer"));
    if (person->tenant != NULL) json_key_text(&w, "tenant", span_of_text(person->tenant));
    json_close(&w);
    TRY(json_finish(&w));
    return house_ask(stand, "alice", span_of_buffer(&json), &answer);
}

static Status half_of(const Stand *stand, const char *who, const char *operation,
        const ConsoleUser *person, char *ret)
{
    static const JsonField fields[] = { { "half", JSON_TEXT, true, ENROLMENT_HALF_BYTES,
            ENROLMENT_HALF_BYTES, 0 } };
    char json[256];
    uint8_t answer_bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(answer_bytes);
    JsonProblem problem = { 0 };
    Span half = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    snprintf(json, sizeof(json), "{\"operation\":\"%s\",\"principal\":\"%s\"}", operation,
            person->name);
    TRY(house_ask(stand, who, span_of_text(json), &answer));
    TRY(json_parse(span_of_buffer(&answer), &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &half, &problem));
    memcpy(ret, half.data, half.size);
    return OK;
}

Status house_person(const Stand *stand, ConsoleUser *person, const char *roles)
{
    char code[ENROLMENT_CODE_BYTES + 1] = { 0 };
    Browser browser;
    TRY(house_join(stand, person, roles));
    TRY(half_of(stand, "alice", "enrolment.begin", person, code));
    TRY(half_of(stand, "bob", "enrolment.complete", person, code + ENROLMENT_HALF_BYTES));
    TRY(browser_open(stand, &browser));
    const int status = browser_enrol(&browser, person, code);
    browser_close(&browser);
    REQUIRE(status == 200, REFUSED_ENROLMENT_UNKNOWN);
    return OK;
}
