#pragma once
/*
 * hidden: a line that is typed and not shown: PINs and passphrases (never in arguments: TP-10).
 */
#include "base/bytes.h"

/* One line from `fd` without its end; where that is a terminal, `prompt` is written to standard
 * error and nothing that is typed is shown. False: no line, an empty one, or one that is too long.
 * The caller wipes. */
bool hidden_line(int fd, const char *prompt, char *ret_line, size_t capacity);
/* The same from the terminal, whatever standard input is; false also without one. */
bool hidden_ask(const char *prompt, char *ret_line, size_t capacity);
