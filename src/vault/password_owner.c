#include "vault/password_owner.h"

#include "policy/purposes.h"

/* Names stand in approvals that people read and sign, between slashes. */
static bool is_name(Span name)
{
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') return false;
    }
    return name.size > 0;
}

static bool is_user(Span user)
{
    for (size_t i = 0; i < user.size; i++) {
        if (user.data[i] < ' ' || user.data[i] == 0x7f) return false;
    }
    return user.size > 0 && span_is_utf8(user);
}

static Status put_realm(Span tenant, Span realm, Buffer *b)
{
    REQUIRE(is_name(tenant) && is_name(realm), REFUSED_PASSWORD_OWNER);
    TRY(buffer_put(b, tenant));
    TRY(buffer_put_u8(b, '/'));
    return buffer_put(b, realm);
}

static bool is_password(uint16_t data_class)
{
    return data_class == CLASS_PIN || data_class == CLASS_PASSWORD;
}

Status password_realm_put(uint16_t data_class, Span tenant, Span realm, Buffer *ret_text)
{
    REQUIRE(is_password(data_class), REFUSED_PASSWORD_OWNER);
    return put_realm(tenant, realm, ret_text);
}

Status password_realm_name(
        const KeyedHashKey *names, uint16_t data_class, Span realm_text, KeyedHash *ret_name)
{
    uint8_t memory[64 + PASSWORD_REALM_TEXT_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN("legacy-realm")));
    TRY(buffer_put_u16(&b, data_class));
    TRY(buffer_put_framed(&b, realm_text));
    keyed_hash(names, span_of_buffer(&b), ret_name);
    return OK;
}

Status password_pin_place(Span payer, Buffer *ret_place)
{
    TRY(buffer_put(ret_place, SPAN("pin")));
    return buffer_put_framed(ret_place, payer);
}

static Status put_place(const WireOwner *owner, Buffer *b)
{
    if (wire_owner_is_payer(owner)) return password_pin_place(owner->user, b);
    TRY(buffer_put(b, SPAN("password")));
    TRY(buffer_put_u16(b, owner->data_class));
    TRY(buffer_put_framed(b, owner->tenant));
    TRY(buffer_put_framed(b, owner->realm));
    return buffer_put_framed(b, owner->user);
}

Status password_owner(const KeyedHashKey *names, const WireOwner *owner, PasswordOwner *ret_owner)
{
    PasswordOwner o = { .data_class = owner->data_class, .user = owner->user };
    Buffer place = BUFFER_OF(o.place_bytes);
    Buffer realm = BUFFER_OF(o.realm_bytes);
    REQUIRE(is_password(owner->data_class) || owner->data_class == CLASS_SECOND_FACTOR,
            REFUSED_PASSWORD_OWNER);
    TRY(put_realm(owner->tenant, owner->realm, &realm));
    REQUIRE(is_user(owner->user), REFUSED_PASSWORD_OWNER);
    TRY(put_place(owner, &place));
    o.realm_size = realm.size;
    o.place_size = place.size;
    o.cost = owner->data_class == CLASS_PIN ? PASSWORD_COST_PIN : PASSWORD_COST_PASSWORD;
    /* A payer's name in the journal was his id alone before there were other owners. */
    const Span name = wire_owner_is_payer(owner) ? owner->user : span_of_buffer(&place);
    keyed_hash(names, name, &o.subject);
    *ret_owner = o;
    return OK;
}
