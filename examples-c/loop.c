/* The event loop. */
#include "loop.h"

#include "ending.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One read takes as much as this: fewer system calls, and more blocks per acknowledgement batch. */
#define IN_BYTES 131072u

/* Stanzas gather up to this before they are written in one call. */
#define BATCH_BYTES 65536u

/* How long connecting to one address, a TLS handshake, and the last bytes of a stream may take. */
#define CONNECT_MS 10000
#define HANDSHAKE_MS 15000
#define GOODBYE_MS 2000

/* drain() and feed() have nothing for the program. */
#define GO_ON (-1)

/* A signal handler may only do so much: it writes a byte into a pipe that the loop waits for. */
static int signal_pipe[2] = { -1, -1 };
static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    int cause = errno;
    signalled = 1;
    ssize_t ignored = write(signal_pipe[1], "", 1);
    (void)ignored;
    (void)number;
    errno = cause;
}

static int catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    /* A broken socket and a full disk are answers of calls, no reasons to die. */
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
    if (pipe(signal_pipe) != 0)
        return -1;
    for (int end = 0; end < 2; end++) {
        fcntl(signal_pipe[end], F_SETFD, FD_CLOEXEC);
        fcntl(signal_pipe[end], F_SETFL, O_NONBLOCK);
    }
    action.sa_handler = on_signal;
    /* The second signal kills, should the goodbye take too long. */
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return 0;
}

static int fill_random(uint8_t *bytes, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    size_t got = 0;
    while (fd >= 0 && got < size) {
        ssize_t count = read(fd, bytes + got, size - got);
        if (count <= 0 && errno != EINTR)
            break;
        got += count > 0 ? (size_t)count : 0;
    }
    if (fd >= 0)
        close(fd);
    return got == size ? 0 : -1;
}

/* Bytes that one stanza with a block needs in the output buffer at most: base64 and the envelope. */
static size_t stanza_room(uint64_t block_bytes)
{
    return (size_t)(block_bytes + 2) / 3 * 4 + 1024;
}

static uint32_t make_session(struct loop *loop, const struct account_options *options, uint32_t transfers)
{
    static const uint32_t TLS[] = { XFT_TLS_START, XFT_TLS_DIRECT, XFT_TLS_UNSAFE_PLAIN };
    xft_config config;
    size_t size = 0, align = 0;
    uint32_t status = xft_config_init(&config, sizeof config);
    if (status != XFT_OK)
        return status;
    config.account = options->account;
    config.account_len = strlen(options->account);
    config.password = options->password;
    config.password_len = strlen(options->password);
    config.resource = options->resource;
    config.resource_len = strlen(options->resource);
    config.tls = TLS[options->tls];
    config.transfers = transfers;
    config.offers_per_peer = transfers > 255 ? 255 : transfers < 4 ? 4 : transfers;
    config.block_bytes = (uint32_t)options->block_bytes;
    config.chunk_bytes = (uint32_t)options->chunk_bytes;
    config.window_bytes = (uint32_t)options->window_bytes;
    if (fill_random(config.entropy, sizeof config.entropy) != 0) {
        say("cannot read /dev/urandom: %s", strerror(errno));
        return XFT_ERR_OTHER;
    }
    status = xft_session_layout(&config, &size, &align);
    if (status != XFT_OK)
        return status;
    if (posix_memalign(&loop->memory, align, size) != 0) {
        say("out of memory: a session needs %zu bytes", size);
        return XFT_ERR_MEMORY_SIZE;
    }
    status = xft_session_init(loop->memory, size, &config, loop->now_ms, &loop->session);
    memset(config.entropy, 0, sizeof config.entropy);
    if (options->verbose && status == XFT_OK)
        say("the session lives in %zu bytes", size);
    return status;
}

static void tls_done(struct loop *loop)
{
    uint8_t exporter[TLS_EXPORTER_BYTES], end_point[TLS_SERVER_END_POINT_BYTES];
    size_t exporter_bytes = tls_exporter(loop->stream.tls, exporter);
    size_t end_point_bytes = tls_server_end_point(loop->stream.tls, end_point);
    xft_tls_done(loop->session, exporter, exporter_bytes, end_point, end_point_bytes);
    if (loop->options->verbose)
        say("%s, certificate of %s verified", tls_description(loop->stream.tls), loop->options->domain);
}

/* Runs the handshake. STREAM_OK, or the failure after saying it. */
static int start_tls(struct loop *loop)
{
    const struct account_options *options = loop->options;
    int status = stream_start_tls(&loop->stream, options->domain, options->ca_file, options->tls == TLS_DIRECT,
                                  HANDSHAKE_MS);
    if (status == STREAM_UNTRUSTED)
        say("the server's certificate is not to be trusted for %s: %s. Give its CA with --ca FILE; if the server "
            "should be known already, somebody may be in between.",
            options->domain, loop->stream.error);
    else if (status != STREAM_OK)
        say("TLS with %s port %s failed: %s. Check --tls, the port and --ca.", options->host, options->port,
            loop->stream.error);
    loop->tls_failed = status != STREAM_OK ? status : 0;
    return status;
}

static int open_all(struct loop *loop, uint32_t transfers)
{
    const struct account_options *options = loop->options;
    loop->in = malloc(IN_BYTES);
    loop->room = stanza_room(options->block_bytes);
    loop->out_bytes = BATCH_BYTES + 2 * loop->room;
    loop->out = malloc(loop->out_bytes);
    if (loop->in == NULL || loop->out == NULL || catch_signals() != 0) {
        say("cannot start: %s", strerror(errno));
        return EXIT_DEFECT;
    }
    if (stream_connect(&loop->stream, options->host, options->port, CONNECT_MS) != STREAM_OK) {
        say("cannot reach %s port %s: %s. Check --server and the network.", options->host, options->port,
            loop->stream.error);
        return EXIT_UNREACHABLE;
    }
    if (options->verbose)
        say("connected to %s port %s", options->host, options->port);
    loop->now_ms = loop->moved_ms = clock_ms();
    loop->stall_ms = options->timeout_s * 1000;
    uint32_t status = make_session(loop, options, transfers);
    if (status == XFT_OK && options->tls == TLS_DIRECT) {
        if (start_tls(loop) != STREAM_OK)
            return EXIT_TLS;
        tls_done(loop);
    }
    if (status == XFT_OK)
        status = xft_stream_open(loop->session, 0);
    if (status != XFT_OK) {
        say("%s", xft_status_text(status));
        return status >= XFT_ERR_ACCOUNT && status < XFT_ERR_NULL ? EXIT_USAGE : EXIT_DEFECT;
    }
    return 0;
}

int loop_open(struct loop *loop, struct account_options *options, uint32_t transfers)
{
    memset(loop, 0, sizeof *loop);
    loop->stream.fd = -1;
    loop->options = options;
    if (xft_abi_version() >> 16 != XFT_ABI_VERSION >> 16) {
        say("libxft.a and xft.h do not belong together: build again with make clean all");
        return EXIT_DEFECT;
    }
    int code = open_all(loop, transfers);
    account_options_forget(options);
    return code;
}

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
    if (loop->out_to - loop->out_from >= BATCH_BYTES)
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
    if (loop->room > loop->out_bytes - BATCH_BYTES) {
        uint8_t *larger = realloc(loop->out, loop->room + BATCH_BYTES + loop->room);
        if (larger == NULL)
            return 0;
        loop->out = larger;
        loop->out_bytes = loop->room + BATCH_BYTES + loop->room;
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

static void next_turn(struct loop *loop)
{
    loop->now_ms = clock_ms();
    loop->blocked = 0;
    xft_tick(loop->session, loop->now_ms);
}

static void upgrade_to_tls(struct loop *loop)
{
    flush_all(loop);
    if (start_tls(loop) == STREAM_OK) {
        tls_done(loop);
    } else {
        xft_stream_end(loop->session, 0, XFT_END_TLS_FAILED);
        stream_close(&loop->stream);
    }
    next_turn(loop);
}

/* Lets the session say everything it has to say. */
static int drain(struct loop *loop)
{
    for (;;) {
        if (!make_room(loop))
            return GO_ON;
        uint32_t status = xft_poll(loop->session, loop->out + loop->out_to, loop->out_bytes - loop->out_to,
                                   &loop->output);
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
            queue(loop);
            loop->full = 0;
            break;
        case XFT_OUTPUT_NEED_DATA:
            return LOOP_NEED_DATA;
        case XFT_OUTPUT_START_TLS:
            upgrade_to_tls(loop);
            break;
        case XFT_OUTPUT_CLOSE:
            flush_all(loop);
            stream_close(&loop->stream);
            break;
        case XFT_OUTPUT_EVENT:
            loop->moved_ms = loop->now_ms;
            if (loop->output.event == XFT_EVENT_ONLINE)
                loop->online = 1;
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
    }
    return GO_ON;
}

/* Reads what came, when everything before is used up. 1 when there is something new for the session. */
static int fill(struct loop *loop)
{
    size_t moved = 0;
    if (loop->in_from < loop->in_to || loop->stream.fd < 0)
        return 0;
    int status = stream_read(&loop->stream, loop->in, IN_BYTES, &moved);
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

static void wait_for_news(struct loop *loop)
{
    uint64_t then_ms = loop->until_ms;
    if (loop->wake_ms != 0 && loop->now_ms + loop->wake_ms < then_ms)
        then_ms = loop->now_ms + loop->wake_ms;
    if (loop->stall_ms != 0 && loop->moved_ms + loop->stall_ms < then_ms)
        then_ms = loop->moved_ms + loop->stall_ms;
    stream_wait(&loop->stream, unsent(loop), loop->in_from == loop->in_to, loop->stopped ? -1 : signal_pipe[0],
                wait_ms(loop, then_ms));
}

enum loop_step loop_next(struct loop *loop)
{
    for (;;) {
        if (signalled && !loop->stopped) {
            loop->stopped = 1;
            return LOOP_STOP;
        }
        int step = feed(loop);
        if (step == GO_ON)
            step = drain(loop);
        if (step != GO_ON)
            return (enum loop_step)step;
        flush(loop);
        /* Draining may have made room for what was left of the input. */
        if (loop->in_from < loop->in_to && !loop->full)
            continue;
        if (fill(loop)) {
            next_turn(loop);
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
        wait_for_news(loop);
        loop->idle_said = loop->full = 0;
        next_turn(loop);
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

void loop_free(struct loop *loop)
{
    stream_close(&loop->stream);
    if (loop->session != NULL)
        xft_session_wipe(loop->session);
    free(loop->memory);
    free(loop->in);
    free(loop->out);
    memset(loop, 0, sizeof *loop);
    loop->stream.fd = -1;
}
