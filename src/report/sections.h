#pragma once
/*
 * sections: the collectors behind evidence_sections[], by area. Each answers one question about one
 * item (evidence.h): is it ours, and what stands in its line?
 */
#include "report/evidence.h"

typedef bool EvidenceCollect(const EvidenceItem *item, EvidenceLine *ret_line);

/* collect_refusals.c: what was not let in */
EvidenceCollect collect_prohibited;
EvidenceCollect collect_refusals;
EvidenceCollect collect_pins;
/* collect_rows.c: what did not verify */
EvidenceCollect collect_check;
EvidenceCollect collect_row_seals;
EvidenceCollect collect_releases;
EvidenceCollect collect_vault_acts;
EvidenceCollect collect_alerts;
EvidenceCollect collect_incidents;
/* collect_people.c: who was let in, who did what */
EvidenceCollect collect_enrolments;
EvidenceCollect collect_merchant_keys;
EvidenceCollect collect_operators;
EvidenceCollect collect_pin_changes;
EvidenceCollect collect_rights;
EvidenceCollect collect_rights_reviews;
/* collect_vault.c: what was done to the vault, and what it says of itself */
EvidenceCollect collect_reveals;
EvidenceCollect collect_receivers;
EvidenceCollect collect_grants;
EvidenceCollect collect_live_grants;
EvidenceCollect collect_ceremonies;
EvidenceCollect collect_custody;
EvidenceCollect collect_attached;
EvidenceCollect collect_attached_acts;
/* collect_life.c: personal data from consent to destruction */
EvidenceCollect collect_life_cycle;
EvidenceCollect collect_holds;
EvidenceCollect collect_destructions;
EvidenceCollect collect_retention;
/* collect_house.c: keys, copies, days, the log itself */
EvidenceCollect collect_vault_keys;
EvidenceCollect collect_key_acts;
EvidenceCollect collect_overrides;
EvidenceCollect collect_legacy_passwords;
EvidenceCollect collect_legacy_signatures;
EvidenceCollect collect_bindings;
EvidenceCollect collect_backups;
EvidenceCollect collect_day_ends;
EvidenceCollect collect_reports;
EvidenceCollect collect_reviews;
EvidenceCollect collect_nothing; /* of a section that only finishes */
void finish_day_ends(
        const Evidence *evidence, void (*add)(void *context, EvidenceLine *line), void *context);
void finish_coverage(
        const Evidence *evidence, void (*add)(void *context, EvidenceLine *line), void *context);
