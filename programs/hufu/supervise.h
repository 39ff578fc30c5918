#pragma once
/*
 * supervise: start our programs one after another, each under its own user, start one again that
 * dies, and stop them in the opposite order. One that ends with status 0 was told to: it is not
 * started again. Nor is one whose work another does now; the others go on, since that one may need
 * them.
 *
 * One thread of its own forks and watches them (a pidfd each), so that they get SIGTERM from the
 * kernel when this program dies in any way. Programs are ended by their pid, never by a name.
 */
#include "base/bytes.h"

#include <sys/types.h>

enum {
    SUPERVISE_PROGRAMS_MAX = 4,
    SUPERVISE_ARGUMENTS_MAX = 32,
    SUPERVISE_RESTARTS_MAX = 5, /* within SUPERVISE_WINDOW_S; then the program is given up */
    SUPERVISE_WINDOW_S = 60,
    SUPERVISE_STOP_S_MAX = 30, /* after SIGTERM; then SIGKILL, which loses nothing acknowledged */
};

typedef struct Program {
    const char *name;
    const char *arguments[SUPERVISE_ARGUMENTS_MAX + 1]; /* the path first, ended by NULL */
    const char *log_path; /* standard output and error are appended here */
    uid_t uid; /* with gid and group, when change_user */
    gid_t gid;
    gid_t group; /* its one further group */
    bool change_user;
    int replaced_exit; /* its exit status when another does its work now; 0: it has none */
} Program;

typedef struct Supervisor Supervisor;

/* `programs` and all it names are borrowed until supervisor_stop(). Nothing is started yet.
 * Faults FAULT_MEMORY, FAULT_SYSTEM, FAULT_THREAD. */
MUST_USE Status supervisor_open(const Program *programs, size_t count, Supervisor **ret_supervisor);
/* Start one program and keep it running. */
void supervisor_start(Supervisor *supervisor, size_t index);
/* Its pid now; 0 when it does not run. */
pid_t supervisor_pid(const Supervisor *supervisor, size_t index);
/* How often it was started again. */
unsigned supervisor_restarts(const Supervisor *supervisor, size_t index);
/* The name of a program that died too often, or that ended by itself as if told to; NULL: all is
 * well. */
const char *supervisor_given_up(const Supervisor *supervisor);
/* Whether what supervisor_given_up() names ended in order ("hufu stop"). */
bool supervisor_ended_well(const Supervisor *supervisor);
/* Becomes readable then. */
int supervisor_event_fd(const Supervisor *supervisor);
/* SIGTERM to the last started, wait, then the one before; frees. NULL is fine. */
void supervisor_stop(Supervisor **supervisor);

/* Does anybody listen on this local socket file? */
bool socket_listens(const char *path);
