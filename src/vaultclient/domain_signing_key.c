/* Merchants' sealed APIv3 keys: the one that is used, and the one that comes after it (domain.h).
 * */
#include "vaultclient/domain_inside.h"

static const char put_key[] = "INSERT INTO signing_key(mchid, sealed) VALUES (?1, ?2) "
                              "ON CONFLICT(mchid) DO UPDATE SET sealed = excluded.sealed";
static const char put_next[] =
        "INSERT INTO next_signing_key(mchid, sealed, from_us) VALUES (?1, ?2, ?3) "
        "ON CONFLICT(mchid) DO UPDATE SET sealed = excluded.sealed, from_us = excluded.from_us";
static const char get_key[] = "SELECT sealed FROM signing_key WHERE mchid = ?1";
static const char get_next[] =
        "SELECT sealed FROM next_signing_key WHERE mchid = ?1 AND from_us <= ?2";
static const char drop_next[] = "DELETE FROM next_signing_key WHERE mchid = ?1";
static const char turn_one[] =
        "INSERT INTO signing_key(mchid, sealed) SELECT mchid, sealed FROM next_signing_key "
        "WHERE mchid = ?1 ON CONFLICT(mchid) DO UPDATE SET sealed = excluded.sealed";
static const char any_due[] = "SELECT sealed FROM next_signing_key WHERE from_us <= ?1 LIMIT 1";
static const char turn_due[] =
        "INSERT INTO signing_key(mchid, sealed) SELECT mchid, sealed FROM next_signing_key "
        "WHERE from_us <= ?1 ON CONFLICT(mchid) DO UPDATE SET sealed = excluded.sealed";
static const char drop_due[] = "DELETE FROM next_signing_key WHERE from_us <= ?1";

typedef struct KeyWork {
    Value values[3];
} KeyWork;

MUST_USE static Status check_sizes(Span mchid, Span sealed)
{
    REQUIRE(mchid.size > 0 && mchid.size <= DOMAIN_NAME_BYTES_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(sealed.size > 0 && sealed.size <= DOMAIN_RECORD_BYTES_MAX, REFUSED_BUFFER_FULL);
    return policy_allow(CLASS_SIGNING_KEY, LAYER_DOMAIN, PURPOSE_ANY, FORM_ENCRYPT);
}

static Status put(void *context, Store *store)
{
    const KeyWork *work = context;
    TRY(store_execute(store, put_key, work->values, 2));
    return store_execute(store, drop_next, work->values, 1);
}

Status domain_put_signing_key(DomainStore *domain, Span mchid, Span sealed)
{
    KeyWork work = { { VALUE_OF_TEXT(mchid), VALUE_OF_BYTES(sealed) } };
    TRY(check_sizes(mchid, sealed));
    return domain_transaction(domain, put, &work);
}

Status domain_put_next_signing_key(DomainStore *domain, Span mchid, Span sealed, int64_t from_us)
{
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer present = BUFFER_OF(bytes);
    const Value values[] = { VALUE_OF_TEXT(mchid), VALUE_OF_BYTES(sealed), VALUE_OF_INT(from_us) };
    TRY(check_sizes(mchid, sealed));
    TRY(domain_get_record(domain, get_key, values, 1, &present));
    return domain_put_record(domain, CLASS_SIGNING_KEY, FORM_ENCRYPT, put_next, values, 3);
}

Status domain_get_signing_key(DomainStore *domain, Span mchid, int64_t now_us, Buffer *ret_sealed)
{
    const Value keys[] = { VALUE_OF_TEXT(mchid), VALUE_OF_INT(now_us) };
    REQUIRE(mchid.size > 0 && mchid.size <= DOMAIN_NAME_BYTES_MAX, REFUSED_ROW_MISSING);
    const Status next = domain_get_record(domain, get_next, keys, 2, ret_sealed);
    if (!status_is(next, (StatusCode)REFUSED_ROW_MISSING)) return next;
    return domain_get_record(domain, get_key, keys, 1, ret_sealed);
}

static Status turn(void *context, Store *store)
{
    const KeyWork *work = context;
    TRY(store_execute(store, turn_one, work->values, 1));
    return store_execute(store, drop_next, work->values, 1);
}

Status domain_turn_signing_key(DomainStore *domain, Span mchid)
{
    KeyWork work = { { VALUE_OF_TEXT(mchid) } };
    return domain_transaction(domain, turn, &work);
}

static Status turn_all(void *context, Store *store)
{
    const KeyWork *work = context;
    TRY(store_execute(store, turn_due, work->values, 1));
    return store_execute(store, drop_due, work->values, 1);
}

Status domain_turn_signing_keys(DomainStore *domain, int64_t now_us)
{
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer due = BUFFER_OF(bytes);
    KeyWork work = { { VALUE_OF_INT(now_us) } };
    const Status s = domain_get_record(domain, any_due, work.values, 1, &due);
    if (status_is(s, (StatusCode)REFUSED_ROW_MISSING)) return OK;
    TRY(s);
    return domain_transaction(domain, turn_all, &work);
}
