/* The part of an event loop that is for SOCKS5 streams: it listens, dials, and moves bytes between the session's streams
 * and sockets. Whose loop it is does not matter: loop.c turns it for xft_send and xft_recv, with_libstrophe.c beside
 * another library's stream.
 *
 * One turn: socks_loop_feed() and socks_loop_work() until both have nothing more to do, xft_poll() with
 * socks_loop_output() for what concerns streams other than 0, then poll(2) between socks_loop_before_poll() and
 * socks_loop_after_poll(). */
#ifndef XFT_EXAMPLES_SOCKS_LOOP_H
#define XFT_EXAMPLES_SOCKS_LOOP_H

#include "listen.h"
#include "network.h"
#include "route.h"
#include "socks_streams.h"
#include "xft.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct socks_loop {
    xft_session *session; /* set by the loop, before anything but socks_loop_open() */
    uint64_t now_ms;      /* set by the loop in every turn */
    uint64_t moved_ms;    /* when bytes of a file moved last */
    int local; /* set by the loop: streamhosts may be on this machine. A sender's are its own or of its own server; those of
                * a receiver are what a peer says (ATK-25) */

    /* Not 0: the file of this transfer cannot be read, for this errno (0: it changed). The loop cancels the
     * transfer and sets it to 0. */
    uint32_t unread_transfer;
    int unread_cause;

    /* Its own. */
    struct routes *routes;
    int verbose;
    struct listeners listeners;
    struct socks_streams streams;
    size_t turn;
    uint8_t *in; /* what came on stream `in_stream`, SOCKS_PIECE_BYTES at most */
    size_t in_from, in_to;
    uint32_t in_stream;
};

/* `routes` learns where the files went. 0, or -1: out of memory. */
int socks_loop_open(struct socks_loop *loop, struct routes *routes, int verbose);

/* For a program that sends: tells the session the proxies, listens if that is wanted, and tells where. `xmpp_fd` is the
 * socket to the server. 0, or the exit code after saying what is wrong. */
int socks_loop_offer(struct socks_loop *loop, const struct network_options *network, int xmpp_fd);

/* Does what xft_poll() said about a stream other than 0. 1: it is XFT_OUTPUT_SEND_RAW, and the program answers with
 * socks_loop_send_raw() or xft_cancel(). */
int socks_loop_output(struct socks_loop *loop, const xft_output *output);

/* The bytes of a file may go: they are read from `source`, which stays open until the transfer is over. With
 * `by_system` sendfile(2) moves them, where there is one: faster, and without hashing at this end. */
void socks_loop_send_raw(struct socks_loop *loop, const xft_output *output, const struct source *source,
                         int by_system);

/* Hands what came to the session, while it is not `*full`. 1: there are bytes to store in `*received`. */
int socks_loop_feed(struct socks_loop *loop, xft_received *received, int *full);

/* Whether something that came was not handed in yet. */
int socks_loop_has_input(const struct socks_loop *loop);

/* Does one thing for one stream that is ready. 1: something was done; 0: nothing to do before poll(2) says so. */
int socks_loop_work(struct socks_loop *loop);

/* How many entries of poll(2) the streams and listeners take, what they wait for and until when at most, and the
 * answers. Nothing may come between the three. */
size_t socks_loop_polled(const struct socks_loop *loop);
void socks_loop_before_poll(const struct socks_loop *loop, struct pollfd *polled, uint64_t *until_ms);
void socks_loop_after_poll(struct socks_loop *loop, const struct pollfd *polled);

/* The transfer is over: none of its bytes are read from the program's file any more. */
void socks_loop_finished(struct socks_loop *loop, uint32_t transfer);

void socks_loop_free(struct socks_loop *loop);

#endif
