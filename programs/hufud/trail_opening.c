#include "trail_opening.h"

#include "api/alarm_rules.h"
#include "base/log.h"

static void report(void *context, const char *what, Status s)
{
    LOG_STATUS(status_broken(s) ? LOG_ERROR : LOG_WARNING, "hufud.trail", s,
            LOG_TEXT(OPERATION, what));
}

Status trail_opening(const Config *config, House *house, TrailDesk **ret_desk)
{
    YamlProblem problem = { 0 };
    TrailDeskConfig desk = { .house = house,
        .database = config->database,
        .index = config->trail,
        .checkpoints = config->checkpoints,
        .keys_file = config->keys_file,
        .report = report };
    const Status loaded = alarm_rules_load(config->alarms, &desk.rules, &problem);
    if (!status_ok(loaded))
        LOG_STATUS(LOG_ERROR, "hufud.alarms", loaded, LOG_TEXT(PATH, problem.key),
                LOG_NUMBER(COUNT, problem.line));
    TRY(loaded);
    TRY(trail_desk_start(&desk, ret_desk));
    house->trail = *ret_desk;
    return OK;
}
