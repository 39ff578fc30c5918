#include "api/signer.h"

#include "api/gateway.h"

#include <pthread.h>
#include <stdlib.h>

struct Signer {
    House *house;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    Passage *first;
    Passage *last;
    size_t waiting;
    bool stopping;
    int count;
    pthread_t threads[SIGNER_THREADS_MAX];
};

enum { CANONICAL_BYTES_MAX = PASSAGE_BODY_BYTES_MAX + 256 };

/* One thread's memory for one group. */
typedef struct Desk {
    Signer *signer;
    Passage *passages[SIGNER_GROUP_MAX];
    int statuses[SIGNER_GROUP_MAX];
    size_t count;
    uint8_t canonical[SIGNER_GROUP_MAX][CANONICAL_BYTES_MAX];
    uint8_t signatures[SIGNER_GROUP_MAX][SIGN_BYTES_MAX];
} Desk;

/* Wait for work and take a fair share of what waits; false when the signer stops. */
static bool take_group(Signer *signer, Desk *desk)
{
    pthread_mutex_lock(&signer->lock);
    while (signer->first == NULL && !signer->stopping)
        pthread_cond_wait(&signer->wake, &signer->lock);
    size_t share = (signer->waiting + (size_t)signer->count - 1) / (size_t)signer->count;
    if (share > SIGNER_GROUP_MAX) share = SIGNER_GROUP_MAX;
    desk->count = 0;
    while (signer->first != NULL && desk->count < share) {
        Passage *p = signer->first;
        signer->first = p->next;
        signer->waiting--;
        desk->passages[desk->count++] = p;
    }
    if (signer->first == NULL) signer->last = NULL;
    pthread_mutex_unlock(&signer->lock);
    return desk->count > 0;
}

static void send_unsigned(Passage *p, int status)
{
    if (!status_ok(answer_unsigned(&p->house->random, &p->answer))) p->answer.header_count = 0;
    if (p->for_pages) answer_for_pages(&p->answer);
    if (p->allow != NULL) answer_allow(&p->answer, span_of_text(p->allow));
    passage_send(p, status, p->answer.headers, p->answer.header_count, span_of_buffer(&p->body));
}

static void send_not_signable(Passage *p, Status why)
{
    p->why = why;
    send_unsigned(p, passage_write_refusal(p, why, NULL, &p->body));
}

/* Prepare one passage's canonical string. */
static Status prepare(Passage *p, uint8_t *memory, VaultSignItem *item)
{
    Buffer canonical = { memory, 0, CANONICAL_BYTES_MAX };
    const int64_t now_us = clock_now_us(&p->house->clock);
    const WireSignKey sign_key = p->profile->algorithm == KEY_SM2 ? WIRE_SIGN_SM2 : WIRE_SIGN_RSA;
    PlatformSigner key;
    TRY(platform_keys_signer(&p->house->platform, sign_key, now_us, &key));
    TRY(answer_prepare(p->profile, span_of_text(key.serial), now_us, &p->house->random,
            span_of_buffer(&p->body), &canonical, &p->answer));
    item->key = key.sign_key;
    item->version = key.version;
    item->message = p->answer.canonical;
    return OK;
}

/* Have the group signed in one message, and send each. */
static void sign_group(Desk *desk, Passage **group, const int *statuses, size_t count)
{
    VaultSignItem items[SIGNER_GROUP_MAX];
    Buffer signatures[SIGNER_GROUP_MAX];
    Status s = OK;
    for (size_t i = 0; i < count && status_ok(s); i++) {
        signatures[i] = (Buffer) { desk->signatures[i], 0, SIGN_BYTES_MAX };
        items[i].ret_signature = &signatures[i];
        s = prepare(group[i], desk->canonical[i], &items[i]);
    }
    if (status_ok(s)) s = vaultclient_sign(desk->signer->house->vault, items, count);
    atomic_fetch_add(&desk->signer->house->signed_groups, 1);
    for (size_t i = 0; i < count; i++) {
        Passage *p = group[i];
        const Status sealed =
                status_ok(s) ? answer_seal(&p->answer, span_of_buffer(&signatures[i])) : s;
        if (!status_ok(sealed)) {
            send_not_signable(p, sealed);
            continue;
        }
        passage_send(p, statuses[i], p->answer.headers, p->answer.header_count,
                span_of_buffer(&p->body));
    }
}

static void serve_group(Desk *desk)
{
    Passage *signable[SIGNER_GROUP_MAX];
    int statuses[SIGNER_GROUP_MAX];
    size_t count = 0;
    for (size_t i = 0; i < desk->count; i++) {
        Passage *p = desk->passages[i];
        int status = p->write(p, &p->body);
        const bool wraps = p->profile != NULL && p->profile->carrier == CARRIER_BODY;
        const Status wrapped = wraps ? gateway_wrap(p->house, p->http, &status, &p->body) : OK;
        if (!status_ok(wrapped)) {
            send_not_signable(p, wrapped);
            continue;
        }
        if (p->profile == NULL) {
            send_unsigned(p, status);
            continue;
        }
        signable[count] = p;
        statuses[count++] = status;
    }
    if (count > 0) sign_group(desk, signable, statuses, count);
}

static void *work(void *context)
{
    Desk *desk = context;
    while (take_group(desk->signer, desk))
        serve_group(desk);
    free(desk);
    return NULL;
}

static Status start_thread(Signer *signer)
{
    Desk *desk = malloc(sizeof(*desk));
    CHECK(desk != NULL, FAULT_MEMORY);
    desk->signer = signer;
    if (pthread_create(&signer->threads[signer->count], NULL, work, desk) != 0) {
        free(desk);
        return BROKEN(FAULT_THREAD);
    }
    signer->count++;
    return OK;
}

Status signer_start(House *house, int threads, Signer **ret_signer)
{
    ASSERT(threads >= 1 && threads <= SIGNER_THREADS_MAX);
    Signer *signer = calloc(1, sizeof(*signer));
    CHECK(signer != NULL, FAULT_MEMORY);
    signer->house = house;
    pthread_mutex_init(&signer->lock, NULL);
    pthread_cond_init(&signer->wake, NULL);
    Status s = OK;
    pthread_mutex_lock(&signer->lock);
    for (int i = 0; i < threads && status_ok(s); i++)
        s = start_thread(signer);
    pthread_mutex_unlock(&signer->lock);
    if (!status_ok(s)) {
        signer_stop(signer);
        return s;
    }
    *ret_signer = signer;
    return OK;
}

void signer_submit(Signer *signer, Passage *passage)
{
    passage->next = NULL;
    pthread_mutex_lock(&signer->lock);
    if (signer->last == NULL)
        signer->first = passage;
    else
        signer->last->next = passage;
    signer->last = passage;
    signer->waiting++;
    pthread_mutex_unlock(&signer->lock);
    pthread_cond_signal(&signer->wake); /* not under the lock that it then waits for */
}

void signer_stop(Signer *signer)
{
    pthread_mutex_lock(&signer->lock);
    signer->stopping = true;
    pthread_cond_broadcast(&signer->wake);
    pthread_mutex_unlock(&signer->lock);
    for (int i = 0; i < signer->count; i++)
        pthread_join(signer->threads[i], NULL);
    pthread_cond_destroy(&signer->wake);
    pthread_mutex_destroy(&signer->lock);
    free(signer);
}
