#include "vault/second_service.h"

#include "base/secret.h"
#include "crypto/totp.h"
#include "crypto/weak_key.h"
#include "vault/memory_second.h"
#include "vault/password_request.h"

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* u8 length of the first part | the first | the second; anything else has no first part. */
static void split(Span plain, Span *ret_first, Span *ret_second)
{
    Cursor c = cursor_of(plain);
    uint8_t size = 0;
    *ret_first = (Span) { NULL, 0 };
    *ret_second = (Span) { NULL, 0 };
    if (!status_ok(cursor_u8(&c, &size)) || !status_ok(cursor_take(&c, size, ret_first))) return;
    *ret_second = c.rest;
}

/* --- the record --- */

static Status check_secret(Span secret)
{
    REQUIRE(secret.size >= TOTP_SECRET_BYTES_MIN && secret.size <= TOTP_SECRET_BYTES_MAX,
            REFUSED_KEY_TOO_SHORT);
    return weak_key_check(secret);
}

static Status close_record(const PasswordService *service, const PasswordOwner *owner,
        uint32_t version, Span secret, Buffer *ret_record)
{
    CLEANUP(verifier_wipe) Verifier record = { .form = VERIFIER_SECOND, .data_bytes = secret.size };
    memcpy(record.data, secret.data, secret.size);
    return verifier_close(service->keys, &service->random, password_owner_place(owner), version,
            &record, ret_record);
}

static Status open_record(const PasswordService *service, const PasswordOwner *owner, Span shown,
        uint32_t *ret_version, Verifier *ret_record)
{
    bool old_pepper = false; /* a sweep brings it under today's */
    TRY(verifier_open(service->keys, password_owner_place(owner), shown, ret_version, &old_pepper,
            ret_record));
    REQUIRE(ret_record->form == VERIFIER_SECOND, REFUSED_PASSWORD_RECORD_FORMAT);
    return OK;
}

/* A record that nobody has takes the same time. */
static Status match(const Verifier *record, int64_t now_us, Span code, uint32_t *ret_step)
{
    const size_t size = record->data_bytes > 0 ? record->data_bytes : TOTP_SECRET_BYTES_MIN;
    TRY(totp_match((Span) { record->data, size }, now_us, code, ret_step));
    if (record->data_bytes == 0) *ret_step = 0;
    return OK;
}

/* --- check --- */

/* Right, and used from now on. */
static Status use_code(
        const PasswordService *service, const PasswordRequest *r, const Verifier *record, Span code)
{
    uint32_t step = 0;
    TRY(match(record, r->now_us, code, &step));
    if (step == 0) return password_wrong(service, r);
    const Status s = memory_second_use(service->memory, &r->owner.subject, step);
    return status_is(s, REFUSED_PIN_WRONG) ? password_wrong(service, r) : s;
}

static Status check_known(
        const PasswordService *service, PasswordRequest *r, Span shown, Buffer *ret_answer)
{
    bool repeated = false;
    uint8_t before[MEMORY_GRANT_BYTES];
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer code = BUFFER_OF(plain_memory);
    CLEANUP(verifier_wipe) Verifier record = { 0 };
    TRY(open_record(service, &r->owner, shown, &r->use.version, &record));
    TRY(password_count_box(service, r, &repeated, before, &code));
    if (repeated) return password_answer_again(before, ret_answer);
    TRY(use_code(service, r, &record, span_of_buffer(&code)));
    return password_answer_right(service, r, (Span) { NULL, 0 }, ret_answer);
}

static Status check_stranger(const PasswordService *service, PasswordRequest *r)
{
    uint32_t step = 0;
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer code = BUFFER_OF(plain_memory);
    const Verifier nobody = { 0 };
    TRY(keys_box_open(service->keys, &r->box, &code));
    TRY(memory_pin_stranger(service->memory, &r->use, r->now_us));
    TRY(match(&nobody, r->now_us, span_of_buffer(&code), &step));
    return password_wrong(service, r);
}

Status second_check(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordCheck check;
    PasswordRequest r = { 0 };
    TRY(wire_take_password_check(&c, &check));
    TRY(cursor_end(&c));
    REQUIRE(check.purpose == BOX_PURPOSE_CODE && check.minor == 0, REFUSED_BOX_CONTEXT);
    const BoxFacts facts = {
        .purpose = BOX_PURPOSE_CODE, .order = check.reference, .nonce = check.nonce
    };
    TRY(password_take_box(service, &check.owner, check.box, &facts, &r));
    if (check.verifier.size == 0) return check_stranger(service, &r);
    return check_known(service, &r, check.verifier, ret_answer);
}

/* --- set and reset --- */

static Status prove_old(const PasswordService *service, PasswordRequest *r, Span shown, Span code)
{
    CLEANUP(verifier_wipe) Verifier record = { 0 };
    TRY(open_record(service, &r->owner, shown, &r->use.version, &record));
    TRY(password_count_old(service, r));
    return use_code(service, r, &record, code);
}

Status second_set(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordSet set;
    PasswordRequest r = { 0 };
    TRY(wire_take_password_set(&c, &set));
    TRY(cursor_end(&c));
    const BoxFacts facts = { .purpose = BOX_PURPOSE_SET_SECOND, .nonce = set.nonce };
    TRY(password_take_box(service, &set.owner, set.box, &facts, &r));

    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    Span code;
    Span secret;
    uint32_t version = 0;
    TRY(keys_box_open(service->keys, &r.box, &plain));
    split(span_of_buffer(&plain), &code, &secret);
    TRY(check_secret(secret));
    TRY(memory_second_begin(service->memory, &r.owner.subject));
    TRY(password_begin_version(service, &r, prove_old, set.verifier, code, &version));
    return close_record(service, &r.owner, version, secret, ret_answer);
}

Status second_reset(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    MemoryApprovals approvals;
    PasswordRequest r = { 0 };
    TRY(password_take_reset(
            service, &c, SPAN("reset-second-factor"), BOX_PURPOSE_RESET_SECOND, &approvals, &r));
    TRY(cursor_end(&c));

    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer secret = BUFFER_OF(plain_memory);
    uint32_t version = 0;
    TRY(keys_box_open(service->keys, &r.box, &secret));
    TRY(check_secret(span_of_buffer(&secret)));
    TRY(memory_second_begin(service->memory, &r.owner.subject));
    TRY(memory_password_reset(service->memory, &r.use, &approvals, &version));
    return close_record(service, &r.owner, version, span_of_buffer(&secret), ret_answer);
}

/* --- password and code together --- */

/* What a log-in found; the two are never told apart outside. */
typedef struct Login {
    PasswordRequest request; /* of the password's owner */
    PasswordOwner second;
    Verifier verifier, record;
    bool old_pepper;
} Login;

static void login_wipe(Login *login) { bytes_wipe(login, sizeof(*login)); }

static Status open_login(const PasswordService *service, const WireSecondLogin *wire, Login *login)
{
    PasswordRequest *r = &login->request;
    uint32_t version = 0;
    if (wire->second.size > 0)
        TRY(open_record(service, &login->second, wire->second, &version, &login->record));
    TRY(memory_second_shown(service->memory, &login->second.subject, version));
    if (wire->verifier.size == 0) return OK;
    return verifier_open(service->keys, password_owner_place(&r->owner), wire->verifier,
            &r->use.version, &login->old_pepper, &login->verifier);
}

/* Both are worked out before either counts; the code is used only with the right password. */
static Status judge(const PasswordService *service, Login *login, Span password, Span code)
{
    PasswordRequest *r = &login->request;
    bool right = false;
    uint32_t step = 0;
    TRY(password_try(service, r, &login->verifier, password, &right));
    TRY(match(&login->record, r->now_us, code, &step));
    if (!(right & (step != 0))) return password_wrong(service, r);
    const Status s = memory_second_use(service->memory, &login->second.subject, step);
    return status_is(s, REFUSED_PIN_WRONG) ? password_wrong(service, r) : s;
}

static Status login_stranger(const PasswordService *service, Login *login)
{
    PasswordRequest *r = &login->request;
    uint32_t step = 0;
    Span code;
    Span password;
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    TRY(keys_box_open(service->keys, &r->box, &plain));
    TRY(memory_pin_stranger(service->memory, &r->use, r->now_us));
    split(span_of_buffer(&plain), &code, &password);
    TRY(verifier_pretend(service->keys, r->owner.cost, password));
    TRY(match(&login->record, r->now_us, code, &step));
    return password_wrong(service, r);
}

static Status login_known(const PasswordService *service, Login *login, Buffer *ret_answer)
{
    PasswordRequest *r = &login->request;
    bool repeated = false;
    uint8_t before[MEMORY_GRANT_BYTES];
    uint8_t next_memory[VERIFIER_BYTES_MAX];
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Span code;
    Span password;
    Buffer next = BUFFER_OF(next_memory);
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    TRY(password_count_box(service, r, &repeated, before, &plain));
    if (repeated) return password_answer_again(before, ret_answer);
    split(span_of_buffer(&plain), &code, &password);
    TRY(judge(service, login, password, code));
    TRY(password_replace(service, r, &login->verifier, login->old_pepper, password, &next));
    return password_answer_right(service, r, span_of_buffer(&next), ret_answer);
}

Status second_login(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WireSecondLogin wire;
    CLEANUP(login_wipe) Login login = { 0 };
    TRY(wire_take_second_login(&c, &wire));
    TRY(cursor_end(&c));
    REQUIRE(wire.owner.data_class == CLASS_PASSWORD, REFUSED_PASSWORD_OWNER);
    const BoxFacts facts = { .purpose = BOX_PURPOSE_LOGIN_CODE, .nonce = wire.nonce };
    TRY(password_take_box(service, &wire.owner, wire.box, &facts, &login.request));
    WireOwner second = wire.owner;
    second.data_class = CLASS_SECOND_FACTOR;
    TRY(password_owner(&service->names, &second, &login.second));
    TRY(open_login(service, &wire, &login));
    if (wire.verifier.size == 0) return login_stranger(service, &login);
    return login_known(service, &login, ret_answer);
}
