#include "api/expiring.h"

#include "api/alert_once.h"
#include "base/time.h"
#include "cases/alert.h"
#include "store/unit_wait.h"

#define STEP_US ((int64_t)1000000)
#define HOUR_US ((int64_t)3600 * 1000000)

Status expiring_verdict(int64_t expires_us, int64_t now_us)
{
    const int64_t left_us = expires_us - now_us;
    if (left_us <= 0 || left_us > 30 * TIME_DAY_US) return OK;
    if (left_us > 7 * TIME_DAY_US) return REFUSE(REFUSED_KEY_ENDS_IN_30_DAYS);
    if (left_us > TIME_DAY_US) return REFUSE(REFUSED_KEY_ENDS_IN_7_DAYS);
    return REFUSE(REFUSED_KEY_ENDS_IN_1_DAY);
}

static Status put_row_key(const DirectoryEntry *entry, Buffer *b)
{
    static const uint16_t ids[] = { MERCHANT_KEY_MCHID, MERCHANT_KEY_SERIAL };
    const Value values[] = { VALUE_OF_TEXT(span_of_text(entry->mchid)),
        VALUE_OF_TEXT(span_of_text(entry->serial)) };
    return row_encode_key(TABLE_MERCHANT_KEY, ids, values, 2, b);
}

/* `table` 0: a key of ours, by its name. */
static Status tell_once(House *house, uint16_t table, Span key, Status verdict)
{
    const Alert alert = alert_of(ALERT_KEY_ENDS, table, key, verdict);
    return alert_once(house, &alert);
}

static Status look_at(House *house, const DirectoryEntry *entry, int64_t now_us)
{
    const Status verdict = expiring_verdict(entry->expires_us, now_us);
    if (status_ok(verdict) || entry->status != STATUS_LIVE) return OK;
    uint8_t key_bytes[ALERT_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    TRY(put_row_key(entry, &key));
    return tell_once(house, TABLE_MERCHANT_KEY, span_of_buffer(&key), verdict);
}

/* One that has a successor may end. */
static Status verdict_on_ours(House *house, WireSignKey sign_key, int64_t now_us, PlatformKey *key)
{
    if (!platform_keys_newest(&house->platform, sign_key, key)) return OK;
    return expiring_verdict(key->not_after_us, now_us);
}

static Status look_at_ours(House *house, WireSignKey sign_key, int64_t now_us)
{
    PlatformKey newest;
    const PlatformKey *key = &newest;
    const Status verdict = verdict_on_ours(house, sign_key, now_us, &newest);
    if (status_ok(verdict)) return OK;
    uint8_t name_bytes[ALERT_KEY_BYTES_MAX];
    Buffer name = BUFFER_OF(name_bytes);
    TRY(buffer_put(&name, SPAN("platform/")));
    TRY(buffer_put(&name, span_of_text(key->serial)));
    return tell_once(house, 0, span_of_buffer(&name), verdict);
}

/* --- licences --- */

typedef struct Ending {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    int64_t until_us;
} Ending;

typedef struct Endings {
    int64_t now_us;
    Ending of[EXPIRING_LICENCES_MAX]; /* the first that end */
    size_t count;
} Endings;

static Status take_ending(void *context, const Value *values, size_t count)
{
    Endings *endings = context;
    CHECK(endings->count < EXPIRING_LICENCES_MAX, FAULT_STORE);
    Ending *ending = &endings->of[endings->count];
    ending->until_us = values[1].integer;
    const bool fits = status_ok(value_copy_text(&values[0], ending->mchid, sizeof(ending->mchid)))
            && merchant_id_is_valid(span_of_text(ending->mchid));
    if (fits) endings->count++; /* who could not be a merchant has no licence */
    return OK;
}

static Status find_endings(void *context, Store *store)
{
    Endings *endings = context;
    const Value parameters[] = { VALUE_OF_INT(endings->now_us),
        VALUE_OF_INT(endings->now_us + 30 * TIME_DAY_US), VALUE_OF_INT(EXPIRING_LICENCES_MAX) };
    return store_query(store,
            "SELECT mchid, licence_until FROM merchant_terms"
            " WHERE licence_until > ?1 AND licence_until <= ?2 ORDER BY licence_until LIMIT ?3",
            parameters, 3, take_ending, endings);
}

/* A licence that follows another has reminders of its own. */
static Status tell_licence(House *house, const Ending *ending, int64_t now_us)
{
    uint8_t key_bytes[ALERT_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    const Status left = expiring_verdict(ending->until_us, now_us);
    TRY(buffer_print(&key, "licence/%s/%lld/%s", ending->mchid,
            (long long)(ending->until_us / TIME_SECOND_US), status_name(left)));
    return tell_once(house, 0, span_of_buffer(&key), REFUSE(REFUSED_MERCHANT_LICENCE_ENDS));
}

static Status look_at_licences(Expiring *expiring, int64_t now_us)
{
    static Endings endings; /* the clockwork's one thread */
    if (!time_has_come(expiring->next_licences_us, now_us, HOUR_US)) return OK;
    endings = (Endings) { .now_us = now_us };
    expiring->next_licences_us = now_us + HOUR_US; /* whatever comes of it: keys do not wait */
    TRY(batcher_between(expiring->house->batcher, find_endings, &endings));
    Status first = OK;
    for (size_t i = 0; i < endings.count; i++) {
        const Status s = tell_licence(expiring->house, &endings.of[i], now_us);
        if (status_ok(first)) first = s;
    }
    return first;
}

static Status look_at_keys(Expiring *expiring, int64_t now_us)
{
    if (expiring->next == 0) {
        TRY(look_at_ours(expiring->house, WIRE_SIGN_RSA, now_us));
        TRY(look_at_ours(expiring->house, WIRE_SIGN_SM2, now_us));
    }
    for (int i = 0; i < EXPIRING_STEP_MAX; i++) {
        DirectoryEntry entry;
        if (!directory_at(expiring->house->directory, expiring->next, &entry)) {
            expiring->next = 0;
            return OK;
        }
        expiring->next++;
        TRY(look_at(expiring->house, &entry, now_us));
    }
    return OK;
}

Status expiring_step(Expiring *expiring, int64_t now_us)
{
    if (!time_has_come(expiring->next_us, now_us, STEP_US)) return OK;
    expiring->next_us = now_us + STEP_US;
    const Status keys = look_at_keys(expiring, now_us);
    const Status licences = look_at_licences(expiring, now_us);
    return status_ok(keys) ? licences : keys;
}

int64_t expiring_count(House *house)
{
    const int64_t now_us = clock_now_us(&house->clock);
    DirectoryEntry entry;
    int64_t count = 0;
    for (size_t i = 0; directory_at(house->directory, i, &entry); i++)
        count += entry.status == STATUS_LIVE
                && !status_ok(expiring_verdict(entry.expires_us, now_us));
    return count;
}

int64_t expiring_platform_count(House *house)
{
    PlatformKey key;
    const int64_t now_us = clock_now_us(&house->clock);
    return !status_ok(verdict_on_ours(house, WIRE_SIGN_RSA, now_us, &key))
            + !status_ok(verdict_on_ours(house, WIRE_SIGN_SM2, now_us, &key));
}
