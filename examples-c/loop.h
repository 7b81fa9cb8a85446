/* The event loop: carries the bytes between one libxft session, one server, and the SOCKS5 streams of its transfers, and
 * tells the program what only the program can do. It is driven by calls, like the session itself:
 *
 *     while ((step = loop_next(&loop)) != LOOP_OVER)
 *         switch (step) { ... }
 */
#ifndef XFT_EXAMPLES_LOOP_H
#define XFT_EXAMPLES_LOOP_H

#include "account.h"
#include "route.h"
#include "socks_loop.h"
#include "stream.h"
#include "xft.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* One read takes as much as this: fewer system calls, and more blocks per acknowledgement batch. */
#define LOOP_IN_BYTES 131072u

/* Stanzas gather up to this before they are written in one call. */
#define LOOP_BATCH_BYTES 65536u

/* What the program has to do now. */
enum loop_step {
    LOOP_EVENT,     /* look at `output`: XFT_EVENT_... */
    LOOP_NEED_DATA, /* read the file as `output` says and call loop_supply(), or xft_cancel() */
    LOOP_SEND_RAW,  /* the file of `output` may go over a SOCKS5 stream: loop_send_raw(), or xft_cancel() */
    LOOP_UNREAD,    /* the file of `unread_transfer` cannot be read, errno is in `unread_cause` (0: it changed) */
    LOOP_DATA,      /* store the bytes in `received` before the next call */
    LOOP_OFFER,     /* look at `received`; xft_accept() or xft_decline() */
    LOOP_NO_ROOM,   /* `received` says who offered a file that there was no room for */
    LOOP_IDLE,      /* everything that came is handed out: sync and say what is stored, draw the progress */
    LOOP_STALLED,   /* nothing moved for --timeout seconds (said once) */
    LOOP_STOP,      /* SIGINT or SIGTERM came (said once) */
    LOOP_OVER       /* the session is over */
};

struct loop {
    xft_session *session;
    xft_output output;     /* for LOOP_EVENT and LOOP_NEED_DATA */
    xft_received received; /* for LOOP_DATA, LOOP_OFFER and LOOP_NO_ROOM */
    uint64_t now_ms;
    uint64_t wake_ms; /* set by the program: LOOP_IDLE comes at least this often; 0: only with traffic */
    struct stream stream;
    int online;     /* the login has succeeded */
    int tls_failed; /* STREAM_UNTRUSTED or STREAM_TLS_FAILED, see stream.error */
    uint32_t unread_transfer;
    int unread_cause;
    struct routes routes; /* for the words at the end of a transfer */

    /* The loop's own. */
    const struct account_options *options;
    void *memory;
    uint8_t *in, *out;
    size_t in_from, in_to;
    size_t out_from, out_to, out_bytes, room;
    uint64_t until_ms, moved_ms, stall_ms, look_ms, waited_ms;
    int full, idle_said, stopped, broken, blocked;
    struct socks_loop socks;
    struct pollfd *polled;
    size_t polled_room;
};

/* Connects, runs direct TLS if that is wanted, makes the session, and listens if it sends. `transfers` are possible at
 * once. 0, or the exit code after saying what is wrong. The password is wiped in any case. */
int loop_open(struct loop *loop, struct account_options *options, uint32_t transfers, int sends);

/* Carries on until there is something for the program. */
enum loop_step loop_next(struct loop *loop);

/* Hands in the file bytes that LOOP_NEED_DATA asked for. Returns what xft_supply() returned. */
uint32_t loop_supply(struct loop *loop, const uint8_t *bytes, size_t size);

/* Answers LOOP_SEND_RAW: the loop moves the file's bytes from `source`, which stays open until the transfer is over,
 * and LOOP_UNREAD says if that fails. With `by_system` sendfile(2) does it, where there is one: faster, and without
 * hashing at this end. */
void loop_send_raw(struct loop *loop, const struct source *source, int by_system);

/* For the loop itself. Tells the session the time: before everything that comes in and every command. */
void loop_tick(struct loop *loop);

/* For the loop itself. Runs the TLS handshake: STREAM_OK, or the failure after saying it. */
int loop_start_tls(struct loop *loop);

/* For the loop itself. Tells the session that TLS is up, with its channel bindings. */
void loop_tls_done(struct loop *loop);

/* Frees everything; the session ends at once if it is not over yet. */
void loop_free(struct loop *loop);

#endif
