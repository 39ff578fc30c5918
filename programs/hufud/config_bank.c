#define _GNU_SOURCE /* memrchr */
#include "config_bank.h"

#include "base/money.h"
#include "ipc/field_wire.h"

#include <arpa/inet.h>

enum {
    PORT_MAX = 65535,
    DEADLINE_MS_DEFAULT = 5000,
    CLOSE_S_DEFAULT = 120,
    RECONCILE_HOUR_DEFAULT = 2
};

typedef struct BankSpans {
    Span kind, name, ca, receiver;
    const YamlNode *lines;
    int64_t deadline_ms, close_s, reconcile_hour;
} BankSpans;

static const YamlField fields[] = {
    { "kind", YAML_TEXT, true, 1, 16, offsetof(BankSpans, kind) },
    { "name", YAML_TEXT, true, 1, CONFIG_BANK_TEXT_MAX - 1, offsetof(BankSpans, name) },
    { "ca", YAML_TEXT, true, 1, CONFIG_BANK_TEXT_MAX - 1, offsetof(BankSpans, ca) },
    { "receiver", YAML_TEXT, false, 1, WIRE_RECEIVER_BYTES_MAX, offsetof(BankSpans, receiver) },
    { "lines", YAML_SEQUENCE, true, LINES, LINES, offsetof(BankSpans, lines) },
    { "deadline_ms", YAML_INT, false, 100, 60000, offsetof(BankSpans, deadline_ms) },
    { "close_s", YAML_INT, false, 1, 86400, offsetof(BankSpans, close_s) },
    { "reconcile_hour", YAML_INT, false, 0, 23, offsetof(BankSpans, reconcile_hour) },
};

static void keep(char ret_text[CONFIG_BANK_TEXT_MAX], Span text)
{
    memcpy(ret_text, text.data, text.size); /* the table bounds it */
    ret_text[text.size] = 0;
}

static bool is_numeric(const char *address)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

/* "192.0.2.1:9101" or "2001:db8::1:9101": the port stands behind the last colon. */
static Status read_line(const YamlNode *node, LineAddress *ret_line, YamlProblem *problem)
{
    Span text = { 0 };
    int64_t port = 0;
    TRY(yaml_text(node, LINE_TEXT_MAX - 1, &text, problem));
    yaml_blame(node, problem);
    const uint8_t *colon = memrchr(text.data, ':', text.size);
    REQUIRE(colon != NULL, REFUSED_YAML_RANGE);
    const size_t before = (size_t)(colon - text.data);
    REQUIRE(status_ok(i64_parse((Span) { colon + 1, text.size - before - 1 }, &port)),
            REFUSED_YAML_RANGE);
    REQUIRE(port > 0 && port <= PORT_MAX, REFUSED_YAML_RANGE);
    memcpy(ret_line->address, text.data, before);
    ret_line->address[before] = 0;
    ret_line->port = (uint16_t)port;
    REQUIRE(is_numeric(ret_line->address), REFUSED_YAML_RANGE);
    return OK;
}

Status config_bank(const YamlNode *node, ConfigBank *ret_bank, YamlProblem *problem)
{
    *ret_bank = (ConfigBank) { 0 };
    if (node == NULL) return OK;
    BankSpans s = { .receiver = SPAN("sandbank"),
        .deadline_ms = DEADLINE_MS_DEFAULT,
        .close_s = CLOSE_S_DEFAULT,
        .reconcile_hour = RECONCILE_HOUR_DEFAULT };
    TRY(yaml_read(node, fields, sizeof(fields) / sizeof(fields[0]), &s, problem));
    yaml_blame(node, problem);
    REQUIRE(span_equal(s.kind, SPAN("sandbox")), REFUSED_YAML_RANGE); /* the only one so far */
    for (size_t i = 0; i < LINES; i++)
        TRY(read_line(yaml_at(s.lines, i), &ret_bank->lines[i], problem));
    keep(ret_bank->name, s.name);
    keep(ret_bank->ca, s.ca);
    keep(ret_bank->receiver, s.receiver);
    ret_bank->deadline_ms = s.deadline_ms;
    ret_bank->close_s = s.close_s;
    ret_bank->reconcile_hour = s.reconcile_hour;
    ret_bank->given = true;
    return OK;
}
