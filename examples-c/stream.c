/* The byte stream to the server. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Waits for one socket until `end_ms`. 1: the events came; 0: time is over. */
static int wait_until(int fd, short events, uint64_t end_ms)
{
    for (;;) {
        struct pollfd one = { fd, events, 0 };
        uint64_t now = clock_ms();
        /* What came while the program was stopped counts. */
        int ready = poll(&one, 1, now >= end_ms ? 0 : (int)(end_ms - now));
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

/* One address. 0, or -1 with errno. */
static int connect_to(struct stream *stream, const struct addrinfo *address, int timeout_ms)
{
    int one = 1, cause = 0;
    socklen_t length = sizeof cause;
    int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    /* Acknowledgements are small and must not wait for more of them: whole batches are written anyway. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        cause = errno;
        if (cause == EINPROGRESS) {
            cause = ETIMEDOUT;
            if (wait_until(fd, POLLOUT, clock_ms() + (uint64_t)timeout_ms))
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &length);
        }
    }
    if (cause != 0) {
        close(fd);
        errno = cause;
        return -1;
    }
    stream->fd = fd;
    return 0;
}

int stream_connect(struct stream *stream, const char *host, const char *port, int timeout_ms)
{
    struct addrinfo hints, *found = NULL;
    memset(stream, 0, sizeof *stream);
    memset(&hints, 0, sizeof hints);
    stream->fd = -1;
    hints.ai_socktype = SOCK_STREAM;
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed != 0) {
        snprintf(stream->error, sizeof stream->error, "%s", gai_strerror(failed));
        return STREAM_UNREACHABLE;
    }
    for (struct addrinfo *at = found; at != NULL && stream->fd < 0; at = at->ai_next)
        if (connect_to(stream, at, timeout_ms) != 0)
            snprintf(stream->error, sizeof stream->error, "%s", strerror(errno));
    freeaddrinfo(found);
    return stream->fd >= 0 ? STREAM_OK : STREAM_UNREACHABLE;
}

int stream_start_tls(struct stream *stream, const char *domain, const char *ca_file, int direct, int timeout_ms)
{
    uint64_t end_ms = clock_ms() + (uint64_t)timeout_ms;
    stream->tls = tls_create(stream->fd, domain, ca_file, direct, stream->error, sizeof stream->error);
    if (stream->tls == NULL)
        return STREAM_TLS_FAILED;
    for (;;) {
        int status = tls_handshake(stream->tls);
        if (status == TLS_OK)
            return STREAM_OK;
        if (status == TLS_WANT_READ || status == TLS_WANT_WRITE) {
            if (wait_until(stream->fd, status == TLS_WANT_READ ? POLLIN : POLLOUT, end_ms))
                continue;
            snprintf(stream->error, sizeof stream->error, "the server did not finish the TLS handshake in time");
            return STREAM_TLS_FAILED;
        }
        snprintf(stream->error, sizeof stream->error, "%s", tls_error(stream->tls));
        return status == TLS_UNTRUSTED ? STREAM_UNTRUSTED : STREAM_TLS_FAILED;
    }
}

/* What a TLS call means for the stream; `*want` keeps what it waits for. */
static int after_tls(struct stream *stream, int status, int *want)
{
    if (status == TLS_OK)
        return STREAM_OK;
    if (status == TLS_WANT_READ || status == TLS_WANT_WRITE) {
        *want = status;
        return STREAM_WAIT;
    }
    snprintf(stream->error, sizeof stream->error, "%s",
             status == TLS_CLOSED ? "the server closed the stream" : tls_error(stream->tls));
    return STREAM_ENDED;
}

/* What a socket call that returned `result` means. */
static int after_socket(struct stream *stream, ssize_t result, int *want, int direction)
{
    if (result > 0)
        return STREAM_OK;
    if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        *want = direction;
        return STREAM_WAIT;
    }
    snprintf(stream->error, sizeof stream->error, "%s", result < 0 ? strerror(errno) : "the server closed the stream");
    return STREAM_ENDED;
}

int stream_read(struct stream *stream, uint8_t *bytes, size_t size, size_t *moved)
{
    *moved = 0;
    stream->want_read = 0;
    if (stream->fd < 0)
        return STREAM_ENDED;
    if (stream->tls != NULL)
        return after_tls(stream, tls_read(stream->tls, bytes, size, moved), &stream->want_read);
    ssize_t result = recv(stream->fd, bytes, size, 0);
    *moved = result > 0 ? (size_t)result : 0;
    return after_socket(stream, result, &stream->want_read, TLS_WANT_READ);
}

int stream_write(struct stream *stream, const uint8_t *bytes, size_t size, size_t *moved)
{
    *moved = 0;
    stream->want_write = 0;
    if (stream->fd < 0)
        return STREAM_ENDED;
    if (stream->tls != NULL) {
        int status = after_tls(stream, tls_write(stream->tls, bytes, size, moved), &stream->want_write);
        if (status == STREAM_OK && tls_unsent(stream->tls))
            stream->want_write = TLS_WANT_WRITE;
        return status;
    }
    if (size == 0)
        return STREAM_OK;
    ssize_t result = send(stream->fd, bytes, size, 0);
    *moved = result > 0 ? (size_t)result : 0;
    return after_socket(stream, result, &stream->want_write, TLS_WANT_WRITE);
}

struct pollfd stream_poll(struct stream *stream, int unsent, int wanted)
{
    struct pollfd one = { stream->fd, 0, 0 };
    /* TLS may need to read before it can write, and the other way round. */
    if (wanted || stream->want_write == TLS_WANT_READ)
        one.events |= POLLIN;
    if ((unsent && stream->want_write != TLS_WANT_READ) || stream->want_read == TLS_WANT_WRITE || stream->want_write == TLS_WANT_WRITE)
        one.events |= POLLOUT;
#ifdef TCP_QUICKACK
    /* A server with Nagle's algorithm on holds its next small stanza back until the one before is acknowledged, which
     * the system would put off for 40 ms. It forgets the wish, so it is told before every wait. */
    int on = 1;
    setsockopt(stream->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#endif
    return one;
}

void stream_wait(struct stream *stream, int unsent, int wanted, int wake_fd, int timeout_ms)
{
    struct pollfd both[2] = { stream_poll(stream, unsent, wanted), { wake_fd, POLLIN, 0 } };
    if (poll(both, 2, timeout_ms) < 0 && errno != EINTR)
        snprintf(stream->error, sizeof stream->error, "%s", strerror(errno));
}

void stream_close(struct stream *stream)
{
    if (stream->tls != NULL && stream->fd >= 0)
        tls_shutdown(stream->tls);
    tls_free(stream->tls);
    stream->tls = NULL;
    if (stream->fd >= 0) {
        shutdown(stream->fd, SHUT_WR);
        close(stream->fd);
    }
    stream->fd = -1;
    stream->want_read = stream->want_write = 0;
}
