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
/* collect_house.c: keys, copies, days, the log itself */
EvidenceCollect collect_vault_keys;
EvidenceCollect collect_key_acts;
EvidenceCollect collect_overrides;
EvidenceCollect collect_legacy_passwords;
EvidenceCollect collect_bindings;
EvidenceCollect collect_backups;
EvidenceCollect collect_day_ends;
EvidenceCollect collect_reports;
EvidenceCollect collect_nothing; /* of a section that only finishes */
void finish_day_ends(
        const Evidence *evidence, void (*add)(void *context, EvidenceLine *line), void *context);
void finish_coverage(
        const Evidence *evidence, void (*add)(void *context, EvidenceLine *line), void *context);
