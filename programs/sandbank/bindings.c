#include "bindings.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "base/secret.h"
#include "crypto/mac.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { DIGEST_BYTES = 32, CODE_DIGITS = 6, PATH_BYTES_MAX = 4096 };

typedef struct Row {
    BindingState state;
    int64_t tries;
    int64_t expires_us;
    bool loses; /* the answer to its code */
    uint8_t code[DIGEST_BYTES];
    char agreement[BINDING_AGREEMENT_BYTES + 1];
} Row;

const char *binding_state_name(BindingState state)
{
    static const char *const names[] = { [BINDING_NONE] = "NONE",
        [BINDING_WAITING] = "WAITING",
        [BINDING_LIVE] = "LIVE",
        [BINDING_REFUSED] = "REFUSED",
        [BINDING_ENDED] = "ENDED" };
    return names[state];
}

static void digest(
        const Bindings *bindings, Span what, Span value, uint8_t ret_digest[DIGEST_BYTES])
{
    uint8_t bytes[4096];
    uint8_t mac[MAC_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    const bool fits =
            status_ok(buffer_put_framed(&text, what)) && status_ok(buffer_put_framed(&text, value));
    ASSERT(fits); /* what comes in a box is shorter */
    mac_once(MAC_HMAC_SHA256, SPAN_OF(bindings->key), span_of_buffer(&text), mac);
    memcpy(ret_digest, mac, DIGEST_BYTES);
    bytes_wipe(bytes, sizeof(bytes));
}

/* --- rows --- */

static Status take_row(void *context, const Value *values, size_t count)
{
    Row *row = context;
    CHECK(count == 6 && values[3].bytes.size == DIGEST_BYTES, FAULT_STORE);
    row->state = (BindingState)values[0].integer;
    row->tries = values[1].integer;
    row->expires_us = values[2].integer;
    memcpy(row->code, values[3].bytes.data, DIGEST_BYTES);
    row->loses = values[5].integer != 0;
    return value_copy_text(&values[4], row->agreement, sizeof(row->agreement));
}

static Status find(const Bindings *bindings, Span number, Row *ret_row)
{
    const Value key = VALUE_OF_TEXT(number);
    *ret_row = (Row) { 0 };
    return store_query(book_store(bindings->book),
            "SELECT state, tries, expires, code, agreement, loses FROM sandbank_binding"
            " WHERE number = ?1",
            &key, 1, take_row, ret_row);
}

static Status put(const Bindings *bindings, Span number, const Row *row)
{
    const Value values[] = { VALUE_OF_TEXT(number), VALUE_OF_INT((int64_t)row->state),
        VALUE_OF_INT(row->tries), VALUE_OF_INT(row->expires_us), VALUE_OF_BYTES(SPAN_OF(row->code)),
        VALUE_OF_TEXT(span_of_text(row->agreement)), VALUE_OF_INT(row->loses ? 1 : 0) };
    return store_execute(book_store(bindings->book),
            "INSERT INTO sandbank_binding (number, state, tries, expires, code, agreement, loses)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(number) DO UPDATE SET"
            " state = excluded.state, tries = excluded.tries, agreement = excluded.agreement,"
            " loses = excluded.loses",
            values, 7);
}

static Status said(const Row *row, BindingFound *ret)
{
    ret->state = row->state;
    memcpy(ret->agreement, row->agreement, sizeof(ret->agreement));
    return OK;
}

/* --- accounts --- */

Status bindings_account(const Bindings *bindings, Span elements)
{
    uint8_t account[DIGEST_BYTES];
    digest(bindings, SPAN("account"), elements, account);
    const Value value = VALUE_OF_BYTES(SPAN_OF(account));
    return store_execute(book_store(bindings->book),
            "INSERT INTO sandbank_account (digest) VALUES (?1) ON CONFLICT(digest) DO NOTHING",
            &value, 1);
}

static Status take_count(void *context, const Value *values, size_t count)
{
    CHECK(count == 1, FAULT_STORE);
    *(int64_t *)context = values[0].integer;
    return OK;
}

static Status belong_together(const Bindings *bindings, Span elements, bool *ret_known)
{
    uint8_t account[DIGEST_BYTES];
    int64_t found = 0;
    digest(bindings, SPAN("account"), elements, account);
    const Value value = VALUE_OF_BYTES(SPAN_OF(account));
    TRY(store_query(book_store(bindings->book),
            "SELECT count(*) FROM sandbank_account WHERE digest = ?1", &value, 1, take_count,
            &found));
    *ret_known = found > 0;
    return OK;
}

Status bindings_agreed(const Bindings *bindings, Span agreement, bool *ret_agreed)
{
    int64_t found = 0;
    const Value values[] = { VALUE_OF_TEXT(agreement), VALUE_OF_INT(BINDING_LIVE) };
    TRY(store_query(book_store(bindings->book),
            "SELECT count(*) FROM sandbank_binding WHERE agreement = ?1 AND state = ?2", values, 2,
            take_count, &found));
    *ret_agreed = found > 0;
    return OK;
}

/* --- the code --- */

static Status code_path(const Bindings *bindings, Span number, char ret_path[PATH_BYTES_MAX])
{
    const int size = snprintf(ret_path, PATH_BYTES_MAX, "%s/code-%.*s.txt", bindings->folder,
            (int)number.size, (const char *)number.data);
    REQUIRE(size > 0 && size < PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    return OK;
}

static Status draw_code(uint8_t ret_digits[CODE_DIGITS])
{
    const Random random = random_system();
    uint32_t drawn = 0;
    TRY(random_fill(&random, &drawn, sizeof(drawn)));
    for (int i = CODE_DIGITS - 1; i >= 0; i--) {
        ret_digits[i] = (uint8_t)('0' + drawn % 10);
        drawn /= 10;
    }
    return OK;
}

static Status send_code(const Bindings *bindings, Span number, Row *row)
{
    char path[PATH_BYTES_MAX];
    uint8_t digits[CODE_DIGITS];
    TRY(code_path(bindings, number, path));
    TRY(draw_code(digits));
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    const bool whole = write(fd, digits, CODE_DIGITS) == CODE_DIGITS;
    CHECK(close(fd) == 0 && whole, FAULT_DISK);
    digest(bindings, SPAN("code"), SPAN_OF(digits), row->code);
    bytes_wipe(digits, sizeof(digits));
    return OK;
}

static Status over(const Bindings *bindings, Span number)
{
    char path[PATH_BYTES_MAX];
    TRY(code_path(bindings, number, path));
    unlink(path); /* maybe there was none */
    return OK;
}

/* --- what is asked --- */

Status bindings_begin(
        const Bindings *bindings, Span number, Span elements, int64_t now_us, BindingFound *ret)
{
    Row row;
    bool known = false;
    TRY(find(bindings, number, &row));
    if (row.state != BINDING_NONE) return said(&row, ret);
    TRY(belong_together(bindings, elements, &known));
    row.state = known ? BINDING_WAITING : BINDING_REFUSED;
    row.expires_us = now_us + BINDING_CODE_LIFE_US;
    if (known) TRY(send_code(bindings, number, &row));
    TRY(put(bindings, number, &row));
    return said(&row, ret);
}

static Status make_live(Row *row)
{
    const Random random = random_system();
    uint8_t bytes[8];
    Buffer text = { (uint8_t *)row->agreement, 0, BINDING_AGREEMENT_BYTES };
    TRY(random_fill(&random, bytes, sizeof(bytes)));
    TRY(buffer_put(&text, SPAN("A-")));
    TRY(hex_encode(SPAN_OF(bytes), &text));
    row->agreement[text.size] = 0;
    row->state = BINDING_LIVE;
    return OK;
}

Status bindings_lose(const Bindings *bindings, Span number)
{
    Row row;
    TRY(find(bindings, number, &row));
    row.loses = true;
    return put(bindings, number, &row);
}

Status bindings_confirm(const Bindings *bindings, Span number, Span code, int64_t now_us,
        bool *ret_lost, BindingFound *ret)
{
    Row row;
    uint8_t tried[DIGEST_BYTES];
    TRY(find(bindings, number, &row));
    *ret_lost = row.loses;
    if (row.state != BINDING_WAITING) return said(&row, ret);
    digest(bindings, SPAN("code"), code, tried);
    row.tries++;
    if (now_us > row.expires_us)
        row.state = BINDING_REFUSED;
    else if (bytes_equal_ct(tried, row.code, DIGEST_BYTES))
        TRY(make_live(&row));
    else if (row.tries >= BINDING_TRIES_MAX)
        row.state = BINDING_REFUSED;
    TRY(put(bindings, number, &row));
    if (row.state != BINDING_WAITING) TRY(over(bindings, number));
    return said(&row, ret);
}

Status bindings_look(const Bindings *bindings, Span number, BindingFound *ret)
{
    Row row;
    TRY(find(bindings, number, &row));
    return said(&row, ret);
}

Status bindings_end(const Bindings *bindings, Span number, BindingFound *ret)
{
    Row row;
    TRY(find(bindings, number, &row));
    if (row.state != BINDING_REFUSED) row.state = BINDING_ENDED;
    TRY(put(bindings, number, &row));
    TRY(over(bindings, number));
    return said(&row, ret);
}
