#pragma once
/*
 * run_apart: run another program to its end as one of our users, with nothing but what is given.
 */
#include "users.h"

typedef enum RunUser { RUN_AUDIT = 0, RUN_VAULT = 1 } RunUser;

typedef struct RunApart {
    const char *const *arguments; /* [0] is the program's path; ended by NULL */
    int input_fd; /* -1: nothing to read */
    int output_fd; /* -1: into `said` */
    RunUser user;
    bool with_sockets; /* in the group of the sockets, too: it opens one */
    bool with_environment; /* ours goes along: an HSM's library may need it */
} RunApart;

/* `said` gets what it printed on standard error (and output), as much as fits. *ret_exit is its
 * exit status, -1 when a signal ended it, 127 when it could not be started. Faults FAULT_SYSTEM. */
MUST_USE Status run_apart(const Users *users, const RunApart *run, Buffer *said, int *ret_exit);
