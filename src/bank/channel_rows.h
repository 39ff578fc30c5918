#pragma once
/* channel_rows: the rows of bank orders, for the files of this room. Nobody outside includes it. */
#include "bank/channel_order.h"

/* Gathering or running; NULL: there is none. */
MUST_USE Status channel_row(Rows *rows, const char *number, const Row **ret_row);
MUST_USE Status channel_of_row(const Row *row, ChannelOrder *ret_order);
/* Running. Refuses BANK_ORDER_UNKNOWN. */
MUST_USE Status channel_get(Rows *rows, const char *number, ChannelOrder *ret_order);
MUST_USE Status channel_insert(Rows *rows, const ChannelOrder *order);
MUST_USE Status channel_update(Rows *rows, const ChannelOrder *order);
