#include "bank/channel.h"

static const char *const kinds[] = {
    [CHANNEL_FUNDING] = "FUNDING", [CHANNEL_WITHDRAWAL] = "WITHDRAWAL", [CHANNEL_CARD] = "CARD"
};
static const char *const states[] = { [CHANNEL_CREATED] = "CREATED",
    [CHANNEL_SENT] = "SENT",
    [CHANNEL_UNKNOWN] = "UNKNOWN",
    [CHANNEL_SUCCESS] = "SUCCESS",
    [CHANNEL_FAILED] = "FAILED" };

bool channel_number_is_valid(Span number)
{
    return number.size >= CHANNEL_NUMBER_BYTES_MIN
            && span_is_plain_name(number, CHANNEL_NUMBER_BYTES_MAX);
}

const char *channel_kind_name(ChannelKind kind)
{
    return kind >= CHANNEL_FUNDING && kind <= CHANNEL_CARD ? kinds[kind] : "unknown";
}

const char *channel_state_name(ChannelState state)
{
    return state >= CHANNEL_CREATED && state <= CHANNEL_FAILED ? states[state] : "unknown";
}

bool channel_kind_of(Span name, ChannelKind *ret_kind)
{
    for (int kind = CHANNEL_FUNDING; kind <= CHANNEL_CARD; kind++) {
        if (!span_equal(name, span_of_text(kinds[kind]))) continue;
        *ret_kind = (ChannelKind)kind;
        return true;
    }
    return false;
}
