#pragma once
/*
 * bill_desk: one thread that makes merchants' bills, one after another, and keeps the last one: who
 * asks for a bill fetches it next. It owns the memory of a bill's text; nothing is written to disk.
 *
 * A merchant has BILL_DESK_EACH_MAX bills on the way at most, all together BILL_DESK_WAITING_MAX:
 * nobody's bills keep the others waiting for long. How many are made for him: bill_turns.h.
 */
#include "api/bill_form.h"
#include "api/bill_turns.h"
#include "api/passage.h"

enum { BILL_DESK_WAITING_MAX = 64, BILL_DESK_EACH_MAX = 2 };

typedef struct BillDesk BillDesk;

/* Faults FAULT_THREAD, FAULT_MEMORY. */
MUST_USE Status bill_desk_open(House *house, BillDesk **ret_desk);
/* What is being made or waits is refused BILL_STOPPED from now on. NULL is fine. */
void bill_desk_stop(BillDesk *desk);
/* Finish what waits, then end. */
void bill_desk_close(BillDesk **desk);

/* The passage, with work.bill filled, is the desk's from now on; it is answered when the bill is
 * made. */
void bill_desk_submit(BillDesk *desk, Passage *passage);
