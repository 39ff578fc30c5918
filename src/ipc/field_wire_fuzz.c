/* Arbitrary bytes as every shape of field_wire.h. */
#include "ipc/field_wire.h"
#include "ipc/wire_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Span bytes = { data, size };
    AGAIN(batch_head, WireBatchHead);
    AGAIN(session, WireSession);
    AGAIN(subject, WireSubject);
    AGAIN(subject_answer, WireSubjectAnswer);
    AGAIN(field_item, WireFieldItem);
    AGAIN(indexes, WireIndexes);
    AGAIN(protected, WireProtected);
    AGAIN(sealed_field, WireSealedField);
    AGAIN(rewrapped, WireRewrapped);
    AGAIN(subject_name, WireSubjectName);
    AGAIN(turn, WireTurn);
    AGAIN(reveal, WireReveal);
    AGAIN(receiver, WireReceiver);
    AGAIN(card_bind, WireCardBind);
    AGAIN(card_code, WireCardCode);
    AGAIN(card_pass, WireCardPass);
    AGAIN(reveal_record, WireRevealRecord);
    AGAIN(reveal_head, WireRevealHead);
    AGAIN(legacy_key, WireLegacyKey);
    AGAIN(legacy_item, WireLegacyItem);
    return 0;
}
