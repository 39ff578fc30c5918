#include "store/safe_address.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdlib.h>

enum { HOSTS_BYTES_MAX = 1024 };

static void options_free(PQconninfoOption **options) { PQconninfoFree(*options); }
static void text_free(char **text) { PQfreemem(*text); }

bool safe_address_is_postgres(const char *address)
{
    static const char *const schemes[] = { "postgres://", "postgresql://" };
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(address, schemes[i], strlen(schemes[i])) == 0) return true;
    return false;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, keyword) == 0 && o->val != NULL && o->val[0] != 0) return o->val;
    return NULL;
}

/* What the address says; where it is silent, what the environment says. */
typedef struct Settings {
    const PQconninfoOption *given;
    const PQconninfoOption *otherwise;
} Settings;

static const char *setting(const Settings *s, const char *keyword)
{
    const char *value = value_of(s->given, keyword);
    return value != NULL ? value : value_of(s->otherwise, keyword);
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (host[0] == 0 || host[0] == '/' || host[0] == '@') return true; /* a local socket */
    if (strcmp(host, "localhost") == 0) return true;
    if (inet_pton(AF_INET, host, &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* A list, parted by commas: each of them. */
static bool stays_here(const char *hosts)
{
    char list[HOSTS_BYTES_MAX];
    if (hosts == NULL) return true;
    if (strlen(hosts) >= sizeof(list)) return false;
    memcpy(list, hosts, strlen(hosts) + 1);
    for (char *at = list; at != NULL;) {
        char *comma = strchr(at, ',');
        if (comma != NULL) *comma = 0;
        if (!is_loopback(at)) return false;
        at = comma == NULL ? NULL : comma + 1;
    }
    return true;
}

static bool is_said(const Settings *s, const char *keyword, const char *wanted)
{
    const char *value = setting(s, keyword);
    return value != NULL && strcmp(value, wanted) == 0;
}

static Status judge(const Settings *s)
{
    /* hostaddr is where libpq goes; host is then only whom it expects there. */
    const char *address = setting(s, "hostaddr");
    const char *hosts = address != NULL ? address : setting(s, "host");
    if (setting(s, "service") == NULL && stays_here(hosts)) return OK;
    const bool proves_us =
            setting(s, "sslcert") != NULL || is_said(s, "channel_binding", "require");
    REQUIRE(is_said(s, "sslmode", "verify-full") && proves_us, REFUSED_CHANNEL_UNSAFE);
    return OK;
}

Status safe_address_postgres(const char *address, bool development)
{
    CLEANUP(text_free) char *message = NULL;
    CLEANUP(options_free) PQconninfoOption *given = PQconninfoParse(address, &message);
    REQUIRE(given != NULL, REFUSED_DATABASE_UNREADABLE);
    CLEANUP(options_free) PQconninfoOption *otherwise = PQconndefaults();
    CHECK(otherwise != NULL, FAULT_MEMORY);
    return development ? OK : judge(&(Settings) { given, otherwise });
}
