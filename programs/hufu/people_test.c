/*
 * Goal: who signs is the very person that was named, also one whose id has points in it: a shorter
 * name is somebody else (TP-15, LL-4.5.2). Method: real key files in a folder of their own.
 */
#include "people.h"

#include "command.h"

#include "base/expect.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/hufu-people-XXXXXX";

static Status make(const char *name)
{
    char path[PATH_BYTES_MAX];
    char file[128];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    snprintf(file, sizeof(file), "operators/%s.key.pem", name);
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(private_key_to_pem(key, &pem));
    return file_write(path_in(path, folder, file), 0600, span_of_buffer(&pem));
}

static bool is_named(const char *given, const char *name)
{
    CLEANUP(person_free) Person person = { 0 };
    return status_ok(person_load(folder, given, &person)) && strcmp(person.name, name) == 0;
}

static void test_a_name_with_points_is_nobody_elses(void)
{
    char path[PATH_BYTES_MAX];
    EXPECT(mkdtemp(folder) != NULL);
    EXPECT(mkdir(path_in(path, folder, "operators"), 0700) == 0);
    EXPECT_OK(make("li"));
    EXPECT(is_named("li", "li") && !is_named("li.wei", "li"));
    EXPECT_OK(make("li.wei"));
    EXPECT(is_named("li.wei", "li.wei") && is_named("li", "li"));
    EXPECT(is_named("li.wei.key.pem", "li.wei"));
    EXPECT(is_named(path_in(path, folder, "operators/li.wei.key.pem"), "li.wei"));
    EXPECT(is_named(path_in(path, folder, "operators/li.key.pem"), "li"));
    EXPECT(unlink(path_in(path, folder, "operators/li.key.pem")) == 0);
    EXPECT(unlink(path_in(path, folder, "operators/li.wei.key.pem")) == 0);
    EXPECT(rmdir(path_in(path, folder, "operators")) == 0 && rmdir(folder) == 0);
}

TESTS(TEST(test_a_name_with_points_is_nobody_elses))
