#pragma once
/*
 * stand: a whole house for tests and benchmarks: vaultd and hufud as real programs in a folder of
 * their own, on loopback and a free port, ended by their process ids. Nothing is mocked.
 *
 * The folder is made under TMPDIR (or /tmp) and removed by stand_close() unless the test failed
 * (HUFU_STAND_KEEP=1 keeps it always). Programs are found beside the test's own build folder:
 * <build>/programs/.
 */
#include "merchant_app.h"
#include "payer_app.h"

#include "audit/event.h"

#include <sys/types.h>

enum { STAND_PATH_BYTES_MAX = 256, STAND_READY_MS_MAX = 60000 };

typedef enum StandProgram { STAND_VAULTD = 0, STAND_HUFUD = 1, STAND_PROGRAMS = 2 } StandProgram;

typedef struct StandOptions {
    bool sm; /* vaultd --suite sm */
    int code_life_s; /* of payment codes; 0: 60 */
    int signers; /* 0: 2 */
    int openers; /* 0: 8 */
    bool payer_devices_required;
    const char *trusted_proxies; /* a YAML list; NULL: none */
    const char *strategy; /* YAML text; NULL: the one in rules/ */
    const char *accounts; /* likewise; NULL: accounts without limits */
    const char *barcode; /* likewise; NULL: static codes alone are limited */
    const char *transfers; /* likewise; NULL: the one in rules/ */
    const char *purposes; /* likewise */
    const char *notify; /* lines of hufud.yaml; NULL: nobody is told anything */
    const char *alarms; /* YAML text; NULL: none is raised */
    int tls_life_s; /* of hufud's certificate; 0: vaultd's own default */
    bool separate_users; /* as root: each program its own uid (65533 hufud, 65532 vaultd) */
    const char *data_folder; /* where data/ lies (another file system); NULL: inside the folder */
    const char *vault_folder; /* vaultd's own, mode 0700; NULL: inside the folder */
} StandOptions;

typedef struct Stand {
    char folder[STAND_PATH_BYTES_MAX];
    char programs[STAND_PATH_BYTES_MAX];
    pid_t pids[STAND_PROGRAMS]; /* 0: not running */
    StandOptions options;
    uint16_t port;
    uint16_t service_port; /* of the vault's service, with certificates on both sides */
    uint16_t console_port;
    uint16_t metrics_port;
    struct ssl_ctx_st *tls; /* trusts the stand's CA */
    BoxKey box_key;
    bool operators_enrolled;
} Stand;

/* Make the folder and start both programs; enrols operators "alice" and "bob" (keys in operators/).
 */
MUST_USE Status stand_open(const StandOptions *options, Stand *ret_stand);
/* Stop what runs (SIGTERM, then wait) and remove the folder. */
void stand_close(Stand *stand);

/* Write hufud.yaml by `options`, as they are now; hufud reads it when it starts. */
MUST_USE Status stand_configure(const Stand *stand);

/* Start one program; hufud: wait until it serves. Refuses REFUSED_IPC_TIMEOUT (see <folder>/log/).
 */
MUST_USE Status stand_start(Stand *stand, StandProgram program);
/* Start without waiting until it serves. */
MUST_USE Status stand_launch(Stand *stand, StandProgram program);
/* Wait until hufud serves (a new ready file) and trust its CA. */
MUST_USE Status stand_await(Stand *stand);
/* Send a signal and wait for the end; ret_exit (may be NULL) as waitpid() tells it. */
void stand_stop(Stand *stand, StandProgram program, int signal, int *ret_exit);
/* Has the program ended by itself? */
bool stand_ended(Stand *stand, StandProgram program, int *ret_exit);

/* A path inside the folder; the text lives until the fourth next call of this thread. */
const char *stand_path(const Stand *stand, const char *name);

/* A connection to hufud. */
MUST_USE Status stand_connect(const Stand *stand, HttpClient **ret_http);
/* The same from an address of this machine, "127.0.0.2". */
MUST_USE Status stand_connect_from(const Stand *stand, const char *from, HttpClient **ret_http);

/* A merchant with a fresh key, and one who learnt the platform's certificate. */
MUST_USE Status stand_merchant(
        Stand *stand, const char *mchid, KeyAlgorithm algorithm, MerchantApp *ret_app);
/* A payer with a PIN and a balance. */
MUST_USE Status stand_payer(Stand *stand, const char *payer_id, const char *pin,
        int64_t balance_minor, PayerApp *ret_app);

/* Run `auditor` on the stand's database; its exit status (0 clean, 1 findings, 2 could not). Output
 * in log/auditor.log. */
int stand_audit(const Stand *stand);
/* The same with keys of the auditor's own, and, unless NULL, another file with their changes. */
int stand_audit_with(const Stand *stand, const char *keys, const char *changes);
/* Trust whom the house's ca.pem names now. */
MUST_USE Status stand_trust(Stand *stand);

/* One value of the first column of the first row, read beside the programs (read-only); ASSERTs
 * that it exists. */
int64_t stand_number(const Stand *stand, const char *sql);
/* The same from another database of the folder. */
int64_t stand_number_in(const Stand *stand, const char *file, const char *sql);
/* Wait until it is more than 0. False, and shown: it is not, in good time. */
bool stand_comes_true(const Stand *stand, const char *sql);
/* As stand_number(), as text. */
void stand_text(const Stand *stand, const char *sql, char *ret_text, size_t capacity);

/* Some file of the folder holds these bytes: data, journals, logs, everything. */
bool stand_holds(const Stand *stand, Span text);

/* Trips between processes or to the store so far (hufud's own counters, not counting this
 * question). */
typedef struct StandTrips {
    int64_t units;
    int64_t trips;
} StandTrips;
StandTrips stand_trips(const Stand *stand);
/* Wait until the newest checkpoint covers the log as it is now. */
bool stand_await_checkpoint(const Stand *stand);
/* How many leaves of the audit log hold this text. */
int64_t stand_leaves_with(const Stand *stand, const char *text);
/* Every event of the audit log in order, parsed; what it borrows lives during the visit. */
void stand_each_event(
        const Stand *stand, void (*visit)(void *context, const AuditEvent *event), void *context);
/* Wait until what hufud logs (log/hufud.log) holds this text. False: it does not, in good time. */
bool stand_log_says(const Stand *stand, const char *text);
/* Wait until a leaf of the audit log holds this text. False: none does, in good time. */
bool stand_logged(const Stand *stand, const char *text);
/* Execute SQL on the store, running or not, as an intruder with write access would. */
void stand_tamper(const Stand *stand, const char *sql);
