/* For a program that has XMPP already: the stream is libstrophe's, the files are libxft's.
 *
 *   with_libstrophe send FILE... --to pacs@hospital.example/store --jid ct@hospital.example --password-file pw
 *   with_libstrophe recv DIR --jid pacs@hospital.example/store --password-file pw
 *
 * strophe_login.c is what such a program has already. What libxft adds to it is here, in five places:
 *   begin()       once libstrophe is logged in, a session is made for the JID that it bound (XFT_OWNER_HOST)
 *   on_stanza()   every stanza that comes is handed in as text; what the session does not know is the program's own
 *   answer()      the program answers service discovery, and names what libxft can
 *   drain()       what the session wants to say goes out with xmpp_send_raw(), whole stanzas, one a call
 *   run()         one loop turns everything: libstrophe, the session, and its SOCKS5 streams (socks_loop.h)
 */
#include "account.h"
#include "clock.h"
#include "ending.h"
#include "files.h"
#include "options.h"
#include "route.h"
#include "signals.h"
#include "socks_loop.h"
#include "strophe_login.h"
#include "text.h"
#include "xft.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* File data waits while libstrophe has this many stanzas to write: its queue has no bound of its own. */
#define QUEUE_STANZAS 16

/* libstrophe reads 4096 bytes in a turn, and a TLS record holds up to 16384: so many turns after the socket was readable
 * nothing is left inside the TLS layer, where poll(2) cannot see it. */
#define TURNS_PER_READ 5

/* libstrophe has timers of its own, which nobody can ask for: it gets a turn at least this often. */
#define TURN_MS 1000

/* While libstrophe has more to read the session is told the time this often. */
#define TICK_MS 100

/* Things done for SOCKS5 streams before libstrophe gets its turn. */
#define SOCKS_STEPS 64

struct host {
    struct account_options account;
    struct files files;
    struct strophe strophe;
    char prepared_to[PREPARED_BYTES];
    struct socks_loop socks;
    struct routes routes;
    xft_session *session; /* NULL before the login and after the end */
    void *memory;         /* where the session lives */
    uint8_t *out;         /* what it says */
    size_t out_bytes;
    uint8_t block[65536]; /* what it is given to send */
    struct pollfd *polled;
    uint64_t now_ms, until_ms, ticked_ms;
    int begun, leaving, code;
};

static void fail(struct host *host, int code)
{
    if (host->code == EXIT_ALL_WELL)
        host->code = code;
}

static void defect(struct host *host, uint32_t status)
{
    say("libxft: %s", xft_status_text(status));
    fail(host, EXIT_DEFECT);
    xmpp_disconnect(host->strophe.conn);
}

/* --- what the session wants ------------------------------------------------------------------------------------------ */

static void on_offline(struct host *host, const xft_output *output)
{
    /* Where all files are over a rude goodbye of the server changes nothing. */
    if (output->reason != XFT_REASON_CLOSED && !(host->leaving && files_all_over(&host->files))) {
        say_reason("the session ended", output->reason, output->condition);
        fail(host, exit_code_of_session(output->reason, 1));
    }
    xft_session_wipe(host->session);
    host->session = NULL;
    host->until_ms = UINT64_MAX;
    /* The session has said its last words. The stream is the program's; here the program leaves too. */
    if (!host->strophe.over)
        xmpp_disconnect(host->strophe.conn);
}

static void on_event(struct host *host, const xft_output *output)
{
    if (output->event == XFT_EVENT_OFFLINE) {
        on_offline(host, output);
        return;
    }
    if (output->event == XFT_EVENT_SETTLE) {
        files_settle(&host->files, host->session, output->transfer);
        return;
    }
    if (output->event == XFT_EVENT_ACCEPTED)
        files_accepted(&host->files, host->session, output);
    if (output->event == XFT_EVENT_STARTED)
        files_started(&host->files, host->session, output->transfer);
    if (output->event == XFT_EVENT_HOST_FAILED)
        route_failed(&host->routes, output);
    if (output->event == XFT_EVENT_FINISHED)
        socks_loop_finished(&host->socks, output->transfer);
    files_event(&host->files, output, &host->routes, host->now_ms);
    if (files_go_on(&host->files, host->session, host->now_ms) && !host->leaving) {
        host->leaving = 1;
        xft_close(host->session);
    }
}

/* Does what concerns a SOCKS5 stream. */
static void on_socks(struct host *host, const xft_output *output)
{
    if (!socks_loop_output(&host->socks, output))
        return;
    /* The file may go. The program could also move the bytes itself and say xft_sent(). */
    const struct source *source = files_source(&host->files, output->transfer);
    if (source != NULL)
        socks_loop_send_raw(&host->socks, output, source, 0);
}

/* Lets the session say what it has to say, until it waits, or until libstrophe has enough to write. */
static void drain(struct host *host)
{
    xft_output output;
    while (host->session != NULL) {
        uint32_t status = xft_poll(host->session, host->out, host->out_bytes, &output);
        if (status == XFT_OK && output.kind == XFT_OUTPUT_NEED_DATA) {
            host->until_ms = host->now_ms + TURN_MS / 10;
            if (xmpp_conn_send_queue_len(host->strophe.conn) >= QUEUE_STANZAS)
                return; /* asked again in the next turn; answers are never held back, only file data */
            size_t got = files_read(&host->files, host->session, &output, host->block, sizeof host->block);
            if (got == 0)
                continue;
            status = xft_supply(host->session, output.transfer, output.offset, host->block, got, host->out,
                                host->out_bytes, &output);
        }
        if (status != XFT_OK) {
            defect(host, status);
            return;
        }
        if (output.kind == XFT_OUTPUT_WAIT) {
            host->until_ms = output.until_ms;
            return;
        }
        if (output.kind == XFT_OUTPUT_EVENT)
            on_event(host, &output);
        else if (output.stream != 0)
            on_socks(host, &output);
        else if (output.kind == XFT_OUTPUT_TRANSMIT) /* one stanza: libstrophe counts them (XEP-0198) */
            xmpp_send_raw(host->strophe.conn, (const char *)output.bytes, output.len);
    }
}

/* --- what comes in --------------------------------------------------------------------------------------------------- */

static xmpp_stanza_t *child(xmpp_stanza_t *parent, const char *name)
{
    xmpp_stanza_t *stanza = xmpp_stanza_new(xmpp_stanza_get_context(parent));
    xmpp_stanza_set_name(stanza, name);
    xmpp_stanza_add_child_ex(parent, stanza, 0);
    return stanza;
}

/* disco#info: who this program is, its own features, and those of libxft, without which nobody sends it a file. */
static void say_features(xmpp_stanza_t *query)
{
    const char *feature;
    size_t length;
    xmpp_stanza_t *identity = child(query, "identity");
    xmpp_stanza_set_attribute(identity, "category", "client");
    xmpp_stanza_set_attribute(identity, "type", "bot");
    xmpp_stanza_set_attribute(identity, "name", "with_libstrophe");
    for (uint32_t at = 0; xft_feature(at, &feature, &length) == XFT_OK; at++) {
        char text[128];
        snprintf(text, sizeof text, "%.*s", (int)length, feature);
        xmpp_stanza_set_attribute(child(query, "feature"), "var", text);
    }
}

/* The program's own stanzas. Every question has to be answered (RFC 6120 8.2.3): this program knows service discovery
 * and ping, a real one knows more. */
static void answer(struct host *host, xmpp_stanza_t *stanza)
{
    const char *type = xmpp_stanza_get_type(stanza);
    if (strcmp(xmpp_stanza_get_name(stanza), "iq") != 0 || type == NULL ||
        (strcmp(type, "get") != 0 && strcmp(type, "set") != 0))
        return; /* messages, presence and answers: nothing here waits for them */
    xmpp_stanza_t *info = xmpp_stanza_get_child_by_ns(stanza, XMPP_NS_DISCO_INFO);
    xmpp_stanza_t *items = xmpp_stanza_get_child_by_ns(stanza, XMPP_NS_DISCO_ITEMS);
    xmpp_stanza_t *asked = info != NULL ? info : items, *reply;
    int node = asked != NULL && xmpp_stanza_get_attribute(asked, "node") != NULL;
    if (strcmp(type, "get") == 0 && !node &&
        (asked != NULL || xmpp_stanza_get_child_by_ns(stanza, "urn:xmpp:ping") != NULL)) {
        reply = xmpp_stanza_reply(stanza);
        xmpp_stanza_set_type(reply, "result");
        if (asked != NULL) {
            xmpp_stanza_t *query = child(reply, "query");
            xmpp_stanza_set_ns(query, info != NULL ? XMPP_NS_DISCO_INFO : XMPP_NS_DISCO_ITEMS);
            if (info != NULL)
                say_features(query);
        }
    } else {
        reply = xmpp_stanza_reply_error(stanza, "cancel", node ? "item-not-found" : "service-unavailable", NULL);
    }
    xmpp_send(host->strophe.conn, reply);
    xmpp_stanza_release(reply);
}

/* libstrophe calls this for every stanza. It has parsed it already; libxft takes it as text, so it is written out
 * once more. That costs time, and what libstrophe got wrong stays wrong: see README.md on the address of the sender. */
static int on_stanza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *userdata)
{
    struct host *host = userdata;
    xft_received received;
    char *text = NULL;
    size_t length;
    uint32_t status = XFT_ERR_CLOSED;
    (void)conn;
    if (host->session != NULL && xmpp_stanza_to_text(stanza, &text, &length) != XMPP_EOK) {
        /* A stanza that is missing would be a hole in a file. */
        say("out of memory");
        xft_stream_end(host->session, 0, XFT_END_LOST);
        return 1;
    }
    /* Full: the session first has to get rid of answers. */
    while (host->session != NULL &&
           (status = xft_stanza_in(host->session, (uint8_t *)text, length, &received)) == XFT_ERR_FULL)
        drain(host);
    if (status == XFT_OK && received.kind == XFT_RECEIVED_DATA)
        files_store(&host->files, host->session, &received);
    if (status == XFT_OK && received.kind == XFT_RECEIVED_OFFER)
        files_offered(&host->files, host->session, &received, host->now_ms);
    if (status == XFT_OK && received.kind == XFT_RECEIVED_NO_ROOM)
        say("no room for %s of %.*s, asked to try again later", (const char *)received.name, (int)received.from_len,
            received.from);
    /* What libxft could not read may still make sense to the rest of the program. */
    if (status != XFT_OK || received.kind == XFT_RECEIVED_NOT_MINE)
        answer(host, stanza);
    if (text != NULL)
        xmpp_free(host->strophe.ctx, text);
    return 1; /* 0 would end the calls */
}

/* --- the session ------------------------------------------------------------------------------------------------------ */

/* A session for the JID that libstrophe's stream is bound to. */
static uint32_t make_session(struct host *host, const char *jid)
{
    const struct account_options *account = &host->account;
    xft_config config;
    size_t size = 0, align = 0;
    uint32_t status = xft_config_init(&config, sizeof config);
    config.owner = XFT_OWNER_HOST;
    config.account = account->account;
    config.account_len = strlen(account->account);
    config.host_jid = jid;
    config.host_jid_len = strlen(jid);
    config.transfers = FILES_AT_ONCE;
    config.block_bytes = (uint32_t)account->block_bytes;
    config.chunk_bytes = (uint32_t)account->chunk_bytes;
    config.window_bytes = (uint32_t)account->window_bytes;
    memcpy(config.methods, account->network.methods, sizeof config.methods);
    FILE *random = fopen("/dev/urandom", "rb");
    if (random == NULL || fread(config.entropy, 1, sizeof config.entropy, random) != sizeof config.entropy)
        status = XFT_ERR_OTHER;
    if (random != NULL)
        fclose(random);
    if (status == XFT_OK)
        status = xft_session_layout(&config, &size, &align);
    if (status != XFT_OK)
        return status;
    host->out_bytes = XFT_OUT_BYTES(config.block_bytes);
    host->out = malloc(host->out_bytes);
    if (host->out == NULL || posix_memalign(&host->memory, align, size) != 0)
        return XFT_ERR_MEMORY_SIZE;
    return xft_session_init(host->memory, size, &config, host->now_ms, &host->session);
}

/* libstrophe is logged in: libxft gets to work. */
static void begin(struct host *host)
{
    const char *jid = xmpp_conn_get_bound_jid(host->strophe.conn);
    uint32_t status = make_session(host, jid);
    host->begun = 1;
    host->socks.session = host->session;
    if (status != XFT_OK) {
        defect(host, status);
        return;
    }
    if (host->files.to == NULL) {
        print_line("ready %s", jid);
        return;
    }
    strophe_greet(&host->strophe, host->files.to);
    int code = socks_loop_offer(&host->socks, &host->account.network, host->strophe.fd);
    if (code != EXIT_ALL_WELL) {
        fail(host, code);
        host->leaving = 1;
        xft_close(host->session);
    }
}

static void leave(struct host *host)
{
    /* A receiver that only waits has nothing to regret. A file of which only the goodbye is missing is handed over: the
     * session says so, and then nothing was interrupted. */
    if (!host->begun || !files_all_over(&host->files)) {
        say("interrupted: leaving");
        host->files.left_code = EXIT_INTERRUPTED;
    }
    host->leaving = 1;
    if (host->session != NULL)
        xft_close(host->session);
    else
        xmpp_disconnect(host->strophe.conn);
}

/* --- one loop for everything ------------------------------------------------------------------------------------------ */

/* Moves bytes between the SOCKS5 streams and the session. 1: there is more to do at once. */
static int turn_socks(struct host *host)
{
    xft_received received;
    for (int step = 0; step < SOCKS_STEPS; step++) {
        int full = 0, busy = 1;
        /* What has come goes before what is due. */
        if (socks_loop_feed(&host->socks, &received, &full))
            files_store(&host->files, host->session, &received);
        else
            busy = socks_loop_work(&host->socks) || socks_loop_has_input(&host->socks);
        if (host->socks.unread_transfer != 0)
            files_unread(&host->files, host->session, host->socks.unread_transfer, host->socks.unread_cause);
        host->socks.unread_transfer = 0;
        drain(host);
        if (host->session == NULL || !busy)
            return 0;
    }
    return 1;
}

/* Waits until libstrophe's socket, a SOCKS5 stream or a signal has something, or a deadline comes. 1: libstrophe's
 * socket has. */
static int wait_for_news(struct host *host, int at_once)
{
    size_t count = 2 + socks_loop_polled(&host->socks);
    uint64_t until_ms = host->now_ms + TURN_MS;
    struct pollfd *larger = realloc(host->polled, count * sizeof *larger);
    if (larger == NULL)
        return 1;
    host->polled = larger;
    int unsent = xmpp_conn_send_queue_len(host->strophe.conn) > 0;
    host->polled[0] = (struct pollfd){ host->strophe.fd, (short)(POLLIN | (unsent ? POLLOUT : 0)), 0 };
    host->polled[1] = (struct pollfd){ host->leaving ? -1 : signals_fd(), POLLIN, 0 };
    if (host->until_ms < until_ms)
        until_ms = host->until_ms;
    socks_loop_before_poll(&host->socks, host->polled + 2, &until_ms);
    int wait_ms = at_once || until_ms <= host->now_ms ? 0 : (int)(until_ms - host->now_ms);
    if (poll(host->polled, (nfds_t)count, wait_ms) <= 0)
        return 0;
    socks_loop_after_poll(&host->socks, host->polled + 2);
    return host->polled[0].revents != 0;
}

static void run(struct host *host)
{
    int turns = 0;
    while (!host->strophe.over || host->session != NULL) {
        int busy = host->session != NULL && turn_socks(host);
        if (host->begun)
            turns = wait_for_news(host, busy || turns > 0) ? TURNS_PER_READ : turns > 0 ? turns - 1 : 0;
        host->now_ms = host->socks.now_ms = clock_ms();
        /* Nothing is judged before libstrophe has read what there is: a block may take it many turns. */
        if (host->session != NULL && (turns == 0 || host->now_ms >= host->ticked_ms + TICK_MS)) {
            host->ticked_ms = host->now_ms;
            xft_tick(host->session, host->now_ms);
        }
        strophe_turn(&host->strophe);
        if (host->strophe.online && !host->begun)
            begin(host);
        if (host->strophe.over && host->session != NULL)
            xft_stream_end(host->session, 0, XFT_END_LOST);
        if (signals_came() && !host->leaving)
            leave(host);
    }
}

/* --- the command line ------------------------------------------------------------------------------------------------- */

static int check_options(struct host *host, struct texts *words)
{
    const struct network_options *network = &host->account.network;
    struct files *files = &host->files;
    const char *verb = words->count > 0 ? words->items[0] : "";
    int sending = strcmp(verb, "send") == 0;
    if ((!sending && strcmp(verb, "recv") != 0) || words->count < 2 || (!sending && words->count > 2)) {
        say("say `send FILE...` or `recv DIR`; see --help");
        return EXIT_USAGE;
    }
    if (sending && (files->to == NULL || strchr(files->to, '/') == NULL)) {
        say("--to USER@DOMAIN/RES is missing: the full JID of the device that gets the files");
        return EXIT_USAGE;
    }
    if (!sending && (files->to != NULL || network->listen.count + network->announce.count + network->proxy.count > 0)) {
        say("--to, --listen, --announce and --proxy are for sending");
        return EXIT_USAGE;
    }
    files->verbose = host->account.verbose;
    files->methods = network->methods;
    files->dir = sending ? NULL : words->items[1];
    files->paths = (struct texts){ words->items + 1, words->count - 1 };
    if (files->to != NULL && prepare_address("to", files->to, host->prepared_to) != 0)
        return EXIT_USAGE;
    files->to = files->to != NULL ? host->prepared_to : NULL;
    if (!sending)
        account_options_take_all_blocks(&host->account);
    return account_options_check(&host->account) != 0 ? EXIT_USAGE : files_check(files);
}

static int transfer(struct host *host)
{
    if (signals_catch() != 0 || socks_loop_open(&host->socks, &host->routes, host->account.verbose) != 0)
        return EXIT_DEFECT;
    host->socks.local = host->files.to != NULL || host->account.network.allow_local;
    host->now_ms = host->socks.now_ms = clock_ms();
    int code = strophe_log_in(&host->strophe, &host->account, on_stanza, host);
    if (code == EXIT_ALL_WELL)
        run(host);
    strophe_free(&host->strophe);
    socks_loop_free(&host->socks);
    route_free(&host->routes);
    if (!host->begun || !files_all_over(&host->files))
        fail(host, host->files.left_code);
    if (code == EXIT_ALL_WELL)
        code = host->strophe.code != EXIT_ALL_WELL ? host->strophe.code : host->code;
    free(host->polled);
    free(host->memory);
    free(host->out);
    /* A file that could not be read was the first failure. */
    return host->files.code != EXIT_ALL_WELL ? host->files.code : code;
}

int main(int argc, char **argv)
{
    static struct host host = { .account = ACCOUNT_OPTION_DEFAULTS, .files = { .dir_fd = -1 } };
    const struct option_line table[] = {
        { "to", "USER@DOMAIN/RES", "send: full JID of the recipient", OPTION_TEXT, &host.files.to, 0, 0 },
        { "count", "N", "recv: leave after N files; default: 0, run until a signal comes", OPTION_NUMBER,
          &host.files.count, 0, 1u << 30 },
        { "server", "HOST[:PORT]", "server to log in to; default: what the DNS says of the JID's domain", OPTION_TEXT,
          &host.account.server, 0, 0 },
        { "jid", "USER@DOMAIN[/RES]", "account to log in with", OPTION_TEXT, &host.account.jid, 0, 0 },
        { "password-file", "FILE", "file whose first line is the password; default: environment variable XFT_PASSWORD",
          OPTION_TEXT, &host.account.password_file, 0, 0 },
        { "tls", "auto|starttls|direct|none-unsafe", "how the stream is secured; default: auto, which is starttls here", OPTION_TEXT,
          &host.account.tls_word, 0, 0 },
        { "ca", "FILE", "trusted CA certificates (PEM); default: the system's", OPTION_TEXT, &host.account.ca_file, 0, 0 },
        METHOD_OPTION_LINE(host.account.network),
        RECEIVER_NETWORK_OPTION_LINES(host.account.network),
        SENDER_NETWORK_OPTION_LINES(host.account.network),
        { "block", "BYTES", "in band: largest block to agree on; default: 8192, to receive 65535", OPTION_NUMBER,
          &host.account.block_bytes, 1, 65535 },
        { "window", "BYTES", "in band: most bytes in flight per file; default: 262144", OPTION_NUMBER,
          &host.account.window_bytes, 1, 1u << 30 },
        { "verbose", NULL, "say what happens", OPTION_FLAG, &host.account.verbose, 0, 0 },
        { "help", NULL, "print this", OPTION_FLAG, &host.account.help, 0, 0 },
        { NULL, NULL, NULL, OPTION_FLAG, NULL, 0, 0 },
    };
    struct texts words = { NULL, 0 };
    program_name = "with_libstrophe";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (options_read(table, argc, argv, &words) != 0)
        return EXIT_USAGE;
    if (host.account.help) {
        printf("usage: with_libstrophe send FILE... --to USER@DOMAIN/RES --jid USER@DOMAIN[/RES] [options]\n"
               "       with_libstrophe recv DIR --jid USER@DOMAIN[/RES] [options]\n\n");
        options_help(table);
        return EXIT_ALL_WELL;
    }
    int code = check_options(&host, &words);
    if (code == EXIT_ALL_WELL)
        code = transfer(&host);
    account_options_forget(&host.account);
    files_close(&host.files);
    network_options_free(&host.account.network);
    free(words.items);
    return code;
}
