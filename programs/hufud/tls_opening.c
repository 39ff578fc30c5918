#include "tls_opening.h"

#include "base/log.h"
#include "first_files.h"

enum { TLS_RETRY_US = 1000000 };

static Status make(Opening *o, int64_t now_us)
{
    TRY(tls_leaf_make(o->house.vault, now_us, span_of_buffer(&o->bank.ca), &o->tls));
    bank_opening_renew(&o->house, o->tls.client);
    return OK;
}

static Status write_authority(const Opening *o)
{
    return first_files_text(
            o->config.ca_file, (Span) { o->tls.authority_pem, o->tls.authority_pem_size });
}

Status tls_opening(Opening *o)
{
    TRY(make(o, clock_now_us(&o->house.clock)));
    return write_authority(o);
}

/* The leaf that there is serves until its end; then new connections are refused, and open ones go
 * on. */
static Status not_renewed(Opening *o, int64_t now_us, Status s)
{
    const bool ended = now_us >= o->tls.ends_at_us;
    o->tls.renew_at_us = now_us + TLS_RETRY_US;
    if (ended && !o->tls_ended) LOG_STATUS(LOG_ALERT, "hufud.tls_ended", s);
    o->tls_ended = ended;
    return s;
}

/* Whoever connects must find in the file whom to trust: without it nothing is renewed. */
static Status renew(Opening *o, int64_t now_us)
{
    TRY(make(o, now_us));
    http_server_set_tls(o->server, o->tls.context);
    if (o->service != NULL) http_server_set_tls(o->service, o->tls.mutual);
    if (o->console_server != NULL) http_server_set_tls(o->console_server, o->tls.context);
    return write_authority(o);
}

Status tls_opening_renew(void *opening, int64_t now_us)
{
    Opening *o = opening;
    if (public_keys_ca_changed(&o->public_keys)) o->tls.renew_at_us = now_us;
    if (now_us < o->tls.renew_at_us) return OK;
    const Status s = renew(o, now_us);
    if (!status_ok(s)) return not_renewed(o, now_us, s);
    o->tls_ended = false;
    LOG(LOG_INFO, "hufud.tls_renewed");
    return OK;
}
