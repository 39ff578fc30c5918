#pragma once
/*
 * passage: one request on its way through the house.
 *
 *   loop thread    verify who signed, read the body, fill the unit            (handlers,
 * api/merchant_*.c, payer_*.c) opener thread  what the vault must open: a PIN box (payers only)
 *   batch thread   the unit                                                   (payment room)
 *   signer thread  write the answer from the outcome, have it signed, send it (api/signer.h)
 *
 * At most six trips between processes or to the store: open; load, verify, prepare, commit; sign.
 * One passage is touched by one thread at a time.
 */
#include "api/bill_form.h"
#include "api/house.h"
#include "api/order_json.h"
#include "audit/event.h"
#include "crypto/box.h"
#include "message/device_signature.h"
#include "message/errors.h"
#include "payment/balance_show.h"
#include "payment/deduction.h"
#include "payment/key_show.h"
#include "payment/merchant_lists.h"
#include "payment/order.h"
#include "payment/pay.h"
#include "payment/pay_code.h"
#include "payment/payee_code.h"
#include "payment/refund.h"
#include "payment/signing.h"
#include "text/json.h"

enum { PASSAGE_BODY_BYTES_MAX = 24 * 1024 };

typedef struct Passage Passage;

/* Write the answer's body from the outcome and return the HTTP status. */
typedef int (*PassageWrite)(Passage *passage, Buffer *ret_body);

/* Who comes to a payer's door (payer_door.h). */
typedef struct PayerComes {
    bool by_device; /* his device signed, in his session */
    char payer[PAYER_ID_BYTES_MAX + 1]; /* whose session it is */
    uint64_t session; /* its number */
    int64_t place; /* of the device */
    DeviceSender sender; /* whoever signed, with or without a session */
} PayerComes;

struct Passage {
    Passage *next; /* of the queue it waits in */
    House *house;
    HttpRequest *http;
    MessageLanguage language;
    const SigningProfile *profile; /* how the answer is signed; NULL: not signed */
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    char from[AUDIT_FROM_BYTES_MAX + 1]; /* for the audit log; filled when it is told */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    bool for_pages; /* any page may read the answer: a field has no origin (field_files.h) */
    struct Gateway *gateway; /* what the content came in (gateway.c); NULL: in the body */
    size_t route; /* of routes.c; routes_count(): none */
    TrafficAudience audience;
    int64_t came_us;
    const char *allow; /* the method that a 405 names; NULL: no 405 */
    bool coming; /* the batch counts on a unit of it */
    Status outcome;
    Status why; /* it was not served: for the log */
    PassageWrite write;
    Job job;
    PayerComes comes; /* payer passages */
    WirePinCheck pin; /* payer passages; spans borrow from `server_nonce`, `box` and `work` */
    uint8_t server_nonce[BOX_NONCE_BYTES];
    uint8_t box[BOX_BYTES_MAX];
    size_t box_size;
    OrderSealed sealed; /* orders: the person that they name */
    Answer answer;
    Buffer body;
    uint8_t body_bytes[PASSAGE_BODY_BYTES_MAX];
    union { /* the unit is the first member of each */
        Unit unit;
        PaymentNative native;
        PaymentCodepay codepay;
        PaymentQuery query;
        PaymentClose close;
        PaymentRefund refund;
        PaymentRefundQuery refund_query;
        PaymentReverse reverse;
        PaymentPay pay;
        PayCodeIssue codes;
        PayeeCodeMake payee_make;
        PayeeCodeEnd payee_end;
        PayeeCodeLook payee_look;
        PayeeCodePay payee_pay;
        KeyShow key_show;
        MerchantAdmission admission;
        BalanceShow balance;
        SigningUse signing_use;
        BillWork bill;
        ContractRequest contract_request;
        ContractWork contract;
        ContractSign contract_sign;
        PaymentDeduct deduct;
    } work;
};

/* A fresh passage for a request; answers 503 by itself and returns NULL when there is no memory. */
Passage *passage_open(House *house, HttpRequest *http);
/* Send the answer; the passage is gone. */
void passage_send(Passage *passage, int status, const HttpHeader *headers, size_t count, Span body);

/* What a handler reads of a merchant's request, wherever it came in. */
Span passage_body(const Passage *passage);
Span passage_query(const Passage *passage);

/* Who signed? Fills mchid, serial, profile, nonce digest. When refused the passage is answered and
 * gone. */
MUST_USE bool passage_verify(Passage *passage);

/* Take over what a right signature proved. False: the merchant comes too often; the passage is
 * answered (signed within the budget for strangers: whoever floods is not worth a signature each)
 * and gone. */
MUST_USE bool passage_admit(Passage *passage, const MessageSender *sender);
/* Refuse before the sender is known: signed within the budget, under `profile` (NULL: what its
 * header names, else RSA). The passage is gone. */
void passage_refuse_stranger(
        Passage *passage, const SigningProfile *profile, Status refusal, Span canonical);

/* Answer with a refusal that belongs to a field of the request (problem may be NULL). The passage
 * is gone. */
void passage_refuse(Passage *passage, Status refusal, const JsonProblem *problem);

/* The same, for a field that is named by a literal of ours. */
void passage_refuse_field(Passage *passage, Status refusal, const char *field);

/* Its unit is not to be waited for: it will take long, or there is none. Once or more. */
void passage_not_coming(Passage *passage);

/* Submit work.unit; `write` turns its outcome into the answer. The passage belongs to the batch
 * from now on. */
void passage_submit(Passage *passage, PassageWrite write);
/* The `done` of every unit of a passage. */
void passage_done(Unit *unit, Status outcome);
/* Skip the batch: have `write` called on a signer thread. */
void passage_finish(Passage *passage, Status outcome, PassageWrite write);

/* For PassageWrite: the body of a refusal, and its HTTP status. */
int passage_write_refusal(
        Passage *passage, Status refusal, const JsonProblem *problem, Buffer *ret_body);

/* Where it came from, for the audit log: the door, and the address that is connected to it. Lives
 * as long as the passage. */
const char *passage_from(Passage *passage);

/* How the payer came, for a unit to judge again. */
PayerDoor passage_payer_door(const Passage *passage);

/* Does the request say that its body is JSON? When not the passage is answered and gone. */
MUST_USE bool passage_has_json(Passage *passage);
/* Read the body (application/json) as one object into a struct; when refused the passage is
 * answered and gone. A password that is no box is refused by name: PASSWORD_IN_CLEAR. */
MUST_USE bool passage_read_json(Passage *passage, const JsonField *fields, size_t count,
        void *ret_struct, JsonDocument **ret_document);

/* Whose job it is. */
Passage *passage_of_job(Job *job);

/* Copy a span into a char array as NUL-ended text; the span was measured before (ASSERT). */
void passage_text(char *ret_text, size_t capacity, Span text);
