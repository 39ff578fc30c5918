/* Any bytes as a signed note, as leaf, as events: refused or read, never more. */
#include "audit/checkpoint.h"
#include "audit/event.h"
#include "audit/log.h"
#include "audit/report_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_events(Span bytes)
{
    AuditEvents events;
    AuditEvent event;
    bool more = true;
    if (!status_ok(audit_events_begin(bytes, &events))) return;
    while (more) {
        if (!status_ok(audit_events_next(&events, &event, &more))) return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AuditCheckpoint checkpoint;
    AuditLeaf leaf;
    const AuditKeys none = { .count = 0 };
    ReportNote report;
    IGNORE(audit_checkpoint_verify(bytes, &none, &checkpoint),
            "only what happens on the way counts");
    /* A note is a checkpoint or a report, never both. */
    if (status_ok(report_note_parse(bytes, &report)))
        ASSERT(!status_ok(audit_checkpoint_parse(bytes, &checkpoint)));
    read_events(bytes);
    if (!status_ok(audit_leaf_parse(bytes, &leaf))) return 0;
    read_events(leaf.events);
    for (uint32_t i = 0; i < leaf.row_count; i++)
        ASSERT(audit_leaf_row(&leaf, i).hash < data + size);
    return 0;
}
