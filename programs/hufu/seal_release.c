/* hufu seal release: two people settle a frozen row (TP-12: 人工介入处理) */
#include "seal.h"

#include "attach/look.h"
#include "base/encoding.h"
#include "crypto/digest.h"

typedef struct Release {
    SealTarget target;
    OptionList row;
    bool accept;
    AttachRow read;
} Release;

/* "release TABLE KEY", or "accept TABLE KEY DIGEST|absent" of what stands there now. */
static Status put_subject(Release *r, Buffer *ret)
{
    TRY(buffer_print(ret, "%s %u ", r->accept ? "accept" : "release", r->target.rows.table.number));
    TRY(hex_encode(attach_row_key(&r->read), ret));
    if (!r->accept) return OK;
    if (!r->read.present) return buffer_put(ret, SPAN(" absent"));
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(attach_row_image(&r->read), digest);
    TRY(buffer_put_u8(ret, ' '));
    return hex_encode(SPAN_OF(digest), ret);
}

static Status decide(Release *r)
{
    uint8_t subject_memory[WIRE_TEXT_BYTES_MAX];
    uint8_t request_memory[8192 + ROW_IMAGE_BYTES_MAX];
    uint8_t seal[64];
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer request = BUFFER_OF(request_memory);
    Buffer answer = BUFFER_OF(seal);
    TRY(put_subject(r, &subject));
    TRY(seal_approve(
            &r->target, SPAN(ATTACHED_OPERATION_RELEASE), span_of_buffer(&subject), &request));
    TRY(buffer_put_framed(&request, r->accept ? attach_row_image(&r->read) : (Span) { NULL, 0 }));
    TRY(attach_ask(&r->target.core, VAULT_ATTACHED_RELEASE, span_of_buffer(&request), &answer));
    if (!r->accept) return OK;
    if (!r->read.present) return attach_seal_delete(&r->target.rows, attach_row_key(&r->read));
    REQUIRE(answer.size == WIRE_SEAL_BYTES, REFUSED_IPC_FORMAT);
    return attach_seal_write(&r->target.rows, attach_row_key(&r->read), seal);
}

static Status release(Release *r)
{
    SealTarget *t = &r->target;
    TRY(seal_connect(t));
    TRY(seal_find(t));
    REQUIRE(r->row.count == t->rows.table.key_columns, REFUSED_ATTACH_VALUES);
    TRY(attach_do(t->connection, "BEGIN"));
    TRY(attach_rows_read(&t->rows, r->row.values, ATTACH_SHARE, NULL, &r->read));
    TRY(decide(r));
    return attach_do(t->connection, "COMMIT");
}

int command_seal_release(int argc, char **argv)
{
    static Release r;
    r.target.together.directory = directory_default();
    const Option options[] = { SEAL_OPTIONS(&r.target),
        { "--row", OPTION_LIST, "VALUE", "of each key column, in order", &r.row, 0, 0 },
        { "--accept", OPTION_FLAG, NULL, "what stands there now (or that it is gone) is right",
                &r.accept, 0, 0 },
        TOGETHER_SIGN_OPTIONS(r.target.together),
        { "--reason", OPTION_TEXT, "TEXT", "why; it is signed", &r.target.together.reason, 0, 0 } };
    const Usage usage = { "hufu seal release",
        "Release a frozen row of an attached table: two operators sign that it was put right. It "
        "is "
        "looked\nat as before. With --accept they sign what stands there now, and it gets a seal.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (r.target.url == NULL || r.target.table_name == NULL || r.row.count == 0) {
        fprintf(stderr, "hufu seal release: --db, --table and --row are needed\n");
        return EXIT_USAGE;
    }
    const Status s = release(&r);
    exit_status = status_ok(s) ? EXIT_DONE : seal_failed(&r.target, s);
    if (status_ok(s)) printf("%s\n", r.accept ? "accepted" : "released");
    seal_done(&r.target);
    return exit_status;
}
