/* The part of an event loop that is for SOCKS5 streams: between the session's numbers and sockets. */
#include "socks_loop.h"

#include "ending.h"
#include "options.h"
#include "raw.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- what the session says -------------------------------------------------------------------------------------------- */

static void say_place(const xft_output *output, char out[280])
{
    const char *shape = memchr(output->host, ':', output->host_len) != NULL ? "[%.*s]:%u" : "%.*s:%u";
    snprintf(out, 280, shape, (int)output->host_len, output->host, (unsigned int)output->port);
}

static void connect_to(struct socks_loop *loop, const xft_output *output)
{
    char place[280];
    say_place(output, place);
    route_note(loop->routes, output->transfer, output->stream, place);
    if (loop->verbose)
        say("connecting to %s", place);
    struct dial *dial = dial_begin(output->host, output->host_len, output->port, loop->local);
    struct socks_stream *stream = dial != NULL ? socks_add(&loop->streams, output->stream, -1, dial) : NULL;
    if (stream == NULL) {
        xft_stream_end(loop->session, output->stream, XFT_END_UNREACHABLE);
        return;
    }
    /* The first step does not wait for poll(2). */
    stream->writable = 1;
    snprintf(stream->peer, sizeof stream->peer, "%.79s", place);
}

int socks_loop_output(struct socks_loop *loop, const xft_output *output)
{
    struct socks_stream *stream = socks_find(&loop->streams, output->stream);
    if (output->kind == XFT_OUTPUT_CONNECT)
        connect_to(loop, output);
    else if (stream == NULL)
        return 0;
    else if (output->kind == XFT_OUTPUT_SEND_RAW) {
        route_used(loop->routes, output->transfer, output->stream, stream->peer);
        return 1;
    } else if (output->kind == XFT_OUTPUT_TRANSMIT) {
        if (socks_queue(stream, output->bytes, output->len) != 0 || socks_flush(stream) != 0)
            stream->ended = -1;
    } else if (output->kind == XFT_OUTPUT_HALF_CLOSE) {
        stream->half_close = 1;
        if (socks_flush(stream) != 0)
            stream->ended = -1;
    } else if (output->kind == XFT_OUTPUT_CLOSE)
        socks_close(stream, loop->now_ms);
    return 0;
}

void socks_loop_send_raw(struct socks_loop *loop, const xft_output *output, const struct source *source,
                         int by_system)
{
    struct socks_stream *stream = socks_find(&loop->streams, output->stream);
    if (stream == NULL)
        return;
    stream->raw.transfer = output->transfer;
    stream->raw.offset = output->offset;
    stream->raw.end = output->end;
    stream->raw.source = source;
    stream->raw.by_system = by_system && raw_by_system;
    stream->writable = 1;
}

void socks_loop_finished(struct socks_loop *loop, uint32_t transfer)
{
    for (size_t at = 0; at < loop->streams.count; at++)
        if (loop->streams.items[at].raw.transfer == transfer)
            loop->streams.items[at].raw.transfer = 0;
    if (loop->unread_transfer == transfer)
        loop->unread_transfer = 0;
}

/* --- what came -------------------------------------------------------------------------------------------------------- */

int socks_loop_feed(struct socks_loop *loop, xft_received *received, int *full)
{
    while (loop->in_from < loop->in_to && !*full) {
        size_t used = 0;
        uint32_t status = xft_stream_in(loop->session, loop->in_stream, loop->in + loop->in_from,
                                        loop->in_to - loop->in_from, &used, received);
        if (status == XFT_ERR_FULL) {
            *full = 1;
            break;
        }
        if (status != XFT_OK) {
            /* The stream is of no more use to the session: poll says why. */
            loop->in_from = loop->in_to = 0;
            break;
        }
        loop->in_from += used;
        if (received->kind == XFT_RECEIVED_DATA) {
            const struct socks_stream *stream = socks_find(&loop->streams, loop->in_stream);
            loop->moved_ms = loop->now_ms;
            if (stream != NULL && received->offset == 0)
                route_used(loop->routes, received->transfer, loop->in_stream, stream->peer);
            return 1;
        }
    }
    return 0;
}

int socks_loop_has_input(const struct socks_loop *loop)
{
    return loop->in_from < loop->in_to;
}

/* Tells the session that a stream is over. The number is void then; the socket goes when its last bytes are out. */
static void lost(struct socks_loop *loop, struct socks_stream *stream, uint32_t why)
{
    xft_stream_end(loop->session, stream->id, why);
    stream->out_from = stream->out_to = 0;
    socks_close(stream, loop->now_ms);
}

/* The other side will send nothing more. What the session still has to say goes out; it closes the stream in the end. */
static void ended(struct socks_loop *loop, struct socks_stream *stream)
{
    stream->ended = 1;
    stream->until_ms = loop->now_ms + SOCKS_LINGER_MS;
    xft_stream_end(loop->session, stream->id, XFT_END_ENDED);
}

static void read_some(struct socks_loop *loop, struct socks_stream *stream)
{
    ssize_t got = recv(stream->fd, loop->in, SOCKS_PIECE_BYTES, 0);
    if (got > 0) {
        loop->in_from = 0;
        loop->in_to = (size_t)got;
        loop->in_stream = stream->id;
    } else if (got == 0)
        ended(loop, stream);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        stream->readable = 0;
    else if (errno != EINTR)
        lost(loop, stream, XFT_END_LOST);
}

/* --- what can be done ------------------------------------------------------------------------------------------------- */

static void go_on_connecting(struct socks_loop *loop, struct socks_stream *stream)
{
    int result = dial_step(stream->dial, loop->now_ms, &stream->fd);
    stream->writable = 0;
    if (result == DIAL_WAIT)
        return;
    dial_free(stream->dial);
    stream->dial = NULL;
    if (result == DIAL_UP)
        xft_stream_open(loop->session, stream->id);
    else
        lost(loop, stream, (uint32_t)result);
}

static void send_some(struct socks_loop *loop, struct socks_stream *stream)
{
    if (socks_unsent(stream)) {
        if (socks_flush(stream) != 0)
            stream->ended = -1;
        return;
    }
    switch (raw_step(stream, loop->session)) {
    case RAW_DONE:
        stream->raw.transfer = 0;
        break;
    case RAW_BROKEN:
        stream->ended = -1;
        break;
    case RAW_UNREAD:
        loop->unread_transfer = stream->raw.transfer;
        loop->unread_cause = errno;
        stream->raw.transfer = 0;
        break;
    default:
        break;
    }
    loop->moved_ms = loop->now_ms;
}

static int wants_to_write(const struct socks_stream *stream)
{
    return socks_unsent(stream) || stream->raw.transfer != 0;
}

/* One thing for this stream. 1: done. */
static int work_on(struct socks_loop *loop, struct socks_stream *stream)
{
    /* Its time may have passed while the program was stopped: one more try. */
    if (stream->id == 0 && stream->fd >= 0 && loop->now_ms >= stream->until_ms)
        (void)socks_flush(stream);
    if (stream->id == 0 && (stream->fd < 0 || !socks_unsent(stream) || loop->now_ms >= stream->until_ms)) {
        socks_remove(&loop->streams, stream);
        return 1;
    }
    if (stream->dial != NULL) {
        if (!stream->writable && loop->now_ms < dial_due_ms(stream->dial))
            return 0;
        go_on_connecting(loop, stream);
        return 1;
    }
    if (stream->ended < 0 && stream->id != 0) {
        lost(loop, stream, XFT_END_LOST);
        return 1;
    }
    if (stream->ended > 0 && loop->now_ms >= stream->until_ms && !wants_to_write(stream)) {
        socks_close(stream, loop->now_ms);
        return 1;
    }
    if (stream->writable && wants_to_write(stream)) {
        send_some(loop, stream);
        return 1;
    }
    if (stream->readable && stream->id != 0 && stream->ended == 0 && loop->in_from == loop->in_to) {
        read_some(loop, stream);
        return 1;
    }
    return 0;
}

static int accept_one(struct socks_loop *loop, size_t at)
{
    struct sockaddr_storage from;
    int fd = listen_accept(&loop->listeners, at, &from);
    uint32_t id = 0;
    if (fd < 0)
        return 0;
    /* The session bounds how many may knock at once (S5B-30). */
    if (xft_stream_accepted(loop->session, address_source((const void *)&from), &id) != XFT_OK) {
        close(fd);
        return 1;
    }
    struct socks_stream *stream = socks_add(&loop->streams, id, fd, NULL);
    if (stream == NULL) {
        xft_stream_end(loop->session, id, XFT_END_LOST);
        return 1;
    }
    address_host_text((const void *)&from, stream->peer);
    stream->readable = stream->writable = 1;
    if (loop->verbose)
        say("%s connected", stream->peer);
    return 1;
}

int socks_loop_work(struct socks_loop *loop)
{
    /* Every stream gets its turn. */
    for (size_t tries = loop->streams.count; tries > 0; tries--) {
        loop->turn = loop->turn + 1 < loop->streams.count ? loop->turn + 1 : 0;
        if (loop->turn < loop->streams.count && work_on(loop, &loop->streams.items[loop->turn]))
            return 1;
    }
    for (size_t at = 0; at < loop->listeners.count; at++)
        if (loop->listeners.ready[at]) {
            loop->listeners.ready[at] = 0;
            return accept_one(loop, at);
        }
    return 0;
}

size_t socks_loop_polled(const struct socks_loop *loop)
{
    return loop->listeners.count + loop->streams.count;
}

void socks_loop_before_poll(const struct socks_loop *loop, struct pollfd *polled, uint64_t *until_ms)
{
    for (size_t at = 0; at < loop->listeners.count; at++)
        *polled++ = (struct pollfd){ loop->listeners.fds[at], POLLIN, 0 };
    for (size_t at = 0; at < loop->streams.count; at++) {
        const struct socks_stream *stream = &loop->streams.items[at];
        struct pollfd *wanted = polled++;
        uint64_t due_ms = stream->dial != NULL ? dial_due_ms(stream->dial) : stream->until_ms;
        *wanted = (struct pollfd){ stream->fd, 0, 0 };
        if (stream->dial != NULL)
            dial_poll(stream->dial, wanted);
        else {
            if (stream->id != 0 && stream->ended == 0 && !stream->readable)
                wanted->events |= POLLIN;
            if (wants_to_write(stream))
                wanted->events |= POLLOUT;
        }
        /* poll(2) says "hung up" even to those who wait for nothing. */
        if (wanted->events == 0)
            wanted->fd = -1;
        if (due_ms < *until_ms)
            *until_ms = due_ms;
    }
}

void socks_loop_after_poll(struct socks_loop *loop, const struct pollfd *polled)
{
    const short ANY = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL;
    for (size_t at = 0; at < loop->listeners.count; at++)
        loop->listeners.ready[at] = (polled++->revents & ANY) != 0;
    for (size_t at = 0; at < loop->streams.count; at++) {
        struct socks_stream *stream = &loop->streams.items[at];
        short came = polled++->revents;
        if (stream->dial != NULL) {
            /* Its first step may not have been taken yet. */
            stream->writable |= (came & ANY) != 0;
            continue;
        }
        if ((came & (POLLIN | POLLERR | POLLHUP | POLLNVAL)) != 0)
            stream->readable = 1;
        if ((came & (POLLOUT | POLLERR | POLLHUP | POLLNVAL)) != 0)
            stream->writable = 1;
    }
}

/* --- beginning and end ------------------------------------------------------------------------------------------------ */

int socks_loop_open(struct socks_loop *loop, struct routes *routes, int verbose)
{
    memset(loop, 0, sizeof *loop);
    loop->routes = routes;
    loop->verbose = verbose;
    loop->in = malloc(SOCKS_PIECE_BYTES);
    return loop->in != NULL ? 0 : -1;
}

int socks_loop_offer(struct socks_loop *loop, const struct network_options *network, int xmpp_fd)
{
    if (network_tell(network, loop->session) != 0)
        return EXIT_USAGE;
    if (!network_has(network, XFT_METHOD_DIRECT))
        return EXIT_ALL_WELL;
    if (listen_open(&loop->listeners, network) != 0)
        return EXIT_LISTEN;
    /* What the firewall shows the world was told already. */
    if (network->announce.count > 0)
        return EXIT_ALL_WELL;
    return listen_announce(&loop->listeners, loop->session, xmpp_fd, loop->verbose) == 0 ? EXIT_ALL_WELL : EXIT_DEFECT;
}

void socks_loop_free(struct socks_loop *loop)
{
    free(loop->in);
    socks_free(&loop->streams);
    listen_close(&loop->listeners);
    memset(loop, 0, sizeof *loop);
}
