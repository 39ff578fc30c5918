#pragma once
/*
 * admin: what the operator's command line asks of a running hufud, over a local socket
 * (ipc/channel.h).
 *
 * Operation WIRE_ADMIN_REQUEST, payload one JSON object {"operation": "...", ...} with the
 * signature of the person who asks around it (ipc/admin_wire.h); the answer is one JSON object.
 * Every operation that changes something is a unit, so it stands in the audit log with the person's
 * name (LL-4.5.3). PINs and keys come in sealed boxes. Nobody but the operator's user and root is
 * let in, and then the table of rights decides under the operation's name (access/rights.h;
 * LL-4.5.2).
 *
 *   access.begin    {people: [{id, staff_number, roles: [...], key_pem}]}: the first people, while
 *                   there is nobody; keys that vaultd took at the ceremony
 *   access.join     {id, staff_number, roles, key_pem, reason, tenant?}
 *   access.move     {id, roles, key_pem?, reason}: other roles; what was given before is over
 *   access.leave    {id, reason}: at once, and the id is never given again
 *   access.list     people and services
 *   access.explain  {who, action, level?, language?}: -> {verdict, explanation}
 *   access.passkey.list    {who}: -> {passkeys: [{passkey, algorithm, added_us, may_be_copied}]}
 *   access.passkey.remove  {who, passkey, reason}: its owner's sessions are over, too
 *   access.table    the table in force
 *   access.table.set {content, reason}: another table, in force with the next question
 *   access.request  {action, level?, until_us, reason}: a right for a while; it waits for another
 *                   person's signature as a request (below), and has its number
 *   access.grant.revoke  {id, reason}
 *   access.grant.list    what is asked for and in force
 *   access.emergency     {reason}: break the glass; alert and log come before the answer
 *   access.emergency.end {id, reason}, access.emergency.review {id, reason}: by another, afterwards
 *   access.review        {who, roles, reason}: of his roles, those that he keeps
 *   access.review.list   whose rights are due to be looked at
 *   export.permit   the form for giving data to somebody outside (api/export_form.h)
 *   export.list     the forms there are, and which may be used
 *   export.run      {request, receiver, part?, after?}: by an approved form, part by part ->
 *                   {file_base64, rows, sha256, next?}
 *   request.list    {all?} -> {requests, more}: what waits for others to agree to it
 *                   (access/request.h), those that expire first
 *   request.show    {request}: also the exact bytes
 *   request.approve {request, approval}: `approval` as ipc/vault_wire.h has it, signed by its giver
 *                   and handed in by anybody; with the last one the request is run:
 *                   -> {state, outcome, result_base64}
 *   request.refuse  {request, reason}, request.withdraw {request, reason}
 *                   An operation that needs approvals answers {request, sha256, needs, expires_us}.
 *   status          state of the programs, counters
 *   box.key         today's box key and a challenge, for making boxes
 *   merchant.add    {mchid, name, public_key_pem, serial?, limit_minor?, apiv3_box?, nonce?}
 *   merchant.key.add     {mchid, public_key_pem, serial?, expires_us?, before?, overlap_s?}: one
 *                   more key; the one that `before` names ends after the overlap
 *   merchant.key.revoke  {mchid, serial}: refused from here on
 *   merchant.key.list    {mchid?}: serials, states, dates
 *   merchant.apiv3  {mchid, apiv3_box, nonce}: another APIv3 key from here on
 *   merchant.profile {mchid, profiles: [...]}: the ways of signing that it may use besides
 *                   everyone's (message/profile.h); those not named are taken back
 *   merchant.profile.list {mchid}: -> {mchid, profiles: [...], legacy_profiles: [...]}: what it
 *                   was given, and what of that has a broken digest
 *   merchant.origin.add, .remove {mchid, origin}: whose pages may frame fields (TP-19)
 *   merchant.origin.list {mchid}: -> {mchid, origins: [...]}
 *   merchant.address.add, .remove {mchid, address}: where its requests are taken from
 *   merchant.payee-code.list {mchid, skip?, all?}: static codes -> {payee_codes: [...]}
 *   merchant.address.list {mchid}: -> {mchid, addresses: [...]}; none: anywhere
 *   merchant.plan.add {mchid, plan_id, plan_title, one_minor, period, period_minor, period_count,
 *                   life_days, notice_hours?}: what it may ask payers to sign (payment/plan.h)
 *   merchant.plan.close {mchid, plan_id}: nobody signs it any more
 *   merchant.plan.list  {mchid}: -> {plans: [...]}
 *   merchant.terms  {mchid, licence_..., account_..., mcc, agreement_..., merchant_risk, fee_...,
 *                   settlement_cycle}: what is agreed with it (access/merchant_terms.h)
 *   merchant.show   {mchid}: the same, without the account's token
 *   notification.list    {state?, skip?}: those given up (DEAD, the last first) or on their way
 *                   (WAITING): -> {notifications, more}
 *   notification.resend  {id}: from the start of the schedule, under the same id
 *   payer.add       {payer_id, balance_minor, box, nonce}
 *   bank.fund       {number, holder, amount}: bank account -> balance (bank/channel_order.h); the
 *                   holder is "merchant/<mchid>" or "payer/<id>" -> the order as it stands
 *   bank.withdraw   {number, holder, amount}: balance -> the holder's own bank account
 *   bank.card       {number, holder, amount, card_box, nonce}: card -> balance; the box is for
 *                   vaultd alone (vault/card_pass.h)
 *   bank.list       {all?} -> {bank_orders}: those without an end, or the newest
 *   bank.status     -> {lines, switches, last_switch_ms, worst_switch_ms}
 *   bank.reconcile  {day?, file_base64?}: a day that is over against the bank's file of it
 *                   (bank/reconcile.h) -> {matched, open_orders, differences, found}
 *   bank.differences {all?} -> {bank_orders}: what differs and is not explained
 *   bank.explain    {day, number, reason}
 *   payer.show      {payer_id}: class and state of the account
 *   payer.cards     {payer_id} -> {cards}: his bank cards, masked
 *   payer.identify  {payer_id, name_box, identity_number_box, phone_box}: who he is, once
 *   transfer.list   {payer_id, skip?}: what he transfers, the last first: -> {transfers, more}
 *   transfer.show   {payer_id, out_transfer_no}: one of them (payment/transfer.h)
 *   payer.stop      {payer_id, reason}: in an emergency; nothing goes out, nor what is held
 *   payer.resume    {payer_id, reason}: that is over
 *   payer.confirm   {payer_id, channels, face_to_face, reason}: who the payer is was confirmed
 *                   anew: another class, awake
 *   caller.add      {name, tenant, key_pem, rights: [...]}: a caller of the vault's service; the
 *                   answer is its certificate (access/caller.h)
 *   caller.list     who they are, and what each may ask
 *   caller.revoke   {name}
 *   reveal.list     the last lines of the reveal log, proved as a whole (vaultclient/fields.h)
 *   key.list        the vault's keys: names, versions, dates; never a key
 *   public.keys     certificates and public keys, for auditors
 *   report.sums     per currency: sum of all postings (zero), count; payments per state
 *   backup          {path}: an encrypted copy of both stores (store/archive.h) in a new file
 *   release.note    {table, key, first, second, reason, outcome}: for the log, a frozen row
 *   day.end         {day?}: close the last finished business day
 *   report.begin    the log is ready for an audit report: doors counted, checkpoint kept
 *   report.keep     {id, note_sha256, kind, from_us, to_us, made_us, leaves}: a report was kept
 *   incident.open   {kind, title, crime?}
 *   incident.step   {incident, step, what, instead?, by?}: also close, with two names
 *   incident.list   {all?}
 *
 *   enrolment.begin     {principal}: the first half of a newcomer's code for the console -> {half}
 *   enrolment.complete  {principal}: the second one, by another person (access/enrolment.h)
 *
 * The audit log (audit/trail.h); that it was looked at stands in it before the answer:
 *
 *   trail.search    {person?, subject?, request_id?, kind?, category?, result?, from_us?,
 *                   to_us?, limit?, below_leaf?, below_ordinal?}: -> {entries,
 *                   checkpoint_size, complete_to, more}
 *   trail.prove     {leaf}: -> {leaf_proof}, to be checked offline (audit/leaf_proof.h)
 *
 * Sensitive fields (vaultclient/fields.h), each by {tenant, class, table, column, reference}:
 *
 *   field.mask      what may be seen of it: -> {mask}
 *   field.print     SHA-256 of its sealed bytes, for who approves a reveal: -> {sealed_sha256}
 *   field.reveal    {subject, receiver, purpose, reason, approvals, sealed?, data_purpose?}: a
 *                   legal order or full display, both signed by two: -> {receiver_box}
 *
 * People's passwords (vaultclient/passwords.h; "class" is pin or password):
 *
 *   password.reset    {class, tenant, realm, user, box, approvals}
 *   password.import   {class, tenant, realm, users, box, wrap?}: -> {outcomes}, one a user
 *   password.sweep    one page under the current pepper: -> {records, done, moved, refused,
 *                     finished}
 *   password.peppers  -> {peppers: [{version, records}]}
 *
 * People's data (lifecycle/; "tenant" is "house" unless given); each answer has an "outcome":
 *
 *   subject.consent       {subject, purpose, channel, text_sha256, separate?}
 *   subject.collect       {subject, purpose, channel, fields: [{class, reference?}]}
 *   subject.use           {subject, purpose, act, classes, party?, reference?}
 *   subject.request       {subject, kind, proof, purpose?, class?, reference?, number?, receive?}
 *   subject.end           {subject}: the relationship is over
 *   subject.hold          {subject, authority, reference, until, approvals}
 *   subject.release_hold  {subject, authority, reference, approvals}
 *   subject.status        {subject}: what is held, agreed, done and asked; never a value
 *   subject.waiting       who waits for destruction
 *   subject.destroy       {subjects: [{tenant, subject}], approvals}: -> certificate
 */
#include "api/house.h"
#include "ipc/admin_wire.h"
#include "ipc/service.h"

enum { ADMIN_TEXT_BYTES_MAX = WIRE_ADMIN_TEXT_BYTES_MAX };

typedef struct AdminConfig {
    House *house;
    const char *socket_path;
    uint32_t operator_uid; /* the one user who may connect, besides root */
    int group; /* of the socket file; -1: unchanged */
    const char *database_path;
    const char *domain_path;
    /* Have the log signed and keep the note in its two places, as the clockwork does. From any
     * thread. */
    Status (*take_checkpoint)(void *context);
    void *context;
} AdminConfig;

typedef struct Admin Admin;

/* Listen and serve on a thread of its own. Faults FAULT_IPC, FAULT_THREAD, FAULT_MEMORY. */
MUST_USE Status admin_start(const AdminConfig *config, Admin **ret_admin);
void admin_stop(Admin *admin);
/* Somebody asked for it over the socket ("stop"). */
bool admin_stop_asked(const Admin *admin);
