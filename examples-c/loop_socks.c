/* The event loop's part for SOCKS5 streams: between the session's numbers and sockets. */
#include "loop.h"
#include "raw.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- what the session says -------------------------------------------------------------------------------------------- */

static void say_place(const xft_output *output, char out[280])
{
    const char *shape = memchr(output->host, ':', output->host_len) != NULL ? "[%.*s]:%u" : "%.*s:%u";
    snprintf(out, 280, shape, (int)output->host_len, output->host, (unsigned int)output->port);
}

static void connect_to(struct loop *loop)
{
    const xft_output *output = &loop->output;
    char place[280];
    say_place(output, place);
    route_note(&loop->routes, output->transfer, output->stream, place);
    if (loop->options->verbose)
        say("connecting to %s", place);
    struct dial *dial = dial_begin(output->host, output->host_len, output->port);
    struct socks_stream *stream = dial != NULL ? socks_add(&loop->socks, output->stream, -1, dial) : NULL;
    if (stream == NULL) {
        xft_stream_end(loop->session, output->stream, XFT_END_UNREACHABLE);
        return;
    }
    /* The first step does not wait for poll(2). */
    stream->writable = 1;
    snprintf(stream->peer, sizeof stream->peer, "%.79s", place);
}

static int send_raw(struct loop *loop)
{
    const struct socks_stream *stream = socks_find(&loop->socks, loop->output.stream);
    if (stream == NULL)
        return LOOP_GO_ON;
    route_used(&loop->routes, loop->output.transfer, loop->output.stream, stream->peer);
    return LOOP_SEND_RAW;
}

int loop_socks_output(struct loop *loop)
{
    const xft_output *output = &loop->output;
    struct socks_stream *stream = socks_find(&loop->socks, output->stream);
    if (output->kind == XFT_OUTPUT_CONNECT)
        connect_to(loop);
    else if (output->kind == XFT_OUTPUT_SEND_RAW)
        return send_raw(loop);
    else if (stream == NULL)
        return LOOP_GO_ON;
    else if (output->kind == XFT_OUTPUT_TRANSMIT) {
        if (socks_queue(stream, output->bytes, output->len) != 0 || socks_flush(stream) != 0)
            stream->ended = -1;
    } else if (output->kind == XFT_OUTPUT_HALF_CLOSE) {
        stream->half_close = 1;
        if (socks_flush(stream) != 0)
            stream->ended = -1;
    } else if (output->kind == XFT_OUTPUT_CLOSE)
        socks_close(stream, loop->now_ms);
    return LOOP_GO_ON;
}

void loop_send_raw(struct loop *loop, int file_fd, int by_system)
{
    struct socks_stream *stream = socks_find(&loop->socks, loop->output.stream);
    if (stream == NULL)
        return;
    stream->raw.transfer = loop->output.transfer;
    stream->raw.offset = loop->output.offset;
    stream->raw.end = loop->output.end;
    stream->raw.file_fd = file_fd;
    stream->raw.by_system = by_system && raw_by_system;
    stream->writable = 1;
}

void loop_socks_finished(struct loop *loop, uint32_t transfer)
{
    for (size_t at = 0; at < loop->socks.count; at++)
        if (loop->socks.items[at].raw.transfer == transfer)
            loop->socks.items[at].raw.transfer = 0;
    if (loop->unread_transfer == transfer)
        loop->unread_transfer = 0;
}

/* --- what came -------------------------------------------------------------------------------------------------------- */

int loop_socks_feed(struct loop *loop)
{
    while (loop->raw_from < loop->raw_to && !loop->full) {
        size_t used = 0;
        uint32_t status = xft_stream_in(loop->session, loop->raw_stream, loop->raw_in + loop->raw_from,
                                        loop->raw_to - loop->raw_from, &used, &loop->received);
        if (status == XFT_ERR_FULL) {
            loop->full = 1;
            break;
        }
        if (status != XFT_OK) {
            /* The stream is of no more use to the session: poll says why. */
            loop->raw_from = loop->raw_to = 0;
            break;
        }
        loop->raw_from += used;
        if (loop->received.kind == XFT_RECEIVED_DATA) {
            const struct socks_stream *stream = socks_find(&loop->socks, loop->raw_stream);
            loop->moved_ms = loop->now_ms;
            loop->idle_said = 0;
            if (stream != NULL && loop->received.offset == 0)
                route_used(&loop->routes, loop->received.transfer, loop->raw_stream, stream->peer);
            return LOOP_DATA;
        }
    }
    return LOOP_GO_ON;
}

/* Tells the session that a stream is over. The number is void then; the socket goes when its last bytes are out. */
static void lost(struct loop *loop, struct socks_stream *stream, uint32_t why)
{
    xft_stream_end(loop->session, stream->id, why);
    stream->out_from = stream->out_to = 0;
    socks_close(stream, loop->now_ms);
}

/* The other side will send nothing more. What the session still has to say goes out; it closes the stream in the end. */
static void ended(struct loop *loop, struct socks_stream *stream)
{
    stream->ended = 1;
    stream->until_ms = loop->now_ms + SOCKS_LINGER_MS;
    xft_stream_end(loop->session, stream->id, XFT_END_ENDED);
}

static void read_some(struct loop *loop, struct socks_stream *stream)
{
    ssize_t got = recv(stream->fd, loop->raw_in, SOCKS_PIECE_BYTES, 0);
    if (got > 0) {
        loop->raw_from = 0;
        loop->raw_to = (size_t)got;
        loop->raw_stream = stream->id;
    } else if (got == 0)
        ended(loop, stream);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        stream->readable = 0;
    else if (errno != EINTR)
        lost(loop, stream, XFT_END_LOST);
}

/* --- what can be done ------------------------------------------------------------------------------------------------- */

static void go_on_connecting(struct loop *loop, struct socks_stream *stream)
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

static void send_some(struct loop *loop, struct socks_stream *stream)
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
        loop->unread_said = 0;
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
static int work_on(struct loop *loop, struct socks_stream *stream)
{
    if (stream->id == 0 && (stream->fd < 0 || !socks_unsent(stream) || loop->now_ms >= stream->until_ms)) {
        socks_remove(&loop->socks, stream);
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
    if (stream->readable && stream->id != 0 && stream->ended == 0 && loop->raw_from == loop->raw_to) {
        read_some(loop, stream);
        return 1;
    }
    return 0;
}

static int accept_one(struct loop *loop, size_t at)
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
    struct socks_stream *stream = socks_add(&loop->socks, id, fd, NULL);
    if (stream == NULL) {
        xft_stream_end(loop->session, id, XFT_END_LOST);
        return 1;
    }
    address_host_text((const void *)&from, stream->peer);
    stream->readable = stream->writable = 1;
    if (loop->options->verbose)
        say("%s connected", stream->peer);
    return 1;
}

int loop_socks_work(struct loop *loop)
{
    /* Every stream gets its turn. */
    for (size_t tries = loop->socks.count; tries > 0; tries--) {
        loop->turn = loop->turn + 1 < loop->socks.count ? loop->turn + 1 : 0;
        if (loop->turn < loop->socks.count && work_on(loop, &loop->socks.items[loop->turn]))
            return 1;
    }
    for (size_t at = 0; at < loop->listeners.count; at++)
        if (loop->listeners.ready[at]) {
            loop->listeners.ready[at] = 0;
            return accept_one(loop, at);
        }
    return 0;
}

size_t loop_socks_before_poll(struct loop *loop, size_t count, uint64_t *until_ms)
{
    for (size_t at = 0; at < loop->listeners.count; at++)
        loop->polled[count++] = (struct pollfd){ loop->listeners.fds[at], POLLIN, 0 };
    for (size_t at = 0; at < loop->socks.count; at++) {
        const struct socks_stream *stream = &loop->socks.items[at];
        struct pollfd *wanted = &loop->polled[count++];
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
    return count;
}

void loop_socks_after_poll(struct loop *loop, size_t first)
{
    const short ANY = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLNVAL;
    for (size_t at = 0; at < loop->listeners.count; at++)
        loop->listeners.ready[at] = (loop->polled[first++].revents & ANY) != 0;
    for (size_t at = 0; at < loop->socks.count; at++, first++) {
        struct socks_stream *stream = &loop->socks.items[at];
        short came = loop->polled[first].revents;
        if (stream->dial != NULL) {
            stream->writable = (came & ANY) != 0;
            continue;
        }
        if ((came & (POLLIN | POLLERR | POLLHUP | POLLNVAL)) != 0)
            stream->readable = 1;
        if ((came & (POLLOUT | POLLERR | POLLHUP | POLLNVAL)) != 0)
            stream->writable = 1;
    }
}
