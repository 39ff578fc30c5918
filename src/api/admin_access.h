#pragma once
/* admin_access: people and their rights (api/admin.h). Private to admin_*.c. */
#include "api/admin_inside.h"

Status admin_access_begin(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_join(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_join_check(Admin *admin, const JsonDocument *document, const Asker *asker);
/* What is kept for others to agree to: the same with the person's digest for the staff number,
 * which rests nowhere (TP-8, TP-15). */
Status admin_access_join_keep(
        Admin *admin, const JsonDocument *document, const Asker *asker, Buffer *ret_kept);
Status admin_access_move_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_access_table_set_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_access_move(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_leave(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_explain(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_table(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

Status admin_access_passkey_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_passkey_remove(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

Status admin_access_request_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_access_request(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_grant_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_grant_revoke(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_review(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_review_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_emergency(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_emergency_end(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_emergency_review(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_access_table_set(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

/* A list of roles' names. Refuses ACCESS_ROLE_UNKNOWN. */
MUST_USE Status admin_roles(const AccessTable *table, const JsonDocument *document,
        const JsonValue *list, RoleSet *ret_roles);
/* With this person changed like that: who may ask for people, and who may agree, are still there.
 * Refuses OPERATORS_TOO_FEW. */
MUST_USE Status admin_others_stay(House *house, const AccessTable *table, const Principal *after);
/* Keyed hash of who somebody is: one live principal a person. */
void admin_person_digest(
        const House *house, Span tenant, Span staff_number, uint8_t ret[PRINCIPAL_PERSON_BYTES]);
