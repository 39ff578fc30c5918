/* names: the numbers and codes that payments go by. */
#include "payment/order.h"
#include "payment/pay_code.h"
#include "payment/payee_code.h"
#include "payment/payment_rows.h"
#include "payment/refund.h"

#include "base/secret.h"
#include "base/time.h"

#include <stdio.h>

#define PAYEE_NUMBER_PREFIX "payee"
enum { DRAW_CHUNK = 64, DRAW_CHUNKS_MAX = 16 };

bool digits_only(Span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return false;
    }
    return text.size > 0;
}

static void chunk_wipe(uint8_t (*chunk)[DRAW_CHUNK]) { bytes_wipe(*chunk, DRAW_CHUNK); }

/* Bytes above the last whole multiple of the alphabet are thrown away: otherwise its first letters
 * come oftener. */
Status draw_text(const Random *random, const char *alphabet, size_t count, char *ret_text)
{
    const size_t letters = strlen(alphabet);
    const size_t fair = 256 - 256 % letters;
    ASSERT(letters >= 2 && letters <= 64 && count <= DRAW_CHUNK);
    CLEANUP(chunk_wipe) uint8_t chunk[DRAW_CHUNK];
    char text[DRAW_CHUNK + 1] = { 0 };
    size_t n = 0;
    for (int i = 0; i < DRAW_CHUNKS_MAX && n < count; i++) {
        TRY(random_fill(random, chunk, sizeof(chunk)));
        for (size_t k = 0; k < sizeof(chunk) && n < count; k++)
            if (chunk[k] < fair) text[n++] = alphabet[chunk[k] % letters];
    }
    CHECK(n == count, FAULT_RANDOM);
    memcpy(ret_text, text, count + 1);
    bytes_wipe(text, sizeof(text));
    return OK;
}

/* `count` digits of a number in base 36, most significant first. */
static void put_base36(uint64_t number, size_t count, char *ret_text)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (size_t i = count; i > 0; i--, number /= 36)
        ret_text[i - 1] = alphabet[number % 36];
}

/* All begin with their time: what is ordered together lies together in the indexes, so a batch
 * writes one page of each instead of one a payment. The rest is random: 10 digits a millisecond,
 * and 129 bits that nobody can guess. */
static Status draw_number(const Random *random, const char *kind, int64_t now_us,
        char ret_number[PAYMENT_TRANSACTION_ID_BYTES + 1])
{
    char digits[11];
    char day[9];
    char time_of_day[12];
    const int32_t business_day = time_business_day(now_us);
    const int64_t day_ms = (now_us - time_business_day_start_us(business_day)) / 1000;
    TRY(draw_text(random, "0123456789", 10, digits));
    time_business_day_text(business_day, day);
    snprintf(time_of_day, sizeof(time_of_day), "%08u", (unsigned)(day_ms % 86400000));
    memcpy(ret_number, kind, 2);
    memcpy(ret_number + 2, day, 8);
    memcpy(ret_number + 10, time_of_day, 8);
    memcpy(ret_number + 18, digits, sizeof(digits)); /* with its NUL */
    return OK;
}

Status payment_ids_draw(const Random *random, int64_t now_us, PaymentIds *ret_ids)
{
    char letters[26];
    TRY(draw_number(random, "42", now_us, ret_ids->transaction_id));
    TRY(draw_text(random, "0123456789abcdefghijklmnopqrstuvwxyz", 25, letters));
    memcpy(ret_ids->prepay_id, "hf", 2);
    put_base36((uint64_t)(now_us / 1000), 9, ret_ids->prepay_id + 2);
    memcpy(ret_ids->prepay_id + 11, letters, sizeof(letters));
    return OK;
}

Status refund_id_draw(const Random *random, int64_t now_us, char ret_id[REFUND_ID_BYTES + 1])
{
    return draw_number(random, "50", now_us, ret_id);
}

/* Letters, digits, and `more` of the merchant's own numbers. */
static bool number_is_of(Span text, const char *more)
{
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && (c == 0 || strchr(more, c) == NULL)) return false;
    }
    return true;
}

bool refund_number_is_valid(Span text)
{
    return text.size >= 1 && text.size <= REFUND_NUMBER_BYTES_MAX && number_is_of(text, "_-|*@");
}

const char *refund_state_name(RefundState state)
{
    switch (state) {
    case REFUND_SUCCESS: return "SUCCESS";
    case REFUND_CLOSED: return "CLOSED";
    case REFUND_PROCESSING: return "PROCESSING";
    case REFUND_ABNORMAL: return "ABNORMAL";
    }
    return "UNKNOWN";
}

bool payment_out_trade_no_is_valid(Span text)
{
    if (text.size < PAYMENT_OUT_TRADE_NO_MIN || text.size > PAYMENT_OUT_TRADE_NO_MAX) return false;
    return number_is_of(text, "_-*|");
}

bool payment_transaction_id_is_valid(Span text)
{
    return text.size == PAYMENT_TRANSACTION_ID_BYTES && digits_only(text);
}

/* So many of small letters and digits, as we draw them. */
static bool is_drawn(Span text, size_t size)
{
    if (text.size != size) return false;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
    }
    return true;
}

bool payment_prepay_id_is_valid(Span text) { return is_drawn(text, PAYMENT_PREPAY_ID_BYTES); }

/* --- static codes of payees --- */

static const char drawn_alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";

bool payee_code_is_valid(Span reference) { return is_drawn(reference, PAYEE_CODE_BYTES); }

Status payee_code_draw(const Random *random, char ret_reference[PAYEE_CODE_BYTES + 1])
{
    return draw_text(random, drawn_alphabet, PAYEE_CODE_BYTES, ret_reference);
}

void payee_code_url(const char *reference, char ret_url[PAYEE_CODE_URL_BYTES + 1])
{
    snprintf(ret_url, PAYEE_CODE_URL_BYTES + 1, "hufu://payee/%s", reference);
}

bool payee_code_number_is_valid(Span number)
{
    const Span prefix = SPAN(PAYEE_NUMBER_PREFIX);
    return is_drawn(number, PAYMENT_OUT_TRADE_NO_MAX)
            && span_equal((Span) { number.data, prefix.size }, prefix);
}

Status payee_code_number_draw(const Random *random, char ret_number[PAYMENT_OUT_TRADE_NO_MAX + 1])
{
    const size_t prefix = sizeof(PAYEE_NUMBER_PREFIX) - 1;
    memcpy(ret_number, PAYEE_NUMBER_PREFIX, prefix);
    return draw_text(
            random, drawn_alphabet, PAYMENT_OUT_TRADE_NO_MAX - prefix, ret_number + prefix);
}

/* RULE: TP-18 - a barcode holds only what this one payment needs. */
void payment_code_url(const Payment *payment, char ret_url[PAYMENT_CODE_URL_BYTES + 1])
{
    static const char scheme[] = "hufu://pay/";
    memcpy(ret_url, scheme, sizeof(scheme) - 1);
    memcpy(ret_url + sizeof(scheme) - 1, payment->prepay_id, sizeof(payment->prepay_id));
}

bool pay_code_is_valid(Span code)
{
    if (code.size != PAY_CODE_DIGITS || !digits_only(code)) return false;
    return code.data[0] == '1' && code.data[1] <= '4';
}

Status pay_codes_draw(const Random *random, PayCodeIssue *work)
{
    REQUIRE(work->count >= 1 && work->count <= PAY_CODE_COUNT_MAX, REFUSED_PAY_CODE_COUNT);
    for (size_t i = 0; i < work->count; i++) {
        char *code = work->codes[i];
        code[0] = '1';
        TRY(draw_text(random, "01234", 1, code + 1));
        TRY(draw_text(random, "0123456789", PAY_CODE_DIGITS - 2, code + 2));
    }
    return OK;
}
