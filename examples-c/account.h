/* The options that xft_send and xft_recv have in common: the account to log in with, and how. */
#ifndef XFT_EXAMPLES_ACCOUNT_H
#define XFT_EXAMPLES_ACCOUNT_H

#include "network.h"
#include "options.h"
#include "prepare.h"

#include <stdint.h>

/* How the stream to the server is secured. */
enum tls_choice {
    TLS_STARTTLS,
    TLS_DIRECT,
    TLS_NONE_UNSAFE,
    TLS_AUTO /* as the DNS says of the place; STARTTLS where --server names it */
};

/* What both programs need to log in. */
struct account_options {
    const char *server;        /* HOST[:PORT]; NULL: what the DNS says of the JID's domain */
    const char *nameserver;    /* who is asked that; NULL: the system's */
    const char *jid;           /* USER@DOMAIN[/RESOURCE] */
    const char *password_file; /* NULL: the environment has it */
    const char *ca_file;       /* NULL: the system's certificates */
    const char *tls_word;
    enum tls_choice tls;
    uint64_t block_bytes, chunk_bytes, window_bytes, timeout_s, deadline_s, parallel;
    int verbose, progress, strict, help;
    int allow_plain; /* PLAIN over TLS where the server offers nothing better */
    int no_hash;     /* nobody compares hashes, so nobody computes them */
    struct network_options network;

    /* Worked out from the above by account_options_check(). */
    struct host_port place; /* without `server` not before somebody was reached: see locate.h */
    char full[PREPARED_BYTES];      /* `jid`, prepared */
    char account[PREPARED_BYTES];   /* the bare JID */
    const char *domain;             /* inside `account`, in letters */
    const char *resource;           /* inside `full` */
    char dns_domain[DOMAIN_BYTES];  /* the same domain for DNS and TLS */
    char password[PREPARED_BYTES];
};

/* The common options; NAME must be a struct account_options. */
#define ACCOUNT_OPTION_LINES(NAME)                                                                                     \
    { "server", "HOST[:PORT]", "server to log in to; default: what the DNS says of the JID's domain (SRV records), else " \
      "the domain itself, port 5222 (5223 with --tls direct)", OPTION_TEXT, &(NAME).server, 0, 0 },                    \
    { "nameserver", "ADDRESS[:PORT]", "ask this IPv4 address for SRV records; default: the system's name servers",     \
      OPTION_TEXT, &(NAME).nameserver, 0, 0 },                                                                         \
    { "jid", "USER@DOMAIN[/RES]", "account to log in with", OPTION_TEXT, &(NAME).jid, 0, 0 },                          \
    { "password-file", "FILE", "file whose first line is the password; default: environment variable XFT_PASSWORD",    \
      OPTION_TEXT, &(NAME).password_file, 0, 0 },                                                                      \
    { "allow-plain", NULL, "log in with PLAIN over TLS where the server offers nothing better: it then learns the password", \
      OPTION_FLAG, &(NAME).allow_plain, 0, 0 },                                                                        \
    { "tls", "auto|starttls|direct|none-unsafe", "how the stream is secured; default: auto, as the SRV records say, "  \
      "else starttls",                                                                                                 \
      OPTION_TEXT, &(NAME).tls_word, 0, 0 },                                                                           \
    { "ca", "FILE", "trusted CA certificates (PEM); default: the system's", OPTION_TEXT, &(NAME).ca_file, 0, 0 },      \
    { "block", "BYTES", "largest block to agree on, and to send unless --chunk says less; "   \
      "default: 8192, to receive 65535",                                                                                \
      OPTION_NUMBER, &(NAME).block_bytes, 1, 65535 },                                                                  \
    { "chunk", "BYTES", "bytes of one block sent; default: what --block says, else 4096", OPTION_NUMBER,               \
      &(NAME).chunk_bytes, 1, 65535 },                                                                                 \
    { "window", "BYTES", "most bytes in flight per file, at least one block; default: 262144",                         \
      OPTION_NUMBER, &(NAME).window_bytes, 1, 1u << 30 },                                                              \
    { "parallel", "N", "most files at the same time, 1 to 64", OPTION_NUMBER, &(NAME).parallel, 1, 64 },               \
    { "timeout", "S", "give up when nothing moves for S seconds; default: 0, only the protocol's own deadlines",       \
      OPTION_NUMBER, &(NAME).timeout_s, 0, 86400 },                                                                    \
    { "deadline", "S", "what counts as silence of the other end and of the server while a file is under way; default: 0, "   \
      "the protocol's own deadlines", OPTION_NUMBER, &(NAME).deadline_s, 0, 86400 },                                    \
    { "strict", NULL, "a file whose hash was not compared counts as failed", OPTION_FLAG, &(NAME).strict, 0, 0 },      \
    { "progress", NULL, "progress lines even when standard error is no terminal",                                      \
      OPTION_FLAG, &(NAME).progress, 0, 0 },                                                                           \
    { "verbose", NULL, "say what happens", OPTION_FLAG, &(NAME).verbose, 0, 0 },                                       \
    { "help", NULL, "print this", OPTION_FLAG, &(NAME).help, 0, 0 }

/* The defaults of the common options. */
#define ACCOUNT_OPTION_DEFAULTS \
    { .tls_word = "auto", .window_bytes = 262144, .network = NETWORK_OPTION_DEFAULTS }

/* A program that only receives takes blocks as large as they come, unless the command line says otherwise: some senders give
 * up at the first refusal. Before account_options_check(). */
void account_options_take_all_blocks(struct account_options *options);

/* Checks the common options, reads the password, works out host, port and the parts of the JID, all prepared. 0, or -1
 * after saying what is wrong. */
int account_options_check(struct account_options *options);

/* Overwrites the password in a way the compiler keeps. */
void account_options_forget(struct account_options *options);

#endif
