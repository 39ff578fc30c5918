#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Entry {
    int32_t code;
    const char *name;
    const char *advice;
} Entry;

static const Entry entries[] = {
    { 0, "OK", "" },
#define REFUSAL(number, name, advice) { (number), #name, advice },
#define FAULT(number, name, advice) { -(number), #name, advice },
#include "base/refusals.def"
#undef REFUSAL
#undef FAULT
};

static const Entry *find(Status s)
{
    static const Entry unknown = { 0, "UNKNOWN", "This code is not registered; report it." };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (entries[i].code == s.code) return &entries[i];
    }
    return &unknown;
}

const char *status_name(Status s) { return find(s)->name; }

const char *status_advice(Status s) { return find(s)->advice; }

void status_assert_failed(const char *text, const char *file, int line)
{
    /* The text is source code, never data: nothing secret can leave here. */
    fprintf(stderr, "{\"level\":\"fatal\",\"event\":\"assert\",\"text\":\"%s\",\"at\":\"%s:%d\"}\n",
            text, file, line);
    abort();
}
