#include "options.h"

#include "base/time.h"
#include "keys/roles.h"
#include "vault/password_rules.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LIMIT_DAYS_MAX = 36500,
    PASSWORD_CHARACTERS_MAX = 64,
    TLS_LIFE_S_MIN = 8,
    TLS_LIFE_S_MAX = 30 * 86400,
};

static const char help[] =
        "vaultd --directory DIR --socket PATH --operator-socket PATH [options]\n"
        "\n"
        "Holds the keys and what is sensitive; answers hufud and operators on local sockets.\n"
        "\n"
        "  --directory DIR         key store and journal (mode 0700, this user's)\n"
        "  --socket PATH           where hufud asks\n"
        "  --operator-socket PATH  where people ask\n"
        "  --hufud-uid N           whom to believe on the first socket [this user]\n"
        "  --operator-uid N        whom to believe on the second one [this user]\n"
        "  --core-socket PATH      where another's payment core and its database ask [none]\n"
        "  --core-uid N            whom to believe there; up to 4 times [this user]\n"
        "  --core-group GID        group of that socket [none]\n"
        "  --group GID             group of both sockets, which may then connect [none]\n"
        "  --custody NAME          development, unattended or custodians [development]\n"
        "  --development           yes, a root key in a file\n"
        "  --key-period ROLE=DAYS  how long a version of this key protects [see docs/keys.md]\n"
        "  --key-uses ROLE=N       how often it does\n"
        "  --hsm-module PATH       unattended: the PKCS#11 library\n"
        "  --hsm-token LABEL       unattended: the token\n"
        "  --hsm-pin-file PATH     unattended: mode 0600 [$CREDENTIALS_DIRECTORY/hsm-pin]\n"
        "  --hsm-program PATH      unattended: custodian-hsm [beside vaultd]\n"
        "  --keeper-fd N           custodians: said by `keeper`, which keeps the root meanwhile\n"
        "  --ceremony              make the keys, give them into custody, and end\n"
        "  --turn-root             put the vault under a new root and end; two approvals on "
        "standard input\n"
        "  --next-custody NAME     of the new root, as --custody [development]\n"
        "  --next-hsm-module PATH, --next-hsm-token LABEL, --next-hsm-pin-file PATH\n"
        "                          the same for it\n"
        "  --needed K              custodians: how many of them must come\n"
        "  --share-fd N            custodians: where one share is written; once for each\n"
        "  --record-fd N           where the ceremony's signed record is written\n"
        "  --who NAME              took part in the ceremony; up to 16 times\n"
        "  --suite intl|sm         algorithms of a new key store [intl]\n"
        "  --field-suite NAME      aes-256, sm4 or aes-128: of new sealed fields [of the key "
        "store]\n"
        "  --legacy-import         open ciphertext of before Hufu, for its migration\n"
        "  --lookups-per-day N     look-ups of a tenant's values, a day [10000]\n"
        "  --protects-per-day N    values protected for a tenant, a day [2000000]\n"
        "  --password-length-min N characters of a password, 8 to 64 [12]\n"
        "  --tls-life SECONDS      how long hufud's certificate lives, 8 to 2592000 [604800]\n"
        "  --san NAME              further name or address in hufud's certificate; up to 8 times\n";

enum Option {
    OPTION_DIRECTORY = 1,
    OPTION_SOCKET,
    OPTION_OPERATOR_SOCKET,
    OPTION_HUFUD_UID,
    OPTION_OPERATOR_UID,
    OPTION_CORE_SOCKET,
    OPTION_CORE_UID,
    OPTION_CORE_GROUP,
    OPTION_GROUP,
    OPTION_CUSTODY,
    OPTION_DEVELOPMENT,
    OPTION_KEY_PERIOD,
    OPTION_KEY_USES,
    OPTION_HSM_MODULE,
    OPTION_HSM_TOKEN,
    OPTION_HSM_PIN_FILE,
    OPTION_HSM_PROGRAM,
    OPTION_KEEPER_FD,
    OPTION_CEREMONY,
    OPTION_TURN_ROOT,
    OPTION_NEXT_CUSTODY,
    OPTION_NEXT_HSM_MODULE,
    OPTION_NEXT_HSM_TOKEN,
    OPTION_NEXT_HSM_PIN_FILE,
    OPTION_NEEDED,
    OPTION_SHARE_FD,
    OPTION_RECORD_FD,
    OPTION_WHO,
    OPTION_SUITE,
    OPTION_SAN,
    OPTION_FIELD_SUITE,
    OPTION_LEGACY_IMPORT,
    OPTION_LOOKUPS_PER_DAY,
    OPTION_PROTECTS_PER_DAY,
    OPTION_PASSWORD_LENGTH_MIN,
    OPTION_TLS_LIFE,
    OPTION_HELP,
};

static const struct option known[] = {
    { "directory", required_argument, NULL, OPTION_DIRECTORY },
    { "socket", required_argument, NULL, OPTION_SOCKET },
    { "operator-socket", required_argument, NULL, OPTION_OPERATOR_SOCKET },
    { "hufud-uid", required_argument, NULL, OPTION_HUFUD_UID },
    { "operator-uid", required_argument, NULL, OPTION_OPERATOR_UID },
    { "core-socket", required_argument, NULL, OPTION_CORE_SOCKET },
    { "core-uid", required_argument, NULL, OPTION_CORE_UID },
    { "core-group", required_argument, NULL, OPTION_CORE_GROUP },
    { "group", required_argument, NULL, OPTION_GROUP },
    { "custody", required_argument, NULL, OPTION_CUSTODY },
    { "development", no_argument, NULL, OPTION_DEVELOPMENT },
    { "key-period", required_argument, NULL, OPTION_KEY_PERIOD },
    { "key-uses", required_argument, NULL, OPTION_KEY_USES },
    { "hsm-module", required_argument, NULL, OPTION_HSM_MODULE },
    { "hsm-token", required_argument, NULL, OPTION_HSM_TOKEN },
    { "hsm-pin-file", required_argument, NULL, OPTION_HSM_PIN_FILE },
    { "hsm-program", required_argument, NULL, OPTION_HSM_PROGRAM },
    { "keeper-fd", required_argument, NULL, OPTION_KEEPER_FD },
    { "ceremony", no_argument, NULL, OPTION_CEREMONY },
    { "turn-root", no_argument, NULL, OPTION_TURN_ROOT },
    { "next-custody", required_argument, NULL, OPTION_NEXT_CUSTODY },
    { "next-hsm-module", required_argument, NULL, OPTION_NEXT_HSM_MODULE },
    { "next-hsm-token", required_argument, NULL, OPTION_NEXT_HSM_TOKEN },
    { "next-hsm-pin-file", required_argument, NULL, OPTION_NEXT_HSM_PIN_FILE },
    { "needed", required_argument, NULL, OPTION_NEEDED },
    { "share-fd", required_argument, NULL, OPTION_SHARE_FD },
    { "record-fd", required_argument, NULL, OPTION_RECORD_FD },
    { "who", required_argument, NULL, OPTION_WHO },
    { "suite", required_argument, NULL, OPTION_SUITE },
    { "san", required_argument, NULL, OPTION_SAN },
    { "field-suite", required_argument, NULL, OPTION_FIELD_SUITE },
    { "legacy-import", no_argument, NULL, OPTION_LEGACY_IMPORT },
    { "lookups-per-day", required_argument, NULL, OPTION_LOOKUPS_PER_DAY },
    { "protects-per-day", required_argument, NULL, OPTION_PROTECTS_PER_DAY },
    { "password-length-min", required_argument, NULL, OPTION_PASSWORD_LENGTH_MIN },
    { "tls-life", required_argument, NULL, OPTION_TLS_LIFE },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};

static bool take_id(const char *text, uint32_t *ret_id)
{
    char *end = NULL;
    const unsigned long id = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || text[0] == '-' || id > INT32_MAX) return false;
    *ret_id = (uint32_t)id;
    return true;
}

static bool take_group(const char *text, int *ret_group)
{
    uint32_t id = 0;
    if (!take_id(text, &id)) return false;
    *ret_group = (int)id;
    return true;
}

static bool take_core(const char *text, VaultUsers *users)
{
    if (users->core_count == VAULT_CORES_MAX) return false;
    return take_id(text, &users->core_uids[users->core_count++]);
}

static bool take_suite(const char *text, KeysSuite *ret_suite)
{
    if (span_equal(span_of_text(text), SPAN("intl")))
        *ret_suite = KEYS_INTERNATIONAL;
    else if (span_equal(span_of_text(text), SPAN("sm")))
        *ret_suite = KEYS_SM;
    else
        return false;
    return true;
}

static bool take_field_suite(const char *text, SealSuite *ret_suite)
{
    static const struct {
        const char *name;
        SealSuite suite;
    } known_suites[] = { { "aes-256", SEAL_AES_256_GCM }, { "sm4", SEAL_SM4_GCM },
        { "aes-128", SEAL_AES_128_GCM } };
    for (size_t i = 0; i < sizeof(known_suites) / sizeof(known_suites[0]); i++) {
        if (!span_equal(span_of_text(text), span_of_text(known_suites[i].name))) continue;
        *ret_suite = known_suites[i].suite;
        return true;
    }
    return false;
}

static bool take_name(const char *text, Options *o)
{
    for (size_t i = 0; i < ISSUE_NAMES_MAX; i++) {
        if (o->names[i] != NULL) continue;
        o->names[i] = text;
        return true;
    }
    return false;
}

static bool take_needed(const char *text, uint8_t *ret_needed)
{
    uint32_t number = 0;
    if (!take_id(text, &number) || number > SHARES_MAX) return false;
    *ret_needed = (uint8_t)number;
    return true;
}

static bool take_share_fd(const char *text, Options *o)
{
    if (o->share_count == SHARES_MAX) return false;
    return take_group(text, &o->share_fds[o->share_count++]);
}

static bool take_who(const char *text, Options *o)
{
    if (o->who_count == OPTIONS_WHO_MAX) return false;
    o->who[o->who_count++] = text;
    return true;
}

/* "card=90" */
static bool take_limit(int option, const char *text, Options *o)
{
    Cursor c = cursor_of(span_of_text(text));
    Span name;
    KeyRole role = KEY_CARD;
    uint32_t number = 0;
    if (!status_ok(cursor_until(&c, '=', &name)) || !status_ok(role_parse(name, &role)))
        return false;
    if (!take_id((const char *)c.rest.data, &number) || number == 0) return false;
    if (option == OPTION_KEY_PERIOD && number > LIMIT_DAYS_MAX) return false;
    if (option == OPTION_KEY_PERIOD)
        o->limits[role].period_us = number * TIME_DAY_US;
    else
        o->limits[role].uses_max = number;
    return true;
}

/* A rule cannot be switched off by a zero. */
static bool take_count(const char *text, uint32_t min, uint32_t max, uint32_t *ret_count)
{
    return take_id(text, ret_count) && *ret_count >= min && *ret_count <= max;
}

static bool take_rule_option(int option, const char *value, Options *o)
{
    switch (option) {
    case OPTION_LOOKUPS_PER_DAY: return take_count(value, 1, INT32_MAX, &o->lookups_per_day);
    case OPTION_PROTECTS_PER_DAY: return take_count(value, 1, INT32_MAX, &o->protects_per_day);
    case OPTION_PASSWORD_LENGTH_MIN:
        return take_count(
                value, PASSWORD_LENGTH_FLOOR, PASSWORD_CHARACTERS_MAX, &o->password_length_min);
    case OPTION_TLS_LIFE: return take_count(value, TLS_LIFE_S_MIN, TLS_LIFE_S_MAX, &o->tls_life_s);
    default: return false;
    }
}

static bool take_turn_option(int option, const char *value, Options *o)
{
    switch (option) {
    case OPTION_TURN_ROOT: o->turn_root = true; return true;
    case OPTION_NEXT_CUSTODY:
        return status_ok(custody_parse(span_of_text(value), &o->next_custody));
    case OPTION_NEXT_HSM_MODULE: o->next_hsm.module = value; return true;
    case OPTION_NEXT_HSM_TOKEN: o->next_hsm.token = value; return true;
    case OPTION_NEXT_HSM_PIN_FILE: o->next_hsm.pin_file = value; return true;
    default: return take_rule_option(option, value, o);
    }
}

static bool take_custody_option(int option, const char *value, Options *o)
{
    switch (option) {
    case OPTION_KEY_PERIOD:
    case OPTION_KEY_USES: return take_limit(option, value, o);
    case OPTION_HSM_MODULE: o->hsm.module = value; return true;
    case OPTION_HSM_TOKEN: o->hsm.token = value; return true;
    case OPTION_HSM_PIN_FILE: o->hsm.pin_file = value; return true;
    case OPTION_HSM_PROGRAM: o->hsm.program = value; return true;
    case OPTION_KEEPER_FD: return take_group(value, &o->keeper_fd);
    case OPTION_CEREMONY: o->ceremony = true; return true;
    case OPTION_NEEDED: return take_needed(value, &o->shares_needed);
    case OPTION_SHARE_FD: return take_share_fd(value, o);
    case OPTION_RECORD_FD: return take_group(value, &o->record_fd);
    case OPTION_WHO: return take_who(value, o);
    default: return take_turn_option(option, value, o);
    }
}

static bool take_option(int option, const char *value, Options *o)
{
    switch (option) {
    case OPTION_DIRECTORY: o->directory = value; return true;
    case OPTION_SOCKET: o->socket = value; return true;
    case OPTION_OPERATOR_SOCKET: o->operator_socket = value; return true;
    case OPTION_HUFUD_UID: return take_id(value, &o->users.hufud_uid);
    case OPTION_OPERATOR_UID: return take_id(value, &o->users.operator_uid);
    case OPTION_CORE_SOCKET: o->core_socket = value; return true;
    case OPTION_CORE_UID: return take_core(value, &o->users);
    case OPTION_CORE_GROUP: return take_group(value, &o->core_group);
    case OPTION_GROUP: return take_group(value, &o->group);
    case OPTION_CUSTODY: return status_ok(custody_parse(span_of_text(value), &o->custody));
    case OPTION_DEVELOPMENT: o->development = true; return true;
    case OPTION_SUITE: return take_suite(value, &o->suite);
    case OPTION_FIELD_SUITE: return take_field_suite(value, &o->field_suite);
    case OPTION_LEGACY_IMPORT: o->legacy_import = true; return true;
    case OPTION_SAN: return take_name(value, o);
    default: return take_custody_option(option, value, o);
    }
}

bool options_parse(int argc, char **argv, Options *ret_options)
{
    Options o = { .users = { .hufud_uid = getuid(), .operator_uid = getuid() },
        .group = -1,
        .core_group = -1,
        .custody = CUSTODY_DEVELOPMENT,
        .next_custody = CUSTODY_DEVELOPMENT,
        .keeper_fd = -1,
        .record_fd = -1 };
    int index = 0;
    for (int option = getopt_long(argc, argv, "", known, &index); option != -1;
            option = getopt_long(argc, argv, "", known, &index)) {
        if (option == OPTION_HELP) {
            fputs(help, stdout);
            return false;
        }
        if (take_option(option, optarg, &o)) continue;
        if (option != '?') fprintf(stderr, "vaultd: --%s does not take this\n", known[index].name);
        fputs("vaultd: see --help\n", stderr);
        return false;
    }
    const bool has_sockets = o.socket != NULL && o.operator_socket != NULL;
    const bool turns = o.turn_root && o.operator_socket != NULL; /* for custodians */
    const bool complete = o.directory != NULL && (has_sockets || o.ceremony || turns);
    if (!complete || optind != argc) {
        fputs("vaultd: --directory, --socket and --operator-socket are needed; see --help\n",
                stderr);
        return false;
    }
    if (o.users.core_count == 0) o.users.core_uids[o.users.core_count++] = getuid();
    *ret_options = o;
    return true;
}
