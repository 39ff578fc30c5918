/* A class of one subject leaves the domain store (LL-4.5.4); and its mask, by reference. */
#include "vaultclient/fields.h"

#include "vaultclient/domain_inside.h"

static const char delete_class[] =
        "DELETE FROM field WHERE tenant = ?1 AND subject = ?2 AND data_class = ?3";
static const char get_mask[] = "SELECT mask FROM field WHERE tenant = ?1 AND subject = ?2"
                               " AND data_class = ?3 AND row_key = ?4";

typedef struct Forgetting {
    const WireSubjectName *subject;
    DataClass class;
} Forgetting;

static Status delete_rows(void *context, Store *store)
{
    const Forgetting *f = context;
    const Value key[] = { VALUE_OF_TEXT(f->subject->tenant), VALUE_OF_TEXT(f->subject->subject),
        VALUE_OF_INT((int64_t)f->class) };
    return store_execute(store, delete_class, key, 3);
}

Status fields_forget(const Fields *fields, const WireSubjectName *subject, DataClass class)
{
    Forgetting forgetting = { subject, class };
    return domain_transaction(fields->domain, delete_rows, &forgetting);
}

typedef struct Masking {
    Buffer *ret_mask;
    bool found;
} Masking;

static Status take_mask(void *context, const Value *values, size_t count)
{
    Masking *m = context;
    CHECK(count == 1 && values[0].type == VALUE_TEXT, FAULT_STORE);
    if (m->found) return OK;
    m->found = true;
    return buffer_put(m->ret_mask, values[0].bytes);
}

Status fields_mask_of(const Fields *fields, const WireSubjectName *subject, DataClass class,
        Span row_key, Buffer *ret_mask)
{
    const Value key[] = { VALUE_OF_TEXT(subject->tenant), VALUE_OF_TEXT(subject->subject),
        VALUE_OF_INT((int64_t) class), VALUE_OF_TEXT(row_key) };
    Masking masking = { ret_mask, false };
    TRY(domain_query(fields->domain, get_mask, key, 4, take_mask, &masking));
    REQUIRE(masking.found, REFUSED_ROW_MISSING);
    return OK;
}
