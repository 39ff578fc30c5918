#include "vault/policy_book.h"

#include "crypto/digest.h"
#include "vault/approval.h"

static const uint8_t no_evidence[WIRE_EVIDENCE_BYTES];

/* The two approvals, and that they are of just these bytes. */
static Status take_act(
        PolicyBook *book, Cursor *c, Span operation, Span *ret_subject, MemoryAct *ret_act)
{
    WireApproval people[2];
    TRY(approval_take_people(
            book->memory, c, operation, clock_now_us(&book->clock), people, &ret_act->approvals));
    *ret_act = (MemoryAct) { { people[0].name, people[1].name }, people[0].reason,
        ret_act->approvals };
    *ret_subject = people[0].subject;
    return OK;
}

static Status check_subject(Span subject, Span bytes)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(bytes, digest);
    REQUIRE(span_equal(subject, SPAN_OF(digest)), REFUSED_APPROVAL_INVALID);
    return OK;
}

Status policy_book_set(PolicyBook *book, Span request)
{
    Cursor c = cursor_of(request);
    MemoryAct act = { 0 };
    Span subject;
    Span bytes;
    PolicyBlob blob;
    size_t wrong = 0;
    TRY(take_act(book, &c, SPAN("set-policy"), &subject, &act));
    TRY(cursor_framed(&c, POLICY_BLOB_BYTES_MAX, &bytes));
    TRY(cursor_end(&c));
    TRY(check_subject(subject, bytes));
    const int64_t now_us = clock_now_us(&book->clock);
    TRY(policy_blob_read(bytes, &blob));
    TRY(policy_blob_check(&blob, now_us, &wrong));
    return memory_policy_set(book->memory, now_us, &act, bytes);
}

Status policy_book_get(PolicyBook *book, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint32_t index = 0;
    MemoryPolicySet set;
    TRY(cursor_u32(&c, &index));
    TRY(cursor_end(&c));
    const WirePolicyBook head = { clock_now_us(&book->clock), memory_policy_count(book->memory) };
    TRY(wire_put_policy_book(ret_answer, &head));
    if (!memory_policy_at(book->memory, index, &set)) return OK;
    const WirePolicySet answer = { set.version, set.set_us,
        memory_person(book->memory, set.people[0]), memory_person(book->memory, set.people[1]),
        { set.reason, set.reason_bytes }, { set.blob, set.blob_bytes } };
    return wire_put_policy_set(ret_answer, &answer);
}

/* --- the grant for card expiry --- */

static Status name_of(PolicyBook *book, Span user, Span institution, KeyedHash *ret_name)
{
    uint8_t memory[16 + 2 * WIRE_EXPIRY_NAME_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_framed(&b, SPAN("expiry")));
    TRY(buffer_put_framed(&b, user));
    TRY(buffer_put_framed(&b, institution));
    keyed_hash(&book->memory->names, span_of_buffer(&b), ret_name);
    return OK;
}

/* "expiry-names" | the keyed name */
static Status put_names_place(const KeyedHash *name, Buffer *b)
{
    TRY(buffer_put(b, SPAN("expiry-names")));
    return buffer_put(b, SPAN_OF(name->bytes));
}

/* For the list: user framed, institution framed. */
static Status seal_names(PolicyBook *book, const WireExpiryGrant *asked, MemoryExpiry *grant)
{
    uint8_t place_memory[64];
    uint8_t memory[MEMORY_EXPIRY_NAMES_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    Buffer names = BUFFER_OF(memory);
    Buffer sealed = BUFFER_OF(grant->names);
    CLEANUP(seal_key_wipe) SealKey field = { 0 };
    TRY(put_names_place(&grant->name, &place));
    TRY(buffer_put_framed(&names, asked->user));
    TRY(buffer_put_framed(&names, asked->institution));
    TRY(keys_seal_copy(book->keys, KEY_FIELD, 0, &field));
    TRY(seal_close(&field, &book->random, span_of_buffer(&place), span_of_buffer(&names), &sealed));
    grant->names_bytes = (uint16_t)sealed.size;
    return OK;
}

static Status open_names(
        PolicyBook *book, const MemoryExpiry *grant, Buffer *memory, WireExpiryListed *ret)
{
    uint8_t place_memory[64];
    Buffer place = BUFFER_OF(place_memory);
    const Span sealed = { grant->names, grant->names_bytes };
    CLEANUP(seal_key_wipe) SealKey field = { 0 };
    TRY(put_names_place(&grant->name, &place));
    TRY(keys_seal_copy_for(book->keys, KEY_FIELD, sealed, &field));
    TRY(seal_open(&field, span_of_buffer(&place), sealed, memory));
    Cursor c = cursor_of(span_of_buffer(memory));
    TRY(cursor_framed(&c, WIRE_EXPIRY_NAME_BYTES_MAX, &ret->user));
    TRY(cursor_framed(&c, WIRE_EXPIRY_NAME_BYTES_MAX, &ret->institution));
    return cursor_end(&c);
}

static Status check_grant(const WireExpiryGrant *grant, int64_t now_us)
{
    const Span none = SPAN_OF(no_evidence);
    REQUIRE(!span_equal(SPAN_OF(grant->user_evidence), none), REFUSED_EXPIRY_EVIDENCE);
    REQUIRE(!span_equal(SPAN_OF(grant->institution_evidence), none), REFUSED_EXPIRY_EVIDENCE);
    const bool two =
            !span_equal(SPAN_OF(grant->user_evidence), SPAN_OF(grant->institution_evidence));
    REQUIRE(two, REFUSED_EXPIRY_EVIDENCE); /* one document is not the consent of both */
    const bool ends =
            grant->until_us > now_us && grant->until_us - now_us <= POLICY_OVERRIDE_MAX_US;
    REQUIRE(ends, REFUSED_EXPIRY_EVIDENCE);
    return OK;
}

Status policy_book_grant(PolicyBook *book, Span request)
{
    Cursor c = cursor_of(request);
    MemoryAct act = { 0 };
    Span subject;
    WireExpiryGrant asked;
    MemoryExpiry grant = { 0 };
    const int64_t now_us = clock_now_us(&book->clock);
    TRY(take_act(book, &c, SPAN("grant-expiry"), &subject, &act));
    TRY(check_subject(subject, c.rest));
    TRY(wire_take_expiry_grant(&c, &asked));
    TRY(cursor_end(&c));
    TRY(check_grant(&asked, now_us));
    TRY(name_of(book, asked.user, asked.institution, &grant.name));
    TRY(seal_names(book, &asked, &grant));
    grant.until_us = asked.until_us;
    memcpy(grant.evidence[0], asked.user_evidence, MEMORY_EVIDENCE_BYTES);
    memcpy(grant.evidence[1], asked.institution_evidence, MEMORY_EVIDENCE_BYTES);
    return memory_expiry_grant(book->memory, now_us, &act, &grant);
}

static Status take_name(PolicyBook *book, Span request, KeyedHash *ret_name)
{
    Cursor c = cursor_of(request);
    WireExpiryName name;
    TRY(wire_take_expiry_name(&c, &name));
    TRY(cursor_end(&c));
    return name_of(book, name.user, name.institution, ret_name);
}

Status policy_book_end(PolicyBook *book, Span request)
{
    KeyedHash name;
    TRY(take_name(book, request, &name));
    return memory_expiry_end(book->memory, clock_now_us(&book->clock), &name);
}

Status policy_book_forget(PolicyBook *book, Span user, Span institution)
{
    KeyedHash name;
    const bool fits = user.size <= WIRE_EXPIRY_NAME_BYTES_MAX
            && institution.size <= WIRE_EXPIRY_NAME_BYTES_MAX;
    if (!fits) return OK; /* nobody of that name has a grant */
    TRY(name_of(book, user, institution, &name));
    return memory_expiry_forget(book->memory, &name);
}

Status policy_book_look(PolicyBook *book, Span request, Buffer *ret_answer)
{
    KeyedHash name;
    MemoryExpiry grant;
    WireExpiryLook look = { 0 };
    TRY(take_name(book, request, &name));
    if (memory_expiry(book->memory, &name, &grant)) {
        look = (WireExpiryLook) { .lives = grant.until_us > clock_now_us(&book->clock),
            .until_us = grant.until_us,
            .first = memory_person(book->memory, grant.people[0]),
            .second = memory_person(book->memory, grant.people[1]) };
        memcpy(look.user_evidence, grant.evidence[0], WIRE_EVIDENCE_BYTES);
        memcpy(look.institution_evidence, grant.evidence[1], WIRE_EVIDENCE_BYTES);
    }
    return wire_put_expiry_look(ret_answer, &look);
}

Status policy_book_count(PolicyBook *book, Buffer *ret_answer)
{
    uint32_t live = 0;
    uint32_t over = 0;
    memory_expiry_count(book->memory, clock_now_us(&book->clock), &live, &over);
    TRY(buffer_put_u32(ret_answer, live));
    return buffer_put_u32(ret_answer, over);
}

static Status put_listed(
        PolicyBook *book, const MemoryExpiry *grant, int64_t now_us, Buffer *ret_answer)
{
    uint8_t bytes[MEMORY_EXPIRY_NAMES_BYTES_MAX];
    Buffer memory = BUFFER_OF(bytes);
    WireExpiryListed listed = { .lives = grant->until_us > now_us,
        .withdrawn = grant->withdrawn == 1,
        .until_us = grant->until_us,
        .first = memory_person(book->memory, grant->people[0]),
        .second = memory_person(book->memory, grant->people[1]) };
    const Status s = grant->names_bytes > 0 ? open_names(book, grant, &memory, &listed) : OK;
    if (status_broken(s)) return s;
    if (!status_ok(s)) listed.user = listed.institution = (Span) { NULL, 0 };
    return wire_put_expiry_listed(ret_answer, &listed);
}

Status policy_book_list(PolicyBook *book, Span request, Buffer *ret_answer)
{
    MemoryExpiry grants[WIRE_EXPIRY_PAGE_MAX];
    Cursor c = cursor_of(request);
    uint32_t from = 0;
    size_t total = 0;
    TRY(cursor_u32(&c, &from));
    TRY(cursor_end(&c));
    size_t position = from;
    const int64_t now_us = clock_now_us(&book->clock);
    const size_t count =
            memory_expiry_page(book->memory, &position, grants, WIRE_EXPIRY_PAGE_MAX, &total);
    const WireExpiryPage page = { (uint32_t)total, (uint32_t)position,
        count < WIRE_EXPIRY_PAGE_MAX };
    TRY(wire_put_expiry_page(ret_answer, &page));
    TRY(wire_put_count(ret_answer, count, WIRE_EXPIRY_PAGE_MAX));
    for (size_t i = 0; i < count; i++)
        TRY(put_listed(book, &grants[i], now_us, ret_answer));
    return OK;
}

/* --- vaultd's own doors --- */

static Status allow(PolicyBook *book, DataClass class, PolicyLayer layer, PolicyPurpose purpose,
        PolicyForm form)
{
    const PolicyDecision d = policy_decide(
            memory_policy(book->memory), class, layer, purpose, clock_now_us(&book->clock));
    REQUIRE(d.forms != 0, REFUSED_POLICY_REFUSES);
    REQUIRE(form != FORM_REFUSE && (d.forms & FORM_BIT(form)) != 0, REFUSED_POLICY_FORM);
    return OK;
}

Status policy_book_allow(PolicyBook *book, DataClass class, PolicyLayer layer,
        PolicyPurpose purpose, PolicyForm form)
{
    REQUIRE(purpose != PURPOSE_GRANTED, REFUSED_POLICY_REFUSES);
    return allow(book, class, layer, purpose, form);
}

Status policy_book_expiry(PolicyBook *book, Span user, Span institution)
{
    KeyedHash name;
    MemoryExpiry grant;
    REQUIRE(user.size >= 1 && user.size <= WIRE_EXPIRY_NAME_BYTES_MAX, REFUSED_EXPIRY_GRANT);
    REQUIRE(institution.size >= 1 && institution.size <= WIRE_EXPIRY_NAME_BYTES_MAX,
            REFUSED_EXPIRY_GRANT);
    TRY(name_of(book, user, institution, &name));
    REQUIRE(memory_expiry(book->memory, &name, &grant), REFUSED_EXPIRY_GRANT);
    REQUIRE(grant.until_us > clock_now_us(&book->clock), REFUSED_EXPIRY_GRANT);
    return allow(book, CLASS_CARD_EXPIRY, LAYER_DOMAIN, PURPOSE_GRANTED, FORM_ENCRYPT);
}
