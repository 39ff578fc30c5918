#pragma once
/*
 * field_frame: a protected field that a merchant's page frames: the sealed rows are asked whose
 * pages may (payment/origins.h), then the file is answered (api/field_files.h). Whatever they
 * refuse, nobody's may.
 */
#include "api/house.h"

enum { FIELD_FRAMES_MAX = 256 }; /* asked for at the same time; more are answered 503 */

/* The request asks for one of the files, and was answered or will be. False: it does not. Any
 * thread; never blocks. */
bool field_frame_answer(House *house, HttpRequest *request);
