#pragma once
/*
 * up_summary: what `hufu up` shows when everything runs: the day that was played, the sums, the
 * audit, and where to go from here.
 */
#include "layout.h"
#include "replayer.h"

typedef struct UpSummary {
    const Layout *layout;
    const Users *users;
    const char *address;
    uint16_t port;
    uint16_t service_port; /* 0: closed */
    uint16_t console_port; /* likewise */
    uint16_t metrics_port; /* likewise */
    const ReplayResult *first_day; /* NULL: nothing was played */
} UpSummary;

void up_summary(const UpSummary *summary);
