#include "bank_opening.h"

#include "api/card_desk.h"
#include "base/log.h"
#include "base/time.h"
#include "payment/payer_card_pay.h"

/* Connecting and calling, on one line and then on the other, and some rest. */
enum { LEASE_DEADLINES = 4, LEASE_MORE_MS = 2000, BANKERS = 16 };

static void report(void *context, const char *what, Status s)
{
    LOG_STATUS(
            status_broken(s) ? LOG_ERROR : LOG_WARNING, "hufud.bank", s, LOG_TEXT(OPERATION, what));
}

static void probe(void *lines) { lines_probe(lines, sandbox_probe_target()); }

Status bank_opening_prepare(const Config *config, bool development, House *house, BankOpening *ret)
{
    const ConfigBank *bank = &config->bank;
    ret->ca = BUFFER_OF(ret->ca_bytes);
    house->bank_receiver = bank->receiver;
    if (!bank->given) return OK;
    REQUIRE(development, REFUSED_BANK_NONE); /* a sandbox moves no money: it must credit none */
    TRY(config_read_file(bank->ca, &ret->ca));
    LinesConfig lines = { .server_name = bank->name,
        .deadline_ms = (unsigned)bank->deadline_ms,
        .steady = clock_steady() };
    memcpy(lines.at, bank->lines, sizeof(lines.at));
    return lines_open(&lines, &house->bank_lines);
}

void bank_opening_renew(const House *house, struct ssl_ctx_st *tls)
{
    if (house->bank_lines != NULL) lines_set_tls(house->bank_lines, tls);
}

Status bank_opening(const Config *config, House *house, BankOpening *opening)
{
    const ConfigBank *bank = &config->bank;
    if (house->bank_lines == NULL) return OK;
    sandbox_open(house->bank_lines, &opening->sandbox);
    const ChannelDeskConfig desk = { .batcher = house->batcher,
        .channel = &opening->sandbox.channel,
        .clock = house->clock,
        .first_batch = house->first_batch,
        .lease_us = (LEASE_DEADLINES * bank->deadline_ms + LEASE_MORE_MS) * 1000,
        .close_us = bank->close_s * TIME_SECOND_US,
        .day_file_us = bank->reconcile_hour * 3600 * TIME_SECOND_US,
        .probe = probe,
        .lines = house->bank_lines,
        .settle = payer_card_settle,
        .report = report };
    TRY(channel_desk_open(&desk, &house->bank_desk));
    TRY(workers_start(BANKERS, &house->bankers));
    sandbox_cards_open(house->bank_lines, &opening->cards);
    const CardDeskConfig cards = { .house = house,
        .channel = &opening->cards.channel,
        .receiver = bank->receiver,
        .lease_us = desk.lease_us,
        .close_us = desk.close_us,
        .report = report };
    TRY(card_desk_open(&cards, &house->card_desk));
    LOG(LOG_WARNING, "hufud.sandbox_bank", LOG_TEXT(ADDRESS, bank->lines[0].address));
    return OK;
}

void bank_closing(House *house)
{
    card_desk_close(&house->card_desk);
    channel_desk_close(&house->bank_desk);
    lines_close(&house->bank_lines);
}
