/* Where the recipient connects to for a direct transfer: listening sockets, and the addresses to offer. */
#ifndef XFT_EXAMPLES_LISTEN_H
#define XFT_EXAMPLES_LISTEN_H

#include "network.h"
#include "xft.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define LISTENERS 4

/* Most addresses that are offered; the session reads no more of a peer than this either (S5B-03). */
#define LISTEN_OFFERS 12

struct listeners {
    int fds[LISTENERS];
    int ready[LISTENERS]; /* poll(2) said that somebody connects */
    size_t count;
    int spare; /* a descriptor kept for those who come when there are no more */
};

/* Listens where --listen says, else on all addresses. 0, or -1 after saying what is wrong. */
int listen_open(struct listeners *listeners, const struct network_options *options);

/* Tells the session where the sockets listen; those on all addresses stand for every address of this machine, without
 * loopback and link-local, the one in use on `xmpp_fd` first (S5B-16), IPv4 and IPv6 in turns (S5B-18). 0, or -1 after
 * saying what is wrong. With `verbose` it says what is offered. */
int listen_announce(const struct listeners *listeners, xft_session *session, int xmpp_fd, int verbose);

/* Takes one stream that came. Its socket, or -1 when there is none (any more), or no descriptor for it: then who came is
 * let in and shown out, or the poll(2) of the loop would be woken by him for ever. */
int listen_accept(struct listeners *listeners, size_t at, struct sockaddr_storage *from);

void listen_close(struct listeners *listeners);

#endif
