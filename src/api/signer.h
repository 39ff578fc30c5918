#pragma once
/*
 * signer: the last step of every passage: write the answer, have it signed by vaultd (LL-4.3.9),
 * send it.
 *
 * A few threads take what waits, several passages at once: one message to vaultd signs them all.
 * When vaultd cannot sign, a committed outcome is answered with an unsigned 503; the repeat returns
 * the outcome.
 */
#include "api/passage.h"

enum { SIGNER_THREADS_MAX = 16, SIGNER_GROUP_MAX = 8 };

MUST_USE Status signer_start(House *house, int threads, Signer **ret_signer);
/* From any thread; never refused: the HTTP server bounds how many passages there are. */
void signer_submit(Signer *signer, Passage *passage);
/* Finish what waits, then end. */
void signer_stop(Signer *signer);
