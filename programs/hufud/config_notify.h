#pragma once
/* config_notify: the settings of notifications, which are lists. Inside this program only. */
#include "config.h"

/* NULL: the reference's own schedule, port 443 alone. Refuses YAML_..., NOTIFY_SCHEDULE,
 * NOTIFY_PORT. */
MUST_USE Status config_notify(
        const YamlNode *schedule, const YamlNode *ports, Config *ret_config, YamlProblem *problem);
