#include "api/bill_turns.h"

#include "base/time.h"

#define HOUR_US (3600 * TIME_SECOND_US)

static bool is_none(const BillTurns *turns, const BillForm *form)
{
    for (size_t i = 0; i < BILL_NONES_MAX; i++) {
        const BillNone *none = &turns->nones[i];
        if (none->day == form->day && none->kind == form->kind
                && strcmp(none->mchid, form->mchid) == 0)
            return true;
    }
    return false;
}

static Status turn_of(BillTurns *turns, const char *mchid, BillTurn **ret_turn)
{
    for (size_t i = 0; i < turns->count; i++) {
        *ret_turn = &turns->of[i];
        if (strcmp(turns->of[i].mchid, mchid) == 0) return OK;
    }
    REQUIRE(turns->count < BILL_TURN_MERCHANTS_MAX, REFUSED_BILL_BUSY);
    *ret_turn = &turns->of[turns->count++];
    **ret_turn = (BillTurn) { .days = 0 };
    memcpy((*ret_turn)->mchid, mchid, strlen(mchid) + 1);
    return OK;
}

static int32_t cost_of(const BillForm *form, int64_t now_us)
{
    return form->kind == BILL_FUND_BASIC ? time_business_day(now_us) - form->day + 1 : 1;
}

Status bill_turns_take(BillTurns *turns, const BillForm *form, int64_t now_us)
{
    BillTurn *turn = NULL;
    const int64_t hour = now_us / HOUR_US;
    const int32_t cost = cost_of(form, now_us);
    REQUIRE(!is_none(turns, form), REFUSED_BILL_NONE);
    if (hour != turns->hour) turns->count = 0;
    turns->hour = hour;
    TRY(turn_of(turns, form->mchid, &turn));
    REQUIRE(turn->days + cost <= BILL_TURN_DAYS_MAX, REFUSED_BILL_TURN);
    turn->days += cost;
    return OK;
}

void bill_turns_none(BillTurns *turns, const BillForm *form)
{
    BillNone *none = &turns->nones[turns->next_none];
    turns->next_none = (turns->next_none + 1) % BILL_NONES_MAX;
    *none = (BillNone) { .kind = form->kind, .day = form->day };
    memcpy(none->mchid, form->mchid, sizeof(none->mchid));
}
