#include "ledger/reserve_file.h"

#include "base/bytes.h"
#include "base/time.h"

static Status take_line(Cursor *c, Span *ret_line)
{
    TRY(cursor_until(c, '\n', ret_line));
    if (ret_line->size > 0 && ret_line->data[ret_line->size - 1] == '\r') ret_line->size--;
    return OK;
}

static Status read_line(Span text, ReserveLine *ret)
{
    Cursor c = cursor_of(text);
    Span date = { 0 };
    Span currency = { 0 };
    TRY(cursor_until(&c, ',', &date));
    TRY(cursor_until(&c, ',', &currency));
    TRY(time_parse_date(date, &ret->day));
    TRY(currency_parse(currency, &ret->currency));
    return minor_parse_decimal(c.rest, &ret->minor);
}

static bool is_behind(const ReserveLine *line, const ReserveLine *before)
{
    if (line->day != before->day) return line->day > before->day;
    return line->currency > before->currency;
}

Status reserve_file_parse(Span csv, ReserveLine ret_lines[RESERVE_LINES_MAX], size_t *ret_count)
{
    Cursor c = cursor_of(csv);
    Span line = { 0 };
    size_t count = 0;
    REQUIRE(csv.size <= RESERVE_FILE_BYTES_MAX, REFUSED_RESERVE_FORMAT);
    REQUIRE(status_ok(take_line(&c, &line)), REFUSED_RESERVE_FORMAT);
    REQUIRE(span_equal(line, SPAN("date,currency,balance")), REFUSED_RESERVE_FORMAT);
    while (c.rest.size > 0) {
        REQUIRE(count < RESERVE_LINES_MAX, REFUSED_RESERVE_FORMAT);
        REQUIRE(status_ok(take_line(&c, &line)), REFUSED_RESERVE_FORMAT);
        REQUIRE(status_ok(read_line(line, &ret_lines[count])), REFUSED_RESERVE_FORMAT);
        const bool ascends = count == 0 || is_behind(&ret_lines[count], &ret_lines[count - 1]);
        REQUIRE(ascends, REFUSED_RESERVE_FORMAT);
        count++;
    }
    REQUIRE(count > 0, REFUSED_RESERVE_FORMAT);
    *ret_count = count;
    return OK;
}
