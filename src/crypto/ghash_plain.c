#include "crypto/ghash_inside.h"

GhashMultiply *ghash_processor_multiply(void) { return NULL; }
