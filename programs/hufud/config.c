#include "config.h"

#include "config_notify.h"

#include "base/seams.h"
#include "http/server.h"
#include "message/profile.h"
#include "store/safe_address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct ConfigSpans {
    Span address, database, domain, vault, admin, checkpoints, second, strategy, accounts, barcode,
            transfers, purposes, access, alarms, trail, ca_file, keys_file, ready_file,
            console_origin, console_files, field_files, payer_devices, notify_ca, public_url,
            merchant_terms, holidays;
    const YamlNode *trusted_proxies, *legacy_profiles, *notify_schedule, *notify_ports, *bank;
    int64_t payer_cool_s, refund_days, reverse_days, reserve_days, merchant_per_second,
            merchant_burst;
    int64_t port, service_port, console_port, metrics_port, loops, connections, operator_uid, group,
            code_life_s, signers, openers, callers, notifiers;
    int64_t report_warn_days, report_alert_days, incident_contain_hours, incident_report_hours,
            incident_police_hours, incident_notify_hours, incident_cause_days, incident_close_days;
} ConfigSpans;

#define TEXT(name)                                                                  \
    {                                                                               \
#name, YAML_TEXT, true, 1, CONFIG_TEXT_MAX - 1, offsetof(ConfigSpans, name) \
    }
#define NUMBER(name, least, most)                                            \
    {                                                                        \
#name, YAML_INT, false, (least), (most), offsetof(ConfigSpans, name) \
    }

static const YamlField fields[] = {
    TEXT(address),
    TEXT(database),
    TEXT(domain),
    TEXT(vault),
    TEXT(admin),
    TEXT(checkpoints),
    TEXT(second),
    TEXT(strategy),
    TEXT(accounts),
    TEXT(barcode),
    TEXT(transfers),
    TEXT(purposes),
    TEXT(access),
    TEXT(alarms),
    TEXT(trail),
    TEXT(ca_file),
    TEXT(keys_file),
    TEXT(ready_file),
    { "payer_devices", YAML_TEXT, false, 1, 16, offsetof(ConfigSpans, payer_devices) },
    { "merchant_terms", YAML_TEXT, false, 1, 16, offsetof(ConfigSpans, merchant_terms) },
    { "holidays", YAML_TEXT, false, 1, CONFIG_TEXT_MAX - 1, offsetof(ConfigSpans, holidays) },
    NUMBER(payer_cool_s, 1, 30 * 86400),
    NUMBER(refund_days, 1, 3650),
    NUMBER(reverse_days, 1, 3650),
    NUMBER(reserve_days, 0, 30),
    NUMBER(port, 0, 65535),
    NUMBER(service_port, -1, 65535),
    NUMBER(console_port, -1, 65535),
    NUMBER(metrics_port, -1, 65535),
    { "console_origin", YAML_TEXT, false, 9, CONFIG_TEXT_MAX - 1,
            offsetof(ConfigSpans, console_origin) },
    { "console_files", YAML_TEXT, false, 1, CONFIG_TEXT_MAX - 1,
            offsetof(ConfigSpans, console_files) },
    { "public_url", YAML_TEXT, false, 9, CONFIG_TEXT_MAX - 1, offsetof(ConfigSpans, public_url) },
    { "field_files", YAML_TEXT, false, 1, CONFIG_TEXT_MAX - 1, offsetof(ConfigSpans, field_files) },
    { "trusted_proxies", YAML_SEQUENCE, false, 0, HTTP_PROXIES_MAX,
            offsetof(ConfigSpans, trusted_proxies) },
    { "legacy_profiles", YAML_SEQUENCE, false, 0, PROFILE_NUMBER_MAX,
            offsetof(ConfigSpans, legacy_profiles) },
    NUMBER(merchant_per_second, 1, 1000000),
    NUMBER(merchant_burst, 1, 1000000),
    NUMBER(notifiers, 0, 64),
    { "notify_schedule", YAML_SEQUENCE, false, 1, NOTIFICATION_WAITS_MAX,
            offsetof(ConfigSpans, notify_schedule) },
    { "notify_ports", YAML_SEQUENCE, false, 1, OUTSIDE_PORTS_MAX,
            offsetof(ConfigSpans, notify_ports) },
    { "notify_ca", YAML_TEXT, false, 1, CONFIG_TEXT_MAX - 1, offsetof(ConfigSpans, notify_ca) },
    { "bank", YAML_ANY, false, 0, 0, offsetof(ConfigSpans, bank) },
    NUMBER(loops, 0, 64),
    NUMBER(connections, 64, HTTP_CONNECTIONS_MAX),
    NUMBER(operator_uid, 0, UINT32_MAX),
    NUMBER(group, -1, INT32_MAX),
    NUMBER(code_life_s, 1, 3600),
    NUMBER(signers, 1, 16),
    NUMBER(openers, 1, 64),
    NUMBER(callers, 1, 64),
    NUMBER(report_warn_days, 1, 183),
    NUMBER(report_alert_days, 1, 183),
    NUMBER(incident_contain_hours, 1, 24),
    NUMBER(incident_report_hours, 1, 24 * 7),
    NUMBER(incident_police_hours, 1, 24 * 7),
    NUMBER(incident_notify_hours, 1, 24 * 30),
    NUMBER(incident_cause_days, 1, 90),
    NUMBER(incident_close_days, 1, 180),
};

Status config_read_file(const char *path, Buffer *ret_text)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    REQUIRE(fd >= 0, REFUSED_YAML_SYNTAX);
    const Disk disk = disk_of_fd(fd);
    uint64_t size = 0;
    Status s = disk.size(disk.context, &size);
    if (status_ok(s) && size > ret_text->capacity) s = REFUSE(REFUSED_YAML_SIZE);
    if (status_ok(s)) s = disk.read(disk.context, 0, ret_text->data, size);
    if (status_ok(s)) ret_text->size = size;
    close(fd);
    return s;
}

static void keep(char *ret_text, Span text)
{
    /* The table bounds it below CONFIG_TEXT_MAX; one that is not given has no bytes at all. */
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = 0;
}

static void keep_clocks(const ConfigSpans *s, Config *ret_config)
{
    ret_config->report_warn_days = s->report_warn_days;
    ret_config->report_alert_days = s->report_alert_days;
    ret_config->incident_contain_hours = s->incident_contain_hours;
    ret_config->incident_report_hours = s->incident_report_hours;
    ret_config->incident_police_hours = s->incident_police_hours;
    ret_config->incident_notify_hours = s->incident_notify_hours;
    ret_config->incident_cause_days = s->incident_cause_days;
    ret_config->incident_close_days = s->incident_close_days;
}

static void keep_texts(const ConfigSpans *s, Config *ret_config)
{
    keep(ret_config->address, s->address);
    keep(ret_config->database, s->database);
    keep(ret_config->domain, s->domain);
    keep(ret_config->vault, s->vault);
    keep(ret_config->admin, s->admin);
    keep(ret_config->checkpoints, s->checkpoints);
    keep(ret_config->second, s->second);
    keep(ret_config->strategy, s->strategy);
    keep(ret_config->accounts, s->accounts);
    keep(ret_config->barcode, s->barcode);
    keep(ret_config->transfers, s->transfers);
    keep(ret_config->holidays, s->holidays);
    keep(ret_config->purposes, s->purposes);
    keep(ret_config->access, s->access);
    keep(ret_config->alarms, s->alarms);
    keep(ret_config->trail, s->trail);
    keep(ret_config->ca_file, s->ca_file);
    keep(ret_config->keys_file, s->keys_file);
    keep(ret_config->ready_file, s->ready_file);
    keep(ret_config->console_origin, s->console_origin);
    keep(ret_config->console_files, s->console_files);
    keep(ret_config->field_files, s->field_files);
    keep(ret_config->notify_ca, s->notify_ca);
}

static Status keep_payers(const ConfigSpans *s, Config *ret_config, YamlProblem *problem)
{
    const bool required = span_equal(s->payer_devices, SPAN("required"));
    ret_config->payer_devices_required = required;
    ret_config->payer_cool_s = s->payer_cool_s;
    if (required || span_equal(s->payer_devices, SPAN("registered"))) return OK;
    snprintf(problem->key, sizeof(problem->key), "payer_devices");
    return REFUSE(REFUSED_YAML_RANGE);
}

static Status keep_terms(Span word, Config *ret_config, YamlProblem *problem)
{
    ret_config->terms_required = span_equal(word, SPAN("required"));
    ret_config->terms_optional = span_equal(word, SPAN("optional"));
    if (word.size == 0 || ret_config->terms_required || ret_config->terms_optional) return OK;
    snprintf(problem->key, sizeof(problem->key), "merchant_terms");
    return REFUSE(REFUSED_YAML_RANGE);
}

/* No path and no '/' at the end: what we write behind it begins with one. */
static Status keep_public_url(Span url, Config *ret_config, YamlProblem *problem)
{
    static const char scheme[] = "https://";
    const size_t scheme_size = sizeof(scheme) - 1;
    const bool is_https = url.size > scheme_size
            && span_equal((Span) { url.data, scheme_size }, span_of_text(scheme));
    const bool is_origin =
            is_https && memchr(url.data + scheme_size, '/', url.size - scheme_size) == NULL;
    keep(ret_config->public_url, url);
    if (url.size == 0 || is_origin) return OK;
    snprintf(problem->key, sizeof(problem->key), "public_url");
    return REFUSE(REFUSED_YAML_RANGE);
}

static Status keep_proxies(const ConfigSpans *s, Config *ret_config, YamlProblem *problem)
{
    const size_t count = s->trusted_proxies == NULL ? 0 : yaml_size(s->trusted_proxies);
    ret_config->trusted_proxies.count = 0;
    for (size_t i = 0; i < count; i++) {
        const YamlNode *node = yaml_at(s->trusted_proxies, i);
        Span text = { 0 };
        TRY(yaml_text(node, CONFIG_TEXT_MAX - 1, &text, problem));
        const Status added = http_proxies_add(&ret_config->trusted_proxies, text);
        if (!status_ok(added)) yaml_blame(node, problem);
        TRY(added);
    }
    return OK;
}

/* Weak ways of signing that may be given to merchants here at all. */
static Status keep_legacy(const YamlNode *names, Config *ret_config, YamlProblem *problem)
{
    ret_config->legacy_profiles = 0;
    for (size_t i = 0; names != NULL && i < yaml_size(names); i++) {
        const YamlNode *node = yaml_at(names, i);
        Span name = { 0 };
        TRY(yaml_text(node, CONFIG_TEXT_MAX - 1, &name, problem));
        const SigningProfile *profile = profile_by_name(name);
        const bool legacy = profile != NULL && profile->legacy;
        if (!legacy) yaml_blame(node, problem);
        REQUIRE(legacy, REFUSED_PROFILE_UNKNOWN);
        ret_config->legacy_profiles |= INT64_C(1) << profile->number;
    }
    return OK;
}

Status config_load(const char *path, Config *ret_config, YamlProblem *problem)
{
    uint8_t bytes[CONFIG_FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    TRY(config_read_file(path, &text));
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    TRY(yaml_parse(span_of_buffer(&text), &document, problem));
    ConfigSpans s = {
        .payer_devices = SPAN("registered"),
        .payer_cool_s = 86400,
        .merchant_per_second = 1000,
        .merchant_burst = 2000,
        .refund_days = 365,
        .reverse_days = 7,
        .reserve_days = -1,
        .service_port = -1,
        .console_port = -1,
        .metrics_port = -1,
        .group = -1,
        .code_life_s = 60,
        .signers = 2,
        .openers = 8,
        .callers = 8,
        .notifiers = 32,
        .report_warn_days = 152,
        .report_alert_days = 183,
        .connections = 8192,
        .incident_contain_hours = 1,
        .incident_report_hours = 24,
        .incident_police_hours = 24,
        .incident_notify_hours = 72,
        .incident_cause_days = 30,
        .incident_close_days = 45,
    };
    TRY(yaml_read(yaml_root(document), fields, sizeof(fields) / sizeof(fields[0]), &s, problem));
    keep_texts(&s, ret_config);
    ret_config->notifiers = s.notifiers;
    TRY(keep_public_url(s.public_url, ret_config, problem));
    TRY(keep_terms(s.merchant_terms, ret_config, problem));
    ret_config->port = s.port;
    ret_config->service_port = s.service_port;
    ret_config->console_port = s.console_port;
    ret_config->metrics_port = s.metrics_port;
    ret_config->loops = s.loops;
    ret_config->connections = s.connections;
    ret_config->merchant_per_second = s.merchant_per_second;
    ret_config->merchant_burst = s.merchant_burst;
    ret_config->operator_uid = s.operator_uid;
    ret_config->group = s.group;
    ret_config->code_life_s = s.code_life_s;
    ret_config->signers = s.signers;
    ret_config->openers = s.openers;
    ret_config->refund_days = s.refund_days;
    ret_config->reverse_days = s.reverse_days;
    ret_config->reserve_days = s.reserve_days;
    keep_clocks(&s, ret_config);
    ret_config->callers = s.callers;
    TRY(keep_proxies(&s, ret_config, problem));
    TRY(keep_legacy(s.legacy_profiles, ret_config, problem));
    TRY(config_notify(s.notify_schedule, s.notify_ports, ret_config, problem));
    TRY(config_bank(s.bank, &ret_config->bank, problem));
    return keep_payers(&s, ret_config, problem);
}

/* A file or a socket file; "tcp:host", "host:port", "nfs://..." are not. */
static bool is_path(const char *text)
{
    return text[0] == '/' || (strchr(text, ':') == NULL && strchr(text, '@') == NULL);
}

static bool is_numeric(const char *address)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

Status config_channels(const Config *c, bool development, const char **ret_key)
{
    const struct {
        const char *key;
        const char *value;
        bool database;
    } ends[] = { { "vault", c->vault, false }, { "admin", c->admin, false },
        { "database", c->database, true }, { "domain", c->domain, true },
        { "checkpoints", c->checkpoints, false }, { "second", c->second, false },
        { "trail", c->trail, false } };
    *ret_key = "address";
    REQUIRE(is_numeric(c->address), REFUSED_CHANNEL_ADDRESS);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        *ret_key = ends[i].key;
        if (ends[i].database && safe_address_is_postgres(ends[i].value))
            TRY(safe_address_postgres(ends[i].value, development));
        else
            REQUIRE(is_path(ends[i].value), REFUSED_CHANNEL_ADDRESS);
    }
    return OK;
}
