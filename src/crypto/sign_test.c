#include "base/expect.h"
static void nothing(void) { EXPECT(true); }
TESTS(TEST(nothing))
