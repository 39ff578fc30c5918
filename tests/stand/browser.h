#pragma once
/*
 * browser: one of the house's people, or a merchant's administrator, at the console
 * (api/console.h): keeps its cookies, shows its page's value, makes boxes and one-time codes, as a
 * browser and its owner would. Any part of a request can be spoilt.
 */
#include "crypto/totp.h"
#include "stand.h"

enum {
    BROWSER_SECRET_TEXT = 64,
    BROWSER_BODY_BYTES_MAX = 512 * 1024,
    BROWSER_HEAD_BYTES_MAX = 4096
};

/* Somebody with a password and an authenticator app. */
typedef struct ConsoleUser {
    const char *name;
    const char *tenant; /* NULL: the house */
    const char *password;
    uint8_t secret[TOTP_SECRET_BYTES_MIN];
    uint32_t step; /* the last that was used; the app waits for the next */
} ConsoleUser;

typedef struct Browser {
    const Stand *stand;
    HttpClient *http;
    char session[BROWSER_SECRET_TEXT + 1]; /* cookies; "": none */
    char device[BROWSER_SECRET_TEXT + 1];
    char csrf[BROWSER_SECRET_TEXT + 1];
    const char *address; /* connect from this local address; NULL: any */
    /* what is sent instead, for attacks; NULL: what is right; "": nothing */
    const char *origin;
    const char *site; /* Sec-Fetch-Site */
    const char *content_type;
    const char *csrf_instead;
    const char *forwarded; /* X-Forwarded-For; NULL: none */
    /* the last answer */
    int status;
    char code[64];
    char head[BROWSER_HEAD_BYTES_MAX + 1];
    char body[BROWSER_BODY_BYTES_MAX + 1];
} Browser;

/* Connects; no cookies. */
MUST_USE Status browser_open(const Stand *stand, Browser *ret_browser);
MUST_USE Status browser_open_from(const Stand *stand, const char *address, Browser *ret_browser);
/* From an address that no other has in this run, so that what fails here slows nobody else; ends
 * the program when it cannot connect. */
Browser browser_elsewhere(const Stand *stand);
void browser_close(Browser *browser);

/* One request; `json` "" is no body. The HTTP status, and code and body are kept; 0: no answer. */
int browser_ask(Browser *browser, const char *method, const char *path, const char *json);
#define browser_get(browser, path) browser_ask((browser), "GET", (path), "")
#define browser_post(browser, path, json) browser_ask((browser), "POST", (path), (json))
/* The last answer's body holds this text; else it is shown on standard error. */
bool browser_says(const Browser *browser, const char *text);

/* Log in; `password` and `code` NULL: the right ones. The HTTP status. */
int browser_login(Browser *browser, ConsoleUser *person);
int browser_login_with(
        Browser *browser, const ConsoleUser *person, const char *password, const char *code);
/* Log out and close; the HTTP status. */
int browser_log_out(Browser *browser);
/* Prove again who he is; the HTTP status. */
int browser_prove(Browser *browser, ConsoleUser *person);
/* The body of a log-in, for sending it twice or altered. */
MUST_USE Status browser_login_body(Browser *browser, const ConsoleUser *person,
        const char *password, const char *code, Buffer *ret_json);
/* A code that was not used yet; waits for the next step when it must. */
void person_code(ConsoleUser *person, char ret_code[TOTP_DIGITS + 1]);

/* Set password and second factor with a code of two halves; fills person->secret. */
int browser_enrol(Browser *browser, ConsoleUser *person, const char *enrolment_code);
/* Change the password; the HTTP status. */
int browser_password(Browser *browser, const ConsoleUser *person, const char *from, const char *to);
