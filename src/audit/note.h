#pragma once
/*
 * note: a C2SP signed note (c2sp.org/signed-note), whatever it says: its text, and who signed it.
 *
 *   text: name \n ...   \n   — name base64(key hash [4] | signature) \n ...
 *
 * The text's first line is the name that signs, so what was signed for one purpose (a checkpoint:
 * audit/checkpoint.h; a report: audit/report_note.h) is never taken for another. Floor 3. No shared
 * state.
 */
#include "audit/checkpoint.h"

typedef struct AuditNote {
    Span text; /* borrowed from the note; ends with a line feed */
    bool by_ed25519;
    bool by_sm2;
    bool signers[AUDIT_KEYS_MAX]; /* which of the keys, whatever their terms */
} AuditNote;

/* Cut into text and signature lines; nothing is believed. Refuses REFUSED_CHECKPOINT_FORMAT. */
MUST_USE Status audit_note_split(Span note, Span *ret_text, Span *ret_lines);
/*
 * A good line of the text's own name for each algorithm that `keys` has; lines of unknown keys are
 * passed over, a bad line of a known key refuses the note. Refuses REFUSED_CHECKPOINT_FORMAT,
 * REFUSED_CHECKPOINT_SIGNATURE.
 */
MUST_USE Status audit_note_open(Span note, const AuditKeys *keys, AuditNote *ret_note);
