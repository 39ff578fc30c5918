/*
 * hufu: the command line: set up, start, operate, replay, verify. Each subcommand has its own file.
 */
#include "as.h"
#include "command.h"
#include "request_client.h"

#include "policy/log_door.h"

#include <unistd.h>

static const Command commands[] = {
    { "up", "start everything on this machine and keep it running", command_up },
    { "status", "what runs, and how it is", command_status },
    { "stop", "stop a running `hufu up`", command_stop },
    { "merchant add", "register a merchant with its public key or CSR", command_merchant_add },
    { "merchant key add", "a further public key for a merchant", command_merchant_key_add },
    { "merchant key rotate", "a new key; the old one ends at a date", command_merchant_key_rotate },
    { "merchant onboard", "what is agreed with a merchant: licence, account, fees",
            command_merchant_onboard },
    { "merchant show", "the same, with the account masked", command_merchant_show },
    { "merchant profile list", "which ways of signing a merchant was given",
            command_merchant_profile_list },
    { "merchant profile", "... and give them", command_merchant_profile },
    { "merchant origin add", "whose pages may frame fields for it", command_merchant_origin_add },
    { "merchant origin remove", "... and no longer", command_merchant_origin_remove },
    { "merchant origin list", "... and who may now", command_merchant_origin_list },
    { "merchant address add", "where its requests are taken from", command_merchant_address_add },
    { "merchant address remove", "... and no longer", command_merchant_address_remove },
    { "merchant address list", "... and from where now", command_merchant_address_list },
    { "merchant codes", "its printed codes", command_merchant_codes },
    { "merchant plan add", "what it may ask payers to sign: deductions without asking",
            command_merchant_plan_add },
    { "merchant plan close", "... and no longer; what was signed goes on",
            command_merchant_plan_close },
    { "merchant plan list", "... and what it may now", command_merchant_plan_list },
    { "merchant key revoke", "a key is refused from here on", command_merchant_key_revoke },
    { "merchant key list", "merchants' keys: serials, states, dates", command_merchant_key_list },
    { "reserve import", "the bank's reserve account, day by day", command_reserve_import },
    { "reserve check", "what customers were owed, and what the bank had", command_reserve_check },
    { "settlement list", "what merchants are paid out", command_settlement_list },
    { "settlement request", "settle on the same day", command_settlement_request },
    { "settlement submit", "a settlement was handed to the bank", command_settlement_submit },
    { "settlement confirm", "the bank has paid a settlement out", command_settlement_confirm },
    { "settlement fail", "... has not: the merchant has it again", command_settlement_fail },
    { "notification list", "what merchants were not told", command_notification_list },
    { "notification resend", "tell a merchant again", command_notification_resend },
    { "payer add", "open an account for a payer", command_payer_add },
    { "payer cards", "a payer's bank cards, masked", command_payer_cards },
    { "payer identify", "who a payer is, as somebody who met him says", command_payer_identify },
    { "transfer list", "what a payer transfers to others", command_transfer_list },
    { "transfer show", "one transfer of a payer", command_transfer_show },
    { "payer show", "class and state of a payer's account", command_payer_show },
    { "payer stop", "emergency stop: nothing goes out", command_payer_stop },
    { "payer resume", "lift it; somebody else approves", command_payer_resume },
    { "payer confirm", "who the payer is was confirmed anew: the account's class",
            command_payer_confirm },
    { "payer register", "a payer's own password and device, as his app does it",
            command_payer_register },
    { "payer login", "log a registered payer in", command_payer_login },
    { "payer logout", "end that session", command_payer_logout },
    { "payer scan", "pay by a merchant's code, as his app does it", command_payer_scan },
    { "payer code", "a payment code for a shop's scanner", command_payer_code },
    { "picture", "a text as QR code or bars: a code_url, a payment code", command_picture },
    { "password reset", "a new password, PIN or second factor; two must approve",
            command_password_reset },
    { "password enable-legacy", "let an old password table be imported; two people must approve",
            command_password_enable_legacy },
    { "password disable-legacy", "end it; two people must approve",
            command_password_disable_legacy },
    { "password import", "take over an old password table", command_password_import },
    { "password sweep", "bring all passwords under the current pepper", command_password_sweep },
    { "password counts", "how many are modern, legacy, wrapped, locked", command_password_counts },
    { "access enrol-totp", "a secret for your own authenticator app", command_access_enrol_totp },
    { "caller add", "let another system use the vault as a service", command_caller_add },
    { "caller list", "who may use the vault, and for what", command_caller_list },
    { "caller revoke", "refuse a caller from now on", command_caller_revoke },
    { "operator first", "at the ceremony: enrol one of the first who may approve",
            command_operator_first },
    { "operator add", "enrol who may approve; two people must approve", command_operator_add },
    { "operator change", "another key, other duties; two people must approve",
            command_operator_change },
    { "operator remove", "an operator leaves; two people must approve", command_operator_remove },
    { "operator list", "whose signatures count, and for what", command_operator_list },
    { "operator key", "make a signing key for oneself, under a passphrase", command_operator_key },
    { "receiver add", "enrol who may be given full numbers; two people must approve",
            command_receiver_add },
    { "receiver remove", "give a receiver nothing more; two people must approve",
            command_receiver_remove },
    { "reveal list", "who was given which number, and why", command_reveal_list },
    { "access begin", "name the first people", command_access_begin },
    { "access join", "somebody comes, with roles and a key", command_access_join },
    { "access move", "other roles, or another key", command_access_move },
    { "access leave", "somebody is gone at once and for good", command_access_leave },
    { "access list", "people and services, and their roles", command_access_list },
    { "access explain", "why may somebody do something, or why not", command_access_explain },
    { "access table set", "another table of rights; somebody else approves",
            command_access_table_set },
    { "access table", "roles, actions, levels: the table in force", command_access_table },
    { "access passkeys remove", "somebody lost the device that holds it",
            command_access_passkeys_remove },
    { "access passkeys", "of somebody, at the console", command_access_passkeys },
    { "access request", "ask for a right for a while", command_access_request },
    { "access revoke", "end a grant at once", command_access_revoke },
    { "access grants", "rights for a while, in force", command_access_grants },
    { "access emergency end", "before its time", command_access_emergency_end },
    { "access emergency review", "look at somebody else's afterwards",
            command_access_emergency_review },
    { "access emergency", "break the glass: alarmed, short, reviewed afterwards",
            command_access_emergency },
    { "access review", "somebody else's roles: which are still needed", command_access_review },
    { "access reviews", "whose rights are due to be looked at", command_access_reviews },
    { "bank fund", "from a bank account to a balance", command_bank_fund },
    { "bank withdraw", "from a merchant's balance to its bank account; somebody else approves",
            command_bank_withdraw },
    { "bank card", "from a card to a balance", command_bank_card },
    { "bank list", "orders to the bank that have no end yet", command_bank_list },
    { "bank status", "both lines to the bank", command_bank_status },
    { "bank reconcile", "a day against the bank's file of it", command_bank_reconcile },
    { "bank differences", "where they differ, unexplained", command_bank_differences },
    { "bank explain", "say why they differ", command_bank_explain },
    { "key list", "names, versions and dates of the vault's keys", command_key_list },
    { "key rotate", "make the next version of a key; two people must approve", command_key_rotate },
    { "key destroy", "destroy an old version for good; two people must approve",
            command_key_destroy },
    { "key ceremony", "make a new vault's keys, with a signed record", command_key_ceremony },
    { "key turn-root", "a new root key, in the same custody or another; two people must approve",
            command_key_turn_root },
    { "key unseal", "hand in a custodian's share", command_key_unseal },
    { "key check", "would this key be taken, or is it a weak one", command_key_check },
    { "vault rewrap", "move sealed fields to the current keys", command_vault_rewrap },
    { "vault plant-honey", "cards that nobody owns; who touches one is told of",
            command_vault_plant_honey },
    { "vault reveal-legal", "a value for an authority's key alone; two people must approve",
            command_vault_reveal_legal },
    { "vault display", "the mask; in full under an override, two people must approve",
            command_vault_display },
    { "vault turn", "move subjects' keys to this month's key", command_vault_turn },
    { "day end", "close the last finished business day", command_day_end },
    { "backup", "an encrypted copy of everything, while it runs", command_backup },
    { "restore", "go back to a backup; two people must approve", command_restore },
    { "policy explain", "what may be done with data, and which article says so",
            command_policy_explain },
    { "policy list", "overrides, live and past: who, why, until when", command_policy_list },
    { "policy override", "another rule for a while; two people must sign",
            command_policy_override },
    { "policy mask", "show less of a class, or for a while more; two people must sign",
            command_policy_mask },
    { "policy check", "read a policy file and say what differs from the default",
            command_policy_check },
    { "policy set", "put a whole policy file in force; two people must sign", command_policy_set },
    { "policy grant-expiry", "let a card's expiry rest encrypted; both sides agreed, two sign",
            command_policy_grant_expiry },
    { "policy look-expiry", "the grant of one user and one institution",
            command_policy_look_expiry },
    { "policy grants", "all grants for card expiry, in force and ended", command_policy_grants },
    { "policy end-expiry", "end a grant: consent was withdrawn", command_policy_end_expiry },
    { "enrolment begin", "half a newcomer's code for the console", command_enrolment_begin },
    { "enrolment complete", "its other half, by another person", command_enrolment_complete },
    { "release", "release a frozen row; two people must approve", command_release },
    { "approval request", "write what two people are to sign, to be carried by hand",
            command_approval_request },
    { "approval sign", "sign such a file, anywhere", command_approval_sign },
    { "approval show", "what such a file asks for, and who signed", command_approval_show },
    { "approval check", "is such a file what a command would ask for", command_approval_check },
    { "export request", "ask to give data to somebody outside", command_export_request },
    { "export list", "the forms for giving data, and what became of each", command_export_list },
    { "export run", "export by an approved form, encrypted to its receiver", command_export_run },
    { "export open", "at the receiver's: open an exported file", command_export_open },
    { "request list", "what waits for somebody else's approval", command_request_list },
    { "request show", "what exactly was asked, and who approved it", command_request_show },
    { "request approve", "agree to it, with your own signature", command_request_approve },
    { "request carry", "write what an approver signs to a file", command_request_carry },
    { "request refuse", "say no to it", command_request_refuse },
    { "request withdraw", "take back what you asked", command_request_withdraw },
    { "audit verify", "check rows, sums and the log from outside", command_audit_verify },
    { "audit report", "write, sign and keep the half-yearly audit report", command_audit_report },
    { "audit review", "two people have read a kept report, and sign it", command_audit_review },
    { "trail search", "who did what, on whom, when, from where", command_trail_search },
    { "trail prove", "the proof that a leaf stands in the signed log", command_trail_prove },
    { "trail check", "check such a proof offline", command_trail_check },
    { "incident open", "a leak, a violation, a suspected crime", command_incident_open },
    { "incident step", "say what was done about it", command_incident_step },
    { "incident list", "open incidents and what is late", command_incident_list },
    { "incident close", "two people say that it is over", command_incident_close },
    { "incident print", "write, sign and keep the file of an incident", command_incident_print },
    { "subject consent", "record that a person agreed to a purpose", command_subject_consent },
    { "subject collect", "record that data is collected for a purpose", command_subject_collect },
    { "subject use", "may these data be used so? sharing is recorded", command_subject_use },
    { "subject access", "answer a person: what we hold of them", command_subject_access },
    { "subject correct", "answer a person: a value is corrected", command_subject_correct },
    { "subject delete", "answer a person: delete, or restrict until a date",
            command_subject_delete },
    { "subject withdraw", "answer a person: a consent is withdrawn", command_subject_withdraw },
    { "subject end", "the relationship is over: clocks start", command_subject_end },
    { "subject hold", "an authority wants data kept; two people sign", command_subject_hold },
    { "subject release-hold", "it no longer does; two people sign", command_subject_release_hold },
    { "subject destroy", "destroy the keys of who was deleted; two people sign",
            command_subject_destroy },
    { "subject status", "what is held of a person; never a value", command_subject_status },
    { "seal attach", "keep seals for an existing PostgreSQL table", command_seal_attach },
    { "seal detach", "forget such a table", command_seal_detach },
    { "seal status", "attached tables, and how their rows are", command_seal_status },
    { "seal scan", "look at every row of one, and tell what was done to it", command_seal_scan },
    { "seal verify", "look at one row", command_seal_verify },
    { "seal release", "settle a frozen row; two people must approve", command_seal_release },
    { "simulate", "make a file of payments with fraud hidden in it", command_simulate },
    { "replay", "send a file of payments through the public API", command_replay },
    { "scan", "find card numbers, keys and secrets where they must not be", command_scan },
    { "sign", "sign a request and show what was signed", command_sign },
    { "explain", "find out why a signature does not match", command_explain },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void show_commands(FILE *out)
{
    fprintf(out,
            "usage: hufu COMMAND [OPTIONS]\n\n"
            "Hufu takes a payment from the merchant's signed message to a sealed, audited ledger "
            "row.\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-20s %s\n", commands[i].name, commands[i].summary);
    fprintf(out,
            "\n`hufu COMMAND --help` explains one. Start with `hufu up`.\n"
            "`--as NAME` says who asks (else $HUFU_AS, else the file DIR/as); his key signs.\n");
}

/* How many words of the arguments name this command; 0 when they name another. */
static int names(const Command *command, int argc, char **argv)
{
    const char *rest = command->name;
    for (int words = 1;; words++) { /* ends: a name has as many words as it has spaces and one */
        const size_t length = strcspn(rest, " ");
        if (argc <= words || strlen(argv[words]) != length) return 0;
        if (strncmp(argv[words], rest, length) != 0) return 0;
        if (rest[length] == '\0') return words;
        rest += length + 1;
    }
}

int command_run(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        show_commands(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_DONE;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        const int words = names(&commands[i], argc, argv);
        if (words > 0) return commands[i].run(argc - 1 - words, argv + 1 + words);
    }
    fprintf(stderr, "hufu: there is no command `%s`\n\n", argv[1]);
    show_commands(stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    log_open("hufu", LOG_WARNING, STDERR_FILENO);
    log_door_open();
    argc = as_take(argc, argv);
    argc = approve_take(argc, argv);
    return command_run(argc, argv);
}
