#pragma once
/*
 * vault_test_trace: everything that left the vault, to be searched for what must not. For tests
 * only.
 */
#include "vault/vault_test_house.h"

/* From here on every answer of this house is kept. */
void trace_begin(House *house);
Span trace_answers(void);
/* EXPECTs that a secret is not there: clear, its plain digests, each as bytes, hexadecimal of both
 * cases and base64. */
void trace_expect_absent(Span place, Span secret);
void trace_expect_absent_from_journal(House *house, Span secret);
