#pragma once
/*
 * run_apart: run another program as the audit user, with nothing but the descriptors given.
 */
#include "users.h"

typedef struct RunApart {
    const char *const *arguments; /* [0] is the program's path; ended by NULL */
    int input_fd; /* -1: nothing to read */
    int output_fd; /* -1: into `said` */
} RunApart;

/* `said` gets what it printed on standard error (and output), as much as fits. *ret_exit is its
 * exit status, -1 when a signal ended it, 127 when it could not be started. Faults FAULT_SYSTEM. */
MUST_USE Status run_apart(const Users *users, const RunApart *run, Buffer *said, int *ret_exit);
