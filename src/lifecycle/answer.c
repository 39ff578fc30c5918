/* What a person reads about a request, in English and in Chinese. Dates are the business day. */
#include "lifecycle/rights.h"

#include "base/time.h"

typedef struct Sentence {
    RequestKind kind; /* 0: any */
    int32_t outcome;
    const char *english; /* %s: a date, where there is one */
    const char *chinese;
} Sentence;

static const Sentence sentences[] = {
    { REQUEST_ACCESS, 0,
            "Enclosed: what we hold about you, what for, since when, and to whom it was given. "
            "Numbers are masked.",
            "随附我们持有的您的个人信息清单：类别、用途、起始时间及提供对象。号码已作掩码处理。" },
    { REQUEST_CORRECT, 0, "The data was corrected. The former value is sealed away.",
            "信息已更正，原有内容已封存。" },
    { REQUEST_DELETE, 0,
            "Your data was deleted. Its key will be destroyed; you will not be found here again.",
            "您的个人信息已删除，其密钥将被销毁，系统中不再能检索到您。" },
    { REQUEST_DELETE, REFUSED_DATA_RESTRICTED,
            "What no law requires was deleted. The rest is restricted until %s: it is kept, and "
            "used for nothing else.",
            "法律未要求保存的信息已删除；其余信息受限制保存至%s，除法定用途外不再使用。" },
    { REQUEST_CORRECT, REFUSED_DATA_RESTRICTED,
            "The data is restricted until %s and cannot be changed before.",
            "该信息受限制保存至%s，在此之前不能更改。" },
    { REQUEST_CORRECT, REFUSED_DATA_NOT_HELD, "We hold no such data about you.",
            "我们未持有您的该类信息。" },
    { REQUEST_WITHDRAW, 0, "Your consent is withdrawn. The use that rested on it has stopped.",
            "您的同意已撤回，基于该同意的使用已停止。" },
    { REQUEST_WITHDRAW, REFUSED_CONSENT_NOT_BASIS,
            "This use rests on a law and not on your consent; it cannot be withdrawn.",
            "该用途依据法律而非您的同意，无法撤回。" },
    { REQUEST_WITHDRAW, REFUSED_CONSENT_MISSING, "There is no consent of yours to this use.",
            "您未曾就该用途作出同意。" },
};

Status request_answer(const Request *request, bool chinese, Buffer *ret_text)
{
    uint8_t memory[TIME_TEXT_BYTES + 1];
    Buffer date = BUFFER_OF(memory);
    TRY(time_format(request->until_us != 0 ? request->until_us : request->due_us, &date));
    memory[10] = '\0'; /* the day alone */
    const char *day = (const char *)memory;
    if (request->state == REQUEST_OPEN)
        return buffer_print(ret_text,
                chinese ? "您的请求已收到，将于%s前答复。"
                        : "Your request was received. It will be answered by %s.",
                day);
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        const Sentence *s = &sentences[i];
        if (s->kind != request->kind || s->outcome != request->outcome) continue;
        const Span text = span_of_text(chinese ? s->chinese : s->english);
        Cursor c = cursor_of(text);
        Span before = { 0 };
        if (!status_ok(cursor_until(&c, '%', &before))) return buffer_put(ret_text, text);
        TRY(buffer_put(ret_text, before));
        TRY(buffer_put(ret_text, span_of_text(day)));
        return buffer_put(ret_text, (Span) { c.rest.data + 1, c.rest.size - 1 }); /* behind %s */
    }
    return REFUSE(REFUSED_SUBJECT_FIELD); /* no such outcome of such a request */
}
