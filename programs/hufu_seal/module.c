/* The module's door: what PostgreSQL calls when it loads it. */
#include "announce.h"
#include "backend.h"

#include "fmgr.h"

PG_MODULE_MAGIC;

void _PG_init(void);
void _PG_init(void)
{
    seal_define_settings();
    seal_watch_transactions();
}
