#pragma once
/*
 * needles: values that must not be found anywhere, each in every form in which something that keeps
 * secrets badly would keep it: in clear, as it was spelled, in base64 (any phase, both alphabets),
 * and as a plain SHA-256, MD5 or SM3 in bytes and in hexadecimal. One pass over the searched bytes
 * looks for all of them.
 */
#include "base/bytes.h"

#include <sys/types.h>

enum { NEEDLE_BYTES_MIN = 8, NEEDLE_LABEL_BYTES = 80 };

typedef struct Needles Needles;

Needles *needles_open(void);
void needles_close(Needles *needles);

/* label: what it is and where it went in, for people; it must not hold the value. */
void needles_add(Needles *needles, Span value, const char *label);
/* One more spelling of a value. Shorter than NEEDLE_BYTES_MIN: nothing is added. */
void needles_add_spelled(Needles *needles, Span text, const char *label);
/* Only what could stand for a value too short to be looked for in clear: its digests. */
void needles_add_digests(Needles *needles, Span value, const char *label);
/* From now on hits are counted, not named. */
void needles_hush(Needles *needles);
size_t needles_count(const Needles *needles);

/* How many hits; the first of each label is named on standard error, with `where`. */
size_t needles_search(Needles *needles, Span bytes, const char *where);
/* Every regular file below the folder; ret_files counts them. A path that ends in `but` (may be
 * NULL) is passed over. */
size_t needles_search_folder(
        Needles *needles, const char *folder, const char *but, size_t *ret_files);
size_t needles_search_file(Needles *needles, const char *path);
/* Environment, command line and every readable page of a process; needs the right to read them.
 * ret_bytes: how much was read; 0 when it may not be. */
size_t needles_search_process(Needles *needles, pid_t pid, size_t *ret_bytes);
