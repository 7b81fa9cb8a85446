/* The start of the loop: connecting, TLS, and the session's memory and configuration. */
#include "ending.h"
#include "loop.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long connecting to one address and a TLS handshake may take. */
#define CONNECT_MS 10000
#define HANDSHAKE_MS 15000

static int fill_random(uint8_t *bytes, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    size_t got = 0;
    while (fd >= 0 && got < size) {
        ssize_t count = read(fd, bytes + got, size - got);
        if (count == 0 || (count < 0 && errno != EINTR))
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

/* SOCKS5 streams at once: a transfer looks for its way on several, and the first eight are for whoever knocks. */
static uint32_t streams_for(uint32_t transfers)
{
    return 8 + 2 * transfers;
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
    memcpy(config.methods, options->network.methods, sizeof config.methods);
    config.flags |= options->no_receipts ? XFT_FLAG_NO_RECEIPTS : 0;
    config.streams = streams_for(transfers);
    config.hosts_bytes = 2048 + 512 * transfers;
    /* A recipient may take all files at once, and tries two addresses at a time for each. */
    config.accepted_per_source = streams_for(transfers) < 255 ? streams_for(transfers) : 255;
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

void loop_tls_done(struct loop *loop)
{
    uint8_t exporter[TLS_EXPORTER_BYTES], end_point[TLS_SERVER_END_POINT_BYTES];
    size_t exporter_bytes = tls_exporter(loop->stream.tls, exporter);
    size_t end_point_bytes = tls_server_end_point(loop->stream.tls, end_point);
    xft_tls_done(loop->session, exporter, exporter_bytes, end_point, end_point_bytes);
    if (loop->options->verbose)
        say("%s, certificate of %s verified", tls_description(loop->stream.tls), loop->options->domain);
}

int loop_start_tls(struct loop *loop)
{
    const struct account_options *options = loop->options;
    int status = stream_start_tls(&loop->stream, options->domain, options->ca_file, options->tls == TLS_DIRECT,
                                  HANDSHAKE_MS);
    if (status == STREAM_UNTRUSTED)
        say("the server's certificate is not to be trusted for %s: %s. Give its CA with --ca FILE; if the server "
            "should be known already, somebody may be in between.",
            options->domain, loop->stream.error);
    else if (status != STREAM_OK)
        say("TLS with %s port %s failed: %s. Check --tls, the port and --ca.", options->place.host, options->place.port,
            loop->stream.error);
    loop->tls_failed = status != STREAM_OK ? status : 0;
    return status;
}

static int open_all(struct loop *loop, uint32_t transfers, int sends)
{
    const struct account_options *options = loop->options;
    loop->in = malloc(LOOP_IN_BYTES);
    loop->room = stanza_room(options->block_bytes);
    loop->out_bytes = LOOP_BATCH_BYTES + 2 * loop->room;
    loop->out = malloc(loop->out_bytes);
    if (loop->in == NULL || loop->out == NULL || socks_loop_open(&loop->socks, &loop->routes, options->verbose) != 0 ||
        signals_catch() != 0) {
        say("cannot start: %s", strerror(errno));
        return EXIT_DEFECT;
    }
    if (stream_connect(&loop->stream, options->place.host, options->place.port, CONNECT_MS) != STREAM_OK) {
        say("cannot reach %s port %s: %s. Check --server and the network.", options->place.host, options->place.port,
            loop->stream.error);
        return EXIT_UNREACHABLE;
    }
    if (options->verbose)
        say("connected to %s port %s", options->place.host, options->place.port);
    loop->now_ms = loop->socks.now_ms = loop->moved_ms = clock_ms();
    loop->stall_ms = options->timeout_s * 1000;
    uint32_t status = make_session(loop, options, transfers);
    if (status == XFT_OK && options->tls == TLS_DIRECT) {
        if (loop_start_tls(loop) != STREAM_OK)
            return EXIT_TLS;
        loop_tls_done(loop);
    }
    loop->socks.session = loop->session;
    if (status == XFT_OK && sends) {
        int code = socks_loop_offer(&loop->socks, &options->network, loop->stream.fd);
        if (code != 0)
            return code;
    }
    if (status == XFT_OK) {
        loop_tick(loop);
        status = xft_stream_open(loop->session, 0);
    }
    if (status != XFT_OK) {
        say("%s", xft_status_text(status));
        return status >= XFT_ERR_ACCOUNT && status < XFT_ERR_NULL ? EXIT_USAGE : EXIT_DEFECT;
    }
    return 0;
}

int loop_open(struct loop *loop, struct account_options *options, uint32_t transfers, int sends)
{
    memset(loop, 0, sizeof *loop);
    loop->stream.fd = -1;
    loop->options = options;
    if (xft_abi_version() >> 16 != XFT_ABI_VERSION >> 16) {
        say("libxft.a and xft.h do not belong together: build again with make clean all");
        return EXIT_DEFECT;
    }
    int code = open_all(loop, transfers, sends);
    account_options_forget(options);
    return code;
}
