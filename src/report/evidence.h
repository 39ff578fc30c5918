#pragma once
/*
 * evidence: what the half-yearly audit reports (TP-16, LL-4.5.3): sections, each with one function
 * that knows its lines among everything that verified.
 *
 * Items come from audit/verify.h alone: events of signed leaves, rows that stand in them, findings
 * of the check itself; and the vault's own list of its keys. Each item is shown to each section's
 * `collect`; the lines of the period are listed, those of the period before are counted beside
 * them.
 *
 * To add a source: one EvidenceSection in sections.c, one collector in the file of its area
 * (collect_*.c). A section whose source this release has not is there with `collect` NULL and is
 * printed as "no source in this release": never as if nothing had happened.
 *
 * Floor 4. No shared state.
 */
#include "audit/event.h"
#include "audit/verify.h"
#include "policy/classes.h"

enum {
    EVIDENCE_SECTIONS_MAX = 48,
    EVIDENCE_COLUMNS_MAX = 5,
    EVIDENCE_CELL_BYTES_MAX = 200, /* longer is cut, with "..." */
    EVIDENCE_LINES_MAX = 6000, /* of all sections */
    EVIDENCE_SECTION_LINES_MAX = 300, /* listed; further ones are counted */
};

/* A sentence in the languages of the house. Static storage. */
typedef struct ReportText {
    const char *en;
    const char *zh;
} ReportText;

/* Of a section's cells: its heading, and the class of what stands below it. The page that prints a
 * cell asks the policy for this class at the layer export (page_export); one that declares none
 * does not build (tools/declared). */
typedef struct EvidenceColumn {
    ReportText title;
    DataClass class;
} EvidenceColumn;

enum { EVIDENCE_STATEMENT_CELLS = 5 };

/*
 * What the vault says of itself, one line: its keys, the policy that two people set, how many
 * passwords are old. It is as true as the vault is, and kept beside the report.
 *
 *   "key"       name | version | algorithm | end us (0: none) | current, old or destroyed
 *   "override"  what may be done to which class | until us | who | reason | clause
 *   "passwords" modern | legacy | wrapped | locked
 *   "reveal-log" what came of proving it against the vault's count ("OK")
 *   "receiver"  name | purposes | a day | a day of one person's
 *   "grants"    card expiry grants that live | that are over and not yet forgotten
 *   "custody"   of the root key
 *   "attached"  table of database | phase | rows | frozen | announced and not settled
 */
typedef struct EvidenceStatement {
    Span kind;
    int64_t time_us; /* when it was made or set; 0: as it is now */
    Span cells[EVIDENCE_STATEMENT_CELLS];
} EvidenceStatement;

typedef struct EvidencePeriod {
    int64_t from_us;
    int64_t to_us; /* the first moment behind it */
    int64_t before_us; /* the period to compare with is before_us..from_us */
} EvidencePeriod;

/* One thing that verified; exactly one of the pointers is set. */
typedef struct EvidenceItem {
    int64_t time_us;
    int64_t leaf; /* of the audit log; -1: not of the log */
    const AuditEvent *event;
    const RowView *row;
    const EvidenceStatement *statement;
    const AuditFinding *finding; /* of the check that the report was made in */
    const EvidencePeriod *period;
} EvidenceItem;

typedef struct EvidenceLine {
    uint16_t section;
    int64_t time_us; /* of the last one */
    int64_t leaf; /* of the first one; -1: none */
    int64_t last_leaf;
    uint64_t count; /* in the period; filled with 1 before `collect` */
    uint64_t before; /* in the one before */
    char cells[EVIDENCE_COLUMNS_MAX][EVIDENCE_CELL_BYTES_MAX + 1];
} EvidenceLine;

typedef struct Evidence Evidence;

typedef struct EvidenceSection {
    const char *id; /* "row-seals": an anchor, never changed */
    ReportText title;
    const char *clauses; /* "TP-12, TP-16" */
    ReportText checked; /* what was looked at: said with or without lines */
    ReportText advice; /* when there are lines; {NULL}: a record that asks for nothing */
    EvidenceColumn columns[EVIDENCE_COLUMNS_MAX]; /* of the cells */
    /* Is the item one of ours? Then fill the cells (and count, when it stands for several).
     * NULL: no source in this release. */
    bool (*collect)(const EvidenceItem *item, EvidenceLine *ret_line);
    bool grouped; /* lines with equal cells are one, with a count */
    bool alarming; /* one line is enough for somebody to act */
    /* Further lines from what was counted along the way; NULL: none. */
    void (*finish)(const Evidence *evidence, void (*add)(void *context, EvidenceLine *line),
            void *context);
} EvidenceSection;

typedef struct EvidenceSum {
    uint64_t count;
    uint64_t before;
    uint64_t lines; /* listed */
    uint64_t unlisted; /* lines that did not fit */
} EvidenceSum;

enum { EVIDENCE_GAPS_MAX = 8, EVIDENCE_DAYS_MAX = 800 };
typedef struct EvidenceGap {
    int64_t from_us;
    int64_t to_us;
    int64_t leaf; /* behind it */
} EvidenceGap;

/* How the log covers the period. */
typedef struct EvidenceCoverage {
    uint64_t leaves; /* of the period */
    uint64_t events;
    int64_t first_leaf; /* -1: none */
    int64_t last_leaf;
    int64_t first_us;
    int64_t last_us;
    int64_t begun_us; /* time of leaf 0: the log is not older; 0: there is none */
    int64_t previous_us; /* the last leaf so far, before or in the period */
    EvidenceGap gaps[EVIDENCE_GAPS_MAX]; /* longest first: a day or more without a leaf */
    size_t gap_count;
    uint8_t day_closed[EVIDENCE_DAYS_MAX]; /* by business day from the period's first */
    int64_t reversals; /* leaves older than the one before them */
} EvidenceCoverage;

struct Evidence {
    EvidencePeriod period;
    const EvidenceSection *sections;
    size_t section_count;
    EvidenceCoverage coverage;
    EvidenceSum sums[EVIDENCE_SECTIONS_MAX];
    EvidenceLine *lines; /* [EVIDENCE_LINES_MAX], in the order of the log */
    size_t line_count;
    bool unreadable; /* an event of a verified leaf could not be read */
};

/* The house's sections. */
extern const EvidenceSection evidence_sections[];
extern const size_t evidence_section_count;

/* Faults FAULT_MEMORY. Refuses REFUSED_REPORT_PERIOD (from >= to, over EVIDENCE_DAYS_MAX days). */
MUST_USE Status evidence_open(int64_t from_us, int64_t to_us, const EvidenceSection *sections,
        size_t section_count, Evidence *ret_evidence);
void evidence_close(Evidence *evidence);

/* For AuditVerifyConfig: context is the Evidence. */
void evidence_leaf(void *evidence, const AuditLeaf *leaf);
void evidence_row(void *evidence, const RowView *row, int64_t leaf_time_us);
void evidence_finding(void *evidence, const AuditFinding *finding);
/* Lines of kind \t time us \t five cells \n, as `hufu audit report` writes what the vault says.
 * Refuses REFUSED_CSV_SYNTAX. */
MUST_USE Status evidence_statements(Evidence *evidence, Span lines);
/* After the last item. */
void evidence_end(Evidence *evidence);

/* --- for collectors --- */
/* printf into a cell; control characters become spaces, what is too long is cut. */
__attribute__((format(printf, 3, 4))) void evidence_cell(
        EvidenceLine *line, size_t column, const char *format, ...);
void evidence_cell_text(EvidenceLine *line, size_t column, Span text);
/* "payer/p***7" for a payer (TP-11: who somebody is is shown to nobody in full), others as they
 * are. */
void evidence_cell_actor(EvidenceLine *line, size_t column, Span actor);
/* "bank-a/w***g": a name of a place, and who somebody is there. */
void evidence_cell_masked(EvidenceLine *line, size_t column, Span place, Span name);
bool evidence_begins_with(Span text, const char *head);
/* The item is the vault's statement of this kind. */
bool evidence_states(const EvidenceItem *item, const char *kind);
/* A class of somebody's data that should have been deleted more than a day before `now_us`. */
bool evidence_is_overdue(const RowView *row, int64_t now_us);
/* The number in a statement's cell; 0 when it is none. */
int64_t evidence_number(Span cell);
/* "2026-11-27 16:52" of the business time zone. */
void evidence_cell_time(EvidenceLine *line, size_t column, int64_t time_us);
