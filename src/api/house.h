#pragma once
/*
 * house: everything that a request may need on its way, put together once by programs/hufud and
 * never changed while requests are on the way.
 */
#include "access/caller.h"
#include "access/device.h"
#include "access/directory.h"
#include "access/enrolment.h"
#include "access/grant.h"
#include "access/in_force.h"
#include "access/payer_book.h"
#include "access/principal.h"
#include "access/rights.h"
#include "access/session.h"
#include "access/throttle.h"
#include "api/door.h"
#include "api/platform_keys.h"
#include "api/traffic.h"
#include "api/workers.h"
#include "lifecycle/subject.h"
#include "message/answer.h"
#include "message/budget.h"
#include "message/pace.h"
#include "message/request.h"
#include "payment/holidays.h"
#include "payment/refund.h"
#include "report/incident_work.h"
#include "report/kept.h"
#include "vaultclient/client.h"
#include "vaultclient/domain.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    HOUSE_PSEUDONYM_KEY_BYTES = 32,
    HOUSE_CHALLENGE_KEY_BYTES = 32,
    HOUSE_CHALLENGE_LIFE_S = 300,
    HOUSE_URL_BYTES_MAX = 256, /* with its NUL */
};

typedef struct BillDesk BillDesk;
typedef struct CardDesk CardDesk;
typedef struct ChannelDesk ChannelDesk;
typedef struct FieldFiles FieldFiles;
typedef struct Lines Lines;
typedef struct Health Health;
typedef struct PasskeyDesk PasskeyDesk;
typedef struct Signer Signer;
typedef struct TrailDesk TrailDesk;

/* How far the audit log has heard of what was done to vaultd (vault_feed.h). */
typedef struct VaultFeed {
    pthread_mutex_t lock;
    uint64_t kept; /* in this run */
    int64_t next_us;
} VaultFeed;

/* How far the audit log has heard of reveals (reveal_feed.h). */
typedef struct RevealFeed {
    pthread_mutex_t lock;
    int64_t next_us;
} RevealFeed;

/* For the log: a merchant quotes its Request-ID. */
typedef struct AnswerReport {
    const char *mchid; /* "": no merchant */
    const char *request_id; /* "": the answer had none */
    int http;
    Status why;
} AnswerReport;

typedef struct House {
    Clock clock;
    Random random;
    Batcher *batcher;
    VaultClient *vault;
    DomainStore *domain;
    MerchantDirectory *directory;
    NonceSet *nonces;
    MessageVerifier *verifier;
    SignBudget budget; /* of signed refusals before authentication */
    Pace *pace; /* of each merchant */
    Workers *openers; /* what blocks on the vault's password lane */
    Workers *bankers; /* what waits for a bank on a payer's behalf; NULL: no channel to one */
    CallerList *callers; /* of the vault's service (call.h) */
    AccessInForce *access; /* who may do what */
    int64_t access_version; /* of the accepted table (access/table_row.h) */
    PrincipalBook *principals;
    GrantBook *grants;
    _Atomic size_t principals_left_out; /* their rows did not verify */
    int64_t first_batch; /* of this run: what an earlier one began stands in batches before it */
    int64_t opened_us; /* what operators signed before is not taken: its nonces are forgotten */
    Workers *call_workers;
    SessionTable *sessions; /* of staff, merchants' administrators and payers */
    DeviceBook *devices; /* known to the console */
    PasskeyDesk *passkeys; /* staff's and merchants' administrators' */
    EnrolmentTable *enrolments;
    Throttle *throttle; /* of log-ins, the console's and the payers' */
    Signer *signer;
    FieldFiles *field_files; /* the cashier page and its fields; NULL: not here */
    PayerBook *payers; /* who has registered */
    NonceSet *device_nonces; /* of payers' devices: no crowd of them takes the merchants' room */
    int64_t legacy_profiles; /* that hufud.yaml names: set of 1 << number (message/profile.h) */
    bool payer_devices_needed; /* every payer must register (docs/decisions/0047) */
    int64_t payer_cool_us; /* no money leaves so long after a reset, or from a new device */
    Health *health; /* whether payments are taken now */
    Traffic traffic;
    void (*report_answer)(const AnswerReport *report); /* an answer of 5xx; NULL: nobody */
    SignBudget faults; /* how many of them are told */
    BillDesk *bills; /* makes merchants' bills */
    ChannelDesk *bank_desk; /* has bank orders done; NULL: no channel to a bank */
    CardDesk *card_desk; /* has payers' cards bound; NULL: likewise */
    const char *bank_receiver; /* whom cards are sealed to (vault/card_pass.h) */
    Lines *bank_lines; /* its lines; NULL: likewise */
    TrailDesk *trail; /* the audit log, searched and alarmed upon */
    PaymentRules rules;
    Holidays holidays; /* of the banks: settlement */
    int64_t reserve_wait_days; /* for the bank's statement (reserve_tick.h); 0: not waited for */
    RefundRules refund_rules;
    VaultFeed feed;
    RevealFeed reveals;
    Door door; /* refusals before any unit, for the audit log */
    ReportClock report_clock;
    IncidentClocks incident_clocks;
    Purposes purposes;
    int64_t code_life_us;
    PlatformKeys platform; /* whose keys sign answers */
    const char *public_url; /* "https://pay.example", as payers' browsers find us; "": `address` */
    const char *address;
    _Atomic uint16_t port; /* 0: not served yet */
    uint8_t pseudonym_key[HOUSE_PSEUDONYM_KEY_BYTES]; /* payer ids as merchants see them */
    uint8_t challenge_key[HOUSE_CHALLENGE_KEY_BYTES]; /* of this run: nonces that we gave out */
    _Atomic size_t
            keys_left_out; /* merchant keys whose rows did not verify when they were loaded */
    _Atomic bool data_is_due; /* somebody's data is to be deleted: do not wait for the clock */
    _Atomic uint64_t legacy_signatures; /* taken under one of them, in this run */
    _Atomic uint64_t passages_open;
    _Atomic uint64_t signed_groups; /* messages to vaultd for signatures */
} House;

/* Where payers' browsers find us, without a '/' at the end; false: not known yet, or `address` is
 * every one and `public_url` is not set. */
bool house_public_url(const House *house, char ret_url[HOUSE_URL_BYTES_MAX]);
