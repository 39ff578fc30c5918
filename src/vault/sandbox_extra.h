#pragma once
/*
 * sandbox_extra: what the run-time that this build links needs besides sandbox.c's list, and its
 * sandbox_begin(); Meson chooses the file.
 */
#include <stddef.h>

extern const int sandbox_extra_calls[];
extern const size_t sandbox_extra_count;
