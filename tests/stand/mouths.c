#include "mouths.h"

#include "admin_client.h"

#include <stdio.h>
#include <stdlib.h>

enum { SAID_BYTES_MAX = 128 * 1024, ORDER_TEXT_MAX = 4096 };

#define NATIVE "/v3/pay/transactions/native"
#define CODEPAY "/v3/pay/transactions/codepay"
#define FIRST                                                                            \
    "{\"appid\":\"wx\",\"mchid\":\"1900000001\",\"notify_url\":\"https://m.example/n\"," \
    "\"out_trade_no\":\"CANARY-1\","
#define AMOUNT "\"amount\":{\"total\":100}"
#define TEXT "\"description\":\"x\","

static const Mouth mouths[] = {
    /* the payment API */
    { .name = "description",
            .target = NATIVE,
            .free_text = true,
            .body = FIRST "\"description\":\"@\"," AMOUNT "}" },
    { .name = "description, in words",
            .target = NATIVE,
            .free_text = true,
            .body = FIRST "\"description\":\"for you: @ thanks\"," AMOUNT "}" },
    { .name = "attach",
            .target = NATIVE,
            .free_text = true,
            .body = FIRST TEXT "\"attach\":\"@\"," AMOUNT "}" },
    { .name = "store id",
            .target = NATIVE,
            .free_text = true,
            .body = FIRST TEXT "\"scene_info\":{\"payer_client_ip\":\"1.1.1.1\",\"store_info\":{"
                               "\"id\":\"@\"}}," AMOUNT "}" },
    { .name = "notify_url",
            .target = NATIVE,
            .free_text = true,
            .body = "{\"appid\":\"wx\",\"mchid\":\"1900000001\",\"notify_url\":\"https://m/@\","
                    "\"out_trade_no\":\"CANARY-1\"," TEXT AMOUNT "}" },
    { .name = "appid",
            .target = NATIVE,
            .free_text = true,
            .body = "{\"appid\":\"@\",\"mchid\":\"1900000001\",\"notify_url\":\"https://m.e/n\","
                    "\"out_trade_no\":\"CANARY-1\"," TEXT AMOUNT "}" },
    { .name = "unknown field", .target = NATIVE, .body = FIRST TEXT AMOUNT ",\"note\":\"@\"}" },
    { .name = "name of a field",
            .target = NATIVE,
            .free_text = true,
            .body = FIRST TEXT AMOUNT ",\"@\":1}" },
    { .name = "a name twice", .target = NATIVE, .body = "{\"@\":1,\"@\":2}" },
    { .name = "amount as text", .target = NATIVE, .body = FIRST TEXT "\"amount\":\"@\"}" },
    { .name = "list for a text",
            .target = NATIVE,
            .body = FIRST "\"description\":[\"@\"]," AMOUNT "}" },
    { .name = "mchid",
            .target = NATIVE,
            .body = "{\"appid\":\"wx\",\"mchid\":\"@\",\"notify_url\":\"https://m.e/n\","
                    "\"out_trade_no\":\"CANARY-1\"," TEXT AMOUNT "}" },
    { .name = "half a body", .target = NATIVE, .body = FIRST "\"description\":\"@" },
    { .name = "behind a body", .target = NATIVE, .body = FIRST TEXT AMOUNT "}@", .raw = true },
    { .name = "no JSON", .target = NATIVE, .body = "@", .raw = true },
    { .name = "a form",
            .target = NATIVE,
            .body = "a=@",
            .raw = true,
            .type = "application/x-www-form-urlencoded" },
    { .name = "too large", .target = NATIVE, .body = FIRST "\"description\":\"@", .filler = 80000 },
    { .name = "large", .target = NATIVE, .body = FIRST "\"description\":\"@", .filler = 50000 },
    { .name = "payment code",
            .target = CODEPAY,
            .body = FIRST TEXT AMOUNT ",\"payer\":{\"auth_code\":\"@\"}}" },
    { .name = "close",
            .target = "/v3/pay/transactions/out-trade-no/NONE-1/close",
            .body = "{\"mchid\":\"1900000001\",\"reason\":\"@\"}" },
    { .name = "query",
            .method = "GET",
            .target = "/v3/pay/transactions/out-trade-no/NONE-1?mchid=1900000001&note=@" },
    { .name = "mchid in a query",
            .method = "GET",
            .target = "/v3/pay/transactions/out-trade-no/NONE-1?mchid=@" },
    { .name = "path", .method = "GET", .target = "/v3/@" },
    { .name = "order in a path",
            .method = "GET",
            .target = "/v3/pay/transactions/id/@?mchid=1900000001" },
    { .name = "header", .target = NATIVE, .body = "{}", .header_name = "X-Note", .header = "@" },
    { .name = "cookie", .target = NATIVE, .body = "{}", .header_name = "Cookie", .header = "a=@" },
    { .name = "type", .target = NATIVE, .body = "{}", .type = "@" },
    { .name = "large header",
            .target = NATIVE,
            .body = "{}",
            .header_name = "X-Note",
            .header = "@",
            .filler = 9000 },
    /* without a signature: strangers and payers */
    { .name = "unsigned body",
            .door = MOUTH_STRANGER,
            .target = NATIVE,
            .body = FIRST "\"description\":\"@\"," AMOUNT "}" },
    { .name = "signature",
            .door = MOUTH_STRANGER,
            .target = NATIVE,
            .body = "{}",
            .header_name = "Authorization",
            .header = "WECHATPAY2-SHA256-RSA2048 signature=\"@\"" },
    { .name = "serial",
            .door = MOUTH_STRANGER,
            .target = NATIVE,
            .free_text = true,
            .body = "{\"a\":\"@\"}",
            .header_name = "Authorization",
            .header = "WECHATPAY2-SHA256-RSA2048 mchid=\"1900000001\",nonce_str=\"@\","
                      "timestamp=\"1\",serial_no=\"@\",signature=\"AAAA\"" },
    { .name = "scheme",
            .door = MOUTH_STRANGER,
            .target = NATIVE,
            .body = "{}",
            .header_name = "Authorization",
            .header = "@" },
    { .name = "payer",
            .door = MOUTH_STRANGER,
            .target = "/payer/v1/codes",
            .body = "{\"payer_id\":\"@\",\"box\":\"AAAA\",\"nonce\":\"0\",\"count\":1}" },
    { .name = "payer's box",
            .door = MOUTH_STRANGER,
            .target = "/payer/v1/codes",
            .body = "{\"payer_id\":\"p\",\"box\":\"@\",\"nonce\":\"0\",\"count\":1}" },
    { .name = "payer's count",
            .door = MOUTH_STRANGER,
            .target = "/payer/v1/codes",
            .body = "{\"payer_id\":\"p\",\"box\":\"AAAA\",\"nonce\":\"0\",\"count\":\"@\"}" },
    { .name = "payer's waiting",
            .door = MOUTH_STRANGER,
            .target = "/payer/v1/waiting",
            .body = "{\"payer_id\":\"p\",\"box\":\"@\",\"nonce\":\"@\"}" },
    { .name = "payer's pay",
            .door = MOUTH_STRANGER,
            .target = "/payer/v1/orders/none/pay",
            .body = "{\"payer_id\":\"p\",\"box\":\"@\",\"pin\":\"@\"}" },
    { .name = "payer's order",
            .door = MOUTH_STRANGER,
            .method = "GET",
            .target = "/payer/v1/orders/@" },
    { .name = "nowhere", .door = MOUTH_STRANGER, .method = "GET", .target = "/@" },
    { .name = "agent",
            .door = MOUTH_STRANGER,
            .method = "GET",
            .target = "/healthz",
            .header_name = "User-Agent",
            .header = "@",
            .harmless = true },
    /* the vault's service */
    { .name = "class",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/fields",
            .body = "{\"class\":\"@\",\"table\":1,\"column\":1,\"items\":[]}" },
    { .name = "box",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/fields",
            .body = "{\"class\":\"card\",\"table\":1,\"column\":1,\"items\":[{\"subject\":\"s\","
                    "\"reference\":\"r\",\"box\":\"@\"}]}" },
    { .name = "subject",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/fields",
            .body = "{\"class\":\"card\",\"table\":1,\"column\":1,\"items\":[{\"subject\":\"@\","
                    "\"reference\":\"@\",\"box\":\"AAAA\"}]}" },
    { .name = "value",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/fields",
            .body = "{\"class\":\"card\",\"table\":1,\"column\":1,\"items\":[{\"value\":\"@\"}]}" },
    { .name = "batch",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/fields",
            .body = "@",
            .raw = true,
            .type = "application/vnd.hufu.batch" },
    { .name = "look-ups",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/lookups",
            .body = "@",
            .raw = true,
            .type = "application/vnd.hufu.batch" },
    { .name = "session",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/sessions",
            .body = "{\"box\":\"@\"}" },
    { .name = "reveal",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/reveals",
            .body = "{\"class\":\"card\",\"table\":1,\"column\":1,\"reference\":\"@\",\"subject\":"
                    "\"s\",\"sealed\":\"AAAA\",\"receiver\":\"@\",\"purpose\":\"bank-channel\","
                    "\"reason\":\"@\"}" },
    { .name = "password",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/passwords/set",
            .body = "{\"class\":\"password\",\"realm\":\"r\",\"user\":\"u\",\"box\":\"@\"}" },
    { .name = "password in clear",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/passwords/check",
            .body = "{\"class\":\"password\",\"realm\":\"@\",\"user\":\"@\",\"password\":\"@\"}" },
    { .name = "binding",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/bindings",
            .free_text = true,
            .body = "{\"id\":\"b-1\",\"kind\":\"contract\",\"user\":\"@\",\"plan\":\"@\","
                    "\"merchant\":\"1900000001\",\"limit_minor\":1,\"day_limit_minor\":1,"
                    "\"expire_time\":\"2030-01-01T00:00:00+08:00\"}" },
    { .name = "binding's path",
            .door = MOUTH_CALLER,
            .method = "GET",
            .free_text = true,
            .target = "/vault/v1/bindings/@" },
    { .name = "large batch",
            .door = MOUTH_CALLER,
            .target = "/vault/v1/fields",
            .body = "@",
            .raw = true,
            .type = "application/vnd.hufu.batch",
            .filler = 600000 / 8 },
    /* the operator's socket */
    { .name = "operation", .door = MOUTH_OPERATOR, .body = "{\"operation\":\"@\"}" },
    { .name = "operation's name", .door = MOUTH_OPERATOR, .body = "{\"@\":\"status\"}" },
    { .name = "half an operation", .door = MOUTH_OPERATOR, .body = "{\"operation\":\"@" },
    { .name = "caller",
            .door = MOUTH_OPERATOR,
            .body = "{\"operation\":\"caller.add\",\"name\":\"@\",\"tenant\":\"@\",\"key_pem\":"
                    "\"@\",\"rights\":[\"protect\"]}" },
    { .name = "merchant",
            .door = MOUTH_OPERATOR,
            .body = "{\"operation\":\"merchant.add\",\"mchid\":\"1900000009\",\"name\":\"@\","
                    "\"public_key_pem\":\"@\"}" },
    { .name = "payer to enrol",
            .door = MOUTH_OPERATOR,
            .body = "{\"operation\":\"payer.add\",\"payer_id\":\"@\",\"box\":\"@\",\"nonce\":"
                    "\"0\"}" },
};

size_t mouths_count(void) { return sizeof(mouths) / sizeof(mouths[0]); }

const Mouth *mouth_at(size_t index)
{
    ASSERT(index < mouths_count());
    return &mouths[index];
}

static bool is_line(Span text, uint8_t least)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < least || text.data[i] > '~') return false;
    return true;
}

bool mouth_takes(const Mouth *mouth, const MouthText *text)
{
    const bool in_target = mouth->target != NULL && strchr(mouth->target, '@') != NULL;
    const bool in_head = mouth->header != NULL || (mouth->type != NULL && mouth->type[0] == '@');
    if (in_target) return is_line(text->text, '!') && text->text.size < 2000;
    return !in_head || (is_line(text->text, ' ') && text->text.size < 2000);
}

/* One byte as JSON has it inside quotes. */
static void put_escaped(Buffer *said, uint8_t c)
{
    const bool special = c == '"' || c == '\\';
    if (special) ASSERT(status_ok(buffer_put_u8(said, '\\')));
    if (c < 0x20)
        ASSERT(status_ok(buffer_print(said, "\\u%04x", c)));
    else
        ASSERT(status_ok(buffer_put_u8(said, c)));
}

static Span say(const char *pattern, const MouthText *text, bool escape, Buffer *said)
{
    const size_t from = said->size;
    for (const char *at = pattern; *at != 0; at++) {
        if (*at != '@') {
            ASSERT(status_ok(buffer_put_u8(said, (uint8_t)*at)));
            continue;
        }
        if (!escape) ASSERT(status_ok(buffer_put(said, text->text)));
        for (size_t i = 0; escape && i < text->text.size; i++)
            put_escaped(said, text->text.data[i]);
    }
    return (Span) { said->data + from, said->size - from };
}

static void fill(const Mouth *mouth, Buffer *said)
{
    for (size_t i = 0; i < mouth->filler; i++)
        ASSERT(status_ok(buffer_put_u8(said, 'x')));
}

/* With its NUL. */
static const char *say_line(const char *pattern, const MouthText *text, Buffer *said)
{
    const Span line = say(pattern, text, false, said);
    ASSERT(status_ok(buffer_put_u8(said, 0)));
    return (const char *)line.data;
}

static void ask_http(const Mouths *m, const Mouth *mouth, const MouthText *text, Span body,
        AskAnswer *ret_answer)
{
    static uint8_t head_bytes[32 * 1024];
    Buffer head = BUFFER_OF(head_bytes);
    HttpHeader more = { mouth->header_name, { NULL, 0 } };
    const char *type = mouth->type == NULL ? NULL : say_line(mouth->type, text, &head);
    const char *target = say_line(mouth->target, text, &head);
    const size_t from = head.size;
    if (mouth->header != NULL) say(mouth->header, text, false, &head);
    if (mouth->header != NULL) fill(mouth, &head);
    more.value = (Span) { head.data + from, head.size - from };
    const Ask ask = { .app = mouth->door == MOUTH_MERCHANT ? m->merchant : NULL,
        .method = mouth->method,
        .target = target,
        .body = body,
        .content_type = type,
        .more = &more,
        .more_count = mouth->header == NULL ? 0 : 1 };
    HttpClient *http = mouth->door == MOUTH_CALLER ? m->service : m->http;
    if (!status_ok(ask_send(http, &ask, ret_answer))) *ret_answer = (AskAnswer) { 0 };
}

static void ask_operator(const Mouths *m, Span body, AskAnswer *ret_answer)
{
    Buffer answer = BUFFER_OF(ret_answer->body);
    *ret_answer = (AskAnswer) { 0 };
    const Status s = admin_ask(m->stand->folder, body, &answer);
    ret_answer->body_size = answer.size;
    ret_answer->fields.status = status_ok(s) ? 200 : 400;
}

void mouth_say(const Mouths *m, const Mouth *mouth, const MouthText *text, AskAnswer *ret_answer)
{
    static uint8_t said_bytes[SAID_BYTES_MAX];
    Buffer said = BUFFER_OF(said_bytes);
    Span body = { NULL, 0 };
    if (mouth->body != NULL) body = say(mouth->body, text, !mouth->raw && !text->escaped, &said);
    if (mouth->body != NULL && mouth->header == NULL) {
        fill(mouth, &said);
        body.size = said.size;
    }
    if (mouth->door == MOUTH_OPERATOR)
        ask_operator(m, body, ret_answer);
    else
        ask_http(m, mouth, text, body, ret_answer);
}
