/* The options that say which ways a file may take, and where they lead. */
#ifndef XFT_EXAMPLES_NETWORK_H
#define XFT_EXAMPLES_NETWORK_H

#include "options.h"
#include "xft.h"

#include <stdint.h>

struct network_options {
    const char *method_word;
    struct texts listen, announce, proxy;
    int allow_local; /* a peer's streamhosts may be on this machine */

    /* Worked out from the above by network_options_check(). */
    uint32_t methods[3]; /* XFT_METHOD_..., the preferred one first; 0 behind the last */
};

/* The option of both programs; NAME must be a struct network_options. */
#define METHOD_OPTION_LINE(NAME)                                                                                       \
    { "method", "auto|LIST", "ways a file may take, the preferred one first: any of mediated, direct, inband with "   \
      "commas between; default: auto, which is mediated,direct,inband", OPTION_TEXT, &(NAME).method_word, 0, 0 }

/* The option of the receiver alone. */
#define RECEIVER_NETWORK_OPTION_LINES(NAME)                                                                            \
    { "allow-local-streamhosts", NULL, "connect to this machine and its link (127.0.0.1, ::1, 169.254.0.0/16, fe80::/10) " \
      "when a sender says so: for tests, and for a proxy on this machine", OPTION_FLAG, &(NAME).allow_local, 0, 0 }

/* The options of the sender alone. */
#define SENDER_NETWORK_OPTION_LINES(NAME)                                                                              \
    { "listen", "ADDRESS[:PORT]", "where the recipient connects to for direct; may be repeated; default: all addresses " \
      "of this machine, any free port. IPv6 as [2001:db8::7]:7625", OPTION_TEXTS, &(NAME).listen, 0, 0 },              \
    { "announce", "HOST:PORT", "tell the recipient to connect to this instead, where a firewall translates addresses; " \
      "may be repeated", OPTION_TEXTS, &(NAME).announce, 0, 0 },                                                       \
    { "proxy", "JID=HOST:PORT", "a proxy for mediated; may be repeated; default: those that the server names",         \
      OPTION_TEXTS, &(NAME).proxy, 0, 0 }

#define NETWORK_OPTION_DEFAULTS { .method_word = "auto" }

/* Checks the options. 0, or -1 after saying what is wrong. */
int network_options_check(struct network_options *options);

/* Whether `method` is among the ways chosen. */
int network_has(const struct network_options *options, uint32_t method);

/* Tells the session the proxies and announced addresses. 0, or -1 after saying what is wrong. */
int network_tell(const struct network_options *options, xft_session *session);

void network_options_free(struct network_options *options);

#endif
