#pragma once
/*
 * cluster: a PostgreSQL 15 of our own for tests: in a folder under TMPDIR, on loopback and a free
 * port, as an unprivileged user when we are root, ended by its process id.
 */
#include "base/status.h"

#include <sys/types.h>

typedef struct Cluster {
    char folder[128];
    int port;
    pid_t pid; /* of the postmaster */
} Cluster;

/* Refuses REFUSED_IPC_CLOSED when no PostgreSQL 15 is installed. */
MUST_USE Status cluster_open(Cluster *ret_cluster);
void cluster_close(Cluster *cluster); /* and remove the folder */
/* SIGKILL to the postmaster, as a power cut would; its children end by themselves. */
void cluster_kill(Cluster *cluster);
MUST_USE Status cluster_start(Cluster *cluster);
/* Who its processes are. */
void cluster_owner(uid_t *ret_uid, gid_t *ret_gid);
/* "postgres://app@127.0.0.1:PORT/NAME" into 128 bytes; returns it. */
const char *cluster_url(const Cluster *cluster, const char *name, char ret_url[128]);

/* Run a program to its end; its output (both streams) into `ret_output`, NUL-terminated. Returns
 * its exit status. A name without a slash is one of PostgreSQL's. as_owner: not as root. */
int cluster_run(const char *const *argv, bool as_owner, char *ret_output, size_t capacity);
