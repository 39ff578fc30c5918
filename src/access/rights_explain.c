/* Why yes or no, in words (access/rights.h). The verdict is access_decide()'s own. */
#include "access/rights.h"

typedef struct Words {
    const char *verdict[ACCESS_VERDICTS];
    const char *colon;
    const char *level;
    const char *has_none;
    const char *has;
    const char *would;
    const char *nobody;
    const char *granted;
    const char *emergency;
    const char *conflict;
    const char *comma;
    const char *end;
} Words;

static const Words words[] = {
    { .verdict = { "Yes. ",
              "No: there is no such action, and what is not in the table is refused. ",
              "No: none of the roles has this action. ",
              "No: the roles have this action for less sensitive data only. ",
              "No: it was granted for a time that is over. ",
              "No: the roles exclude one another, so none of them counts. ",
              "No: it belongs to another tenant. ", "No: this action has no place at this door. ",
              "Not yet: it needs a fresh log-in. ",
              "Not yet: it needs the approval of somebody else. " },
            .colon = ": ",
            .level = ", level ",
            .has_none = "No role. ",
            .has = "Roles: ",
            .would = "Roles that may: ",
            .nobody = "No role may do this. ",
            .granted = "It is granted for a while. ",
            .emergency = "The emergency roles count now. ",
            .conflict = "Reason of the conflict: ",
            .comma = ", ",
            .end = ". " },
    { .verdict = { "可以。", "不可以：没有这个操作；表中没有的一律拒绝。",
              "不可以：所有角色都没有这个操作。", "不可以：角色只能在较低数据级别上做这个操作。",
              "不可以：临时授权已到期。", "不可以：角色之间互相排斥，全部不生效。",
              "不可以：属于另一个机构。", "不可以：此入口不能做这个操作。",
              "暂不可以：需要重新认证。", "暂不可以：需要他人审批。" },
            .colon = "：",
            .level = "，级别 ",
            .has_none = "没有角色。",
            .has = "角色：",
            .would = "可以做的角色：",
            .nobody = "没有角色可以做。",
            .granted = "有临时授权。",
            .emergency = "紧急权限生效中。",
            .conflict = "排斥原因：",
            .comma = "、",
            .end = "。" },
};

static Status put_roles(const AccessTable *table, RoleSet roles, const Words *w,
        AccessLanguage language, Buffer *ret_text)
{
    bool first = true;
    for (size_t i = 0; i < table->role_count; i++) {
        const AccessRole *role = &table->roles[i];
        if ((roles & access_role_bit(role)) == 0) continue;
        const char *title = language == ACCESS_CHINESE ? role->title_zh : role->title_en;
        TRY(buffer_print(ret_text, "%s%s (%s)", first ? "" : w->comma, role->name, title));
        first = false;
    }
    return buffer_put(ret_text, span_of_text(w->end));
}

static bool is_granted(const Asker *asker, const AccessAction *action, int64_t now_us)
{
    for (size_t i = 0; i < asker->grant_count; i++) {
        const AskerGrant *grant = &asker->grants[i];
        const bool now = now_us >= grant->from_us && now_us < grant->until_us;
        if (strcmp(grant->action, action->name) == 0 && now) return true;
    }
    return false;
}

static Status put_facts(const AccessTable *table, const Asker *asker, int action, DataLevel level,
        int64_t now_us, AccessLanguage language, Buffer *ret_text)
{
    const Words *w = &words[language];
    const RoleSet able = table->able[action][level - 1];
    const AccessConflict *conflict = access_conflict(table, asker->roles);
    TRY(buffer_put(ret_text, span_of_text(asker->roles == 0 ? w->has_none : w->has)));
    if (asker->roles != 0) TRY(put_roles(table, asker->roles, w, language, ret_text));
    if (now_us < asker->emergency_until_us) TRY(buffer_put(ret_text, span_of_text(w->emergency)));
    if (is_granted(asker, &table->actions[action], now_us))
        TRY(buffer_put(ret_text, span_of_text(w->granted)));
    if (conflict != NULL)
        TRY(buffer_print(ret_text, "%s%s%s", w->conflict, conflict->reason, w->end));
    TRY(buffer_put(ret_text, span_of_text(able == 0 ? w->nobody : w->would)));
    return able == 0 ? OK : put_roles(table, able, w, language, ret_text);
}

Status access_explain(const AccessTable *table, const Asker *asker, Span action, DataLevel level,
        int64_t now_us, AccessLanguage language, Buffer *ret_text)
{
    const Words *w = &words[language];
    const int place = access_action_named(table, action);
    const DataLevel wanted = place >= 0 && level == 0 ? table->actions[place].level : level;
    const AccessVerdict verdict = access_decide(table, asker, place, wanted, now_us);
    TRY(buffer_print(ret_text, "%s%s%.*s%s%s%s", asker->principal, w->colon, (int)action.size,
            (const char *)action.data, w->level, access_level_name(wanted), w->end));
    TRY(buffer_put(ret_text, span_of_text(w->verdict[verdict])));
    if (verdict != ACCESS_ACTION_UNKNOWN)
        TRY(put_facts(table, asker, place, wanted, now_us, language, ret_text));
    if (ret_text->data[ret_text->size - 1] == ' ') ret_text->size--;
    return OK;
}
