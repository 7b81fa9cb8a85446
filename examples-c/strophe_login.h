/* What a program that uses libstrophe has already: a stream to the server, logged in and present. Nothing here knows
 * libxft. */
#ifndef XFT_EXAMPLES_STROPHE_LOGIN_H
#define XFT_EXAMPLES_STROPHE_LOGIN_H

#include "account.h"

#include <strophe.h>

struct strophe {
    xmpp_ctx_t *ctx;
    xmpp_conn_t *conn;
    int fd;       /* libstrophe's socket; -1 before and after */
    int online;   /* the login has succeeded */
    int over;     /* the stream has ended */
    int code;     /* exit code of a failed login */

    /* Its own. */
    const struct account_options *account;
    xmpp_handler on_stanza;
    void *userdata;
    int secured, untrusted;
};

/* Begins to connect; strophe_turn() goes on. Every stanza goes to `on_stanza`. 0, or the exit code after saying what is
 * wrong. The password is wiped in any case. */
int strophe_log_in(struct strophe *strophe, struct account_options *account, xmpp_handler on_stanza, void *userdata);

/* Lets libstrophe write what is queued and read once. Once online it never waits. */
void strophe_turn(struct strophe *strophe);

/* Tells somebody that we are there: the server tells them then when we are gone. */
void strophe_greet(struct strophe *strophe, const char *jid);

void strophe_free(struct strophe *strophe);

#endif
