/* The history of a git repository through the `git` program. */
#define _GNU_SOURCE
#include "scan/walk_inside.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4096, PIECE_BYTES = 64 << 10, HASH_SHOWN = 12 };

/* A repository is somebody else's text: its configuration may name programs to run and servers to
 * ask. Nothing that we call runs hooks; no configuration of this machine or user is read, and no
 * protocol is allowed. */
static char *const environment[] = { (char *)"PATH=/usr/bin:/bin", (char *)"LC_ALL=C",
    (char *)"GIT_CONFIG_NOSYSTEM=1", (char *)"GIT_CONFIG_GLOBAL=/dev/null",
    (char *)"GIT_NO_LAZY_FETCH=1", (char *)"GIT_TERMINAL_PROMPT=0", (char *)"GIT_OPTIONAL_LOCKS=0",
    NULL };

typedef struct Git {
    pid_t pid;
    FILE *in; /* what it writes */
    int out; /* what it reads; -1: nothing */
} Git;

static void git_end(Git *git)
{
    if (git->out >= 0) close(git->out);
    if (git->in != NULL) fclose(git->in);
    if (git->pid > 0) waitpid(git->pid, NULL, 0);
}

__attribute__((noreturn)) static void run_git(char *const arguments[], int in, int out)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(in >= 0 ? in : null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execve("/usr/bin/git", arguments, environment);
    _exit(127);
}

static Status git_start(char *const arguments[], bool asked, Git *ret_git)
{
    int answers[2] = { -1, -1 };
    int questions[2] = { -1, -1 };
    *ret_git = (Git) { .out = -1 };
    CHECK(pipe2(answers, O_CLOEXEC) == 0, FAULT_SYSTEM);
    CHECK(!asked || pipe2(questions, O_CLOEXEC) == 0, FAULT_SYSTEM);
    ret_git->pid = fork();
    if (ret_git->pid == 0) run_git(arguments, questions[0], answers[1]);
    close(answers[1]);
    if (asked) close(questions[0]);
    ret_git->out = questions[1];
    ret_git->in = fdopen(answers[0], "r");
    CHECK(ret_git->pid > 0 && ret_git->in != NULL, FAULT_SYSTEM);
    return OK;
}

/* --- one object --- */

typedef struct Object {
    Walk *walk;
    FILE *in;
    uint64_t left;
    uint8_t piece[PIECE_BYTES];
} Object;

static Status read_object(void *context, Span *ret_bytes)
{
    Object *object = context;
    const size_t wanted = object->left < PIECE_BYTES ? (size_t)object->left : PIECE_BYTES;
    const size_t n = wanted > 0 ? fread(object->piece, 1, wanted, object->in) : 0;
    REQUIRE(n == wanted, REFUSED_SCAN_GIT);
    object->left -= n;
    object->walk->bytes_in += n;
    object->walk->sink->read(object->walk->sink->context, n);
    *ret_bytes = (Span) { object->piece, n };
    return OK;
}

/* "<hash> SP <type> SP <size> LF", the object, LF. */
static Status read_header(FILE *in, bool *ret_judged, uint64_t *ret_size)
{
    char line[LINE_BYTES_MAX];
    REQUIRE(fgets(line, sizeof(line), in) != NULL, REFUSED_SCAN_GIT);
    Cursor c = cursor_of(span_of_text(line));
    Span hash;
    Span type;
    Span size;
    TRY(cursor_until(&c, ' ', &hash));
    TRY(cursor_until(&c, ' ', &type));
    TRY(cursor_until(&c, '\n', &size));
    *ret_size = 0;
    for (size_t i = 0; i < size.size; i++) {
        REQUIRE(size.data[i] >= '0' && size.data[i] <= '9' && i < 18, REFUSED_SCAN_GIT);
        *ret_size = *ret_size * 10 + (uint64_t)(size.data[i] - '0');
    }
    *ret_judged = !span_equal(type, SPAN("tree"));
    return OK;
}

static Status judge_object(Walk *walk, const Git *objects, const char *hash, const char *path)
{
    char question[80];
    const int size = snprintf(question, sizeof(question), "%.64s\n", hash);
    REQUIRE(write(objects->out, question, (size_t)size) == size, REFUSED_SCAN_GIT);
    static _Thread_local Object object;
    object.walk = walk;
    object.in = objects->in;
    bool judged = false;
    TRY(read_header(objects->in, &judged, &object.left));
    walk_place_cut(walk, 0);
    walk_place_add(walk, "", path[0] != 0 ? path : "message");
    char shown[HASH_SHOWN + 16];
    snprintf(shown, sizeof(shown), "%.*s)", HASH_SHOWN, hash);
    walk_place_add(walk, path[0] != 0 ? " (blob " : " (commit ", shown);
    walk->bytes_in = 0;
    walk->bytes_out = 0;
    walk->entries = 0;
    const WalkSource source = { read_object, &object };
    if (judged) TRY(walk_source(walk, &source, 0));
    while (object.left > 0) { /* a tree, or the rest of what was refused */
        Span rest;
        TRY(read_object(&object, &rest));
    }
    REQUIRE(fgetc(objects->in) == '\n', REFUSED_SCAN_GIT);
    return OK;
}

/* Each line is a hash, and for trees and blobs a space and the path they were first seen under. */
static Status judge_all(Walk *walk, const Git *names, const Git *objects, uint64_t *ret_count)
{
    char line[LINE_BYTES_MAX];
    while (fgets(line, sizeof(line), names->in) != NULL) {
        char *end = strchr(line, '\n');
        REQUIRE(end != NULL, REFUSED_SCAN_GIT);
        *end = 0;
        char *space = strchr(line, ' ');
        if (space != NULL) *space = 0;
        TRY(judge_object(walk, objects, line, space != NULL ? space + 1 : ""));
        (*ret_count)++;
    }
    return OK;
}

Status walk_git(Walk *walk, const char *repository)
{
    REQUIRE(access("/usr/bin/git", X_OK) == 0, REFUSED_SCAN_GIT);
    char *const all[] = { (char *)"git", (char *)"-c", (char *)"safe.directory=*", (char *)"-c",
        (char *)"protocol.allow=never", (char *)"-C", (char *)repository, (char *)"rev-list",
        (char *)"--objects", (char *)"--all", (char *)"--reflog", NULL };
    char *const batch[] = { (char *)"git", (char *)"-c", (char *)"safe.directory=*", (char *)"-c",
        (char *)"protocol.allow=never", (char *)"-C", (char *)repository, (char *)"cat-file",
        (char *)"--batch", NULL };
    signal(SIGPIPE, SIG_IGN);
    CLEANUP(git_end) Git names = { .out = -1 };
    CLEANUP(git_end) Git objects = { .out = -1 };
    TRY(git_start(all, false, &names));
    TRY(git_start(batch, true, &objects));
    uint64_t count = 0;
    TRY(judge_all(walk, &names, &objects, &count));
    REQUIRE(count > 0, REFUSED_SCAN_GIT); /* not a repository, or an empty one */
    return OK;
}
