#include "as.h"

#include "command.h"

#include "base/seams.h"
#include "base/time.h"
#include "ipc/admin_wire.h"

#include <stdlib.h>

int as_take(int argc, char **argv)
{
    int left = 0;
    for (int i = 0; i < argc; i++) {
        const bool is_name = strcmp(argv[i], "--as") == 0 && i + 1 < argc;
        if (is_name) setenv(AS_VARIABLE, argv[++i], 1);
        if (!is_name) argv[left++] = argv[i];
    }
    argv[left] = NULL;
    return left;
}

Status as_name(const char *directory, char ret_name[PEOPLE_NAME_BYTES_MAX + 1])
{
    char path[PATH_BYTES_MAX];
    uint8_t memory[PEOPLE_NAME_BYTES_MAX + 1];
    Buffer name = BUFFER_OF(memory);
    const char *given = getenv(AS_VARIABLE);
    if (given != NULL && given[0] != '\0') {
        REQUIRE(strlen(given) <= PEOPLE_NAME_BYTES_MAX, REFUSED_ADMIN_UNSIGNED);
        TRY(buffer_put(&name, span_of_text(given)));
    } else {
        const Status s = file_read(path_in(path, directory, AS_FILE), &name);
        REQUIRE(status_ok(s), REFUSED_ADMIN_UNSIGNED);
    }
    while (name.size > 0 && strchr("\r\n", name.data[name.size - 1]) != NULL)
        name.size--;
    REQUIRE(name.size > 0 && name.size <= PEOPLE_NAME_BYTES_MAX, REFUSED_ADMIN_UNSIGNED);
    memcpy(ret_name, name.data, name.size);
    ret_name[name.size] = '\0';
    return OK;
}

MUST_USE static Status sign(Person *person, WireAdminRequest *asked, Buffer *ret_signed)
{
    Buffer message = { malloc(WIRE_ADMIN_BYTES_MAX), 0, WIRE_ADMIN_BYTES_MAX };
    CHECK(message.data != NULL, FAULT_MEMORY);
    Status s = wire_admin_message(asked, &message);
    if (status_ok(s))
        s = person_sign_bytes(
                person, span_of_buffer(&message), &asked->signature, &asked->encoding);
    free(message.data);
    TRY(s);
    return wire_put_admin_request(ret_signed, asked);
}

Status as_sign(const char *directory, Span request, Buffer *ret_signed)
{
    char name[PEOPLE_NAME_BYTES_MAX + 1];
    CLEANUP(person_free) Person person = { 0 };
    const Clock clock = clock_system();
    const Random random = random_system();
    TRY(as_name(directory, name));
    TRY(person_load(directory, name, &person));
    TRY(random_fill(&random, person.nonce, sizeof(person.nonce)));
    WireAdminRequest asked = { .as = span_of_text(person.name),
        .at_us = clock_now_us(&clock),
        .nonce = SPAN_OF(person.nonce),
        .request = request };
    return sign(&person, &asked, ret_signed);
}
