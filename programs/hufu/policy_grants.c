/* `hufu policy grants`: whose card's expiry date may rest, or might (TP-5, TP-16). */
#include "policy_command.h"

#include "base/secret.h"

#include <stdlib.h>

enum { TRIES_MAX = 5, NAME_TEXT_BYTES = WIRE_EXPIRY_NAME_BYTES_MAX + 1 };

typedef struct Grant {
    char institution[NAME_TEXT_BYTES];
    char user[NAME_TEXT_BYTES];
    char first[NAME_TEXT_BYTES];
    char second[NAME_TEXT_BYTES];
    int64_t until_us;
    bool lives;
    bool withdrawn;
} Grant;

typedef struct Grants {
    Grant *items;
    size_t count;
    size_t capacity;
} Grants;

static void grants_done(Grants *grants)
{
    if (grants->items != NULL) bytes_wipe(grants->items, grants->capacity * sizeof(Grant));
    free(grants->items);
}

static void put_name(char ret_text[NAME_TEXT_BYTES], Span name)
{
    const size_t size = name.size < NAME_TEXT_BYTES ? name.size : NAME_TEXT_BYTES - 1;
    if (size > 0) memcpy(ret_text, name.data, size);
    ret_text[size] = '\0';
}

MUST_USE static Status make_room(Grants *grants, size_t capacity)
{
    if (grants->capacity >= capacity) return OK;
    Grant *items = realloc(grants->items, capacity * sizeof(Grant));
    CHECK(items != NULL, FAULT_MEMORY);
    grants->items = items;
    grants->capacity = capacity;
    return OK;
}

MUST_USE static Status take_page(const VaultExpiryPage *page, Grants *grants)
{
    TRY(make_room(grants, page->page.grants));
    REQUIRE(grants->count + page->count <= page->page.grants, REFUSED_VAULT_BUSY);
    for (uint32_t i = 0; i < page->count; i++) {
        const WireExpiryListed *listed = &page->grants[i];
        Grant *grant = &grants->items[grants->count++];
        *grant = (Grant) {
            .until_us = listed->until_us, .lives = listed->lives, .withdrawn = listed->withdrawn
        };
        put_name(grant->user, listed->user);
        put_name(grant->institution, listed->institution);
        put_name(grant->first, listed->first);
        put_name(grant->second, listed->second);
    }
    return OK;
}

/* All pages of one state. Refuses REFUSED_VAULT_BUSY: grants came or went meanwhile. */
MUST_USE static Status read_all(VaultClient *vault, Grants *grants)
{
    static uint8_t bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    static VaultExpiryPage page;
    grants->count = 0;
    for (uint32_t position = 0;; position = page.page.next) {
        Buffer memory = BUFFER_OF(bytes);
        TRY(vaultclient_expiry_list(vault, position, &memory, &page));
        TRY(take_page(&page, grants));
        if (page.page.last) break;
    }
    REQUIRE(grants->count == page.page.grants, REFUSED_VAULT_BUSY);
    return OK;
}

static int by_name(const void *a, const void *b)
{
    const Grant *left = a;
    const Grant *right = b;
    const int institutions = strcmp(left->institution, right->institution);
    return institutions != 0 ? institutions : strcmp(left->user, right->user);
}

static void show(const Grant *grant)
{
    const char *state = grant->lives ? "live" : grant->withdrawn ? "withdrawn" : "over";
    const bool named = grant->user[0] != '\0';
    printf("%-9s  until ", state);
    policy_show_time(grant->until_us);
    printf("  %s of %s  recorded by %s and %s\n", named ? grant->user : "(no name)",
            named ? grant->institution : "(no name)", grant->first, grant->second);
}

MUST_USE static Status list(const char *directory, bool live_alone)
{
    CLEANUP(grants_done) Grants grants = { 0 };
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    size_t live = 0;
    TRY(together_vault(directory, &vault));
    Status s = read_all(vault, &grants);
    for (int tries = 1; tries < TRIES_MAX && status_is(s, REFUSED_VAULT_BUSY); tries++)
        s = read_all(vault, &grants);
    TRY(s);
    if (grants.count > 0) qsort(grants.items, grants.count, sizeof(Grant), by_name);
    for (size_t i = 0; i < grants.count; i++) {
        if (grants.items[i].lives || !live_alone) show(&grants.items[i]);
        live += grants.items[i].lives;
    }
    printf("%zu live, %zu ended\n", live, grants.count - live);
    return OK;
}

int command_policy_grants(int argc, char **argv)
{
    const char *directory = directory_default();
    bool live_alone = false;
    const Option options[] = {
        { "--live", OPTION_FLAG, NULL, "those in force alone", &live_alone, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu policy grants",
        "List the grants under which a bank card's expiry date may rest, encrypted (TP-5): user "
        "and\n"
        "institution, until when, who recorded it; also those that ended by their time (over) or "
        "by\n"
        "somebody's word (withdrawn). Who asks stands in the audit log. `hufu policy look-expiry` "
        "shows\n"
        "the evidence of one.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const Status s = list(directory, live_alone);
    return status_ok(s) ? EXIT_DONE : command_failed("policy grants", s);
}
