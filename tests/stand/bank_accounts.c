#include "bank_accounts.h"

#include "command.h"
#include "operator.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A pipe's end from which `text` is read. */
static int read_from(const char *text)
{
    int ends[2];
    ASSERT(pipe(ends) == 0);
    ASSERT(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
    close(ends[1]);
    return ends[0];
}

void bank_code_sent(const Stand *stand, const char *card_id, char ret_code[BANK_CODE_BYTES])
{
    char file[96];
    Buffer text = { (uint8_t *)ret_code, 0, BANK_CODE_BYTES };
    snprintf(file, sizeof(file), "sandbank/code-%s.txt", card_id);
    ASSERT(status_ok(file_read(stand_path(stand, file), &text)));
    ret_code[text.size] = 0;
}

bool bank_is_receiver(Stand *stand)
{
    return operator_ended(OPERATOR(stand, "receiver", "add", "sandbank",
                                  stand_path(stand, "sandbank/bank-box.pem"), "--key", "alice",
                                  "--key", "bob", "--reason", "cards"),
            0);
}

void bank_account_add(const Stand *stand, const PayerPerson *holder, const char *card_number)
{
    char line[256];
    char program[STAND_PATH_BYTES_MAX + 16];
    int status = 0;
    snprintf(line, sizeof(line), "%s,%s,%s,%s\n", holder->name, holder->identity_number,
            card_number, holder->phone);
    snprintf(program, sizeof(program), "%s/sandbank", stand->programs);
    const char *folder = stand_path(stand, "sandbank");
    const int typed = read_from(line);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        if (dup2(typed, STDIN_FILENO) < 0) _exit(126);
        execl(program, "sandbank", "--account", folder, (char *)NULL);
        _exit(127);
    }
    close(typed);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) { }
    ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

bool payer_is_identified(Stand *stand, const char *payer, const PayerPerson *person)
{
    char line[256];
    snprintf(
            line, sizeof(line), "%s,%s,%s\n", person->name, person->identity_number, person->phone);
    const int typed = read_from(line);
    ASSERT(dup2(typed, STDIN_FILENO) == STDIN_FILENO);
    close(typed);
    return OPERATOR(stand, "payer", "identify", payer) == 0;
}
