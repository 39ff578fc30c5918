#pragma once
/* config_bank: the settings of the channel to a bank. Inside this program only. */
#include "bank/lines.h"
#include "text/yaml.h"

enum { CONFIG_BANK_TEXT_MAX = 256 };

typedef struct ConfigBank {
    bool given; /* there is a channel */
    LineAddress lines[LINES];
    char name[CONFIG_BANK_TEXT_MAX]; /* that the bank's certificate must have */
    char ca[CONFIG_BANK_TEXT_MAX]; /* file: whom we believe */
    char receiver[CONFIG_BANK_TEXT_MAX]; /* that cards are sealed to: `hufu receiver add` */
    int64_t deadline_ms; /* of a connection, and of a call */
    int64_t close_s; /* an order that the bank does not have is closed there so long after it was
                        sent */
    int64_t reconcile_hour; /* 0..23, Asia/Shanghai: the bank has its file of the day before */
} ConfigBank;

/* bank: {kind: sandbox, lines: ["127.0.0.1:9101", "127.0.0.1:9102"], name, ca, receiver?,
 * deadline_ms?, close_s?, reconcile_hour?}. NULL: no channel. Refuses YAML_..., YAML_RANGE (an
 * unknown kind, not two lines). */
MUST_USE Status config_bank(const YamlNode *node, ConfigBank *ret_bank, YamlProblem *problem);
