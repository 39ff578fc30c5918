#pragma once
/*
 * purposes: what personal data may be collected for, and all that follows from it: the classes that
 * a purpose needs (no others are taken), on which legal basis, how long they are kept afterwards,
 * and who may be given them. Read from rules/purposes.yaml at start. LL-2.3.1, TP-3, TP-17.
 *
 * Numbers of purposes stand in sealed rows; names are for people. Sets are bits of positions in
 * this file or in the registry of classes: never stored.
 */
#include "policy/classes.h"
#include "text/yaml.h"

enum {
    PURPOSES_MAX = 16,
    PURPOSE_PARTIES_MAX = 32,
    PURPOSE_NAME_BYTES_MAX = 32,
    PURPOSE_NUMBER_MAX = 999,
    PURPOSES_BYTES_MAX = 65536,
    PURPOSE_DAYS_MAX = 36525, /* a hundred years */
    PURPOSE_TENANTS_MAX = 64,
    PURPOSE_TENANT_BYTES_MAX = 40,
    PURPOSES_MAGIC = 0x50555250,
};

/* Bit i: data_class_at(i). */
typedef uint64_t ClassSet;
_Static_assert(DATA_CLASS_COUNT <= 64, "a ClassSet has 64 bits");

/* The set of this one class; empty when it is none. */
ClassSet class_set_of(uint32_t class);

/* Bit i: purposes->parties[i]. */
typedef uint32_t PartySet;

/* Stored: append only. */
typedef enum LegalBasis { BASIS_CONSENT = 1, BASIS_CONTRACT = 2, BASIS_LAW = 3 } LegalBasis;

typedef enum PartyKind {
    PARTY_INSTITUTION = 1, /* decides itself what it does with it */
    PARTY_PROCESSOR = 2, /* works on it for us */
    PARTY_AUTHORITY = 3, /* under an order */
} PartyKind;

typedef struct Party {
    char name[PURPOSE_NAME_BYTES_MAX + 1];
    PartyKind kind;
    bool payment_qualified;
} Party;

typedef struct Purpose {
    uint16_t number;
    char name[PURPOSE_NAME_BYTES_MAX + 1];
    LegalBasis basis;
    ClassSet needs;
    int64_t keep_days;
    int64_t law_days; /* at most keep_days */
    PartySet share;
    PartySet entrust;
    PartySet disclose;
    bool hold;
} Purpose;

/* Who keeps the register of a tenant's people: whose consents and holds count when a door of the
 * service asks about somebody who is not registered here (docs/decisions/0037). */
typedef enum RegisterKeeper {
    REGISTER_BY_USE = 0, /* not named in the file: ours from the tenant's first subject on */
    REGISTER_OURS = 1, /* ours: who is not registered is refused */
    REGISTER_OWN = 2, /* the tenant's own, for which it answers; who is registered here is ours */
} RegisterKeeper;

typedef struct TenantRegister {
    char tenant[PURPOSE_TENANT_BYTES_MAX + 1];
    RegisterKeeper keeper;
} TenantRegister;

typedef struct Purposes {
    uint32_t magic; /* PURPOSES_MAGIC once compiled; anything else knows no purpose */
    Purpose of[PURPOSES_MAX];
    size_t count;
    Party parties[PURPOSE_PARTIES_MAX];
    size_t party_count;
    ClassSet sensitive; /* needs a separate explicit consent */
    int64_t answer_working_days;
    TenantRegister registers[PURPOSE_TENANTS_MAX];
    size_t register_count;
} Purposes;

/*
 * Refuses PURPOSES_INVALID (two of one name or number, a class or party that does not exist, data
 * that nobody may hold, an unqualified party with payment-sensitive data, not exactly one hold) and
 * what text/yaml.h refuses; `problem` says where.
 */
MUST_USE Status purposes_parse(Span yaml, Purposes *ret_purposes, YamlProblem *problem);
/* The same from a file. Refuses PURPOSES_INVALID (no such file, too large) with problem->line = 0.
 */
MUST_USE Status purposes_load(const char *path, Purposes *ret_purposes, YamlProblem *problem);

/* NULL: there is none. */
const Purpose *purpose_named(const Purposes *purposes, Span name);
const Purpose *purpose_numbered(const Purposes *purposes, int64_t number);
/* -1: there is none. */
int party_named(const Purposes *purposes, Span name);

/* What the file says of this tenant; a file that was never read: ours. */
RegisterKeeper purposes_register(const Purposes *purposes, Span tenant);

/* "consent", "contract", "law". */
const char *legal_basis_name(LegalBasis basis);

/* Payment-sensitive in the sense of TP-4: whoever has it may pay, or knows whom to rob. No file can
 * make it less. */
bool class_is_payment_sensitive(uint32_t class);
