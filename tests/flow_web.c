/*
 * Goal: in a real browser a newcomer enrols, logs in with password and code or a passkey, and
 * agrees to a request with a key that no script can read; every secret leaves the page in a box;
 * nothing foreign runs in it or reads from it (LL-4.5.2, TP-4, TP-15, TP-17). Method: the page as
 * it is built, served by a real house whose platform key it pins, driven in Debian's Chromium by
 * web/flow/flow.ts. Skipped where web/build was not run or there is no Chromium.
 */
#include "base/expect.h"
#include "chromium.h"

static const char dist[] = HUFU_WEB "/dist";

static Stand stand;

static void test_house_opens(void)
{
    const StandOptions options = { 0 };
    chromium_skip_unless(HUFU_WEB "/dist/index.html", "web/build makes it");
    chromium_skip_unless(CHROMIUM_DRIVER("flow"), "web/build makes it");
    chromium_skip_unless(CHROMIUM, "Debian's package chromium");
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(chromium_serve(&stand, dist, "page", "console_files"));
}

static void test_people_at_the_page(void)
{
    chromium_environment(&stand, stand.console_port);
    EXPECT(RUN("node", CHROMIUM_DRIVER("flow")) == 0);
}

/* What was typed into the page is nowhere: neither in files nor in logs. */
static void test_no_secret_rests(void)
{
    EXPECT(!stand_holds(&stand, SPAN("copper lantern 48 orchard")));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void) { stand_close(&stand); }

TESTS(TEST(test_house_opens), TEST(test_people_at_the_page), TEST(test_no_secret_rests),
        TEST(test_house_closes))
