#include "lifecycle/use.h"

#include "lifecycle/lifecycle_rows.h"
#include "policy/policy.h"

static const struct {
    const char *name;
    UseAct act;
    ActKind kind; /* of its record; 0: none */
    PolicyLayer layer; /* where the data goes */
} acts[] = {
    { "store", USE_STORE, 0, LAYER_DOMAIN },
    { "display", USE_DISPLAY, 0, LAYER_DISPLAY },
    { "share", USE_SHARE, ACT_SHARE, LAYER_SHARE },
    { "disclose", USE_DISCLOSE, ACT_DISCLOSE, LAYER_DISCLOSE },
    { "entrust", USE_ENTRUST, ACT_ENTRUST, LAYER_ENTRUST },
    { "process", USE_PROCESS, 0, LAYER_PROCESS },
};

bool use_act_of(Span name, UseAct *ret_act)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (!span_equal(span_of_text(acts[i].name), name)) continue;
        *ret_act = acts[i].act;
        return true;
    }
    return false;
}

static const char *act_of(UseAct act)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (acts[i].act == act) return acts[i].name;
    return "?";
}

static PolicyLayer layer_of(UseAct act)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (acts[i].act == act) return acts[i].layer;
    return 0;
}

static ActKind record_kind(UseAct act)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
        if (acts[i].act == act) return acts[i].kind;
    return 0;
}

static bool goes_out(UseAct act) { return record_kind(act) != 0; }

/* What one question is judged on. */
typedef struct Case {
    const Use *use;
    const Purposes *purposes;
    const Purpose *purpose;
    const Party *party; /* NULL: none */
    int64_t now_us;
    bool has_consent;
    Consent consent;
    int64_t held_until_us; /* of a hold; 0: none */
    UseVerdict *verdict;
} Case;

static bool asks_for(const Case *c, size_t position)
{
    return (c->use->classes >> position & 1) != 0;
}

static bool is_sensitive(const Case *c, DataClass class)
{
    return (c->purposes->sensitive & class_set_of(class)) != 0;
}

static Status check_purpose(const Case *c, DataClass class)
{
    REQUIRE(class != CLASS_PROHIBITED, REFUSED_DATA_NEVER_COLLECTED);
    REQUIRE((c->purpose->needs & class_set_of(class)) != 0, REFUSED_PURPOSE_FIELD_NOT_NEEDED);
    return OK;
}

/* A withdrawn consent stops the use at once, whatever the clocks say. */
static Status check_consent(const Case *c, DataClass class)
{
    const bool needs_separate = c->purpose->basis != BASIS_LAW && is_sensitive(c, class);
    if (c->purpose->basis != BASIS_CONSENT && !needs_separate) return OK;
    if (c->purpose->basis == BASIS_CONSENT) REQUIRE(c->has_consent, REFUSED_CONSENT_MISSING);
    if (c->has_consent) REQUIRE(c->consent.live, REFUSED_CONSENT_WITHDRAWN);
    if (!needs_separate) return OK;
    REQUIRE(c->has_consent && c->consent.separate_us != 0, REFUSED_CONSENT_NOT_SEPARATE);
    return OK;
}

static const HoldingPurpose *purpose_of(const Holding *holding, uint16_t number)
{
    for (size_t i = 0; i < holding->purpose_count; i++)
        if (holding->purposes[i].purpose == number) return &holding->purposes[i];
    return NULL;
}

/* What is only kept any more may be kept, worked on for the law that has it kept, and handed to an
 * authority. */
static Status check_kept_only(const Case *c, const Holding *holding)
{
    const UseAct act = c->use->act;
    const bool to_authority =
            act == USE_SHARE && c->party != NULL && c->party->kind == PARTY_AUTHORITY;
    const bool for_law = c->purpose->basis == BASIS_LAW;
    if (for_law && (act == USE_PROCESS || to_authority)) return OK;
    c->verdict->until_us = holding->due_us;
    return REFUSE(REFUSED_DATA_RESTRICTED);
}

static Status check_holding(const Case *c, bool found, const Holding *holding)
{
    const bool kept =
            found && (holding->state == HOLDING_HELD || holding->state == HOLDING_RESTRICTED);
    if (c->use->act == USE_STORE) { /* a new value may come where none is, or in its place */
        if (!kept || holding->state == HOLDING_HELD) return OK;
        c->verdict->until_us = holding->due_us;
        return REFUSE(REFUSED_DATA_RESTRICTED);
    }
    REQUIRE(kept, REFUSED_DATA_NOT_HELD);
    if (c->purpose->hold) return OK; /* an authority's: whatever it was collected for */
    REQUIRE(holding->due_us == 0 || holding->due_us > c->now_us, REFUSED_DATA_RETENTION_OVER);
    const HoldingPurpose *purpose = purpose_of(holding, c->purpose->number);
    REQUIRE(purpose != NULL, REFUSED_DATA_PURPOSE_OTHER);
    if (holding->state == HOLDING_RESTRICTED || purpose->ended_us != 0)
        return check_kept_only(c, holding);
    return OK;
}

static Status check_party(const Case *c, DataClass class)
{
    if (!goes_out(c->use->act)) return OK;
    const PartySet one = (PartySet)1 << (c->party - c->purposes->parties);
    const PartySet may = c->use->act == USE_SHARE ? c->purpose->share
            : c->use->act == USE_DISCLOSE         ? c->purpose->disclose
                                                  : c->purpose->entrust;
    REQUIRE((may & one) != 0, REFUSED_PARTY_NOT_ALLOWED);
    const bool may_pay = c->party->payment_qualified || c->party->kind == PARTY_AUTHORITY;
    REQUIRE(may_pay || !class_is_payment_sensitive(class), REFUSED_PARTY_NOT_QUALIFIED);
    return OK;
}

/* The class may go there in some form; in which one is the door's own question (policy/policy.h).
 * An authority's order is the purpose that policy knows it by. */
static Status check_policy(const Case *c, DataClass class)
{
    const bool order = c->party != NULL && c->party->kind == PARTY_AUTHORITY;
    const PolicyDecision decision = policy_decide(policy_in_force(), (uint32_t) class,
            (uint32_t)layer_of(c->use->act), order ? PURPOSE_LEGAL_ORDER : PURPOSE_ANY, c->now_us);
    REQUIRE(decision.forms != 0, REFUSED_POLICY_REFUSES);
    return OK;
}

static Status check_class(Case *c, Rows *rows, DataClass class)
{
    bool found = false;
    Holding holding = { 0 };
    c->verdict->class = class;
    TRY(holding_get(rows, &c->use->name, class, &found, &holding));
    TRY(check_purpose(c, class));
    TRY(check_consent(c, class));
    TRY(check_holding(c, found, &holding));
    TRY(check_party(c, class));
    TRY(check_policy(c, class));
    c->verdict->class = 0;
    return OK;
}

/* The hold's own purpose is there for the time of a hold, and nothing else is. */
static Status check_hold(const Case *c)
{
    if (c->purpose->hold) {
        REQUIRE(c->held_until_us != 0, REFUSED_HOLD_UNKNOWN);
        return OK;
    }
    if (c->held_until_us == 0) return OK;
    c->verdict->until_us = c->held_until_us;
    return REFUSE(REFUSED_DATA_RESTRICTED);
}

static Status held_until(Rows *rows, const Subject *subject, int64_t now_us, int64_t *ret_until_us)
{
    for (int64_t slot = 0; slot < SUBJECT_HOLDS_MAX; slot++) {
        bool found = false;
        Hold hold = { 0 };
        if ((subject->holds >> slot & 1) == 0) continue;
        TRY(hold_get(rows, &subject->name, slot, &found, &hold));
        const bool counts = found && hold.live && hold.until_us > now_us;
        if (counts && hold.until_us > *ret_until_us) *ret_until_us = hold.until_us;
    }
    return OK;
}

static Status find_party(Case *c)
{
    const Span name = span_of_text(c->use->party);
    REQUIRE(goes_out(c->use->act) == (name.size > 0), REFUSED_SUBJECT_FIELD);
    if (name.size == 0) return OK;
    const int party = party_named(c->purposes, name);
    REQUIRE(party >= 0, REFUSED_PARTY_UNKNOWN);
    c->party = &c->purposes->parties[party];
    return OK;
}

Status lifecycle_use_gather(Rows *rows, const Purposes *purposes, const Use *use)
{
    bool found = false;
    Subject subject = { 0 };
    int64_t until_us = 0;
    const Purpose *purpose = purpose_named(purposes, span_of_text(use->purpose));
    TRY(subject_get(rows, &use->name, &found, &subject));
    if (found) TRY(held_until(rows, &subject, rows_now_us(rows), &until_us));
    Consent consent;
    if (purpose != NULL) TRY(consent_get(rows, &use->name, purpose->number, &found, &consent));
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        Holding holding;
        if ((use->classes >> i & 1) == 0) continue;
        TRY(holding_get(rows, &use->name, data_class_at(i)->class, &found, &holding));
    }
    return OK;
}

Status lifecycle_may_use(
        Rows *rows, const Purposes *purposes, const Use *use, UseVerdict *ret_verdict)
{
    *ret_verdict = (UseVerdict) { 0 };
    Case c = { .use = use,
        .purposes = purposes,
        .purpose = purpose_named(purposes, span_of_text(use->purpose)),
        .now_us = rows_now_us(rows),
        .verdict = ret_verdict };
    bool found = false;
    Subject subject = { 0 };
    REQUIRE(c.purpose != NULL, REFUSED_PURPOSE_UNKNOWN);
    REQUIRE(use->classes != 0, REFUSED_SUBJECT_FIELD);
    TRY(subject_get(rows, &use->name, &found, &subject));
    REQUIRE(subject_is_there(found, &subject), REFUSED_SUBJECT_UNKNOWN);
    TRY(find_party(&c));
    TRY(held_until(rows, &subject, c.now_us, &c.held_until_us));
    TRY(check_hold(&c));
    TRY(consent_get(rows, &use->name, c.purpose->number, &c.has_consent, &c.consent));
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        if (asks_for(&c, i)) TRY(check_class(&c, rows, data_class_at(i)->class));
    return OK;
}

/* --- the unit --- */

static Status ask_gather(Unit *unit, Rows *rows)
{
    const UseAsk *work = (const UseAsk *)unit;
    return lifecycle_use_gather(rows, work->purposes, &work->use);
}

typedef struct Used {
    bool used;
} Used;

static Status take_used(void *context, const Value *values, size_t count)
{
    ((Used *)context)->used = values[0].integer != 0;
    return OK;
}

Status lifecycle_is_used(Store *store, Span tenant, bool *ret_used)
{
    const Value parameters[] = { VALUE_OF_TEXT(tenant) };
    Used used = { false };
    TRY(store_query(store,
            "SELECT count(*) FROM (SELECT 1 FROM data_subject WHERE tenant = ?1"
            " LIMIT 1) AS found",
            parameters, 1, take_used, &used));
    *ret_used = used.used;
    return OK;
}

static Status is_stranger(const UseAsk *work, Rows *rows, bool *ret_stranger)
{
    bool found = false;
    Subject subject;
    TRY(subject_get(rows, &work->use.name, &found, &subject));
    *ret_stranger = !found;
    return OK;
}

static Status ask_all(UseAsk *work, Rows *rows)
{
    const Use *use = &work->use;
    work->stranger = false;
    if (work->strangers_pass) TRY(is_stranger(work, rows, &work->stranger));
    if (work->stranger) return OK;
    TRY(lifecycle_may_use(rows, work->purposes, use, &work->verdict));
    if (!goes_out(use->act)) return OK;
    const Purpose *purpose = purpose_named(work->purposes, span_of_text(use->purpose));
    Act act = { .kind = record_kind(use->act),
        .name = use->name,
        .purpose = purpose->number,
        .basis = purpose->basis,
        .classes = use->classes };
    memcpy(act.party, use->party, sizeof(act.party));
    memcpy(act.reference, work->reference, sizeof(act.reference));
    memcpy(act.actor, work->actor, sizeof(act.actor));
    return act_append(rows, &act);
}

static Status ask_run(Unit *unit, Rows *rows)
{
    UseAsk *work = (UseAsk *)unit;
    const Status s = ask_all(work, rows);
    uint8_t detail[AUDIT_DETAIL_BYTES_MAX + 1];
    Buffer text = { detail, 0, AUDIT_DETAIL_BYTES_MAX };
    const DataClass class = work->verdict.class;
    TRY(buffer_print(&text, "%s for %s%s%s%s%s", act_of(work->use.act), work->use.purpose,
            work->use.party[0] != 0 ? " to " : "", work->use.party, class != 0 ? ": " : "",
            class != 0 ? data_class_name(class) : ""));
    detail[text.size] = 0;
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_USE,
        .actor = work->actor,
        .name = &work->use.name,
        .detail = (const char *)detail,
        .quiet = !goes_out(work->use.act) || work->stranger };
    return lifecycle_end(rows, &record, s);
}

void use_ask_unit(UseAsk *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = ask_gather, .run = ask_run, .done = done };
}
