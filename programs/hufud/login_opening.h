#pragma once
/* login_opening: what logging in needs: sessions with the limits of rules/access.yaml, throttle,
 * devices, enrolment codes; and the console's door. */
#include "house_opening.h"

/* After the table of rights and the batch are there. */
MUST_USE Status login_opening_open(House *house);
/* The console: a door for browsers, of its own; after the operator's socket, whose operations it
 * runs. */
MUST_USE Status login_opening_serve(Opening *opening);
/* Also after a failed opening. */
void login_opening_close(House *house);
