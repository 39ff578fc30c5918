#define _GNU_SOURCE
#include "hidden.h"

#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

/* Byte by byte: what follows the line is somebody else's. */
static bool read_line(int fd, char *ret_line, size_t capacity)
{
    size_t size = 0;
    char byte = 0;
    while (read(fd, &byte, 1) == 1 && byte != '\n') {
        if (size + 1 == capacity) return false;
        ret_line[size++] = byte;
    }
    if (size > 0 && ret_line[size - 1] == '\r') size--;
    ret_line[size] = '\0';
    return size > 0;
}

bool hidden_line(int fd, const char *prompt, char *ret_line, size_t capacity)
{
    struct termios shown;
    if (tcgetattr(fd, &shown) != 0) return read_line(fd, ret_line, capacity);
    struct termios hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &hidden); /* before the prompt: what answers it is not flushed */
    fputs(prompt, stderr);
    const bool read = read_line(fd, ret_line, capacity);
    tcsetattr(fd, TCSAFLUSH, &shown);
    fputs("\n", stderr);
    return read;
}

bool hidden_ask(const char *prompt, char *ret_line, size_t capacity)
{
    const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0) return false;
    const bool read = hidden_line(fd, prompt, ret_line, capacity);
    close(fd);
    return read;
}
