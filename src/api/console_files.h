#pragma once
/*
 * console_files: the console's page: the files of one folder, read once at start. What was read is
 * all that is ever served: no path from outside is joined to a folder.
 *
 * The folder holds index.html and whatever else a page is made of, and the folder `assets`, whose
 * names change with their content. It may hold platform.pem, which the page pins (docs/access.md).
 */
#include "http/server.h"

enum {
    CONSOLE_FILES_MAX = 64,
    CONSOLE_FILE_NAME_BYTES_MAX = 96,
    CONSOLE_FILE_BYTES_MAX = 2 << 20,
};

typedef struct ConsoleFiles ConsoleFiles;

/*
 * Read `folder` and its `assets`. Refuses CONSOLE_FILES: no index.html, a link, a folder or any
 * other thing than a plain file, a name or type that no page of ours has, too large, too many.
 * Faults FAULT_DISK, FAULT_MEMORY.
 */
MUST_USE Status console_files_open(const char *folder, ConsoleFiles **ret_files);
void console_files_close(ConsoleFiles **files); /* NULL inside is fine */

/* One of them, as long as `files` lives. */
typedef struct ConsoleFileSeen {
    Span path; /* "/index.html" */
    Span type;
    Span etag;
    Span bytes;
    bool is_asset; /* never changes under this name */
} ConsoleFileSeen;

size_t console_files_count(const ConsoleFiles *files);
ConsoleFileSeen console_files_at(const ConsoleFiles *files, size_t index);
/* "/" is index.html. False: there is none (ret_seen is unchanged). Any thread. */
bool console_files_find(const ConsoleFiles *files, Span path, ConsoleFileSeen *ret_seen);

/* The request asks for a file of ours, and was answered (and is gone). "/" is index.html. False: it
 * is none (or files is NULL). Any thread. */
bool console_files_answer(const ConsoleFiles *files, HttpRequest *request);
