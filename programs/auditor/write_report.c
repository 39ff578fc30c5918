#define _GNU_SOURCE
#include "write_report.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "report/document.h"
#include "report/incident_page.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATEMENTS_BYTES_MAX = 1024 * 1024 };

static void fd_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static void bytes_free(uint8_t **bytes) { free(*bytes); }

/* The file is read whole, into memory that the caller frees. */
static Status read_statements(const char *path, uint8_t **ret_memory, Buffer *ret_text)
{
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0, FAULT_DISK);
    uint64_t size = 0;
    const Disk disk = disk_of_fd(fd);
    TRY(disk.size(disk.context, &size));
    REQUIRE(size <= STATEMENTS_BYTES_MAX, REFUSED_CSV_SYNTAX);
    *ret_memory = malloc(size + 1);
    CHECK(*ret_memory != NULL, FAULT_MEMORY);
    TRY(disk.read(disk.context, 0, *ret_memory, (size_t)size));
    *ret_text = (Buffer) { *ret_memory, (size_t)size, (size_t)size + 1 };
    return OK;
}

static Status write_facts(const AuditReport *check)
{
    uint8_t memory[2 * MERKLE_HASH_BYTES];
    Buffer root = BUFFER_OF(memory);
    TRY(hex_encode(SPAN_OF(check->signed_root.bytes), &root));
    fprintf(stderr, "{\"leaves\":%llu,\"root\":\"%.64s\",\"findings\":%llu}\n",
            (unsigned long long)check->signed_leaves, (const char *)root.data,
            (unsigned long long)check->findings);
    return OK;
}

static Status flush_html(const Buffer *html)
{
    CHECK(fwrite(html->data, 1, html->size, stdout) == html->size && fflush(stdout) == 0,
            FAULT_DISK);
    return OK;
}

static ReportFacts facts_of(
        const ReportOptions *options, const AuditKeys *keys, const AuditReport *check)
{
    ReportFacts facts = { .id = options->id, .made_us = options->made_us, .check = check };
    for (size_t i = 0; i < keys->count; i++) {
        if (public_key_algorithm(keys->keys[i]) == KEY_SM2)
            facts.by_sm2 = true;
        else
            facts.by_ed25519 = true;
    }
    return facts;
}

static void evidence_done(Evidence **evidence)
{
    if (*evidence == NULL) return;
    evidence_close(*evidence);
    free(*evidence);
}

static Status write_audit(const ReportOptions *options, AuditVerifyConfig config, Buffer *html)
{
    AuditReport check = { 0 };
    CLEANUP(bytes_free) uint8_t *memory = NULL;
    CLEANUP(evidence_done) Evidence *evidence = calloc(1, sizeof(Evidence));
    CHECK(evidence != NULL, FAULT_MEMORY);
    TRY(evidence_open(
            options->from_us, options->to_us, evidence_sections, evidence_section_count, evidence));
    config.context = evidence;
    config.found = evidence_finding;
    config.leaf = evidence_leaf;
    config.row = evidence_row;
    TRY(audit_verify(&config, &check));
    if (options->statements != NULL) {
        Buffer text = { 0 };
        TRY(read_statements(options->statements, &memory, &text));
        TRY(evidence_statements(evidence, span_of_buffer(&text)));
    }
    evidence_end(evidence);
    const ReportFacts facts = facts_of(options, config.keys, &check);
    TRY(report_document(&facts, evidence, options->language, html));
    return write_facts(&check);
}

static Status write_incident(const ReportOptions *options, AuditVerifyConfig config, Buffer *html)
{
    static IncidentFile file;
    AuditReport check = { 0 };
    incident_file_begin(&file, options->incident);
    config.context = &file;
    config.found = incident_file_finding;
    config.leaf = NULL;
    config.row = incident_file_row;
    TRY(audit_verify(&config, &check));
    const ReportFacts facts = facts_of(options, config.keys, &check);
    TRY(incident_document(&facts, &file, options->language, html));
    return write_facts(&check);
}

Status write_report(const ReportOptions *options, const AuditVerifyConfig *config)
{
    REQUIRE(span_is_plain_name(span_of_text(options->id), 80), REFUSED_REPORT_PERIOD);
    CLEANUP(bytes_free) uint8_t *memory = malloc(REPORT_HTML_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer html = { memory, 0, REPORT_HTML_BYTES_MAX };
    TRY(options->incident != NULL ? write_incident(options, *config, &html)
                                  : write_audit(options, *config, &html));
    return flush_html(&html);
}
