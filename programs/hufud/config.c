#include "config.h"

#include "base/seams.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct ConfigSpans {
    Span address, database, domain, vault, admin, checkpoints, second, strategy, ca_file, keys_file,
            ready_file;
    int64_t port, service_port, loops, operator_uid, group, code_life_s, signers, openers, callers;
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
    TEXT(ca_file),
    TEXT(keys_file),
    TEXT(ready_file),
    NUMBER(port, 0, 65535),
    NUMBER(service_port, -1, 65535),
    NUMBER(loops, 0, 64),
    NUMBER(operator_uid, 0, UINT32_MAX),
    NUMBER(group, -1, INT32_MAX),
    NUMBER(code_life_s, 1, 3600),
    NUMBER(signers, 1, 16),
    NUMBER(openers, 1, 64),
    NUMBER(callers, 1, 64),
};

static Status read_file(const char *path, Buffer *ret_text)
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
    memcpy(ret_text, text.data, text.size); /* the table bounds it below CONFIG_TEXT_MAX */
    ret_text[text.size] = 0;
}

Status config_load(const char *path, Config *ret_config, YamlProblem *problem)
{
    uint8_t bytes[CONFIG_FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    TRY(read_file(path, &text));
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    TRY(yaml_parse(span_of_buffer(&text), &document, problem));
    ConfigSpans s = {
        .service_port = -1, .group = -1, .code_life_s = 60, .signers = 2, .openers = 8, .callers = 4
    };
    TRY(yaml_read(yaml_root(document), fields, sizeof(fields) / sizeof(fields[0]), &s, problem));
    keep(ret_config->address, s.address);
    keep(ret_config->database, s.database);
    keep(ret_config->domain, s.domain);
    keep(ret_config->vault, s.vault);
    keep(ret_config->admin, s.admin);
    keep(ret_config->checkpoints, s.checkpoints);
    keep(ret_config->second, s.second);
    keep(ret_config->strategy, s.strategy);
    keep(ret_config->ca_file, s.ca_file);
    keep(ret_config->keys_file, s.keys_file);
    keep(ret_config->ready_file, s.ready_file);
    ret_config->port = s.port;
    ret_config->service_port = s.service_port;
    ret_config->loops = s.loops;
    ret_config->operator_uid = s.operator_uid;
    ret_config->group = s.group;
    ret_config->code_life_s = s.code_life_s;
    ret_config->signers = s.signers;
    ret_config->openers = s.openers;
    ret_config->callers = s.callers;
    return OK;
}
