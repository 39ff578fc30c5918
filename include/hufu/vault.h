#pragma once
/*
 * vault: use a Hufu vault from a payment core of your own. C.
 *
 *     HufuSettings settings = { .host = "vault.bank.example", .port = 8444,
 *         .authority_file = "ca.pem", .certificate_file = "core.pem", .key_file = "core.key.pem",
 *         .platform_file = "platform.pem" };
 *     HufuVault *vault;
 *     HufuError error;
 *     if (hufu_open(&settings, &vault, &error) != 0) fail(error.message);
 *     HufuColumn column = { HUFU_CLASS_CARD, 101, 3 };
 *     HufuField field = { "user-17", "row-42", "4111111111111111", 16 };
 *     HufuProtected made;
 *     if (hufu_protect(vault, &column, &field, 1, &made, &error) != 0) fail(error.message);
 *     // store made.sealed; show made.mask; use made.token
 *     hufu_close(vault);
 *
 * Values leave this library only encrypted to the vault: nobody on the way, not the vault's own web
 * server, can read them (TP-4, TP-17). Every function returns 0, or -1 with `error` filled (which
 * may be NULL). A HufuVault is used by one thread at a time; open several. Structs only grow at
 * their end, numbers are never reused.
 */
#include <hufu/error.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    HUFU_VALUE_BYTES_MAX = 1024,
    HUFU_NAME_BYTES_MAX = 64, /* a subject, a reference */
    HUFU_SEALED_BYTES_MAX = 1152,
    HUFU_TOKEN_BYTES_MAX = 24,
    HUFU_MASK_BYTES_MAX = 512,
    HUFU_INDEX_BYTES = 16,
    HUFU_GRANT_TEXT_BYTES = 33,
};

/* Classes of data: the vault's registry (rules/policy.yaml). */
enum {
    HUFU_CLASS_PIN = 101,
    HUFU_CLASS_PASSWORD = 103,
    HUFU_CLASS_CARD = 104,
    HUFU_CLASS_ONE_TIME_CODE = 107,
    HUFU_CLASS_BIOMETRIC = 108,
    HUFU_CLASS_IDENTITY_NUMBER = 109,
    HUFU_CLASS_PHONE = 110,
    HUFU_CLASS_NAME = 111,
    HUFU_CLASS_EMAIL = 112,
    HUFU_CLASS_ADDRESS = 113,
    HUFU_CLASS_BANK_ACCOUNT = 114,
};

typedef struct HufuVault HufuVault;

typedef struct HufuSettings {
    const char *host; /* name or address; its certificate must show it */
    uint16_t port;
    const char *authority_file; /* PEM: who certifies the vault */
    const char *certificate_file; /* PEM: yours, from `hufu caller add` */
    const char *key_file; /* PEM: your private key */
    const char *platform_file; /* PEM: the platform's key, pinned; box keys must be signed by it */
    unsigned timeout_ms; /* 0: 10000 */
} HufuSettings;

int hufu_open(const HufuSettings *settings, HufuVault **ret_vault, HufuError *error);
void hufu_close(HufuVault *vault); /* wipes; NULL is fine */

/* --- sensitive fields: cards, identity data, bindings (TP-8, TP-13) --- */

/* Where the sealed field will stand: your own numbers. It opens for no other place. */
typedef struct HufuColumn {
    uint16_t data_class;
    uint16_t table;
    uint16_t column;
} HufuColumn;

typedef struct HufuField {
    const char *subject; /* whose data it is: your id of the person */
    const char *reference; /* the row's key */
    const void *value;
    size_t value_size; /* 1..HUFU_VALUE_BYTES_MAX */
} HufuField;

typedef struct HufuIndex {
    uint32_t version; /* 0: none */
    uint8_t bytes[HUFU_INDEX_BYTES];
} HufuIndex;

typedef struct HufuProtected {
    char code[64]; /* "": protected; else why not: the other fields are empty then */
    uint8_t sealed[HUFU_SEALED_BYTES_MAX]; /* store these bytes */
    size_t sealed_size;
    char token[HUFU_TOKEN_BYTES_MAX + 1]; /* of a card: stands for its number, says nothing */
    char mask[HUFU_MASK_BYTES_MAX + 1]; /* what people may see */
    HufuIndex index; /* equal values of one column have equal ones */
    HufuIndex old_index; /* while the index key turns: look for both */
} HufuProtected;

/* Any number of fields. 0 also when some were refused: look at each `code`. */
int hufu_protect(HufuVault *vault, const HufuColumn *column, const HufuField *fields, size_t count,
        HufuProtected *ret_protected, HufuError *error);

/* The blind indexes under which a value would be found; costs of the tenant's day's budget. */
int hufu_look_up(HufuVault *vault, const HufuColumn *column, const void *value, size_t value_size,
        HufuIndex *ret_index, HufuIndex *ret_old_index, HufuError *error);

/* --- passwords of your people (TP-6): set and checked, never read --- */

typedef struct HufuOwner {
    uint16_t data_class; /* HUFU_CLASS_PIN or HUFU_CLASS_PASSWORD */
    const char *realm; /* "users", "admins" */
    const char *user;
} HufuOwner;

/* `old_password` NULL: the first one. */
int hufu_password_set(HufuVault *vault, const HufuOwner *owner, const char *old_password,
        const char *new_password, HufuError *error);
/* A wrong one is -1 with http_status 403. ret_grant: hexadecimal, for one use by the vault. */
int hufu_password_check(HufuVault *vault, const HufuOwner *owner, const char *password,
        char ret_grant[HUFU_GRANT_TEXT_BYTES], HufuError *error);

/* --- symmetric keys that sign messages of your merchants (TP-7): set and used, never read --- */

enum { HUFU_MAC_BYTES = 32, HUFU_MAC_MESSAGE_BYTES_MAX = 65536 };
enum { HUFU_MAC_HMAC_SHA256 = 1, HUFU_MAC_HMAC_SM3 = 2 };

typedef struct HufuMac {
    const char *name; /* of the key: your merchant's number */
    int algorithm;
    int key_behind; /* what is signed ends with "&key=" and the key, as in the v2 interface */
} HufuMac;

/* 16..64 bytes; text of 32 and more. In place of the key of this name, if there is one. */
int hufu_mac_key_set(
        HufuVault *vault, const char *name, const void *key, size_t key_size, HufuError *error);
int hufu_mac_make(HufuVault *vault, const HufuMac *how, const void *message, size_t message_size,
        uint8_t ret_mac[HUFU_MAC_BYTES], HufuError *error);
/* ret_right: 1 or 0. */
int hufu_mac_verify(HufuVault *vault, const HufuMac *how, const void *message, size_t message_size,
        const uint8_t mac[HUFU_MAC_BYTES], int *ret_right, HufuError *error);

#ifdef __cplusplus
}
#endif
