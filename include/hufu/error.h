#pragma once
/* error: why a function of libhufu returned -1. */

typedef struct HufuError {
    int http_status; /* of the answer; 0: there was none */
    char code[64]; /* "PARAM_ERROR"; for programs */
    char message[256]; /* for people */
} HufuError;
