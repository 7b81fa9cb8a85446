/* The byte stream to the server: a POSIX TCP socket, with or without TLS on it. Never blocks, except in the two calls
 * that say so. */
#ifndef XFT_EXAMPLES_STREAM_H
#define XFT_EXAMPLES_STREAM_H

#include "clock.h"
#include "tls.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* What reading or writing came to. */
#define STREAM_OK    0 /* at least one byte moved */
#define STREAM_WAIT  1 /* nothing can move now: wait for the events of stream_poll() */
#define STREAM_ENDED 2 /* the other side ended it, or it broke: see `error` */

/* How setting it up failed. */
#define STREAM_UNREACHABLE 3 /* no such host, nobody listens, no answer in time */
#define STREAM_UNTRUSTED   4 /* the server's certificate is not to be trusted */
#define STREAM_TLS_FAILED  5 /* TLS failed for another reason */

struct stream {
    int fd;          /* -1: closed */
    struct tls *tls; /* NULL: plain text */
    int want_read, want_write; /* what reading and writing last waited for */
    char error[320];
};

/* Resolves the name and connects, one address after the other, `timeout_ms` for each (this call blocks). STREAM_OK or
 * STREAM_UNREACHABLE. */
int stream_connect(struct stream *stream, const char *host, const char *port, int timeout_ms);

/* Runs the TLS handshake, at most `timeout_ms` (this call blocks); the rest as in tls_create(). STREAM_OK,
 * STREAM_UNTRUSTED or STREAM_TLS_FAILED. */
int stream_start_tls(struct stream *stream, const char *domain, const char *ca_file, int direct, int timeout_ms);

/* Reads what is there, up to `size` bytes. */
int stream_read(struct stream *stream, uint8_t *bytes, size_t size, size_t *moved);

/* Writes what the socket takes. `size` may be 0 to push what TLS still holds. */
int stream_write(struct stream *stream, const uint8_t *bytes, size_t size, size_t *moved);

/* What to wait for with poll(2). `unsent` says that the caller has bytes to write, `wanted` that it wants to read. Asked
 * before every wait. */
struct pollfd stream_poll(struct stream *stream, int unsent, int wanted);

/* Waits until the stream can go on, `wake_fd` (-1: none) is readable, or `timeout_ms` are over. */
void stream_wait(struct stream *stream, int unsent, int wanted, int wake_fd, int timeout_ms);

/* Says goodbye and closes the socket. Closing a closed stream is fine. */
void stream_close(struct stream *stream);

#endif
