#include "api/payer_house.h"

Status payer_house_open(House *house, const PayerHouseConfig *config)
{
    house->payer_devices_needed = config->devices_needed;
    house->payer_cool_us = config->cool_us;
    TRY(nonce_open(0, &house->random, &house->device_nonces));
    TRY(payer_book_open(&house->random, &house->payers));
    return payer_book_load(house->payers, house->batcher);
}

void payer_house_close(House *house)
{
    payer_book_close(&house->payers);
    nonce_close(house->device_nonces);
}
