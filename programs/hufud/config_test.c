/* Goal: hufud does not start with a connection that leaves the machine in clear or to somebody
 * unproven (TP-17), and says which setting it is. Method: right settings, one of them spoilt. */
#include "config.h"

#include "base/expect.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static Config right(void)
{
    return (Config) { .address = "0.0.0.0",
        .database = "var/data/hufu.db",
        .domain = "/srv/hufu/domain.db",
        .vault = "/run/hufu/vaultd.sock",
        .admin = "var/run/hufud.sock",
        .checkpoints = "var/checkpoints",
        .second = "/mnt/second" };
}

typedef struct Spoilt {
    const char *key;
    size_t place;
    const char *value;
    StatusCode refusal;
    bool also_in_development;
} Spoilt;

#define AT(member) #member, offsetof(Config, member)
#define ADDRESS REFUSED_CHANNEL_ADDRESS
#define UNSAFE REFUSED_CHANNEL_UNSAFE

static const Spoilt spoilt[] = {
    { AT(address), "pay.bank.example", ADDRESS, true },
    { AT(address), "0.0.0.0:80", ADDRESS, true },
    { AT(vault), "tcp:10.0.0.7", ADDRESS, true },
    { AT(vault), "10.0.0.7:8445", ADDRESS, true },
    { AT(admin), "tcp://10.0.0.7:1", ADDRESS, true },
    { AT(second), "http://10.0.0.7/notes", ADDRESS, true },
    { AT(second), "ftp://10.0.0.7/notes", ADDRESS, true },
    { AT(second), "hufu@10.0.0.7", ADDRESS, true },
    { AT(checkpoints), "nfs://10.0.0.7/notes", ADDRESS, true },
    { AT(database), "mysql://10.0.0.7/hufu", ADDRESS, true },
    { AT(database), "postgres://10.0.0.7/hufu", UNSAFE, false },
    { AT(database), "postgres://10.0.0.7/hufu?sslmode=require", UNSAFE, false },
    { AT(database), "postgres://10.0.0.7/hufu?sslmode=verify-full", UNSAFE, false },
    { AT(domain), "postgresql://db/domain?sslmode=disable", UNSAFE, false },
};

static void test_each_refusal(void)
{
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        const char *key = NULL;
        Config config = right();
        char *place = (char *)&config + spoilt[i].place;
        snprintf(place, CONFIG_TEXT_MAX, "%s", spoilt[i].value);
        EXPECT_REFUSED(config_channels(&config, false, &key), spoilt[i].refusal);
        EXPECT(strcmp(key, spoilt[i].key) == 0);
        const Status s = config_channels(&config, true, &key);
        EXPECT(status_ok(s) == !spoilt[i].also_in_development);
    }
}

static void test_what_is_right_starts(void)
{
    const char *key = NULL;
    Config config = right();
    EXPECT_OK(config_channels(&config, false, &key));
    snprintf(config.address, sizeof(config.address), "::1");
    snprintf(config.database, sizeof(config.database), "%s",
            "postgres://db/hufu?sslmode=verify-full&sslcert=hufud.pem&sslkey=hufud.key");
    EXPECT_OK(config_channels(&config, false, &key));
}

/* --- proxies --- */

/* deploy/hufud.yaml with one line more. */
static Status load_with(const char *line, Config *ret_config, YamlProblem *problem)
{
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char path[512];
    char folder[] = "/tmp/hufu-config-XXXXXX";
    char copy[64];
    uint8_t bytes[CONFIG_FILE_BYTES_MAX];
    ASSERT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/deploy/hufud.yaml", source != NULL ? source : ".");
    snprintf(copy, sizeof(copy), "%s/hufud.yaml", folder);
    FILE *from = fopen(path, "re");
    FILE *to = fopen(copy, "we");
    ASSERT(from != NULL && to != NULL);
    const size_t size = fread(bytes, 1, sizeof(bytes), from);
    ASSERT(fwrite(bytes, 1, size, to) == size && fprintf(to, "%s\n", line) > 0);
    fclose(from);
    fclose(to);
    const Status s = config_load(copy, ret_config, problem);
    unlink(copy);
    rmdir(folder);
    return s;
}

static void test_trusted_proxies(void)
{
    static Config config;
    YamlProblem problem = { 0 };
    EXPECT_OK(load_with("", &config, &problem));
    EXPECT(config.trusted_proxies.count == 0);
    EXPECT_OK(load_with("trusted_proxies: [127.0.0.1, \"2001:db8::/32\"]", &config, &problem));
    EXPECT(config.trusted_proxies.count == 2 && config.trusted_proxies.networks[1].length == 32);
    EXPECT_REFUSED(load_with("trusted_proxies: [nginx]", &config, &problem), REFUSED_PROXY_ADDRESS);
    EXPECT(problem.line > 1);
    EXPECT_REFUSED(load_with("trusted_proxies: 127.0.0.1", &config, &problem), REFUSED_YAML_TYPE);
}

TESTS(TEST(test_trusted_proxies), TEST(test_each_refusal), TEST(test_what_is_right_starts))
