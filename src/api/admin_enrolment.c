/* Two people hand out a newcomer's enrolment code, half by half (access/enrolment.h). */
#include "api/admin_inside.h"

typedef struct EnrolmentJson {
    Span operation;
    Span principal;
} EnrolmentJson;

static const JsonField enrolment_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(EnrolmentJson, operation) },
    { "principal", JSON_TEXT, true, 1, PRINCIPAL_ID_BYTES_MAX, offsetof(EnrolmentJson, principal) },
};

typedef Status (*HandOut)(
        EnrolmentTable *table, Span principal, Span by, char ret_half[ENROLMENT_HALF_BYTES + 1]);

/* A half of the code of somebody else, who is there. */
static Status hand_out(Admin *admin, const JsonDocument *document, const Asker *asker, HandOut hand,
        const char *which, JsonWriter *w)
{
    House *house = admin->config.house;
    EnrolmentJson json = { 0 };
    JsonProblem problem = { 0 };
    Principal newcomer = { 0 };
    char half[ENROLMENT_HALF_BYTES + 1] = { 0 };
    const Span by = span_of_text(asker->principal);
    TRY(json_read_request(document, json_root(document), enrolment_fields, 2, &json, &problem));
    TRY(principal_book_find(house->principals, json.principal, &newcomer));
    REQUIRE(!span_equal(json.principal, by), REFUSED_ENROLMENT_SAME_PERSON);
    TRY(hand(house->enrolments, json.principal, by, half));
    TRY(admin_write_down(admin, asker, AUDIT_ENROLMENT, json.principal, span_of_text(which)));
    json_key_text(w, "half", span_of_text(half));
    bytes_wipe(half, sizeof(half));
    return OK;
}

Status admin_enrolment_begin(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return hand_out(admin, document, asker, enrolment_begin, "first half", w);
}

Status admin_enrolment_complete(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return hand_out(admin, document, asker, enrolment_complete, "second half", w);
}
