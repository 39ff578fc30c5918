/* hufu merchant origin, hufu merchant address: add, remove, list: whose pages may frame protected
 * fields for a merchant (docs/protected-input.md), where its requests are taken from
 * (docs/merchants.md); hufu merchant codes: what it let print (docs/barcodes.md). */
#include "admin_client.h"
#include "command.h"

typedef struct ListWish {
    const char *command; /* "merchant origin add" */
    const char *operation;
    const char *item_name; /* "origin" */
    const char *directory;
    const char *mchid;
    const char *item;
} ListWish;

static int ask(const ListWish *wish)
{
    const AdminWord said[] = { { "mchid", JSON_TEXT, wish->mchid, 0 },
        { wish->item_name, JSON_TEXT, wish->item, 0 } };
    return admin_show_words(wish->directory, wish->command, wish->operation, said, 2);
}

/* options: --mchid, --directory, and the item's where there is one. */
static int read_and_ask(const Usage *usage, ListWish *wish, bool takes_item, int argc, char **argv)
{
    int exit_status = EXIT_DONE;
    wish->directory = directory_default();
    if (!options_read(usage, argc, argv, &exit_status)) return exit_status;
    if (wish->mchid == NULL) return options_missing(usage, "--mchid is required");
    if (takes_item && wish->item == NULL)
        return options_missing(usage, "what is added or removed is required");
    return ask(wish);
}

#define MCHID(wish)                                                                  \
    {                                                                                \
        "--mchid", OPTION_TEXT, "ID", "the merchant (required)", &(wish).mchid, 0, 0 \
    }
#define DIRECTORY(wish)                                                                           \
    {                                                                                             \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(wish).directory, 0, 0 \
    }

static int list(ListWish wish, const char *name, const char *text, int argc, char **argv)
{
    const Option options[] = { MCHID(wish), DIRECTORY(wish) };
    const Usage usage = { name, text, options, 2 };
    return read_and_ask(&usage, &wish, false, argc, argv);
}

/* --- origins --- */

static int change_origin(ListWish wish, const char *name, const char *text, int argc, char **argv)
{
    const Option options[] = { MCHID(wish),
        { "--origin", OPTION_TEXT, "URL", "https://host[:port] (required)", &wish.item, 0, 0 },
        DIRECTORY(wish) };
    const Usage usage = { name, text, options, 3 };
    return read_and_ask(&usage, &wish, true, argc, argv);
}

int command_merchant_origin_add(int argc, char **argv)
{
    const ListWish wish = {
        .command = "merchant origin add", .operation = "merchant.origin.add", .item_name = "origin"
    };
    return change_origin(wish, "hufu merchant origin add",
            "Pages of this origin may frame protected fields for the merchant, as long as it has "
            "a\n"
            "licence on file; somebody else approves it.",
            argc, argv);
}

int command_merchant_origin_remove(int argc, char **argv)
{
    const ListWish wish = { .command = "merchant origin remove",
        .operation = "merchant.origin.remove",
        .item_name = "origin" };
    return change_origin(wish, "hufu merchant origin remove",
            "Pages of this origin frame no fields for the merchant from here on.", argc, argv);
}

int command_merchant_origin_list(int argc, char **argv)
{
    const ListWish wish = { .command = "merchant origin list",
        .operation = "merchant.origin.list" };
    return list(wish, "hufu merchant origin list",
            "Whose pages may frame protected fields for the merchant.", argc, argv);
}

/* --- addresses --- */

static int change_address(ListWish wish, const char *name, const char *text, int argc, char **argv)
{
    const Option options[] = { MCHID(wish),
        { "--address", OPTION_TEXT, "NETWORK", "203.0.113.7, 203.0.113.0/28 (required)", &wish.item,
                0, 0 },
        DIRECTORY(wish) };
    const Usage usage = { name, text, options, 3 };
    return read_and_ask(&usage, &wish, true, argc, argv);
}

int command_merchant_address_add(int argc, char **argv)
{
    const ListWish wish = { .command = "merchant address add",
        .operation = "merchant.address.add",
        .item_name = "address" };
    return change_address(wish, "hufu merchant address add",
            "Requests of the merchant are taken from this address and the others of the list "
            "alone;\n"
            "without a list, from anywhere. Somebody else approves it.",
            argc, argv);
}

int command_merchant_address_remove(int argc, char **argv)
{
    const ListWish wish = { .command = "merchant address remove",
        .operation = "merchant.address.remove",
        .item_name = "address" };
    return change_address(wish, "hufu merchant address remove",
            "No longer from this address; behind the last one, from anywhere. Somebody else\n"
            "approves it.",
            argc, argv);
}

int command_merchant_address_list(int argc, char **argv)
{
    const ListWish wish = { .command = "merchant address list",
        .operation = "merchant.address.list" };
    return list(wish, "hufu merchant address list",
            "Where requests of the merchant are taken from; none: from anywhere.", argc, argv);
}

/* --- printed codes --- */

int command_merchant_codes(int argc, char **argv)
{
    ListWish wish = { .directory = directory_default() };
    int64_t skip = 0;
    bool all = false;
    const Option options[] = { MCHID(wish),
        { "--all", OPTION_FLAG, NULL, "revoked ones, too", &all, 0, 0 },
        { "--skip", OPTION_NUMBER, "N", "behind the first N [0]", &skip, 0, INT32_MAX },
        DIRECTORY(wish) };
    const Usage usage = { "hufu merchant codes",
        "The merchant's static codes, the newest first: 64 a page.", options, 4 };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (wish.mchid == NULL) return options_missing(&usage, "--mchid is required");
    const AdminWord said[] = { { "mchid", JSON_TEXT, wish.mchid, 0 },
        { "skip", JSON_INT, NULL, skip }, { "all", JSON_BOOL, NULL, all } };
    return admin_show_words(wish.directory, "merchant codes", "merchant.payee-code.list", said, 3);
}
