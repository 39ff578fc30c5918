#include "report/sections.h"

/*
 * The report's sections in its order. A colleague's source is one entry here and one collector;
 * until it is there, the entry says that this release has no source (collect NULL).
 */

#define NO_ADVICE  \
    {              \
        NULL, NULL \
    }
#define TIME_COLUMN      \
    {                    \
        "Time", "时间" \
    }
#define OUTCOME_COLUMN      \
    {                       \
        "Outcome", "结果" \
    }
#define WHO_COLUMN         \
    {                      \
        "Who", "操作者" \
    }

const EvidenceSection evidence_sections[] = {
    { .id = "check",
            .title = { "What the check found", "独立核验发现" },
            .clauses = "TP-12, TP-16, LL-4.5.3",
            .checked = { "Every leaf, every signed checkpoint, every row of every sealed table, "
                         "every sum and balance, and every report that was kept, with public keys "
                         "alone.",
                    "仅使用公钥，核验了每个日志叶、每个已签名检查点、每张防篡改表的每一行、全部合计"
                    "与余额，"
                    "以及每份已存档报告。" },
            .advice = { "Treat each as an incident until its cause is known.",
                    "在查明原因之前，每一项都应按事件处理。" },
            .columns = { { "Finding", "发现" }, { "Table", "表" }, { "Row", "行" },
                    { "What to do", "处置建议" } },
            .collect = collect_check,
            .alarming = true },
    { .id = "reveals",
            .title = { "Who revealed what, and why", "敏感信息查看：何人、何物、何故" },
            .clauses = "TP-7, TP-8, TP-15" },
    { .id = "overrides",
            .title = { "Overrides of the policy", "策略例外" },
            .clauses = "TP-15, LL-4.5.2",
            .checked = { "Every rule that permits more than the specification and was good in the "
                         "period, with the two people who signed it, as the vault's book has it.",
                    "期内有效的每一条宽于规范的策略例外及其两名签署人，以保险库账册为准。" },
            .advice = { "Is each still needed? It ends at its date by itself.",
                    "请逐条确认是否仍有必要；到期自动失效。" },
            .columns = { { "Permits", "允许" }, { "Since", "生效" }, { "Until", "截止" },
                    { "Signed by", "签署人" }, { "Reason", "理由" } },
            .collect = collect_overrides },
    { .id = "grants",
            .title = { "Grants to keep what may not be kept",
                    "留存授权（用户本人及账户管理机构）" },
            .clauses = "TP-4, TP-5" },
    { .id = "prohibited",
            .title = { "Prohibited data and card numbers refused", "被拒绝的禁止存储数据与卡号" },
            .clauses = "TP-5, TP-8",
            .checked = { "Every refusal because a field held track data, a verification code, a "
                         "card's PIN or a card number.",
                    "因字段含磁道数据、卡片验证码、银行卡密码或卡号而拒绝的每一次请求。" },
            .advice = { "Tell the senders what they send; what was refused was not stored "
                        "anywhere.",
                    "请通知发送方其发送的内容；被拒绝的数据未在任何位置存储。" },
            .columns = { { "Reason", "原因" }, { "Sender", "发送方" }, { "Field", "字段" } },
            .collect = collect_prohibited,
            .grouped = true },
    { .id = "row-seals",
            .title = { "Rows that did not verify", "防篡改校验不一致的行" },
            .clauses = "TP-9, TP-12",
            .checked = { "Every alert that a sealed row was changed, swapped, deleted, doubled or "
                         "set back. The row is frozen at once.",
                    "每一条“行被修改、调换、删除、重复或回退”的告警；相应行立即冻结。" },
            .advice = { "Find who can write to the database; compare with a backup; an incident "
                        "was "
                        "opened for each day.",
                    "查明谁能写入数据库并与备份比对；系统已按日自动建立事件草稿。" },
            .columns = { TIME_COLUMN, { "Table", "表" }, { "Key", "主键" }, { "Verdict", "判定" } },
            .collect = collect_row_seals,
            .alarming = true },
    { .id = "releases",
            .title = { "Frozen rows released by two people", "双人解冻" },
            .clauses = "TP-12, TP-15",
            .checked = { "Every release of a frozen row, with both names and the reason that they "
                         "signed; refused ones too.",
                    "每一次解冻：两人姓名及其签署的理由，含被拒绝的申请。" },
            .advice = { "Compare each with the repair that its reason names.",
                    "请与其理由所述的修复逐一核对。" },
            .columns = { TIME_COLUMN, { "Row", "行" }, { "First", "第一人" },
                    { "Second; reason", "第二人；理由" }, OUTCOME_COLUMN },
            .collect = collect_releases },
    { .id = "alerts",
            .title = { "Other alerts", "其他告警" },
            .clauses = "TP-16, LL-4.5.3",
            .checked = { "Days that do not sum to zero, a store in another state, late steps of "
                         "incidents, overdue reports.",
                    "日终不平、存储状态异常、事件步骤逾期、审计报告逾期等告警。" },
            .advice = { "Each needs an answer on file.", "每一条都应有书面答复。" },
            .columns = { TIME_COLUMN, { "Alert", "告警" }, { "What to do", "处置建议" } },
            .collect = collect_alerts,
            .alarming = true },
    { .id = "incidents",
            .title = { "Incidents", "事件" },
            .clauses = "TP-16",
            .checked = { "Every incident that was opened in the period, with the clocks of its "
                         "steps.",
                    "期内建立的每一起事件及其各步骤时限。" },
            .advice = { "An open one needs its next step; a draft needs somebody to look.",
                    "未关闭的事件须推进下一步；草稿须有人处理。" },
            .columns = { { "Number", "编号" }, { "Kind, state", "类型与状态" },
                    { "Opened", "建立时间" }, { "Title", "标题" }, { "Clocks", "时限" } },
            .collect = collect_incidents,
            .alarming = true },
    { .id = "pins",
            .title = { "Wrong PINs and lock-outs", "密码错误与锁定" },
            .clauses = "TP-6",
            .checked = { "Every wrong PIN and every attempt while locked.",
                    "每一次密码错误以及锁定期间的尝试。" },
            .advice = { "Many for one payer, or one for many payers, is somebody guessing.",
                    "同一用户多次或多名用户各一次，均可能为猜测攻击。" },
            .columns = { { "Reason", "原因" }, { "Payer (masked)", "付款人（掩码）" } },
            .collect = collect_pins,
            .grouped = true },
    { .id = "refusals",
            .title = { "All refusals by reason", "全部拒绝（按原因）" },
            .clauses = "LL-4.5.3",
            .checked = { "The outcome of every audited request, and what the doors refused before "
                         "that.",
                    "每个已审计请求的结果，以及入口处的拒绝。" },
            .columns = { { "Reason", "原因" }, { "Asked for", "请求" }, { "Meaning", "含义" } },
            .collect = collect_refusals,
            .grouped = true },
    { .id = "enrolments",
            .title = { "Merchants, callers and payers let in or changed",
                    "商户、接入方与付款人登记及变更" },
            .clauses = "TP-15, LL-4.5.2",
            .checked = { "Every merchant, caller and payer that was added, changed or closed, and "
                         "by whom.",
                    "商户、接入方与付款人的每一次新增、变更与关闭，以及操作者。" },
            .columns = { { "Act", "操作" }, { "Merchant or caller", "商户或接入方" }, WHO_COLUMN },
            .collect = collect_enrolments,
            .grouped = true },
    { .id = "merchant-keys",
            .title = { "Merchants' keys", "商户密钥" },
            .clauses = "TP-7",
            .checked = { "Every public key registered or revoked, every signing key deposited.",
                    "每一次公钥登记或吊销、签名密钥存入。" },
            .columns = { TIME_COLUMN, { "Merchant and key", "商户与密钥" }, { "Detail", "详情" },
                    WHO_COLUMN, OUTCOME_COLUMN },
            .collect = collect_merchant_keys },
    { .id = "pin-changes",
            .title = { "Payment PINs set", "支付密码设置" },
            .clauses = "TP-6",
            .checked = { "Every PIN that was set or changed.", "每一次支付密码的设置与修改。" },
            .columns = { OUTCOME_COLUMN },
            .collect = collect_pin_changes,
            .grouped = true },
    { .id = "vault-keys",
            .title = { "Keys of the vault", "保险库密钥" },
            .clauses = "TP-10, TP-13",
            .checked = { "The vault's own list: keys made in the period, and those whose time is "
                         "over. It is what the vault says, kept beside this report.",
                    "保险库自述的密钥清单：期内生成的密钥及已到期的密钥；清单随报告存档。" },
            .columns = { { "Key and version", "密钥与版本" }, { "Algorithm", "算法" },
                    { "Made", "生成" }, { "Ends", "到期" }, { "State", "状态" } },
            .collect = collect_vault_keys },
    { .id = "key-acts",
            .title = { "Keys rotated and destroyed", "密钥轮换与销毁" },
            .clauses = "TP-10, TP-13",
            .checked = { "Versions that replaced others in the period, and every version that is "
                         "destroyed by now, in the vault's own list.",
                    "保险库清单中期内的轮换版本以及至今已销毁的全部版本。" },
            .columns = { { "Act", "操作" }, { "Key", "密钥" }, { "Version", "版本" },
                    { "Made", "生成" } },
            .collect = collect_key_acts },
    { .id = "vault-acts",
            .title = { "What was done to the vault", "对保险库的操作" },
            .clauses = "TP-10, TP-13, TP-15, TP-16",
            .checked = { "Every act upon keys, receivers, policy, grants and operators that the "
                         "vault told the log, with both names and the reason that they signed.",
                    "保险库上报日志的每一次操作（密钥、接收方、策略、授权、操作员）、两名签署人及其"
                    "理由。" },
            .advice = { "Compare each with its reason. Event numbers ascend by one: a gap is a "
                        "line "
                        "that is missing.",
                    "请与其理由逐一核对；事件编号逐一递增，出现缺口即有记录缺失。" },
            .columns = { TIME_COLUMN, { "Act", "操作" }, { "First", "第一人" },
                    { "Event; second; reason", "事件；第二人；理由" } },
            .collect = collect_vault_acts },
    { .id = "ceremonies",
            .title = { "Records of key ceremonies", "密钥仪式记录" },
            .clauses = "TP-10, TP-13" },
    { .id = "legacy-passwords",
            .title = { "Passwords still under an old formula", "仍采用旧算法的密码" },
            .clauses = "TP-6, TP-10",
            .checked = { "The vault's count of passwords whose digest is, or wraps, an old "
                         "formula; "
                         "they are upgraded when their owner comes.",
                    "保险库统计的仍为旧算法（或由其包裹）的密码数；用户下次使用时自动升级。" },
            .advice = { "Wrap what is left offline, and set a date after which it is locked.",
                    "对剩余部分进行离线包裹，并设定锁定日期。" },
            .columns = { { "Modern", "新算法" }, { "Legacy", "旧算法" }, { "Wrapped", "已包裹" },
                    { "Locked", "锁定" } },
            .collect = collect_legacy_passwords },
    { .id = "attached-tables",
            .title = { "Row seals of attached tables", "外接业务表的防篡改" },
            .clauses = "TP-10, TP-12" },
    { .id = "life-cycle",
            .title = { "Consents, deletions, destructions", "同意、删除与销毁记录" },
            .clauses = "TP-3, LL-2.3, LL-4.5.4" },
    { .id = "bindings",
            .title = { "Bindings made and ended", "绑定关系的建立与解除" },
            .clauses = "TP-9",
            .checked = { "Every contract, entrusted deduction and quick payment that was bound or "
                         "ended.",
                    "签约、委托代扣与快捷绑定的每一次建立与解除。" },
            .columns = { { "Act", "操作" }, WHO_COLUMN, OUTCOME_COLUMN },
            .collect = collect_bindings,
            .grouped = true },
    { .id = "operators",
            .title = { "What operators did", "运维人员操作" },
            .clauses = "TP-15, LL-4.5.3",
            .checked = { "Every act at the command line, with its outcome.",
                    "命令行的每一次操作及其结果。" },
            .columns = { WHO_COLUMN, { "Act", "操作" }, OUTCOME_COLUMN },
            .collect = collect_operators,
            .grouped = true },
    { .id = "reviews", .title = { "Reviews of rights", "权限复核" }, .clauses = "TP-15, LL-4.5.2" },
    { .id = "backups",
            .title = { "Backups and restores", "备份与恢复" },
            .clauses = "LL-4.5.4",
            .checked = { "Every backup and every restore, with the people who approved it.",
                    "每一次备份与恢复及其批准人。" },
            .columns = { TIME_COLUMN, { "Act", "操作" }, WHO_COLUMN, { "Detail", "详情" },
                    OUTCOME_COLUMN },
            .collect = collect_backups },
    { .id = "day-ends",
            .title = { "Ends of business days", "日终" },
            .clauses = "TP-12",
            .checked = { "Every business day of the period: was it closed, and did it sum to zero?",
                    "期内每个业务日是否已关账且合计为零。" },
            .columns = { { "Day", "业务日" }, { "Totals (minor units)", "合计（分）" },
                    OUTCOME_COLUMN },
            .collect = collect_day_ends,
            .finish = finish_day_ends },
    { .id = "log-coverage",
            .title = { "Coverage of the log, and gaps", "日志覆盖与缺口" },
            .clauses = "TP-16, LL-4.5.3",
            .checked = { "Every 24 hours of the period without a single leaf, times that go "
                         "backwards, and a log that is younger than the period.",
                    "期内任何 24 小时无日志叶的时段、时间倒退，以及晚于期初才开始的日志。" },
            .advice = { "A gap needs a reason on file: a maintenance window, no customers, or a "
                        "stop.",
                    "每个缺口应有书面原因：维护、无业务或停机。" },
            .columns = { { "What", "情况" }, { "From", "自" }, { "To", "至" },
                    { "How long", "时长" } },
            .collect = collect_nothing,
            .finish = finish_coverage },
    { .id = "reports",
            .title = { "Audit reports that were kept", "已存档审计报告" },
            .clauses = "TP-16",
            .checked = { "Every report kept before this one; the check compared them with their "
                         "signed notes.",
                    "此前存档的每份报告；核验时已与其签名凭据比对。" },
            .columns = { TIME_COLUMN, { "Report", "报告" }, WHO_COLUMN,
                    { "Digest of its note", "凭据摘要" } },
            .collect = collect_reports },
};

const size_t evidence_section_count = sizeof(evidence_sections) / sizeof(evidence_sections[0]);
