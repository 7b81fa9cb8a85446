/* The event loop. */
#include "loop.h"

#include "signals.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* How long the last bytes of a stream may take. */
#define GOODBYE_MS 2000
/* A turn that took so much longer than it waited was not this program's. */
#define PAUSE_MS 1000
/* How often all descriptors are looked at while there is no end of work on some. */
#define LOOK_MS 10

/* drain() and feed() have nothing for the program. */
#define GO_ON (-1)

/* Whether anything waits for the socket to become writable, here or in the TLS back end. */
static int unsent(const struct loop *loop)
{
    return loop->out_from < loop->out_to || loop->stream.want_write != 0;
}

/* Writes what the socket takes now. Once it takes no more, only waiting helps. */
static void flush(struct loop *loop)
{
    int status = STREAM_OK;
    while (!loop->broken && !loop->blocked && status == STREAM_OK && unsent(loop)) {
        size_t moved = 0;
        status = stream_write(&loop->stream, loop->out + loop->out_from, loop->out_to - loop->out_from, &moved);
        loop->out_from += moved;
        loop->blocked = status == STREAM_WAIT || (moved == 0 && loop->stream.want_write != 0);
    }
    /* What the server said last may still be readable: the end is reported when reading ends too. */
    if (status == STREAM_ENDED)
        loop->broken = 1;
    if (loop->broken || loop->out_from == loop->out_to)
        loop->out_from = loop->out_to = 0;
}

/* Writes everything, for at most GOODBYE_MS. */
static void flush_all(struct loop *loop)
{
    uint64_t end_ms = clock_ms() + GOODBYE_MS;
    for (flush(loop); !loop->broken && unsent(loop) && clock_ms() < end_ms; flush(loop)) {
        stream_wait(&loop->stream, 1, 0, -1, 100);
        loop->blocked = 0;
    }
}

/* The session said that these bytes go out. They lie in the buffer's tail. */
static void queue(struct loop *loop)
{
    memmove(loop->out + loop->out_to, loop->output.bytes, loop->output.len);
    loop->out_to += loop->output.len;
    if (loop->out_to - loop->out_from >= LOOP_BATCH_BYTES)
        flush(loop);
}

/* Makes room for one more stanza. 0 when the socket does not take enough. */
static int make_room(struct loop *loop)
{
    if (loop->out_bytes - loop->out_to >= loop->room)
        return 1;
    flush(loop);
    if (loop->out_from > 0) {
        memmove(loop->out, loop->out + loop->out_from, loop->out_to - loop->out_from);
        loop->out_to -= loop->out_from;
        loop->out_from = 0;
    }
    if (loop->room > loop->out_bytes - LOOP_BATCH_BYTES) {
        uint8_t *larger = realloc(loop->out, loop->room + LOOP_BATCH_BYTES + loop->room);
        if (larger == NULL)
            return 0;
        loop->out = larger;
        loop->out_bytes = loop->room + LOOP_BATCH_BYTES + loop->room;
    }
    return loop->out_bytes - loop->out_to >= loop->room;
}

/* After XFT_ERR_NO_SPACE: next time there is that much room. */
static void want_room(struct loop *loop)
{
    xft_refusal refusal;
    if (xft_last_refusal(loop->session, &refusal) == XFT_OK && refusal.needed > loop->room)
        loop->room = (size_t)refusal.needed;
}

void loop_tick(struct loop *loop)
{
    uint64_t before_ms = loop->now_ms + loop->waited_ms;
    loop->now_ms = loop->socks.now_ms = clock_ms();
    if (loop->socks.moved_ms > loop->moved_ms)
        loop->moved_ms = loop->socks.moved_ms;
    /* Time in which this program was stopped is nobody's silence. */
    if (loop->now_ms > before_ms + PAUSE_MS)
        loop->moved_ms += loop->now_ms - before_ms;
    loop->waited_ms = 0;
    loop->blocked = 0;
    xft_tick(loop->session, loop->now_ms);
}

static void upgrade_to_tls(struct loop *loop)
{
    flush_all(loop);
    int status = loop_start_tls(loop);
    loop_tick(loop);
    if (status == STREAM_OK) {
        loop_tls_done(loop);
    } else {
        xft_stream_end(loop->session, 0, XFT_END_TLS_FAILED);
        stream_close(&loop->stream);
    }
}

/* Lets the session say everything it has to say. */
static int drain(struct loop *loop)
{
    for (;;) {
        /* While the server takes nothing, nothing is written; but time goes on, and events need no room. */
        size_t room = make_room(loop) ? loop->out_bytes - loop->out_to : 0;
        uint32_t status = xft_poll(loop->session, loop->out + loop->out_to, room, &loop->output);
        if (room == 0 &&
            (status == XFT_ERR_NO_SPACE || (status == XFT_OK && loop->output.kind == XFT_OUTPUT_NEED_DATA))) {
            loop->until_ms = loop->now_ms + PAUSE_MS;
            return GO_ON;
        }
        if (status == XFT_ERR_NO_SPACE) {
            want_room(loop);
            continue;
        }
        if (status != XFT_OK) {
            if (status != XFT_ERR_CLOSED)
                say("xft_poll: %s", xft_status_text(status));
            return LOOP_OVER;
        }
        switch (loop->output.kind) {
        case XFT_OUTPUT_TRANSMIT:
            if (loop->output.stream != 0) {
                socks_loop_output(&loop->socks, &loop->output);
                break;
            }
            queue(loop);
            loop->full = 0;
            break;
        case XFT_OUTPUT_NEED_DATA:
            return LOOP_NEED_DATA;
        case XFT_OUTPUT_START_TLS:
            upgrade_to_tls(loop);
            break;
        case XFT_OUTPUT_CONNECT:
        case XFT_OUTPUT_HALF_CLOSE:
            socks_loop_output(&loop->socks, &loop->output);
            break;
        case XFT_OUTPUT_SEND_RAW:
            if (socks_loop_output(&loop->socks, &loop->output))
                return LOOP_SEND_RAW;
            break;
        case XFT_OUTPUT_CLOSE:
            if (loop->output.stream != 0) {
                socks_loop_output(&loop->socks, &loop->output);
                break;
            }
            flush_all(loop);
            stream_close(&loop->stream);
            break;
        case XFT_OUTPUT_EVENT:
            loop->moved_ms = loop->now_ms;
            if (loop->output.event == XFT_EVENT_ONLINE)
                loop->online = 1;
            if (loop->output.event == XFT_EVENT_HOST_FAILED)
                route_failed(&loop->routes, &loop->output);
            if (loop->output.event == XFT_EVENT_FINISHED)
                socks_loop_finished(&loop->socks, loop->output.transfer);
            return LOOP_EVENT;
        case XFT_OUTPUT_WAIT:
            loop->until_ms = loop->output.until_ms;
            return GO_ON;
        default:
            break;
        }
    }
}

/* Hands the bytes that came to the session. */
static int feed(struct loop *loop)
{
    while (loop->in_from < loop->in_to && !loop->full) {
        size_t used = 0;
        uint32_t status = xft_stream_in(loop->session, 0, loop->in + loop->in_from, loop->in_to - loop->in_from, &used,
                                        &loop->received);
        if (status == XFT_ERR_FULL) {
            loop->full = 1;
            break;
        }
        if (status != XFT_OK) {
            /* The session is over or closing: poll says why. */
            loop->in_from = loop->in_to = 0;
            break;
        }
        loop->in_from += used;
        loop->idle_said = 0;
        if (loop->received.kind == XFT_RECEIVED_DATA || loop->received.kind == XFT_RECEIVED_OFFER) {
            loop->moved_ms = loop->now_ms;
            return loop->received.kind == XFT_RECEIVED_DATA ? LOOP_DATA : LOOP_OFFER;
        }
        if (loop->received.kind == XFT_RECEIVED_NO_ROOM)
            return LOOP_NO_ROOM;
    }
    return GO_ON;
}

/* Reads what came, when everything before is used up. 1 when there is something new for the session. */
static int fill(struct loop *loop)
{
    size_t moved = 0;
    if (loop->in_from < loop->in_to || loop->stream.fd < 0)
        return 0;
    int status = stream_read(&loop->stream, loop->in, LOOP_IN_BYTES, &moved);
    loop->in_from = 0;
    loop->in_to = moved;
    if (status == STREAM_ENDED || (status == STREAM_WAIT && loop->broken)) {
        if (loop->options->verbose)
            say("the stream to the server ended: %s", loop->stream.error);
        stream_close(&loop->stream);
        xft_stream_end(loop->session, 0, XFT_END_LOST);
        return 1;
    }
    return moved > 0;
}

/* Milliseconds until `then_ms`, for poll(2). */
static int wait_ms(const struct loop *loop, uint64_t then_ms)
{
    if (then_ms <= loop->now_ms)
        return 0;
    return then_ms - loop->now_ms > 60000 ? 60000 : (int)(then_ms - loop->now_ms);
}

/* One poll(2) for everything: the server, the signals, the listeners and the SOCKS5 streams. */
static void look(struct loop *loop, int may_wait)
{
    loop->look_ms = loop->now_ms + LOOK_MS;
    uint64_t then_ms = loop->until_ms;
    if (loop->wake_ms != 0 && loop->now_ms + loop->wake_ms < then_ms)
        then_ms = loop->now_ms + loop->wake_ms;
    if (loop->stall_ms != 0 && loop->moved_ms + loop->stall_ms < then_ms)
        then_ms = loop->moved_ms + loop->stall_ms;
    size_t wanted = 2 + socks_loop_polled(&loop->socks);
    if (wanted > loop->polled_room) {
        struct pollfd *larger = realloc(loop->polled, wanted * sizeof *larger);
        if (larger == NULL)
            return;
        loop->polled = larger;
        loop->polled_room = wanted;
    }
    loop->polled[0] = stream_poll(&loop->stream, unsent(loop), loop->in_from == loop->in_to);
    loop->polled[1] = (struct pollfd){ loop->stopped ? -1 : signals_fd(), POLLIN, 0 };
    socks_loop_before_poll(&loop->socks, loop->polled + 2, &then_ms);
    int timeout_ms = may_wait ? wait_ms(loop, then_ms) : 0;
    loop->waited_ms = (uint64_t)timeout_ms;
    /* poll() leaves out negative descriptors. */
    if (poll(loop->polled, (nfds_t)wanted, timeout_ms) > 0)
        socks_loop_after_poll(&loop->socks, loop->polled + 2);
}

/* Reads what has come, and does what can be done for SOCKS5 streams: a step, or, before something due is judged, all that
 * there is to read. 1 when there was something. */
static int work(struct loop *loop)
{
    size_t steps = loop->until_ms <= loop->now_ms ? 2 * socks_loop_polled(&loop->socks) : 1;
    int came = fill(loop), done = 0;
    while (steps-- > 0 && !socks_loop_has_input(&loop->socks) && socks_loop_work(&loop->socks))
        done = 1;
    return came || done;
}

enum loop_step loop_next(struct loop *loop)
{
    for (;;) {
        if (signals_came() && !loop->stopped) {
            loop->stopped = 1;
            return LOOP_STOP;
        }
        if (loop->socks.unread_transfer != 0) {
            loop->unread_transfer = loop->socks.unread_transfer;
            loop->unread_cause = loop->socks.unread_cause;
            loop->socks.unread_transfer = 0;
            return LOOP_UNREAD;
        }
        int step = feed(loop);
        if (step == GO_ON && socks_loop_feed(&loop->socks, &loop->received, &loop->full)) {
            loop->idle_said = 0;
            loop->moved_ms = loop->now_ms;
            step = LOOP_DATA;
        }
        if (step == GO_ON)
            step = drain(loop);
        if (step != GO_ON)
            return (enum loop_step)step;
        flush(loop);
        /* Draining may have made room for what was left of the input. */
        if ((loop->in_from < loop->in_to || socks_loop_has_input(&loop->socks)) && !loop->full)
            continue;
        if (work(loop)) {
            loop_tick(loop);
            /* A stream that is never empty must not keep the others waiting. */
            if (loop->now_ms >= loop->look_ms)
                look(loop, 0);
            continue;
        }
        if (!loop->idle_said) {
            loop->idle_said = 1;
            loop->full = 0;
            return LOOP_IDLE;
        }
        if (loop->stall_ms != 0 && loop->now_ms >= loop->moved_ms + loop->stall_ms) {
            loop->stall_ms = 0;
            return LOOP_STALLED;
        }
        look(loop, 1);
        loop->idle_said = loop->full = 0;
        loop_tick(loop);
        /* What has come goes before what is due. */
        work(loop);
    }
}

uint32_t loop_supply(struct loop *loop, const uint8_t *bytes, size_t size)
{
    uint32_t transfer = loop->output.transfer;
    uint64_t offset = loop->output.offset;
    uint32_t status = xft_supply(loop->session, transfer, offset, bytes, size, loop->out + loop->out_to,
                                 loop->out_bytes - loop->out_to, &loop->output);
    if (status == XFT_ERR_NO_SPACE) {
        /* Nothing changed: the session asks again, and then there is room. */
        want_room(loop);
        return XFT_OK;
    }
    if (status == XFT_OK && loop->output.kind == XFT_OUTPUT_TRANSMIT) {
        queue(loop);
        loop->moved_ms = loop->now_ms;
    }
    return status;
}

void loop_send_raw(struct loop *loop, const struct source *source, int by_system)
{
    socks_loop_send_raw(&loop->socks, &loop->output, source, by_system);
}

void loop_free(struct loop *loop)
{
    stream_close(&loop->stream);
    if (loop->session != NULL)
        xft_session_wipe(loop->session);
    free(loop->memory);
    free(loop->in);
    free(loop->out);
    free(loop->polled);
    socks_loop_free(&loop->socks);
    route_free(&loop->routes);
    memset(loop, 0, sizeof *loop);
    loop->stream.fd = -1;
}
