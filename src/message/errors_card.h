#pragma once
/* errors_card: the part of the table of errors.h that payers' cards and their bank have. */
#include "message/errors.h"

/* NULL: another part's. */
const MessageError *message_error_of_cards(Status status);
