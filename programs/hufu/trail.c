/* `hufu trail search`, `hufu trail prove`, `hufu trail check`: who did what, on whom, when, and the
 * proof of it (LL-4.5.3). A proof is checked here with public keys alone. */
#include "admin_client.h"
#include "command.h"

#include "audit/kind.h"
#include "audit/leaf_proof.h"
#include "base/heap.h"
#include "base/time.h"

#include <stdlib.h>

enum { REQUEST_BYTES = 4096, ENTRIES_MAX = 200 };

typedef struct SearchWords {
    const char *directory;
    const char *person, *subject, *request_id, *kind, *category, *result, *from, *to, *proofs,
            *language;
    int64_t limit, below_leaf, below_ordinal;
    bool json;
} SearchWords;

typedef struct EntryJson {
    int64_t leaf;
    int64_t ordinal;
    Span verdict, time, kind, title, title_zh, category, outcome, person, subject, happened, whence,
            reason, request_id;
} EntryJson;
#define ENTRY(member) offsetof(EntryJson, member)

static const JsonField entry_fields[] = {
    { "leaf", JSON_INT, true, 0, INT64_MAX, ENTRY(leaf) },
    { "ordinal", JSON_INT, true, 0, INT64_MAX, ENTRY(ordinal) },
    { "verdict", JSON_TEXT, true, 1, 32, ENTRY(verdict) },
    { "time", JSON_TEXT, false, 0, 64, ENTRY(time) },
    { "kind", JSON_TEXT, false, 0, 64, ENTRY(kind) },
    { "kind_title", JSON_TEXT, false, 0, 128, ENTRY(title) },
    { "kind_title_zh", JSON_TEXT, false, 0, 128, ENTRY(title_zh) },
    { "category", JSON_TEXT, false, 0, 32, ENTRY(category) },
    { "outcome", JSON_TEXT, false, 0, 128, ENTRY(outcome) },
    { "person", JSON_TEXT, false, 0, 256, ENTRY(person) },
    { "subject", JSON_TEXT, false, 0, 256, ENTRY(subject) },
    { "happened", JSON_TEXT, false, 0, 512, ENTRY(happened) },
    { "whence", JSON_TEXT, false, 0, 256, ENTRY(whence) },
    { "reason", JSON_TEXT, false, 0, 512, ENTRY(reason) },
    { "request_id", JSON_TEXT, false, 0, 64, ENTRY(request_id) },
};

typedef struct FoundJson {
    const JsonValue *entries;
    int64_t checkpoint_size, complete_to, leaves, below_leaf, below_ordinal;
    bool more;
} FoundJson;
#define FOUND(member) offsetof(FoundJson, member)

static const JsonField found_fields[] = {
    { "entries", JSON_LIST, true, 0, ENTRIES_MAX, FOUND(entries) },
    { "checkpoint_size", JSON_INT, true, 0, INT64_MAX, FOUND(checkpoint_size) },
    { "complete_to", JSON_INT, true, 0, INT64_MAX, FOUND(complete_to) },
    { "leaves", JSON_INT, true, 0, INT64_MAX, FOUND(leaves) },
    { "more", JSON_BOOL, true, 0, 0, FOUND(more) },
    { "below_leaf", JSON_INT, false, 0, INT64_MAX, FOUND(below_leaf) },
    { "below_ordinal", JSON_INT, false, 0, INT64_MAX, FOUND(below_ordinal) },
};

/* --- asking --- */

/* "2026-11-28" is that day's beginning in Beijing; else as RFC 3339. */
static Status read_time(const char *text, int64_t *ret_time_us)
{
    char whole[64];
    if (strlen(text) != 10) return time_parse(span_of_text(text), ret_time_us);
    snprintf(whole, sizeof(whole), "%sT00:00:00+08:00", text);
    return time_parse(span_of_text(whole), ret_time_us);
}

static void key_word(JsonWriter *w, const char *key, const char *text)
{
    if (text != NULL) json_key_text(w, key, span_of_text(text));
}

static Status write_search(const SearchWords *words, Buffer *request)
{
    int64_t from_us = 0;
    int64_t to_us = 0;
    JsonWriter w = json_writer_for(request, LAYER_REQUEST);
    if (words->from != NULL) TRY(read_time(words->from, &from_us));
    if (words->to != NULL) TRY(read_time(words->to, &to_us));
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("trail.search"));
    key_word(&w, "person", words->person);
    key_word(&w, "subject", words->subject);
    key_word(&w, "request_id", words->request_id);
    key_word(&w, "kind", words->kind);
    key_word(&w, "category", words->category);
    key_word(&w, "result", words->result);
    json_key_int(&w, "from_us", from_us);
    json_key_int(&w, "to_us", to_us);
    json_key_int(&w, "limit", words->limit);
    json_key_int(&w, "below_leaf", words->below_leaf);
    json_key_int(&w, "below_ordinal", words->below_ordinal);
    json_close(&w);
    return json_finish(&w);
}

/* --- proofs --- */

/* Believed with the public keys of this folder alone. */
static Status check_proof(const char *keys_file, Span text, LeafProof *ret_proof, Buffer *leaf,
        AuditCheckpoint *ret_checkpoint)
{
    CLEANUP(audit_keys_free) AuditKeys keys = { 0 };
    TRY(audit_keys_load(keys_file, &keys));
    return leaf_proof_check(text, &keys, leaf, ret_proof, ret_checkpoint);
}

typedef struct Proof {
    uint8_t answer_bytes[2 * LEAF_PROOF_BYTES_MAX];
    uint8_t leaf_bytes[AUDIT_LEAF_BYTES_MAX];
    JsonDocument *document;
    Span text;
} Proof;

static void proof_free(Proof **proof)
{
    if (*proof != NULL) json_free(&(*proof)->document);
    heap_free(*proof);
}

static Status fetch_proof(const char *directory, int64_t leaf, Proof *p)
{
    static const JsonField field = { "leaf_proof", JSON_TEXT, true, 1, LEAF_PROOF_BYTES_MAX, 0 };
    uint8_t request_bytes[256];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(p->answer_bytes);
    JsonProblem problem = { 0 };
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("trail.prove"));
    json_key_int(&w, "leaf", leaf);
    json_close(&w);
    TRY(json_finish(&w));
    TRY(admin_ask(directory, span_of_buffer(&request), &answer));
    TRY(json_parse(span_of_buffer(&answer), &p->document, &problem));
    return json_read_some(p->document, json_root(p->document), &field, 1, &p->text, &problem);
}

static Status prove(const char *directory, int64_t leaf, const char *file)
{
    char keys_file[PATH_BYTES_MAX];
    LeafProof checked;
    AuditCheckpoint checkpoint;
    CLEANUP(proof_free) Proof *p = heap_allocate(sizeof(*p));
    CHECK(p != NULL, FAULT_MEMORY);
    p->document = NULL;
    Buffer bytes = BUFFER_OF(p->leaf_bytes);
    TRY(fetch_proof(directory, leaf, p));
    TRY(check_proof(
            path_in(keys_file, directory, PATH_KEYS), p->text, &checked, &bytes, &checkpoint));
    TRY(file_write(file, 0600, p->text));
    printf("%s  leaf %lld of %llu, signed, its proof holds\n", file, (long long)leaf,
            (unsigned long long)checkpoint.size);
    return OK;
}

/* --- showing --- */

static void show_span(const char *before, Span text)
{
    if (text.size == 0) return;
    printf("%s", before);
    text_show(text);
}

static void show_entry(const EntryJson *e, bool chinese)
{
    printf("%lld.%lld", (long long)e->leaf, (long long)e->ordinal);
    show_span("  ", e->time);
    show_span("  ", chinese ? e->title_zh : e->title);
    show_span("  ", e->outcome);
    show_span("  ", e->verdict);
    show_span(chinese ? "\n    何人 " : "\n    who ", e->person);
    show_span(chinese ? "  对何 " : "  on ", e->subject);
    show_span(chinese ? "  何处 " : "  from ", e->whence);
    show_span(chinese ? "\n    何事 " : "\n    what ", e->happened);
    show_span(chinese ? "  请求号 " : "  request ", e->request_id);
    show_span(chinese ? "\n    何故 " : "\n    why ", e->reason);
    printf("\n");
}

static Status prove_entry(const SearchWords *words, const EntryJson *e, int64_t *last)
{
    char file[PATH_BYTES_MAX];
    if (words->proofs == NULL || e->leaf == *last) return OK;
    *last = e->leaf;
    const int size =
            snprintf(file, sizeof(file), "%s/%lld.tlog-proof", words->proofs, (long long)e->leaf);
    REQUIRE(size > 0 && (size_t)size < sizeof(file), REFUSED_TRAIL_PATH);
    return prove(words->directory, e->leaf, file);
}

static Status show_found(const SearchWords *words, Span answer)
{
    FoundJson found = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    int64_t last = -1;
    const bool chinese = strcmp(words->language, "zh") == 0;
    TRY(json_parse(answer, &document, &problem));
    TRY(json_read_some(document, json_root(document), found_fields,
            sizeof(found_fields) / sizeof(found_fields[0]), &found, &problem));
    for (size_t i = 0; i < json_list_size(found.entries); i++) {
        const JsonValue *item = NULL;
        EntryJson e = { 0 };
        TRY(json_list_object(document, found.entries, i, &item, &problem));
        TRY(json_read_some(document, item, entry_fields,
                sizeof(entry_fields) / sizeof(entry_fields[0]), &e, &problem));
        if (!words->json) show_entry(&e, chinese);
        TRY(prove_entry(words, &e, &last));
    }
    if (words->json) {
        printf("%.*s\n", (int)answer.size, (const char *)answer.data);
        return OK;
    }
    printf(chinese ? "%zu 条；索引完整至第 %lld 片（共 %lld 片），其中 %lld 片已签名\n"
                   : "%zu found; complete below leaf %lld of %lld, %lld of them signed\n",
            json_list_size(found.entries), (long long)found.complete_to, (long long)found.leaves,
            (long long)found.checkpoint_size);
    if (found.more)
        printf("more: --below %lld.%lld\n", (long long)found.below_leaf,
                (long long)found.below_ordinal);
    return OK;
}

static Status search(const SearchWords *words)
{
    static uint8_t answer_bytes[ADMIN_ANSWER_BYTES_MAX];
    uint8_t request_bytes[REQUEST_BYTES];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(write_search(words, &request));
    TRY(admin_ask(words->directory, span_of_buffer(&request), &answer));
    return show_found(words, span_of_buffer(&answer));
}

/* "1234.5" */
static bool read_below(const char *text, SearchWords *words)
{
    char *end = NULL;
    if (text == NULL) return true;
    words->below_leaf = strtoll(text, &end, 10);
    if (end == text || *end != '.' || words->below_leaf < 0) return false;
    const char *ordinal = end + 1;
    words->below_ordinal = strtoll(ordinal, &end, 10);
    return end != ordinal && *end == '\0' && words->below_ordinal >= 0;
}

static void show_names(void)
{
    printf("\ncategories:\n");
    for (int c = 0; c < AUDIT_CATEGORY_COUNT; c++)
        printf("  %-16s %s  %s\n", audit_category_name((AuditCategory)c),
                audit_category_title((AuditCategory)c, false),
                audit_category_title((AuditCategory)c, true));
    printf("kinds:\n");
    for (int k = 1; k < AUDIT_KINDS_MAX; k++) {
        const char *name = audit_kind_name((AuditKind)k);
        if (strcmp(name, audit_kind_name((AuditKind)0)) != 0)
            printf("  %-20s %s  %s\n", name, audit_kind_title((AuditKind)k, false),
                    audit_kind_title((AuditKind)k, true));
    }
}

int command_trail_search(int argc, char **argv)
{
    SearchWords words = { .directory = directory_default(), .limit = 50, .language = "en" };
    const char *below = NULL;
    bool names = false;
    const Option options[] = {
        { "--person", OPTION_TEXT, "NAME",
                "who: alice, or operator/alice; also as the second of two", &words.person, 0, 0 },
        { "--subject", OPTION_TEXT, "TEXT", "on whom or what: 1900000001/N42, or N42",
                &words.subject, 0, 0 },
        { "--request", OPTION_TEXT, "ID", "what a merchant was told as Request-ID",
                &words.request_id, 0, 0 },
        { "--kind", OPTION_TEXT, "NAME", "one kind of event (--names shows them)", &words.kind, 0,
                0 },
        { "--category", OPTION_TEXT, "NAME",
                "login-failure, privilege, plan, illegal, sensitive-read, approval, refusal",
                &words.category, 0, 0 },
        { "--result", OPTION_TEXT, "NAME", "done, refused or broken", &words.result, 0, 0 },
        { "--from", OPTION_TEXT, "TIME", "2026-11-28, or 2026-11-28T09:00:00+08:00", &words.from, 0,
                0 },
        { "--to", OPTION_TEXT, "TIME", "likewise; not included", &words.to, 0, 0 },
        { "--limit", OPTION_NUMBER, "N", "1 to 200 [50]", &words.limit, 1, ENTRIES_MAX },
        { "--below", OPTION_TEXT, "LEAF.N", "the next page: what the last one ended with", &below,
                0, 0 },
        { "--proof", OPTION_TEXT, "FOLDER", "keep the proof of each leaf there, checked",
                &words.proofs, 0, 0 },
        { "--lang", OPTION_TEXT, "en|zh", "[en]", &words.language, 0, 0 },
        { "--json", OPTION_FLAG, NULL, "the answer as JSON", &words.json, 0, 0 },
        { "--names", OPTION_FLAG, NULL, "names of categories and kinds", &names, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &words.directory, 0,
                0 },
    };
    const Usage usage = { "hufu trail search",
        "Find in the audit log who did what, on whom, when and from where; newest first. That you\n"
        "searched stands in the log before you see the answer.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (names) {
        show_names();
        return EXIT_DONE;
    }
    if (!read_below(below, &words)) {
        fprintf(stderr, "hufu trail search: --below LEAF.N, as the last page said\n");
        return EXIT_USAGE;
    }
    const Status s = search(&words);
    return status_ok(s) ? EXIT_DONE : command_failed("trail search", s);
}

int command_trail_prove(int argc, char **argv)
{
    char default_file[64];
    const char *directory = directory_default();
    const char *file = NULL;
    const char *leaf_text = NULL;
    const Option options[] = {
        { "LEAF", OPTION_TEXT, NULL, "its number, as `hufu trail search` shows it", &leaf_text, 0,
                0 },
        { "--out", OPTION_TEXT, "FILE", "[LEAF.tlog-proof]", &file, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu trail prove",
        "Write the proof that a leaf stands in the signed log (c2sp.org/tlog-proof); anybody who "
        "has\nthe public keys checks it offline: `hufu trail check`, `auditor --proof`.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    char *end = NULL;
    const int64_t leaf = strtoll(leaf_text, &end, 10);
    if (end == leaf_text || *end != '\0' || leaf < 0) {
        fprintf(stderr, "hufu trail prove: LEAF is a number\n");
        return EXIT_USAGE;
    }
    snprintf(default_file, sizeof(default_file), "%lld.tlog-proof", (long long)leaf);
    const Status s = prove(directory, leaf, file == NULL ? default_file : file);
    return status_ok(s) ? EXIT_DONE : command_failed("trail prove", s);
}

/* --- offline --- */

static void show_leaf(const LeafProof *proof)
{
    AuditLeaf leaf;
    AuditEvents events;
    AuditEvent e;
    bool more = true;
    uint8_t time_bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(time_bytes);
    if (!status_ok(audit_leaf_parse(proof->leaf, &leaf))) return;
    if (!status_ok(audit_events_begin(leaf.events, &events))) return;
    if (!status_ok(time_format(leaf.time_us, &time))) return;
    while (status_ok(audit_events_next(&events, &e, &more)) && more) {
        const EntryJson entry = { .leaf = leaf.batch,
            .time = span_of_buffer(&time),
            .title = span_of_text(audit_kind_title(e.kind, false)),
            .outcome = span_of_text(status_name((Status) { e.outcome })),
            .verdict = SPAN("proven"),
            .person = e.actor,
            .subject = e.subject,
            .happened = e.detail,
            .whence = e.from,
            .reason = e.reason };
        show_entry(&entry, false);
    }
}

static Status check_file(const char *file, const char *keys_file)
{
    LeafProof proof;
    AuditCheckpoint checkpoint;
    CLEANUP(proof_free) Proof *p = heap_allocate(sizeof(*p));
    CHECK(p != NULL, FAULT_MEMORY);
    p->document = NULL;
    Buffer text = { p->answer_bytes, 0, LEAF_PROOF_BYTES_MAX };
    Buffer leaf = BUFFER_OF(p->leaf_bytes);
    TRY(file_read(file, &text));
    TRY(check_proof(keys_file, span_of_buffer(&text), &proof, &leaf, &checkpoint));
    printf("leaf %llu stands in the log %s of %llu leaves, which is signed:\n",
            (unsigned long long)proof.index, checkpoint.origin,
            (unsigned long long)checkpoint.size);
    show_leaf(&proof);
    return OK;
}

int command_trail_check(int argc, char **argv)
{
    char path[PATH_BYTES_MAX];
    const char *directory = directory_default();
    const char *file = NULL;
    const char *keys = NULL;
    const Option options[] = {
        { "FILE", OPTION_TEXT, NULL, "as `hufu trail prove` wrote it", &file, 0, 0 },
        { "--keys", OPTION_TEXT, "FILE", "public keys that sign the log [DIR/" PATH_KEYS "]", &keys,
                0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "nothing needs to run there [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu trail check",
        "Check the proof of a leaf offline, and show what the leaf says.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (keys == NULL) keys = path_in(path, directory, PATH_KEYS);
    const Status s = check_file(file, keys);
    return status_ok(s) ? EXIT_DONE : command_failed(file, s);
}
