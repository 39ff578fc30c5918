#include "config_notify.h"

#include "base/time.h"

enum { PORT_DEFAULT = 443, PORT_MAX = 65535 };

static Status read_schedule(
        const YamlNode *node, NotificationSchedule *ret_schedule, YamlProblem *problem)
{
    *ret_schedule = (NotificationSchedule) { .count = yaml_size(node) };
    yaml_blame(node, problem);
    REQUIRE(ret_schedule->count >= 1 && ret_schedule->count <= NOTIFICATION_WAITS_MAX,
            REFUSED_NOTIFY_SCHEDULE);
    for (size_t i = 0; i < ret_schedule->count; i++) {
        int64_t wait_s = 0;
        TRY(yaml_int(yaml_at(node, i), 1, NOTIFICATION_WAIT_S_MAX, &wait_s, problem));
        ret_schedule->waits_us[i] = wait_s * TIME_SECOND_US;
    }
    return OK;
}

static Status read_ports(const YamlNode *node, Config *ret_config, YamlProblem *problem)
{
    const size_t count = yaml_size(node);
    yaml_blame(node, problem);
    REQUIRE(count >= 1 && count <= OUTSIDE_PORTS_MAX, REFUSED_NOTIFY_PORT);
    for (size_t i = 0; i < count; i++) {
        int64_t port = 0;
        TRY(yaml_int(yaml_at(node, i), 1, PORT_MAX, &port, problem));
        ret_config->notify_ports[i] = (uint16_t)port;
    }
    ret_config->notify_port_count = count;
    return OK;
}

Status config_notify(
        const YamlNode *schedule, const YamlNode *ports, Config *ret_config, YamlProblem *problem)
{
    ret_config->notify_schedule = notification_schedule_default();
    ret_config->notify_ports[0] = PORT_DEFAULT;
    ret_config->notify_port_count = 1;
    if (schedule != NULL) TRY(read_schedule(schedule, &ret_config->notify_schedule, problem));
    return ports == NULL ? OK : read_ports(ports, ret_config, problem);
}
