#include "message/errors_card.h"

#define AWAY \
    503, "SERVICE_UNAVAILABLE", "服务不可用，请稍后重试", "Not available now; try again shortly"

static const MessageError errors[] = {
    { REFUSED_CARD_NUMBER_INVALID, 400, "PARAM_ERROR", "银行卡号错误", "Not a bank card's number" },
    { REFUSED_CARD_FIELD, 400, "PARAM_ERROR", "绑卡信息格式错误",
            "Not a name, an identity number or a mobile number" },
    { REFUSED_CARD_ELEMENTS, 403, "CARD_ELEMENTS",
            "银行核验未通过，请核对姓名、证件号、卡号与手机号",
            "The bank does not confirm name, identity number, card and phone" },
    { REFUSED_CARD_CODE, 403, "CARD_CODE", "验证码错误", "Not the code that the bank sent" },
    { REFUSED_CARD_CODE_OVER, 403, "CARD_CODE_OVER", "验证码已失效，请重新绑卡",
            "The code is over, or was tried too often; begin anew" },
    { REFUSED_CARD_BOUND, 409, "CARD_BOUND", "该银行卡已绑定", "This card is bound already" },
    { REFUSED_CARD_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "银行卡未绑定", "No such card is bound" },
    { REFUSED_CARD_TOO_MANY, 429, "CARD_TOO_MANY", "绑卡数量或当日绑卡次数已达上限",
            "As many cards, or tries today, as one may" },
    { REFUSED_CARD_STATE, 409, "CARD_STATE", "该银行卡当前状态不支持此操作",
            "The card's binding is over, or waits for its code" },
    { REFUSED_CARD_OWNER, 403, "CARD_OWNER", "只能绑定本人的银行卡",
            "Only a card of the payer's own can be bound" },
    { REFUSED_BANK_NEVER_SENT, AWAY },
    { REFUSED_BANK_NONE, AWAY },
    { REFUSED_BANK_RECEIVER, AWAY },
};

const MessageError *message_error_of_cards(Status status)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (status_is(status, errors[i].status)) return &errors[i];
    return NULL;
}
