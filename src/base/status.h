#pragma once
/*
 * status: what every function that can fail returns.
 *
 * Two families (refusals.def is their append-only registry):
 *   refusal  code > 0   what a caller did; the caller of the function must handle it
 *   fault    code < 0   what broke; passed up unchanged until a program logs it
 *
 * Status is a struct, so `if (status)` does not compile, and ignoring one is an error.
 * ASSERT states what only our own mistake can break: it stays in release builds and ends the
 * program.
 */
#include <stdbool.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define CLEANUP(function) __attribute__((cleanup(function)))

typedef struct Status {
    int32_t code;
} Status;

typedef enum StatusCode {
#define REFUSAL(number, name, advice) REFUSED_##name = (number),
#define FAULT(number, name, advice) FAULT_##name = -(number),
#include "base/refusals.def"
#undef REFUSAL
#undef FAULT
} StatusCode;

#define OK ((Status) { 0 })
#define REFUSE(refusal) ((Status) { (int32_t)(refusal) })
#define BROKEN(fault) ((Status) { (int32_t)(fault) })

/* Return early with whatever is not OK. */
#define TRY(expression)                                \
    do {                                               \
        const Status try_status_ = (expression);       \
        if (try_status_.code != 0) return try_status_; \
    } while (0)

/* A door where outside data enters: refuse unless the condition holds. */
#define REQUIRE(condition, refusal)               \
    do {                                          \
        if (!(condition)) return REFUSE(refusal); \
    } while (0)

/* A call to something that may break (library, kernel): report a fault unless it worked. */
#define CHECK(condition, fault)                 \
    do {                                        \
        if (!(condition)) return BROKEN(fault); \
    } while (0)

#define ASSERT(condition)                                                       \
    do {                                                                        \
        if (!(condition)) status_assert_failed(#condition, __FILE__, __LINE__); \
    } while (0)

/* Drop a status on purpose; `why` is for the reader. */
#define IGNORE(expression, why)               \
    do {                                      \
        const Status ignored_ = (expression); \
        (void)ignored_;                       \
    } while (0)

static inline bool status_ok(Status s) { return s.code == 0; }
static inline bool status_refused(Status s) { return s.code > 0; }
static inline bool status_broken(Status s) { return s.code < 0; }
static inline bool status_is(Status s, StatusCode code) { return s.code == (int32_t)code; }

/* The registered name ("ORDER_AMOUNT_ZERO"), "OK", or "UNKNOWN". Static storage. */
const char *status_name(Status s);

/* One sentence for the person who reads it: what happened and what to do next. Static storage. */
const char *status_advice(Status s);

__attribute__((noreturn)) void status_assert_failed(const char *text, const char *file, int line);
