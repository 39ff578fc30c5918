#include "vault/report_sign.h"

#include "base/encoding.h"
#include "ipc/report_wire.h"
#include "vault/approval.h"
#include "vault/note.h"

enum { TEXT_BYTES_MAX = 3072, SIGNER_BYTES_MAX = 64 };

static Status put_head(const WireReport *report, int64_t now_us, Buffer *text)
{
    REQUIRE(span_is_plain_name(report->id, WIRE_REPORT_NAME_BYTES_MAX), REFUSED_REPORT_NOTE_FORMAT);
    TRY(buffer_put(text, report->id));
    TRY(buffer_print(text, "\n%u %lld %lld %lld\n%lld ", report->kind, (long long)report->from_us,
            (long long)report->to_us, (long long)now_us, (long long)report->leaves));
    TRY(base64_encode(SPAN_OF(report->root), text));
    return buffer_put_u8(text, '\n');
}

static Status put_file(Cursor *c, Buffer *text)
{
    WireReportFile file = { 0 };
    TRY(wire_take_report_file(c, &file));
    REQUIRE(span_is_plain_name(file.name, WIRE_REPORT_NAME_BYTES_MAX), REFUSED_REPORT_NOTE_FORMAT);
    TRY(hex_encode(SPAN_OF(file.sha256), text));
    TRY(buffer_put_u8(text, ' '));
    TRY(hex_encode(SPAN_OF(file.sm3), text));
    TRY(buffer_put_u8(text, ' '));
    TRY(buffer_put(text, file.name));
    return buffer_put_u8(text, '\n');
}

static Status put_files(Cursor *c, Buffer *text)
{
    uint32_t count = 0;
    TRY(wire_take_count(c, WIRE_REPORT_FILES_MAX, &count));
    REQUIRE(count > 0, REFUSED_REPORT_NOTE_FORMAT);
    for (uint32_t i = 0; i < count; i++)
        TRY(put_file(c, text));
    return cursor_end(c);
}

/* What vaultd knows of its log must not contradict the report. */
static Status check_log(const StoreView *view, const WireReport *report)
{
    MerkleHash root;
    const int64_t size = (int64_t)view->tree.size;
    REQUIRE(report->leaves >= 0 && report->leaves <= size, REFUSED_REPORT_AHEAD_OF_LOG);
    if (report->leaves < size) return OK;
    merkle_root(&view->tree, &root);
    REQUIRE(bytes_equal_ct(root.bytes, report->root, WIRE_HASH_BYTES), REFUSED_REPORT_AHEAD_OF_LOG);
    return OK;
}

Status report_sign(StoreView *view, Span request, int64_t now_us, Buffer *ret_note)
{
    uint8_t signer_memory[SIGNER_BYTES_MAX];
    uint8_t text_memory[TEXT_BYTES_MAX];
    Buffer signer = BUFFER_OF(signer_memory);
    Buffer text = BUFFER_OF(text_memory);
    WireReport report = { 0 };
    Cursor c = cursor_of(request);
    TRY(wire_take_report(&c, &report));
    TRY(check_log(view, &report));
    TRY(buffer_put(&signer, SPAN("hufu/")));
    TRY(hex_encode(keys_instance(view->keys), &signer));
    TRY(buffer_put(&signer, SPAN("/report")));
    TRY(buffer_put(&text, span_of_buffer(&signer)));
    TRY(buffer_put_u8(&text, '\n'));
    TRY(put_head(&report, now_us, &text));
    TRY(put_files(&c, &text));
    return note_sign(view->keys, span_of_buffer(&signer), span_of_buffer(&text), ret_note);
}

Status report_approve(StoreView *view, Span operation, Span request, int64_t now_us)
{
    Span subject = { 0 };
    MemoryApprovals approvals;
    Cursor c = cursor_of(request);
    TRY(approval_take(view->memory, &c, operation, now_us, &subject, &approvals));
    TRY(cursor_end(&c));
    return memory_spend_approvals(view->memory, &approvals);
}
