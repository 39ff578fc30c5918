#pragma once
/*
 * event: put one event into the audit log that belongs to no rows (a backup, a restore, a release),
 * and wait until it is durable.
 */
#include "audit/event.h"
#include "store/batch.h"

/* Refuses REFUSED_BUFFER_FULL (a text over its _MAX), and what batcher_submit() refuses. Never from
 * the batch thread. */
MUST_USE Status event_write(Batcher *batcher, const AuditEvent *event);
