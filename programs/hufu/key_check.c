/* hufu key check: would we take this key from somebody? */
#include "command.h"

#include "base/secret.h"
#include "crypto/weak_key.h"

MUST_USE static Status check(const char *path, bool is_3des)
{
    uint8_t memory[4096];
    Buffer key = BUFFER_OF(memory);
    Status s = file_read(path, &key);
    if (status_ok(s))
        s = is_3des ? weak_key_check_3des(span_of_buffer(&key))
                    : weak_key_check(span_of_buffer(&key));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

int command_key_check(int argc, char **argv)
{
    const char *path = NULL;
    bool is_3des = false;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "the key's bytes, nothing else", &path, 0, 0 },
        { "--3des", OPTION_FLAG, NULL, "it is one of 3DES, to be imported for decryption", &is_3des,
                0, 0 },
    };
    const Usage usage = { "hufu key check",
        "Look whether a symmetric key is text, a pattern, too short or one of the weak keys of "
        "DES.\n"
        "What passes is not proven random: only its making can be.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Status s = check(path, is_3des);
    if (!status_ok(s)) return command_failed("key check", s);
    printf("nothing found against this key\n");
    return EXIT_DONE;
}
