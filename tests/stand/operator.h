#pragma once
/*
 * operator: somebody at the command line of the stand: runs the real `hufu` and reads what it says.
 * One command at a time.
 */
#include "stand.h"

/* Start `hufu <arguments>` for the stand's folder; arguments end with NULL. */
pid_t operator_start(const Stand *stand, const char *const *arguments);
/* Wait for its end and keep what it said: its exit status, -1 when a signal ended it. */
int operator_end(const Stand *stand, pid_t pid);

/* Run one command. */
#define OPERATOR(stand, ...) \
    operator_end((stand), operator_start((stand), (const char *const[]) { __VA_ARGS__, NULL }))

/* What the last command said holds this text; else it is shown on standard error. */
bool operator_says(const char *text);
/* Show what the last command said, for whoever reads the test. */
void operator_show(const char *title);
/* The running command has said this text by now. */
bool operator_said(const Stand *stand, const char *text);
/* The exit status is the wanted one; else what the command said is shown. */
bool operator_ended(int exit_status, int wanted);
