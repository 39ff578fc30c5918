#pragma once
/*
 * bare: libevent's HTTP server over OpenSSL in a process of its own, with hufud's TLS settings
 * (crypto/tls.h) and nothing of ours besides: what the libraries cost a connection.
 */
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Bare {
    pid_t pid;
    uint16_t port;
    SSL_CTX *client_tls; /* checks no certificate: it is made on the spot */
} Bare;

/* Answers every request 200 with a few bytes. False: it could not be started. */
bool bare_open(Bare *ret_bare);
void bare_close(Bare *bare);
