#pragma once
/*
 * front: nginx before a stand's house, with the very files of deploy/nginx: only ports, the paths
 * of certificates and who may be trusted are those of the stand. One process of ours, ended by its
 * id.
 */
#include "stand.h"

#define FRONT_NGINX "/usr/sbin/nginx"

typedef struct Front {
    pid_t pid;
    uint16_t port; /* merchants and payers; the console's own port is not used */
} Front;

/* Faults FAULT_DISK, FAULT_SYSTEM; refuses IPC_TIMEOUT: see <folder>/nginx/error.log. */
MUST_USE Status front_open(const Stand *stand, Front *ret_front);
void front_close(Front *front);
/* Requests that it has logged so far, and of those the ones that it sent on to hufud, without those
 * whose method libevent does not know (501): hufud does not count them. */
typedef struct FrontCounts {
    int64_t requests;
    int64_t sent_on;
} FrontCounts;
FrontCounts front_counts(const Stand *stand);
