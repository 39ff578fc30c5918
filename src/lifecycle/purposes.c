#include "lifecycle/purposes.h"

#include <stdlib.h>

enum { WORKING_DAYS_MAX = 60 };

/* --- sets --- */

ClassSet class_set_of(uint32_t class)
{
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        if ((uint32_t)data_class_at(i)->class == class) return (ClassSet)1 << i;
    return 0;
}

bool class_is_payment_sensitive(uint32_t class)
{
    switch (class) {
    case CLASS_BINDING:
    case CLASS_PIN:
    case CLASS_SIGNING_KEY:
    case CLASS_PASSWORD:
    case CLASS_CARD:
    case CLASS_CARD_EXPIRY:
    case CLASS_PROHIBITED:
    case CLASS_ONE_TIME_CODE:
    case CLASS_BIOMETRIC:
    case CLASS_SECOND_FACTOR:
    case CLASS_BANK_ACCOUNT: return true;
    default: return false;
    }
}

static bool has_payment_sensitive(ClassSet set)
{
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        if ((set >> i & 1) != 0 && class_is_payment_sensitive(data_class_at(i)->class)) return true;
    return false;
}

const char *legal_basis_name(LegalBasis basis)
{
    switch (basis) {
    case BASIS_CONSENT: return "consent";
    case BASIS_CONTRACT: return "contract";
    case BASIS_LAW: return "law";
    }
    return "?";
}

/* --- finding --- */

RegisterKeeper purposes_register(const Purposes *purposes, Span tenant)
{
    if (purposes->magic != PURPOSES_MAGIC) return REGISTER_OURS;
    for (size_t i = 0; i < purposes->register_count; i++)
        if (span_equal(span_of_text(purposes->registers[i].tenant), tenant))
            return purposes->registers[i].keeper;
    return REGISTER_BY_USE;
}

const Purpose *purpose_named(const Purposes *purposes, Span name)
{
    if (purposes->magic != PURPOSES_MAGIC) return NULL;
    for (size_t i = 0; i < purposes->count; i++)
        if (span_equal(span_of_text(purposes->of[i].name), name)) return &purposes->of[i];
    return NULL;
}

const Purpose *purpose_numbered(const Purposes *purposes, int64_t number)
{
    if (purposes->magic != PURPOSES_MAGIC) return NULL;
    for (size_t i = 0; i < purposes->count; i++)
        if (purposes->of[i].number == number) return &purposes->of[i];
    return NULL;
}

int party_named(const Purposes *purposes, Span name)
{
    for (size_t i = 0; i < purposes->party_count; i++)
        if (span_equal(span_of_text(purposes->parties[i].name), name)) return (int)i;
    return -1;
}

/* --- reading --- */

static Status blamed(const YamlNode *node, YamlProblem *problem)
{
    yaml_blame(node, problem);
    return REFUSE(REFUSED_PURPOSES_INVALID);
}

/* Lower-case letters, digits and dashes: it goes into JSON, audit events and command lines. */
static Status read_name(Span name, const YamlNode *node, char *ret_name, YamlProblem *problem)
{
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!fits) return blamed(node, problem);
    }
    memcpy(ret_name, name.data, name.size); /* the table bounds it */
    ret_name[name.size] = '\0';
    return OK;
}

static Status read_classes(const YamlNode *list, ClassSet *ret_set, YamlProblem *problem)
{
    ClassSet set = 0;
    for (size_t i = 0; i < yaml_size(list); i++) {
        const YamlNode *item = yaml_at(list, i);
        Span name = { 0 };
        DataClass class = CLASS_PUBLIC;
        TRY(yaml_text(item, PURPOSE_NAME_BYTES_MAX, &name, problem));
        if (!data_class_of(name, &class)) return blamed(item, problem);
        /* No purpose makes it lawful to hold what must never be held (TP-5). */
        if (class == CLASS_PROHIBITED) return blamed(item, problem);
        const ClassSet one = class_set_of(class);
        if ((set & one) != 0) return blamed(item, problem);
        set |= one;
    }
    *ret_set = set;
    return OK;
}

static Status read_parties(const Purposes *p, const YamlNode *mapping, const char *key,
        PartySet *ret_set, YamlProblem *problem)
{
    const YamlNode *list = yaml_find(mapping, key);
    PartySet set = 0;
    for (size_t i = 0; list != NULL && i < yaml_size(list); i++) {
        const YamlNode *item = yaml_at(list, i);
        Span name = { 0 };
        TRY(yaml_text(item, PURPOSE_NAME_BYTES_MAX, &name, problem));
        const int party = party_named(p, name);
        if (party < 0) return blamed(item, problem);
        set |= (PartySet)1 << party;
    }
    *ret_set = set;
    return OK;
}

typedef struct PartyFile {
    Span name;
    Span kind;
    bool payment_qualified;
} PartyFile;

static const YamlField party_fields[] = {
    { "name", YAML_TEXT, true, 1, PURPOSE_NAME_BYTES_MAX, offsetof(PartyFile, name) },
    { "kind", YAML_TEXT, true, 1, 16, offsetof(PartyFile, kind) },
    { "payment_qualified", YAML_BOOL, true, 0, 1, offsetof(PartyFile, payment_qualified) },
};

static Status read_party(const YamlNode *node, Purposes *p, YamlProblem *problem)
{
    PartyFile file = { 0 };
    TRY(yaml_read(node, party_fields, 3, &file, problem));
    if (party_named(p, file.name) >= 0) return blamed(node, problem);
    Party *party = &p->parties[p->party_count];
    TRY(read_name(file.name, node, party->name, problem));
    party->payment_qualified = file.payment_qualified;
    if (span_equal(file.kind, SPAN("institution"))) party->kind = PARTY_INSTITUTION;
    if (span_equal(file.kind, SPAN("processor"))) party->kind = PARTY_PROCESSOR;
    if (span_equal(file.kind, SPAN("authority"))) party->kind = PARTY_AUTHORITY;
    if (party->kind == 0) return blamed(node, problem);
    p->party_count++;
    return OK;
}

typedef struct PurposeFile {
    Span name;
    Span basis;
    const YamlNode *needs;
    const YamlNode *share;
    const YamlNode *entrust;
    const YamlNode *disclose;
    int64_t number;
    int64_t keep_days;
    int64_t law_days;
    bool hold;
} PurposeFile;

#define PARTIES(key)                                                                   \
    {                                                                                  \
#key, YAML_SEQUENCE, false, 0, PURPOSE_PARTIES_MAX, offsetof(PurposeFile, key) \
    }

static const YamlField purpose_fields[] = {
    { "name", YAML_TEXT, true, 1, PURPOSE_NAME_BYTES_MAX, offsetof(PurposeFile, name) },
    { "number", YAML_INT, true, 1, PURPOSE_NUMBER_MAX, offsetof(PurposeFile, number) },
    { "basis", YAML_TEXT, true, 1, 16, offsetof(PurposeFile, basis) },
    { "needs", YAML_SEQUENCE, true, 1, DATA_CLASS_COUNT, offsetof(PurposeFile, needs) },
    { "keep_days", YAML_INT, true, 0, PURPOSE_DAYS_MAX, offsetof(PurposeFile, keep_days) },
    { "law_days", YAML_INT, true, 0, PURPOSE_DAYS_MAX, offsetof(PurposeFile, law_days) },
    PARTIES(share),
    PARTIES(entrust),
    PARTIES(disclose),
    { "hold", YAML_BOOL, false, 0, 1, offsetof(PurposeFile, hold) },
};
enum { PURPOSE_FIELDS = sizeof(purpose_fields) / sizeof(purpose_fields[0]) };

static bool is_taken(const Purposes *p, Span name, int64_t number)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->of[i].number == number) return true;
        if (span_equal(span_of_text(p->of[i].name), name)) return true;
    }
    return false;
}

/* Who is not qualified for payments gets nothing that could pay, authorities under an order apart
 * (TP-17). A purpose that needs such data may still have parties: they get the other classes; but
 * one that needs nothing else has none. */
static bool only_feeds_the_unqualified(const Purposes *p, const Purpose *purpose)
{
    const PartySet all = purpose->share | purpose->entrust | purpose->disclose;
    ClassSet harmless = 0;
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        if (!class_is_payment_sensitive(data_class_at(i)->class)) harmless |= (ClassSet)1 << i;
    if (!has_payment_sensitive(purpose->needs) || (purpose->needs & harmless) != 0) return false;
    for (size_t i = 0; i < p->party_count; i++) {
        const Party *party = &p->parties[i];
        const bool may = party->payment_qualified || party->kind == PARTY_AUTHORITY;
        if ((all >> i & 1) != 0 && !may) return true;
    }
    return false;
}

static Status read_purpose(const YamlNode *node, Purposes *p, YamlProblem *problem)
{
    PurposeFile file = { 0 };
    Purpose purpose = { 0 };
    TRY(yaml_read(node, purpose_fields, PURPOSE_FIELDS, &file, problem));
    if (is_taken(p, file.name, file.number)) return blamed(node, problem);
    TRY(read_name(file.name, node, purpose.name, problem));
    if (span_equal(file.basis, SPAN("consent"))) purpose.basis = BASIS_CONSENT;
    if (span_equal(file.basis, SPAN("contract"))) purpose.basis = BASIS_CONTRACT;
    if (span_equal(file.basis, SPAN("law"))) purpose.basis = BASIS_LAW;
    if (purpose.basis == 0) return blamed(yaml_find(node, "basis"), problem);
    TRY(read_classes(file.needs, &purpose.needs, problem));
    TRY(read_parties(p, node, "share", &purpose.share, problem));
    TRY(read_parties(p, node, "entrust", &purpose.entrust, problem));
    TRY(read_parties(p, node, "disclose", &purpose.disclose, problem));
    purpose.number = (uint16_t)file.number;
    purpose.keep_days = file.keep_days;
    purpose.law_days = file.law_days;
    purpose.hold = file.hold;
    /* A law's minimum that is longer than what we keep would be broken by our own clock; a consent
     * is no law. */
    const bool too_short = purpose.law_days > purpose.keep_days;
    const bool no_law = purpose.basis == BASIS_CONSENT && purpose.law_days > 0;
    if (too_short || no_law) return blamed(yaml_find(node, "law_days"), problem);
    if (purpose.hold && purpose.basis != BASIS_LAW) return blamed(node, problem);
    if (only_feeds_the_unqualified(p, &purpose)) return blamed(node, problem);
    p->of[p->count++] = purpose;
    return OK;
}

typedef struct RegisterFile {
    Span tenant;
    Span keeper;
} RegisterFile;

static const YamlField register_fields[] = {
    { "tenant", YAML_TEXT, true, 1, PURPOSE_TENANT_BYTES_MAX, offsetof(RegisterFile, tenant) },
    { "register", YAML_TEXT, true, 1, 8, offsetof(RegisterFile, keeper) },
};

static Status read_register(const YamlNode *node, Purposes *p, YamlProblem *problem)
{
    RegisterFile file = { 0 };
    TRY(yaml_read(node, register_fields, 2, &file, problem));
    TenantRegister *kept = &p->registers[p->register_count];
    for (size_t i = 0; i < p->register_count; i++)
        if (span_equal(span_of_text(p->registers[i].tenant), file.tenant))
            return blamed(node, problem);
    if (span_equal(file.keeper, SPAN("ours"))) kept->keeper = REGISTER_OURS;
    if (span_equal(file.keeper, SPAN("own"))) kept->keeper = REGISTER_OWN;
    if (kept->keeper == REGISTER_BY_USE) return blamed(yaml_find(node, "register"), problem);
    memcpy(kept->tenant, file.tenant.data, file.tenant.size);
    p->register_count++;
    return OK;
}

typedef struct File {
    const YamlNode *tenants;
    const YamlNode *sensitive;
    const YamlNode *parties;
    const YamlNode *purposes;
    int64_t version;
    int64_t answer_working_days;
} File;

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(File, version) },
    { "answer_working_days", YAML_INT, true, 1, WORKING_DAYS_MAX,
            offsetof(File, answer_working_days) },
    { "sensitive", YAML_SEQUENCE, true, 1, DATA_CLASS_COUNT, offsetof(File, sensitive) },
    { "parties", YAML_SEQUENCE, true, 0, PURPOSE_PARTIES_MAX, offsetof(File, parties) },
    { "purposes", YAML_SEQUENCE, true, 1, PURPOSES_MAX, offsetof(File, purposes) },
    { "tenants", YAML_SEQUENCE, false, 0, PURPOSE_TENANTS_MAX, offsetof(File, tenants) },
};

static size_t holds(const Purposes *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++)
        count += p->of[i].hold ? 1 : 0;
    return count;
}

Status purposes_parse(Span yaml, Purposes *ret_purposes, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    File file = { 0 };
    Purposes p = { 0 };
    TRY(yaml_parse(yaml, &document, problem));
    const YamlNode *root = yaml_root(document);
    TRY(yaml_read(root, fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    TRY(read_classes(file.sensitive, &p.sensitive, problem));
    for (size_t i = 0; i < yaml_size(file.parties); i++)
        TRY(read_party(yaml_at(file.parties, i), &p, problem));
    for (size_t i = 0; i < yaml_size(file.purposes); i++)
        TRY(read_purpose(yaml_at(file.purposes, i), &p, problem));
    for (size_t i = 0; file.tenants != NULL && i < yaml_size(file.tenants); i++)
        TRY(read_register(yaml_at(file.tenants, i), &p, problem));
    if (holds(&p) != 1) return blamed(file.purposes, problem);
    p.answer_working_days = file.answer_working_days;
    p.magic = PURPOSES_MAGIC;
    *ret_purposes = p;
    return OK;
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status purposes_load(const char *path, Purposes *ret_purposes, YamlProblem *problem)
{
    *problem = (YamlProblem) { 0 };
    CLEANUP(memory_free) uint8_t *memory = malloc(PURPOSES_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, PURPOSES_BYTES_MAX };
    REQUIRE(yaml_file_read(path, &text), REFUSED_PURPOSES_INVALID);
    return purposes_parse(span_of_buffer(&text), ret_purposes, problem);
}
