#pragma once
/* alert_once: an alert that is raised once, however often the clock comes by. */
#include "api/house.h"

#include "cases/alert.h"

/* Unless there is one of this kind, key and verdict. Never from the batch thread. */
MUST_USE Status alert_once(House *house, const Alert *alert);
