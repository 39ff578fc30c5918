/* Planted cards. They are made here, sealed, tokened, masked and indexed like any other, and
 * nothing outside tells which they are: the mark is inside the sealed field. */
#include "vault/field_inside.h"

#include "policy/classes.h"
#include "policy/detect_number.h"

enum { HONEY_DIGITS = 16, HONEY_PER_MESSAGE_MAX = 64 };

/* UnionPay's range, where most of our cards are; a right check digit, and no more to it. */
static Status make_number(const Random *random, uint8_t ret_digits[HONEY_DIGITS])
{
    uint8_t bytes[HONEY_DIGITS];
    TRY(random_fill(random, bytes, sizeof(bytes)));
    for (size_t i = 0; i < HONEY_DIGITS; i++)
        ret_digits[i] = (uint8_t)('0' + bytes[i] % 10);
    ret_digits[0] = '6';
    ret_digits[1] = '2';
    for (uint8_t last = '0'; last <= '9'; last++) {
        ret_digits[HONEY_DIGITS - 1] = last;
        if (detect_luhn((Span) { ret_digits, HONEY_DIGITS })) return OK;
    }
    return BROKEN(FAULT_VAULT); /* one of ten digits always fits */
}

static Status plant(FieldBatch *b, uint32_t count, Buffer *ret_answer)
{
    uint8_t digits[HONEY_PER_MESSAGE_MAX][HONEY_DIGITS];
    KeyedHash names[HONEY_PER_MESSAGE_MAX];
    for (uint32_t i = 0; i < count; i++) {
        TRY(make_number(&b->random, digits[i]));
        field_honey_name(b, SPAN_OF(digits[i]), &names[i]);
    }
    /* Known before it can be touched. */
    TRY(memory_honey_add(b->field->config.memory, names, count));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t subject = b->subjects[i % b->subject_count].status;
        const Status s = subject != 0 ? REFUSE(subject) : OK;
        TRY(field_put_protected(b, s, i % b->subject_count, (Span) { NULL, 0 }, FIELD_HONEY,
                SPAN_OF(digits[i]), ret_answer));
    }
    return OK;
}

Status field_plant_honey(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    uint32_t count = 0;
    TRY(field_batch_begin(field, &c, &b));
    REQUIRE(b->head.data_class == CLASS_CARD, REFUSED_FIELD_CLASS);
    TRY(field_index_keys(b));
    TRY(field_subjects_take(b, &c, ret_answer));
    TRY(cursor_u32(&c, &count));
    TRY(cursor_end(&c));
    REQUIRE(count > 0 && count <= HONEY_PER_MESSAGE_MAX && b->subject_count > 0,
            REFUSED_IPC_FORMAT);
    return plant(b, count, ret_answer);
}
