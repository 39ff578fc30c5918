#include "api/alert_once.h"

#include "base/encoding.h"
#include "store/unit_wait.h"

typedef struct Told {
    const Alert *alert;
    bool found;
} Told;

static Status take_told(void *context, const Value *values, size_t count)
{
    ((Told *)context)->found = true;
    return OK;
}

static Status look_up(void *context, Store *store)
{
    Told *told = context;
    const Alert *alert = told->alert;
    uint8_t text_bytes[ALERT_KEY_TEXT_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    TRY(hex_encode((Span) { alert->key, alert->key_size }, &text));
    const Value parameters[] = { VALUE_OF_INT((int64_t)alert->kind),
        VALUE_OF_TEXT(span_of_buffer(&text)), VALUE_OF_INT(alert->verdict) };
    return store_query(store,
            "SELECT number FROM alert WHERE kind = ?1 AND about_key = ?2 AND verdict = ?3 LIMIT 1",
            parameters, 3, take_told, told);
}

Status alert_once(House *house, const Alert *alert)
{
    Told told = { .alert = alert };
    TRY(batcher_between(house->batcher, look_up, &told));
    if (told.found) return OK;
    AlertAdd work = { .alert = *alert };
    alert_add_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}
