/* Goal: a sweep of passwords beside people who change theirs is told of no trouble that is none,
 * and of all that is (TP-6, TP-10). Method: a vaultd of the test's own behind the dialler, which
 * knows which record of a user is the current one; while it is shown a page, somebody replaces a
 * record of it, takes it away, or puts an old one back. */
#include "vaultclient/passwords.h"

#include "base/expect.h"
#include "store/practice.h"
#include "vaultclient/domain_inside.h"
#include "vaultclient/passwords_inside.h"

typedef enum Meanwhile { NOTHING, CHANGED, TAKEN_AWAY } Meanwhile;

static char file[EXPECT_PATH_BYTES];
static struct {
    DomainStore *domain;
    VaultClient *vault;
    const char *current; /* user's record, as the vault's journal has it */
    const char *moved; /* what comes back for it; "": it stays */
    Meanwhile meanwhile; /* happens once, when the user's record is shown */
    int shown; /* times */
} room;

static const WireOwner user = { CLASS_PASSWORD, SPAN("bank-a"), SPAN("people"), SPAN("li") };

static Status put(const char *record)
{
    Value values[PASSWORDS_KEY_COLUMNS_MAX + 2];
    const PasswordsTable *table = passwords_table(&user, values);
    values[table->keys] = VALUE_OF_BYTES(span_of_text(record));
    return domain_put_record(
            room.domain, CLASS_PASSWORD, FORM_HASH, table->put, values, table->keys + 1);
}

static Status take_away(void *context, Store *store)
{
    return store_execute(store, "DELETE FROM password", NULL, 0);
}

static bool stands(const char *wanted)
{
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    const Passwords passwords = { room.vault, room.domain };
    return status_ok(passwords_find(&passwords, &user, &record))
            && span_equal(span_of_buffer(&record), span_of_text(wanted));
}

/* --- the vault behind the dialler --- */

static Status judge(const WirePasswordShown *shown, Buffer *answer)
{
    const Meanwhile meanwhile = room.meanwhile;
    room.shown++;
    room.meanwhile = NOTHING;
    if (meanwhile == CHANGED) {
        room.current = "third";
        TRY(put("third"));
    }
    if (meanwhile == TAKEN_AWAY) TRY(domain_transaction(room.domain, take_away, NULL));
    const bool is_current = span_equal(shown->verifier, span_of_text(room.current));
    const WirePasswordKept kept = { is_current ? 0 : REFUSED_VERIFIER_ROLLED_BACK,
        span_of_text(is_current ? room.moved : "") };
    return wire_put_password_kept(answer, &kept);
}

static Status dial(void *context, const char *path, int deadline_ms, void **ret_link)
{
    *ret_link = &room;
    return OK;
}

static Status ask(void *link, uint8_t operation, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    CHECK(operation == VAULT_PASSWORD_SHOW, FAULT_VAULT);
    TRY(wire_take_count(&c, WIRE_SHOWN_MAX, &count));
    TRY(wire_put_count(ret_answer, count, WIRE_SHOWN_MAX));
    for (uint32_t i = 0; i < count; i++) {
        WirePasswordShown shown;
        TRY(wire_take_password_shown(&c, &shown));
        TRY(judge(&shown, ret_answer));
    }
    return cursor_end(&c);
}

static bool usable(const void *link) { return true; }
static void hang_up(void *link) { }

static Status room_open(const char *record, const char *current, Meanwhile meanwhile)
{
    static const Dialler dialler = { dial, ask, usable, hang_up, NULL };
    const VaultClientConfig config = {
        .socket_path = "passwords", .channels = 1, .dialler = &dialler
    };
    practice_remove(expect_path("passwords-test", file));
    room.current = current;
    room.moved = "";
    room.meanwhile = meanwhile;
    room.shown = 0;
    TRY(domain_open(file, NULL, &room.domain));
    TRY(vaultclient_open(&config, &room.vault));
    return put(record);
}

static void room_close(void)
{
    vaultclient_close(room.vault);
    domain_close(room.domain);
    practice_remove(file);
}

/* Refused and moved of a whole walk. */
static Status sweep(uint64_t *ret_refused, uint64_t *ret_moved)
{
    const Passwords passwords = { room.vault, room.domain };
    PasswordsSweep page = { 0 };
    *ret_refused = *ret_moved = 0;
    while (!page.finished) {
        TRY(passwords_sweep(&passwords, &page));
        *ret_refused += page.refused;
        *ret_moved += page.moved;
    }
    return OK;
}

static void test_a_change_beside_a_sweep_is_no_trouble(void)
{
    uint64_t refused = 1;
    uint64_t moved = 1;
    EXPECT_OK(room_open("second", "second", CHANGED));
    EXPECT_OK(sweep(&refused, &moved));
    EXPECT(refused == 0 && moved == 0 && room.shown == 2);
    EXPECT(stands("third"));
    room_close();
}

static void test_what_was_put_meanwhile_is_moved_as_well(void)
{
    uint64_t refused = 1;
    uint64_t moved = 0;
    EXPECT_OK(room_open("second", "second", CHANGED));
    room.moved = "third, under the new pepper";
    EXPECT_OK(sweep(&refused, &moved));
    EXPECT(refused == 0 && moved == 1);
    EXPECT(stands("third, under the new pepper"));
    room_close();
}

static void test_a_record_taken_away_is_no_trouble(void)
{
    uint64_t refused = 1;
    uint64_t moved = 1;
    EXPECT_OK(room_open("first", "second", TAKEN_AWAY));
    EXPECT_OK(sweep(&refused, &moved));
    EXPECT(refused == 0 && moved == 0 && room.shown == 1);
    room_close();
}

static void test_an_old_record_is_told(void)
{
    uint64_t refused = 0;
    uint64_t moved = 1;
    EXPECT_OK(room_open("first", "second", NOTHING));
    EXPECT_OK(sweep(&refused, &moved));
    EXPECT(refused == 1 && moved == 0 && room.shown == 1);
    EXPECT(stands("first"));
    room_close();
}

TESTS(TEST(test_a_change_beside_a_sweep_is_no_trouble),
        TEST(test_what_was_put_meanwhile_is_moved_as_well),
        TEST(test_a_record_taken_away_is_no_trouble), TEST(test_an_old_record_is_told))
