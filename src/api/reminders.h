#pragma once
/*
 * reminders: what TP-16 must not let be forgotten: the half-yearly audit report, and the steps of
 * an incident. Looked at by the clockwork once a minute; a report that is late is an alert row,
 * once a business day, and so is each step of an incident that becomes late, once.
 */
#include "api/house.h"

#define REMINDERS_EVERY_US ((int64_t)60 * 1000000)

typedef struct Reminders {
    int64_t next_us;
    int32_t told_day; /* the last business day on which the report was spoken of */
} Reminders;

/* Refuses REFUSED_REPORT_OVERDUE (once a day while it is due soon or late: for the log), and what
 * the batch refuses. */
MUST_USE Status reminders_tick(Reminders *reminders, House *house, int64_t now_us);
