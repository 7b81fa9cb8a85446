/* The SOCKS5 streams of a session: a table from the session's numbers to sockets, and the bytes on their way out. The
 * SOCKS5 protocol itself is the session's matter. */
#ifndef XFT_EXAMPLES_SOCKS_STREAMS_H
#define XFT_EXAMPLES_SOCKS_STREAMS_H

#include "address.h"
#include "dial.h"

#include <stddef.h>
#include "source.h"

#include <stdint.h>

/* One piece of a file on its way out, and one read of a file coming in. */
#define SOCKS_PIECE_BYTES 262144u

/* How long the last bytes of a closed stream may take, and an ended one may stay. */
#define SOCKS_LINGER_MS 10000u

/* The bytes of a file that may go over a stream, see raw.h. */
struct raw {
    uint32_t transfer; /* 0: nothing may go */
    uint64_t offset, end;
    const struct source *source;
    int by_system; /* sendfile(2) moves them */
};

struct socks_stream {
    uint32_t id; /* the session's number; 0: the session has closed it, its last bytes are still going out */
    int fd;      /* -1: being connected */
    struct dial *dial;
    int readable, writable; /* what poll(2) said and nobody used up yet */
    int half_close;         /* the session wants the writing side shut down after the last byte */
    int ended;              /* nothing more can be read */
    uint64_t until_ms;      /* closed then whatever happens; UINT64_MAX: by the session alone */
    struct raw raw;
    uint8_t *out;
    size_t out_from, out_to, out_bytes;
    char peer[ADDRESS_TEXT_BYTES]; /* the other end: "192.0.2.7:7625" */
};

struct socks_streams {
    struct socks_stream *items; /* pointers into it are good until the next socks_add() */
    size_t count, room;
};

/* A new entry with these; NULL: out of memory, `fd` is closed and `dial` freed then. */
struct socks_stream *socks_add(struct socks_streams *streams, uint32_t id, int fd, struct dial *dial);

/* The entry with that number, which is not 0, or NULL. */
struct socks_stream *socks_find(struct socks_streams *streams, uint32_t id);

/* Queues a copy of bytes behind what waits. 0, or -1: out of memory. */
int socks_queue(struct socks_stream *stream, const uint8_t *bytes, size_t size);

/* Writes what the socket takes of what waits, then shuts down or closes if that is due. 0, or -1: it broke. */
int socks_flush(struct socks_stream *stream);

/* Whether bytes wait to go out. */
int socks_unsent(const struct socks_stream *stream);

/* Closes it, once everything that waits has gone out. */
void socks_close(struct socks_stream *stream, uint64_t now_ms);

/* Closes it now and takes it out of the table; the last entry moves to its place. */
void socks_remove(struct socks_streams *streams, struct socks_stream *stream);

void socks_free(struct socks_streams *streams);

#endif
