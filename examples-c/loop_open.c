/* The start of the loop: connecting, TLS, and the session's memory and configuration. */
#include "ending.h"
#include "locate.h"
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

/* No further place is tried after this. */
#define PLACES_MS 60000

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
    config.flags |= options->no_hash ? XFT_FLAG_NO_HASHES : 0;
    config.flags |= options->allow_plain ? XFT_FLAG_SASL_PLAIN : 0;
    config.streams = streams_for(transfers);
    config.hosts_bytes = 2048 + 512 * transfers;
    /* A recipient may take all files at once, and tries two addresses at a time for each. */
    config.accepted_per_source = streams_for(transfers) < 255 ? streams_for(transfers) : 255;
    config.block_bytes = (uint32_t)options->block_bytes;
    config.chunk_bytes = (uint32_t)options->chunk_bytes;
    config.window_bytes = (uint32_t)options->window_bytes;
    if (options->deadline_s != 0)
        config.block_ms = config.progress_ms = config.idle_ms = config.probe_ms = (uint32_t)options->deadline_s * 1000;
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
        say("%s, certificate of %s verified", tls_description(loop->stream.tls), loop->options->dns_domain);
}

int loop_start_tls(struct loop *loop)
{
    const struct account_options *options = loop->options;
    int status = stream_start_tls(&loop->stream, options->dns_domain, options->ca_file, options->tls == TLS_DIRECT,
                                  HANDSHAKE_MS);
    if (status == STREAM_UNTRUSTED)
        say("the server's certificate is not to be trusted for %s: %s. Give its CA with --ca FILE; if the server "
            "should be known already, somebody may be in between.",
            options->dns_domain, loop->stream.error);
    else if (status != STREAM_OK)
        say("TLS with %s port %s failed: %s. Check --tls, the port and --ca.", options->place.host, options->place.port,
            loop->stream.error);
    loop->tls_failed = status != STREAM_OK ? status : 0;
    return status;
}

/* One place: TCP, and TLS where it comes first. 0, or the exit code after saying what is wrong. */
static int connect_to_place(struct loop *loop, struct account_options *options)
{
    loop->tls_failed = 0;
    if (stream_connect(&loop->stream, options->place.host, options->place.port, CONNECT_MS) != STREAM_OK) {
        say("cannot reach %s port %s: %s. Check %s and the network.", options->place.host, options->place.port,
            loop->stream.error, options->server != NULL ? "--server" : "the domain of --jid");
        return EXIT_UNREACHABLE;
    }
    if (options->verbose)
        say("connected to %s port %s", options->place.host, options->place.port);
    if (options->tls != TLS_DIRECT || loop_start_tls(loop) == STREAM_OK)
        return 0;
    stream_close(&loop->stream);
    return EXIT_TLS;
}

/* Where the DNS sends clients of the domain, until one place answers (STR-01). A certificate that is not to be trusted
 * ends it. */
static int connect_to_domain(struct loop *loop, struct account_options *options)
{
    static struct located located;
    struct located_place place;
    enum tls_choice wanted = options->tls;
    uint32_t only = wanted == TLS_AUTO ? 0 : wanted == TLS_DIRECT ? XFT_SERVICE_DIRECT : XFT_SERVICE_START_TLS;
    uint64_t random = 0, end_ms = clock_ms() + PLACES_MS;
    int code = EXIT_UNREACHABLE, tried = 0;
    if (fill_random((uint8_t *)&random, sizeof random) != 0)
        say("cannot read /dev/urandom: %s", strerror(errno)); /* only the order of equal places depends on it */
    if (locate_ask(&located, options->dns_domain, only, options->nameserver, random) != 0)
        return EXIT_USAGE;
    while (code != 0 && loop->tls_failed != STREAM_UNTRUSTED && clock_ms() < end_ms && locate_next(&located, &place)) {
        options->place = place.at;
        if (wanted != TLS_NONE_UNSAFE)
            options->tls = place.service == XFT_SERVICE_DIRECT ? TLS_DIRECT : TLS_STARTTLS;
        code = connect_to_place(loop, options);
        tried = 1;
    }
    if (!tried)
        say("the DNS says that %s has no XMPP server for clients%s. Check --jid.", options->dns_domain,
            only == XFT_SERVICE_DIRECT ? " with direct TLS" : only != 0 ? " with STARTTLS" : "");
    return code;
}

static int open_all(struct loop *loop, struct account_options *options, uint32_t transfers, int sends)
{
    loop->in = malloc(LOOP_IN_BYTES);
    loop->room = stanza_room(options->block_bytes);
    loop->out_bytes = LOOP_BATCH_BYTES + 2 * loop->room;
    loop->out = malloc(loop->out_bytes);
    if (loop->in == NULL || loop->out == NULL || socks_loop_open(&loop->socks, &loop->routes, options->verbose) != 0 ||
        signals_catch() != 0) {
        say("cannot start: %s", strerror(errno));
        return EXIT_DEFECT;
    }
    loop->socks.local = sends || options->network.allow_local;
    int code = options->server != NULL ? connect_to_place(loop, options) : connect_to_domain(loop, options);
    if (code != 0)
        return code;
    loop->now_ms = loop->socks.now_ms = loop->moved_ms = clock_ms();
    loop->stall_ms = options->timeout_s * 1000;
    uint32_t status = make_session(loop, options, transfers);
    if (status == XFT_OK && options->tls == TLS_DIRECT)
        loop_tls_done(loop);
    loop->socks.session = loop->session;
    if (status == XFT_OK && sends) {
        code = socks_loop_offer(&loop->socks, &options->network, loop->stream.fd);
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
    int code = open_all(loop, options, transfers, sends);
    account_options_forget(options);
    return code;
}
