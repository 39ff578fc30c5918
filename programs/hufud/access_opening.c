#include "access_opening.h"

#include "access/table_row.h"
#include "api/alert_once.h"
#include "base/log.h"
#include "store/unit_wait.h"

static uint8_t file_bytes[ACCESS_FILE_BYTES_MAX];
static uint8_t accepted_bytes[ACCESS_FILE_BYTES_MAX];

MUST_USE static Status parse(Span text, AccessTable **ret_table)
{
    YamlProblem problem = { 0 };
    const Status s = access_table_parse(text, ret_table, &problem);
    if (!status_ok(s))
        LOG_STATUS(LOG_ERROR, "hufud.access", s, LOG_TEXT(PATH, problem.key),
                LOG_NUMBER(COUNT, problem.line));
    return s;
}

MUST_USE static Status put_in_force(House *house, Span text)
{
    CLEANUP(access_table_free) AccessTable *table = NULL;
    TRY(parse(text, &table));
    return access_in_force_open(&table, &house->access);
}

MUST_USE static Status take_first(House *house, Span text)
{
    TableAccept work = { .text = text, .version = 1 };
    TRY(put_in_force(house, text));
    table_accept_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}

MUST_USE static Status tell_difference(House *house, const AccessTable *file)
{
    const Alert alert = alert_of(ALERT_ACCESS_TABLE, TABLE_ACCESS_TABLE, SPAN_OF(file->digest),
            REFUSE(REFUSED_ACCESS_TABLE_OTHER));
    LOG_STATUS(LOG_ALERT, "hufud.access", REFUSE(REFUSED_ACCESS_TABLE_OTHER));
    return alert_once(house, &alert);
}

MUST_USE static Status open_table(House *house, const char *path)
{
    Buffer text = BUFFER_OF(file_bytes);
    Buffer accepted = BUFFER_OF(accepted_bytes);
    CLEANUP(access_table_free) AccessTable *file = NULL;
    TRY(access_file_read(path, &text));
    TRY(table_row_load(house->batcher, &accepted, &house->access_version));
    if (house->access_version == 0) {
        house->access_version = 1;
        return take_first(house, span_of_buffer(&text));
    }
    TRY(put_in_force(house, span_of_buffer(&accepted)));
    if (span_equal(span_of_buffer(&text), span_of_buffer(&accepted))) return OK;
    TRY(parse(span_of_buffer(&text), &file));
    return tell_difference(house, file);
}

Status access_open(House *house, const char *path)
{
    size_t people = 0;
    size_t grants = 0;
    size_t left_out = 0;
    size_t grants_left_out = 0;
    TRY(open_table(house, path));
    TRY(principal_book_open(&house->principals));
    TRY(principal_book_refresh(house->principals, house->batcher, &people, &left_out));
    atomic_store(&house->principals_left_out, left_out);
    TRY(grant_book_open(&house->grants));
    TRY(grant_book_refresh(house->grants, house->batcher, &grants, &grants_left_out));
    LOG(left_out + grants_left_out == 0 ? LOG_INFO : LOG_ALERT, "hufud.principals",
            LOG_NUMBER(COUNT, people), LOG_NUMBER(SIZE, left_out + grants_left_out));
    return OK;
}

void access_close(House *house)
{
    principal_book_close(&house->principals);
    grant_book_close(&house->grants);
    access_in_force_close(&house->access);
}
