#pragma once
/*
 * command: the subcommands of `hufu`, and what they share: options, help, and how they complain.
 *
 * Each subcommand is one function in one file. It gets its own arguments (without its name) and
 * returns the exit status of the program: 0 done, 1 refused or failed, 2 called wrongly.
 */
#include "base/bytes.h"

#include <stdio.h>

typedef struct Command {
    const char *name; /* "merchant add" */
    const char *summary;
    int (*run)(int argc, char **argv);
} Command;

/* Run the command that argv[1]... names, as the program's own arguments do. */
int command_run(int argc, char **argv);

int command_up(int argc, char **argv);
int command_status(int argc, char **argv);
int command_stop(int argc, char **argv);
int command_merchant_add(int argc, char **argv);
int command_merchant_key_add(int argc, char **argv);
int command_merchant_key_rotate(int argc, char **argv);
int command_merchant_key_revoke(int argc, char **argv);
int command_merchant_profile(int argc, char **argv);
int command_merchant_profile_list(int argc, char **argv);
int command_merchant_origin_add(int argc, char **argv);
int command_merchant_origin_remove(int argc, char **argv);
int command_merchant_origin_list(int argc, char **argv);
int command_merchant_address_add(int argc, char **argv);
int command_merchant_address_remove(int argc, char **argv);
int command_merchant_address_list(int argc, char **argv);
int command_merchant_codes(int argc, char **argv);
int command_merchant_plan_add(int argc, char **argv);
int command_merchant_plan_close(int argc, char **argv);
int command_merchant_plan_list(int argc, char **argv);
int command_merchant_onboard(int argc, char **argv);
int command_merchant_show(int argc, char **argv);
int command_reserve_import(int argc, char **argv);
int command_reserve_check(int argc, char **argv);
int command_settlement_list(int argc, char **argv);
int command_settlement_request(int argc, char **argv);
int command_settlement_submit(int argc, char **argv);
int command_settlement_confirm(int argc, char **argv);
int command_settlement_fail(int argc, char **argv);
int command_notification_list(int argc, char **argv);
int command_notification_resend(int argc, char **argv);
int command_merchant_key_list(int argc, char **argv);
int command_payer_add(int argc, char **argv);
int command_payer_cards(int argc, char **argv);
int command_payer_identify(int argc, char **argv);
int command_transfer_list(int argc, char **argv);
int command_transfer_show(int argc, char **argv);
int command_payer_show(int argc, char **argv);
int command_payer_stop(int argc, char **argv);
int command_payer_resume(int argc, char **argv);
int command_payer_confirm(int argc, char **argv);
int command_payer_register(int argc, char **argv);
int command_payer_login(int argc, char **argv);
int command_payer_logout(int argc, char **argv);
int command_payer_scan(int argc, char **argv);
int command_payer_code(int argc, char **argv);
int command_picture(int argc, char **argv);
int command_password_reset(int argc, char **argv);
int command_password_enable_legacy(int argc, char **argv);
int command_password_disable_legacy(int argc, char **argv);
int command_password_import(int argc, char **argv);
int command_password_sweep(int argc, char **argv);
int command_password_counts(int argc, char **argv);
int command_access_enrol_totp(int argc, char **argv);
int command_caller_add(int argc, char **argv);
int command_caller_list(int argc, char **argv);
int command_caller_revoke(int argc, char **argv);
int command_operator_first(int argc, char **argv);
int command_operator_add(int argc, char **argv);
int command_operator_change(int argc, char **argv);
int command_operator_remove(int argc, char **argv);
int command_operator_list(int argc, char **argv);
int command_operator_key(int argc, char **argv);
int command_receiver_add(int argc, char **argv);
int command_receiver_remove(int argc, char **argv);
int command_reveal_list(int argc, char **argv);
int command_key_list(int argc, char **argv);
int command_key_rotate(int argc, char **argv);
int command_key_destroy(int argc, char **argv);
int command_key_ceremony(int argc, char **argv);
int command_key_turn_root(int argc, char **argv);
int command_key_unseal(int argc, char **argv);
int command_key_check(int argc, char **argv);
int command_vault_rewrap(int argc, char **argv);
int command_vault_turn(int argc, char **argv);
int command_vault_reveal_legal(int argc, char **argv);
int command_vault_display(int argc, char **argv);
int command_vault_plant_honey(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_policy_explain(int argc, char **argv);
int command_policy_list(int argc, char **argv);
int command_policy_override(int argc, char **argv);
int command_policy_mask(int argc, char **argv);
int command_policy_check(int argc, char **argv);
int command_policy_set(int argc, char **argv);
int command_policy_grant_expiry(int argc, char **argv);
int command_access_begin(int argc, char **argv);
int command_access_join(int argc, char **argv);
int command_access_move(int argc, char **argv);
int command_access_leave(int argc, char **argv);
int command_access_list(int argc, char **argv);
int command_access_explain(int argc, char **argv);
int command_access_table_set(int argc, char **argv);
int command_access_table(int argc, char **argv);
int command_access_passkeys(int argc, char **argv);
int command_access_passkeys_remove(int argc, char **argv);
int command_access_request(int argc, char **argv);
int command_access_revoke(int argc, char **argv);
int command_access_grants(int argc, char **argv);
int command_access_emergency(int argc, char **argv);
int command_access_emergency_end(int argc, char **argv);
int command_access_emergency_review(int argc, char **argv);
int command_access_review(int argc, char **argv);
int command_access_reviews(int argc, char **argv);
int command_policy_look_expiry(int argc, char **argv);
int command_policy_grants(int argc, char **argv);
int command_policy_end_expiry(int argc, char **argv);
int command_enrolment_begin(int argc, char **argv);
int command_enrolment_complete(int argc, char **argv);
int command_release(int argc, char **argv);
int command_approval_request(int argc, char **argv);
int command_approval_sign(int argc, char **argv);
int command_approval_show(int argc, char **argv);
int command_approval_check(int argc, char **argv);
int command_export_request(int argc, char **argv);
int command_export_list(int argc, char **argv);
int command_export_run(int argc, char **argv);
int command_export_open(int argc, char **argv);
int command_request_list(int argc, char **argv);
int command_request_show(int argc, char **argv);
int command_request_approve(int argc, char **argv);
int command_request_carry(int argc, char **argv);
int command_request_refuse(int argc, char **argv);
int command_request_withdraw(int argc, char **argv);
int command_audit_verify(int argc, char **argv);
int command_audit_report(int argc, char **argv);
int command_audit_review(int argc, char **argv);
int command_incident_open(int argc, char **argv);
int command_incident_step(int argc, char **argv);
int command_incident_close(int argc, char **argv);
int command_incident_list(int argc, char **argv);
int command_incident_print(int argc, char **argv);
int command_bank_fund(int argc, char **argv);
int command_bank_withdraw(int argc, char **argv);
int command_bank_list(int argc, char **argv);
int command_bank_card(int argc, char **argv);
int command_bank_status(int argc, char **argv);
int command_bank_reconcile(int argc, char **argv);
int command_bank_differences(int argc, char **argv);
int command_bank_explain(int argc, char **argv);
int command_trail_search(int argc, char **argv);
int command_trail_prove(int argc, char **argv);
int command_trail_check(int argc, char **argv);
int command_day_end(int argc, char **argv);
int command_subject_consent(int argc, char **argv);
int command_subject_collect(int argc, char **argv);
int command_subject_use(int argc, char **argv);
int command_subject_access(int argc, char **argv);
int command_subject_correct(int argc, char **argv);
int command_subject_delete(int argc, char **argv);
int command_subject_withdraw(int argc, char **argv);
int command_subject_destroy(int argc, char **argv);
int command_subject_end(int argc, char **argv);
int command_subject_hold(int argc, char **argv);
int command_subject_release_hold(int argc, char **argv);
int command_subject_status(int argc, char **argv);
int command_simulate(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_scan(int argc, char **argv);
int command_sign(int argc, char **argv);
int command_explain(int argc, char **argv);

int command_seal_attach(int argc, char **argv);
int command_seal_detach(int argc, char **argv);
int command_seal_status(int argc, char **argv);
int command_seal_scan(int argc, char **argv);
int command_seal_verify(int argc, char **argv);
int command_seal_release(int argc, char **argv);

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum { OPTION_VALUES_MAX = 64 };

typedef enum OptionKind {
    OPTION_FLAG = 1, /* bool: true when given */
    OPTION_TEXT, /* const char *: borrowed from argv */
    OPTION_NUMBER, /* int64_t: least..most */
    OPTION_LIST, /* OptionList: given up to OPTION_VALUES_MAX times */
} OptionKind;

typedef struct OptionList {
    const char *values[OPTION_VALUES_MAX];
    size_t count;
} OptionList;

typedef struct Option {
    const char *name; /* "--port"; without dashes: a positional argument, in order, required;
                         a list of them comes last and may be empty */
    OptionKind kind;
    const char *value; /* "N", "FILE"; NULL for a flag or a positional argument */
    const char *help; /* one line; an empty line keeps it out of the help */
    void *place; /* left as it was when not given */
    int64_t least;
    int64_t most;
} Option;

typedef struct Usage {
    const char *name; /* "hufu merchant add" */
    const char *about; /* sentences */
    const Option *options;
    size_t option_count;
} Usage;

/*
 * Read the arguments into the options' places. True: go on. False: the help was shown, or what is
 * wrong was said; return *ret_exit.
 */
bool options_read(const Usage *usage, int argc, char **argv, int *ret_exit);
/* Say what it needs besides; the exit status. */
int options_missing(const Usage *usage, const char *needs);

/* Say "hufu: <what>: <advice> (NAME)" on standard error; EXIT_FAILED. That a request was written
 * instead (REFUSED_APPROVAL_REQUESTED) is what was asked for: EXIT_DONE. */
int command_failed(const char *what, Status status);

enum { PATH_BYTES_MAX = 512 };

/* Where everything lives: --directory, else $HUFU_DIRECTORY, else "var". */
const char *directory_default(void);
/* "<directory>/<name>" into `path`; returns it. Too long is our caller's mistake: it ends the
 * program. */
const char *path_in(char path[PATH_BYTES_MAX], const char *directory, const char *name);

/* Where this program lies, and the others beside it. Faults FAULT_SYSTEM. */
MUST_USE Status programs_folder(char ret_path[PATH_BYTES_MAX]);

/* Read a secret from a file into `ret_bytes`, without an editor's line feeds at its end. As
 * file_read(). */
MUST_USE Status file_read_secret(const char *path, Buffer *ret_bytes);
/* "2026-11-23", or "never" for zero. */
void day_text(int64_t time_us, char ret_day[11]);

/* Read a whole file of at most `ret_bytes->capacity` bytes. Refuses BUFFER_FULL; faults FAULT_DISK.
 */
MUST_USE Status file_read(const char *path, Buffer *ret_bytes);
/* Write a file anew with this mode, whole or not at all (a rename). Faults FAULT_DISK. */
MUST_USE Status file_write(const char *path, unsigned mode, Span bytes);
