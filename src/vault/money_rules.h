#pragma once
/*
 * money_rules: what a batch may do to money, whoever asks (DESIGN section 2).
 *
 *   1. postings of one transaction and currency sum to zero
 *   2. a written account moves by exactly the sum of its postings, bucket by bucket, in its own
 * currency
 *   3. every account that has postings is written in the same batch
 *   4. owner, class and currency of an account never change; a new account starts from zero
 *   5. only the institution's own accounts (ACCOUNT_CLASS_SYSTEM) may be negative
 *   6. what a payment is about (numbers, amount, currency, payee; its payer and the payer's account
 *      once it has that) never changes once it is written
 * 7. the account that a payment takes from is its payer's: class PAYER, owned by PAYMENT_PAYER, and
 *      written in the same batch
 * 8. a payer's account is debited, in either bucket, only by postings of a transfer (18), or of a
 *      payment that is written in the same batch and names it; each is of the payment's amount and
 *      currency, and what does not go back to the payer goes to the payee. No payment or refund is
 *      called like a posting of something else (its name has no '/')
 *   9. a payment credits its payee once: in the batch in which it becomes SUCCESS, with its amount.
 *      It leaves SUCCESS only for REFUND or REVOKED, with its first row in `refunded` (11), and
 *      those stay
 *  10. a refund keeps what it is about; a new one is written with its payment's row in `refunded`,
 *      which has the same order, total, currency and accounts, and moves its amount once: from the
 *      payee's balance to the payer's
 *  11. a row in `refunded` begins in the batch in which its payment leaves SUCCESS, with the
 *      payment's own terms, which stay; it grows by the new refunds of a batch, never over its
 *      total
 *  12. a merchant's account is debited by a refund (10), or else by a transaction that has no other
 *      accounts but the institution's own
 *
 *  13. a fee is written in the batch in which its payment becomes SUCCESS, of the payment's total,
 *      currency and payee, more than nothing and no more than the payment, and moves once: from the
 *      payee's balance to the house. A posting that is named as a fee's belongs to such a row
 *  14. of a fee goes back, with a payment's row in `refunded`, exactly its share of what is
 *      refunded then; what a fee is about stays
 *  15. a bank order (bank/channel_order.h) keeps what it is about; it begins CREATED and goes on as
 *      its table of states says; what has an end keeps it
 *  16. a posting that is named as a bank order's is of such a row, of its amount and currency, on
 *      its holder's account or the institution's own. A funding or card payment credits its holder
 *      once, in the batch in which it becomes SUCCESS; a withdrawal holds in the batch in which it
 *      begins, and takes or gives back in that in which it ends; it is a merchant's: of a payer's
 *      money 8 alone says where it goes; and nothing else
 *  17. a settlement begins DUE with its amount from the balance of its merchant's account to one of
 *      the house's, and ends once, handed to the bank before: PAID, from there to another of the
 *      house's, or FAILED, from there back to the merchant; what it is about stays. A posting that
 *      is named as a settlement's belongs to such a row
 *  18. a transfer begins with a grant of its payer's for exactly its terms, which stay: WAITING,
 *      with its amount from the balance of its payer's account to what is held there, or DONE when
 *      it is REAL_TIME, to its receiver's balance. It ends once: DONE, not before it is due, from
 *      what is held to its receiver's balance, or REVOKED or FAILED, back. Payer and receiver own
 *      their accounts (class PAYER), which are two. A posting that is named as a transfer's belongs
 *      to such a row
 *
 *  19. a contract begins WAITING and nobody's, is signed once, with a grant of the payer's PIN for
 *      exactly its terms (policy/contract_terms.h), and ended once; its terms stay. A payment of
 *      type DEDUCTION takes from its payer in the batch that makes it, in which a row of
 *      `deduction` names a contract with the same merchant, payer and currency that was not ended
 *      before; it is no more than the contract's largest, and is paid to the merchant's own
 *      account. The contract's sum and count of the period grow by exactly these, never over its
 *      terms, and begin anew only in a later period, the one of vaultd's own clock (300 s of
 *      slack); nothing is taken after its end, nor, where notice was agreed, without an
 *      announcement so long before, and no 7 days more, which is then used up
 *
 * Not judged: where a withdrawal or a settlement goes to, against what was agreed;
 *      whether the payer wanted the payment (a grant says it, where a PIN was asked), and
 * whether the merchant wanted the refund: hufud verifies his signature; what
 * fee was agreed, and whether one that was taken is given back with a refund: the auditor counts.
 */
#include "base/row.h"
#include "policy/contract_terms.h"
#include "vault/keyed_hash.h"

enum { MONEY_ROWS_MAX = 1024 };

/* One row of a batch, already known to be a lawful successor. */
typedef struct RowChange {
    bool is_insert;
    RowView old_row; /* unless is_insert */
    RowView new_row;
    Span old_seal;
    KeyedHash name;
} RowChange;

typedef struct MoneyScratch MoneyScratch;
MUST_USE Status money_scratch_open(MoneyScratch **ret_scratch);
void money_scratch_close(MoneyScratch *scratch);

/* All rules but 6 over all rows of the batch. Refuses REFUSED_POSTINGS_NOT_ZERO,
 * REFUSED_ROW_NOT_SUCCESSOR (rule 4), REFUSED_BALANCE_NEGATIVE (rule 5),
 * REFUSED_PAYER_ACCOUNT_OTHER (rules 7 and 8), REFUSED_POSTINGS_NOT_PAYMENT (rules 8 and 9),
 * REFUSED_REFUND_NOT_LAWFUL (rules 9 to 12), REFUSED_FEE_NOT_LAWFUL (rules 13 and 14),
 * REFUSED_BANK_POSTING (rules 15 and 16), REFUSED_SETTLEMENT_NOT_LAWFUL (rule 17),
 * REFUSED_DEDUCTION_NOT_LAWFUL (rule 19),
 * REFUSED_TRANSFER_NOT_LAWFUL (rule 18),
 * REFUSED_ROW_DUPLICATED, REFUSED_ROW_INVALID. `key` names transactions and accounts in the scratch
 * tables; the changes are borrowed during the call. */
MUST_USE Status money_check(MoneyScratch *scratch, const KeyedHashKey *key,
        const RowChange *changes, size_t count, int64_t now_us);
/* Rule 6 for one row. Refuses REFUSED_ROW_NOT_SUCCESSOR. */
MUST_USE Status money_check_payment(const RowChange *change);
/* What the row of a contract says was agreed; borrows from it. */
void contract_row_terms(const RowView *row, ContractTerms *ret);
