#pragma once
/* tls_opening: our certificate at every door and towards the bank, made at start and renewed. */
#include "house_opening.h"

/* The first one; whom clients trust is written to the settings' ca_file. */
MUST_USE Status tls_opening(Opening *opening);
/* For the clockwork: another one when it is time. `opening` is the Opening. */
Status tls_opening_renew(void *opening, int64_t now_us);
