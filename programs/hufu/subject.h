#pragma once
/* subject: what the `hufu subject ...` commands share. */
#include "admin_client.h"
#include "command.h"

/* Options that every one has. */
typedef struct SubjectWords {
    const char *directory;
    const char *tenant;
    const char *subject;
} SubjectWords;
SubjectWords subject_words(void);

#define SUBJECT_OPTIONS(words)                                                                     \
    { "SUBJECT", OPTION_TEXT, NULL, "whose data: an id of 1 to 64 letters, digits, _ - .",         \
        &(words).subject, 0, 0 },                                                                  \
            { "--tenant", OPTION_TEXT, "NAME", "of which institution [house]", &(words).tenant, 0, \
                0 },                                                                               \
    {                                                                                              \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(words).directory, 0, 0 \
    }

/* A writer with operation, tenant and subject in it. */
JsonWriter subject_request(Buffer *request, const char *operation, const SubjectWords *words);
/* A text field, when it was given. */
void subject_text(JsonWriter *w, const char *key, const char *text);
/* A comma-separated list of names, as an array of texts. */
void subject_list(JsonWriter *w, const char *key, const char *list);

/* Close the request, ask, and show the answer: EXIT_DONE when its outcome is OK or it answers a
 * person's request, else EXIT_FAILED. */
int subject_ask(const SubjectWords *words, const char *what, JsonWriter *w, Buffer *request);
