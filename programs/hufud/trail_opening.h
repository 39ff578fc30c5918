#pragma once
/* trail_opening: the audit log is searched and alarmed upon (api/trail_desk.h), by the rules of the
 * settings. */
#include "api/trail_desk.h"
#include "config.h"

/* Also what came while we were away is alarmed upon. `house` knows the desk from here on; the
 * caller stops it. Refuses what alarm_rules_load() and trail_desk_start() refuse. */
Status trail_opening(const Config *config, House *house, TrailDesk **ret_desk);
