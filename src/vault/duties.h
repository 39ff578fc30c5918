#pragma once
/*
 * duties: which duty somebody needs who approves an operation (TP-15, LL-4.5.2). One table; an
 * operation that is not in it nobody may approve.
 */
#include "ipc/operator_wire.h"

/* The duty of what approvals name as their operation: "rotate-key"; 0: none has it. */
uint32_t duty_for(Span operation);
