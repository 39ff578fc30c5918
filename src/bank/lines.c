#include "bank/lines.h"

#include "crypto/tls.h"

#include <stdlib.h>

typedef struct Kept {
    HttpClient *http;
    int64_t since_us;
} Kept;

typedef struct Line {
    LineAddress at;
    bool healthy;
    uint64_t answered;
    uint64_t failed;
    Kept kept[LINE_KEPT_MAX];
    size_t kept_count;
} Line;

struct Lines {
    LinesConfig config;
    pthread_mutex_t lock; /* of all below */
    struct ssl_ctx_st *tls;
    Line line[LINES];
    int in_use;
    uint64_t switches;
    int64_t trouble_us; /* when the call began that made us switch; 0: no switch is under way */
    int64_t last_switch_us;
    int64_t worst_switch_us;
};

static int64_t now_of(const Lines *lines) { return clock_now_us(&lines->config.steady); }

Status lines_open(const LinesConfig *config, Lines **ret_lines)
{
    Lines *lines = calloc(1, sizeof(*lines));
    CHECK(lines != NULL, FAULT_MEMORY);
    lines->config = *config;
    ASSERT(pthread_mutex_init(&lines->lock, NULL) == 0);
    for (int i = 0; i < LINES; i++) {
        lines->line[i].at = config->at[i];
        lines->line[i].healthy = true; /* until it is not */
    }
    *ret_lines = lines;
    return OK;
}

/* Under the lock. */
static void drop_kept(Line *line)
{
    for (size_t i = 0; i < line->kept_count; i++)
        http_client_close(&line->kept[i].http);
    line->kept_count = 0;
}

void lines_close(Lines **lines)
{
    if (*lines == NULL) return;
    for (int i = 0; i < LINES; i++)
        drop_kept(&(*lines)->line[i]);
    tls_context_free(&(*lines)->tls);
    pthread_mutex_destroy(&(*lines)->lock);
    free(*lines);
    *lines = NULL;
}

void lines_set_tls(Lines *lines, struct ssl_ctx_st *tls)
{
    struct ssl_ctx_st *mine = tls_context_share(tls);
    pthread_mutex_lock(&lines->lock);
    struct ssl_ctx_st *before = lines->tls;
    lines->tls = mine;
    for (int i = 0; i < LINES; i++)
        drop_kept(&lines->line[i]); /* they showed the leaf before */
    pthread_mutex_unlock(&lines->lock);
    tls_context_free(&before);
}

/* --- connections --- */

/* Under the lock; NULL: none that is fresh. */
static HttpClient *take_kept(Line *line, int64_t now_us)
{
    while (line->kept_count > 0) {
        Kept *newest = &line->kept[--line->kept_count];
        if (now_us - newest->since_us < INT64_C(1000) * LINE_KEPT_MS) return newest->http;
        http_client_close(&newest->http);
    }
    return NULL;
}

static Status connect_line(Lines *lines, int which, HttpClient **ret_http)
{
    Line *line = &lines->line[which];
    pthread_mutex_lock(&lines->lock);
    *ret_http = take_kept(line, now_of(lines));
    struct ssl_ctx_st *tls = lines->tls == NULL ? NULL : tls_context_share(lines->tls);
    pthread_mutex_unlock(&lines->lock);
    const HttpClientConfig config = { .address = line->at.address,
        .port = line->at.port,
        .tls = tls,
        .server_name = lines->config.server_name,
        .names_port = true,
        .deadline_ms = lines->config.deadline_ms };
    Status s = OK;
    if (tls == NULL)
        s = REFUSE(REFUSED_HTTP_CONNECT); /* a bank is never asked without certificates */
    else if (*ret_http == NULL)
        s = http_client_open(&config, ret_http);
    tls_context_free(&tls);
    return s;
}

static void keep(Lines *lines, int which, HttpClient **http)
{
    Line *line = &lines->line[which];
    pthread_mutex_lock(&lines->lock);
    const bool fits =
            http_client_is_connected(*http) && line->healthy && line->kept_count < LINE_KEPT_MAX;
    if (fits) {
        line->kept[line->kept_count++] = (Kept) { *http, now_of(lines) };
        *http = NULL;
    }
    pthread_mutex_unlock(&lines->lock);
    http_client_close(http);
}

/* --- which line --- */

static void line_failed(Lines *lines, int which, int64_t began_us)
{
    pthread_mutex_lock(&lines->lock);
    Line *line = &lines->line[which];
    line->failed++;
    line->healthy = false;
    drop_kept(line);
    const int other = LINES - 1 - which;
    if (lines->in_use == which && lines->line[other].healthy) {
        lines->in_use = other;
        lines->switches++;
        lines->trouble_us = began_us;
    }
    pthread_mutex_unlock(&lines->lock);
}

static void line_answered(Lines *lines, int which)
{
    pthread_mutex_lock(&lines->lock);
    Line *line = &lines->line[which];
    line->answered++;
    line->healthy = true;
    const bool used_is_down = !lines->line[lines->in_use].healthy;
    if (used_is_down) { /* both were down, and this one came back first */
        lines->in_use = which;
        lines->switches++;
    }
    if (which == lines->in_use && lines->trouble_us != 0) {
        lines->last_switch_us = now_of(lines) - lines->trouble_us;
        if (lines->last_switch_us > lines->worst_switch_us)
            lines->worst_switch_us = lines->last_switch_us;
        lines->trouble_us = 0;
    }
    pthread_mutex_unlock(&lines->lock);
}

static int line_in_use(Lines *lines)
{
    pthread_mutex_lock(&lines->lock);
    const int which = lines->in_use;
    pthread_mutex_unlock(&lines->lock);
    return which;
}

/* --- calls --- */

/* *ret_sent: some of it may have left. */
static Status call_line(Lines *lines, int which, const HttpCall *call, bool *ret_sent,
        int *ret_status, Buffer *ret_body)
{
    HttpAnswer answer = { 0 };
    HttpClient *http = NULL;
    const int64_t began_us = now_of(lines);
    *ret_sent = false;
    Status s = connect_line(lines, which, &http);
    if (status_ok(s)) {
        s = http_client_call(http, call, &answer);
        *ret_sent = !status_is(s, REFUSED_HTTP_CONNECT);
    }
    if (!status_ok(s)) {
        http_client_close(&http);
        line_failed(lines, which, began_us);
        return s;
    }
    line_answered(lines, which);
    s = buffer_put(ret_body, answer.body);
    *ret_status = answer.status;
    keep(lines, which, &http);
    return s;
}

static Status said(Status s, bool sent)
{
    if (status_broken(s)) return s;
    if (status_is(s, REFUSED_HTTP_ANSWER_INVALID) || status_is(s, REFUSED_BUFFER_FULL)
            || status_is(s, REFUSED_HTTP_TOO_LARGE))
        return REFUSE(REFUSED_BANK_ANSWER);
    return sent ? REFUSE(REFUSED_BANK_NO_ANSWER) : REFUSE(REFUSED_BANK_DOWN);
}

Status lines_call(Lines *lines, const HttpCall *call, bool again, int *ret_status, Buffer *ret_body)
{
    bool sent = false;
    const int first = line_in_use(lines);
    Status s = call_line(lines, first, call, &sent, ret_status, ret_body);
    if (status_ok(s)) return OK;
    if (status_broken(s) || (sent && !again)) return said(s, sent);
    bool sent_again = false;
    s = call_line(lines, LINES - 1 - first, call, &sent_again, ret_status, ret_body);
    return status_ok(s) ? OK : said(s, sent || sent_again);
}

void lines_probe(Lines *lines, Span target)
{
    static _Thread_local uint8_t bytes[4096];
    const HttpCall call = { .method = "GET", .target = target };
    for (int which = 0; which < LINES; which++) {
        Buffer body = BUFFER_OF(bytes);
        bool sent = false;
        int status = 0;
        IGNORE(call_line(lines, which, &call, &sent, &status, &body),
                "the line says it of itself: lines_facts()");
    }
}

LinesFacts lines_facts(Lines *lines)
{
    LinesFacts facts = { 0 };
    pthread_mutex_lock(&lines->lock);
    for (int i = 0; i < LINES; i++) {
        const Line *line = &lines->line[i];
        facts.line[i] = (LineFacts) { line->at, i == lines->in_use, line->healthy, line->answered,
            line->failed };
    }
    facts.switches = lines->switches;
    facts.last_switch_us = lines->last_switch_us;
    facts.worst_switch_us = lines->worst_switch_us;
    pthread_mutex_unlock(&lines->lock);
    return facts;
}
