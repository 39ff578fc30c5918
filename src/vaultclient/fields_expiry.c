/* Card expiry dates leave the domain store when the grant that let them rest is over (TP-5). */
#include "vaultclient/fields_inside.h"

#include "policy/policy.h"
#include "vaultclient/policy.h"

enum { PAGE_MAX = 64 };

Status fields_may_rest(DataClass class)
{
    const PolicyPurpose purpose = class == CLASS_CARD_EXPIRY ? PURPOSE_GRANTED : PURPOSE_ANY;
    return policy_allow(class, LAYER_DOMAIN, purpose, FORM_ENCRYPT);
}

/* 105 is CLASS_CARD_EXPIRY: written out, so that the index of migration 4 serves. */
static const char get_page[] =
        "SELECT DISTINCT tenant, subject FROM field WHERE data_class = 105"
        " AND (tenant, subject) > (?1, ?2) ORDER BY tenant, subject LIMIT 64";
_Static_assert(CLASS_CARD_EXPIRY == 105, "as the statement has it");

typedef struct Owner {
    uint8_t tenant[FIELD_TENANT_BYTES_MAX];
    uint8_t subject[WIRE_SUBJECT_BYTES_MAX];
    size_t tenant_bytes;
    size_t subject_bytes;
} Owner;

typedef struct Page {
    Owner owners[PAGE_MAX];
    size_t count;
} Page;

static Status take_owner(void *context, const Value *values, size_t count)
{
    Page *page = context;
    ASSERT(count == 2 && page->count < PAGE_MAX);
    Owner *o = &page->owners[page->count++];
    REQUIRE(values[0].bytes.size <= sizeof(o->tenant), REFUSED_ROW_INVALID);
    REQUIRE(values[1].bytes.size <= sizeof(o->subject), REFUSED_ROW_INVALID);
    memcpy(o->tenant, values[0].bytes.data, values[0].bytes.size);
    memcpy(o->subject, values[1].bytes.data, values[1].bytes.size);
    o->tenant_bytes = values[0].bytes.size;
    o->subject_bytes = values[1].bytes.size;
    return OK;
}

static WireSubjectName name_of(const Owner *o)
{
    return (WireSubjectName) { { o->tenant, o->tenant_bytes }, { o->subject, o->subject_bytes } };
}

static Status sweep_one(const Fields *fields, const Owner *owner, uint64_t *ret_owners)
{
    uint8_t memory[1024];
    Buffer answer = BUFFER_OF(memory);
    WireExpiryLook look = { 0 };
    const WireSubjectName name = name_of(owner);
    const WireExpiryName grant = { name.subject, name.tenant };
    TRY(vaultclient_expiry_look(fields->vault, &grant, &answer, &look));
    if (look.lives) return OK;
    TRY(fields_forget(fields, &name, CLASS_CARD_EXPIRY));
    (*ret_owners)++;
    return OK;
}

Status fields_sweep_expiry(const Fields *fields, uint64_t *ret_owners)
{
    Owner last = { 0 };
    Page page = { .count = PAGE_MAX };
    *ret_owners = 0;
    while (page.count == PAGE_MAX) {
        const WireSubjectName after = name_of(&last);
        const Value key[] = { VALUE_OF_TEXT(after.tenant), VALUE_OF_TEXT(after.subject) };
        page.count = 0;
        TRY(domain_query(fields->domain, get_page, key, 2, take_owner, &page));
        for (size_t i = 0; i < page.count; i++)
            TRY(sweep_one(fields, &page.owners[i], ret_owners));
        if (page.count > 0) last = page.owners[page.count - 1];
    }
    return OK;
}
