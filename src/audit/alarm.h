#pragma once
/*
 * alarm: what in the audit log somebody must be told of at once: failed log-ins, changes of rights,
 * changes of plans, illegal access, sensitive reads (LL-4.5.3: 配备告警机制).
 *
 * It is shown every event of the log in order, once it is durable, and says what is alarming by
 * rules of the institution (api/alarm_rules.h). It depends on the events alone: shown the same ones
 * again it says the same, so after a restart it is shown what lies within its longest window and is
 * where it was; docs/decisions/0051. Memory is bounded: of more persons and sources than it can
 * watch the ones that were quiet longest are forgotten, and everybody together is still counted.
 *
 * Floor 3. One thread.
 */
#include "audit/kind.h"

enum {
    ALARM_COUNT_MAX = 64, /* the largest count that a rule may wait for */
    ALARM_WATCHED_SETS = 512,
    ALARM_WATCHED_IN_SET = 8,
};

/* So many within so long; a count of 0 is off. */
typedef struct AlarmRule {
    int64_t count;
    int64_t within_us;
} AlarmRule;

typedef struct AlarmRules {
    AlarmRule login_person; /* failed log-ins of one person */
    AlarmRule login_source; /* ... from one place */
    AlarmRule login_all; /* ... of everybody: somebody sprays */
    bool privilege; /* any change of rights */
    bool plan; /* any change of plans */
    bool illegal; /* any illegal access */
    AlarmRule reads_person; /* sensitive reads of one person */
    bool reads_at_night; /* any of an operator between these hours, which are the institution's */
    int64_t night_from_hour;
    int64_t night_to_hour;
    int64_t quiet_us; /* the same is not told again for so long */
} AlarmRules;

/* Stored in alert rows as 60 + kind: append only. */
typedef enum AlarmKind {
    ALARM_LOGIN_FAILURES = 1,
    ALARM_PRIVILEGE = 2,
    ALARM_PLAN = 3,
    ALARM_ILLEGAL = 4,
    ALARM_SENSITIVE_READS = 5,
    ALARM_KINDS = 6,
} AlarmKind;
const char *alarm_kind_name(AlarmKind kind);

typedef struct AlarmEvent {
    int64_t leaf;
    uint8_t ordinal;
    int64_t time_us;
    const AuditEvent *event;
    Span who; /* the person or place that is alarming: "operator/alice", "merchant/192.0.2.7" */
    int64_t count; /* how many there were by then */
} AlarmEvent;

/* Who wants to be told. What it returns is passed up: the event counts as not shown. */
typedef Status (*AlarmHook)(void *context, AlarmKind kind, const AlarmEvent *alarm);

typedef struct AlarmBook AlarmBook;

/* Faults FAULT_MEMORY. */
MUST_USE Status alarm_book_open(
        const AlarmRules *rules, AlarmHook hook, void *context, AlarmBook **ret_book);
void alarm_book_close(AlarmBook *book); /* NULL is fine */
/* How far back it must be shown the log after a restart. */
int64_t alarm_window_us(const AlarmRules *rules);
/* One event. Refuses what the hook refuses. */
MUST_USE Status alarm_show(
        AlarmBook *book, int64_t leaf, uint8_t ordinal, int64_t time_us, const AuditEvent *event);
