#pragma once
/* config: hufud's settings, one YAML file (deploy/hufud.yaml shows all of it). */
#include "config_bank.h"
#include "http/outside_url.h"
#include "http/proxies.h"
#include "payment/notification.h"
#include "text/yaml.h"

enum { CONFIG_TEXT_MAX = 256, CONFIG_FILE_BYTES_MAX = 64 * 1024 };

typedef struct Config {
    char address[CONFIG_TEXT_MAX]; /* numeric */
    int64_t port; /* 0: any free one */
    int64_t service_port; /* of the vault's service; 0: any free one, -1: closed */
    int64_t metrics_port; /* on 127.0.0.1, plain; 0: any free one, -1: closed */
    int64_t console_port; /* of the console; 0: any free one, -1: closed */
    HttpProxies trusted_proxies; /* whose word counts for whom they ask; none: nobody's */
    char console_origin[CONFIG_TEXT_MAX]; /* of its pages; empty: localhost and `address` */
    char console_files[CONFIG_TEXT_MAX]; /* folder of its page; empty: none */
    char public_url[CONFIG_TEXT_MAX]; /* "https://pay.example"; empty: `address` and `port` */
    char field_files[CONFIG_TEXT_MAX]; /* folder of the cashier page; empty: none */
    int64_t loops; /* 0: one a core */
    int64_t connections; /* of merchants and payers, in each loop; more wait */
    int64_t merchant_per_second; /* requests of one merchant; more are answered 429 */
    int64_t merchant_burst; /* ... that he may send at once */
    bool terms_required; /* neither: required, but with --development */
    bool terms_optional;
    char database[CONFIG_TEXT_MAX];
    char domain[CONFIG_TEXT_MAX];
    char vault[CONFIG_TEXT_MAX]; /* vaultd's socket */
    char admin[CONFIG_TEXT_MAX]; /* our socket for the operator */
    int64_t operator_uid;
    int64_t group; /* of the admin socket; -1: unchanged */
    char checkpoints[CONFIG_TEXT_MAX];
    char second[CONFIG_TEXT_MAX]; /* the second place for checkpoints */
    char strategy[CONFIG_TEXT_MAX];
    char accounts[CONFIG_TEXT_MAX];
    char barcode[CONFIG_TEXT_MAX];
    char transfers[CONFIG_TEXT_MAX];
    char holidays[CONFIG_TEXT_MAX]; /* "": weekends alone */
    char purposes[CONFIG_TEXT_MAX];
    char access[CONFIG_TEXT_MAX];
    char alarms[CONFIG_TEXT_MAX]; /* rules/alarms.yaml */
    char trail[CONFIG_TEXT_MAX]; /* the index of the audit log; may be removed at any time */
    char ca_file[CONFIG_TEXT_MAX]; /* written at start: whom clients trust */
    char keys_file[CONFIG_TEXT_MAX]; /* written at start: public keys, for auditors */
    char ready_file[CONFIG_TEXT_MAX]; /* written when serving: "address port"; removed at stop */
    int64_t code_life_s;
    int64_t signers;
    int64_t openers;
    int64_t report_warn_days; /* since the last audit report (TP-16) */
    int64_t report_alert_days;
    int64_t incident_contain_hours; /* clocks of an incident's steps (TP-16) */
    int64_t incident_report_hours;
    int64_t incident_police_hours;
    int64_t incident_notify_hours;
    int64_t incident_cause_days;
    int64_t incident_close_days;
    int64_t legacy_profiles; /* set of 1 << number (message/profile.h); none unless named */
    bool payer_devices_required; /* every payer must register, with a device */
    int64_t payer_cool_s; /* no money leaves so long after a reset, or from a new device */
    int64_t refund_days; /* how long after it was paid an order may be refunded */
    int64_t reverse_days; /* ... and reversed */
    int64_t reserve_days; /* that the reserve's statement may take; 0: none; -1: not set */
    int64_t notifiers; /* threads that tell merchants what happened; 0: nobody does */
    NotificationSchedule notify_schedule;
    uint16_t notify_ports[OUTSIDE_PORTS_MAX]; /* where we go at all */
    size_t notify_port_count;
    char notify_ca[CONFIG_TEXT_MAX]; /* whom we believe; empty: the system's authorities */
    ConfigBank bank;
    int64_t callers; /* loops of the service's door, and workers for its slow calls */
} Config;

/*
 * May hufud start with these? What it speaks over stays on this machine or is encrypted and proven
 * on both sides (TP-17): vaultd and the operator over local sockets, files for database, domain
 * store and both places of checkpoints; its own two ports are TLS 1.3 always, on a numeric address.
 *
 * development: `hufu up` on one machine; databases may then be anywhere.
 * Refuses REFUSED_CHANNEL_ADDRESS, REFUSED_CHANNEL_UNSAFE; *ret_key names the setting.
 */
MUST_USE Status config_channels(const Config *config, bool development, const char **ret_key);

/* Refuses what text/yaml.h refuses, PROXY_ADDRESS; problem->line is 0 when the file cannot be read.
 */
MUST_USE Status config_load(const char *path, Config *ret_config, YamlProblem *problem);
/* A whole file that a setting names. Refuses YAML_SYNTAX (it cannot be read), YAML_SIZE. */
MUST_USE Status config_read_file(const char *path, Buffer *ret_text);
