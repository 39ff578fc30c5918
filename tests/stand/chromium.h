#pragma once
/*
 * chromium: pages of a stand's house in Debian's Chromium, driven by what web/build made of
 * web/flow/. Where one of them is not there the test is skipped (exit status 77), never passed.
 */
#include "stand.h"

#define CHROMIUM "/usr/bin/chromium"
#define CHROMIUM_DRIVER(name) HUFU_WEB "/built/flow/" name ".js"

/* Run a program, waiting: its exit status; -1: a signal ended it. NULL ends the words. */
int chromium_run(const char *const *words);
#define RUN(...) chromium_run((const char *const[]) { __VA_ARGS__, NULL })

/* Ends the test program with its own exit status for "skipped". */
void chromium_skip_unless(const char *path, const char *why);
/* Copy `dist` to the stand's folder `name`, with the platform key that hufud cannot have chosen for
 * this test, and have hufud started anew with it as `setting`. */
MUST_USE Status chromium_serve(
        Stand *stand, const char *dist, const char *name, const char *setting);
/* What the driver finds in its environment: the house, and the port of its page. */
void chromium_environment(const Stand *stand, uint16_t port);
