#pragma once
/*
 * log_door: the log sink obeys the policy. Each key declares its class (base/log_keys.def); a class
 * that the default lets not into a log does not compile, and one that two people took away since is
 * left out of the line (TP-5, TP-6, TP-14).
 */
#include "base/log.h"

/* For main(), before any thread. */
void log_door_open(void);
/* May this key's class be logged as it is, by what is in force now? */
bool log_door(LogKey key);
