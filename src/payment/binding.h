#pragma once
/*
 * binding: what lets money be taken without the payer being asked each time: contracts, entrusted
 * deductions, quick-payment cards (TP-9). Changed by the wrong hand, money is taken wrongly: so
 * each is a sealed row, and the vault refuses one that is not as it was written, before money
 * moves. The user's id and the card's reference are part of what is sealed.
 *
 * A card stands in it as its token, never as a number: what begins like a card and passes Luhn's
 * check is refused (TP-8 inside TP-9). Bindings are kept per tenant; another's do not exist.
 */
#include "payment/payment.h"

extern const Table binding_table;

enum {
    BINDING_ID_BYTES_MAX = 64,
    BINDING_TENANT_BYTES_MAX = 40,
    BINDING_USER_BYTES_MAX = 64,
    BINDING_CARD_BYTES_MAX = 24,
    BINDING_PLAN_BYTES_MAX = 64,
};

enum BindingColumn {
    BINDING_TENANT = 1, /* TEXT, key */
    BINDING_ID = 2, /* TEXT, key: the institution's own number */
    BINDING_KIND = 3, /* INT, BindingKind */
    BINDING_USER = 4, /* TEXT */
    BINDING_CARD = 5, /* TEXT or NULL: token of the card */
    BINDING_MERCHANT = 6, /* TEXT or NULL: who may take */
    BINDING_PLAN = 7, /* TEXT or NULL: number of the contract's template */
    BINDING_LIMIT = 8, /* INT: minor units of one taking; 0: none may be taken without asking */
    BINDING_DAY_LIMIT = 9, /* INT: of a day */
    BINDING_STATUS = 10, /* INT, RegisterStatus */
    BINDING_CREATED = 11, /* INT, us */
    BINDING_EXPIRES = 12, /* INT, us */
};

/* Stored: append only. */
typedef enum BindingKind {
    BINDING_CONTRACT = 1, /* 签约关系 */
    BINDING_DEDUCTION = 2, /* 委托代扣关系 */
    BINDING_QUICK_PAY = 3, /* 快捷绑定关系 */
} BindingKind;

typedef struct Binding {
    char tenant[BINDING_TENANT_BYTES_MAX + 1];
    char id[BINDING_ID_BYTES_MAX + 1];
    BindingKind kind;
    char user[BINDING_USER_BYTES_MAX + 1];
    char card[BINDING_CARD_BYTES_MAX + 1]; /* "": none */
    char merchant[MERCHANT_ID_BYTES_MAX + 1]; /* "": none */
    char plan[BINDING_PLAN_BYTES_MAX + 1]; /* "": none */
    int64_t limit_minor;
    int64_t day_limit_minor;
    RegisterStatus status;
    int64_t created_us;
    int64_t expires_us;
} Binding;

/* "contract", "deduction", "quick-pay"; false for anything else. */
/* Could a binding have this id? What could not is asked of nobody and written nowhere (TP-8). */
bool binding_id_is_valid(Span id);
bool binding_kind_of(Span name, BindingKind *ret_kind);
const char *binding_kind_name(BindingKind kind);

typedef enum BindingAct { BINDING_MAKE = 1, BINDING_READ = 2, BINDING_END = 3 } BindingAct;

typedef struct BindingWork {
    Unit unit;
    BindingAct act;
    char caller[BINDING_TENANT_BYTES_MAX + 1]; /* in: who asks, for the audit log */
    Binding binding; /* MAKE in: all but status and created; READ, END in: tenant, id; out: all */
} BindingWork;

/*
 * MAKE   refuses BINDING_FIELD (a field out of range; a quick-payment needs a card, a deduction a
 *        merchant), DATA_CARD_NUMBER (a card's number where its token belongs), BINDING_EXISTS
 *        (with other terms; the same again is the same)
 * READ   refuses BINDING_UNKNOWN
 * END    the same; one that has ended is the same again
 */
void binding_unit(BindingWork *work, void (*done)(Unit *unit, Status outcome));
