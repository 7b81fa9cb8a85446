/* For a program that has XMPP already: the stream is libstrophe's, the files are libxft's.
 *
 *   with_libstrophe send FILE... --to pacs@hospital.example/store --jid ct@hospital.example --password-file pw
 *   with_libstrophe recv DIR --jid pacs@hospital.example/store --password-file pw
 *
 * Five places are all there is to it:
 *   on_stream()   once libstrophe is logged in, a session is made for the JID that it bound (XFT_OWNER_HOST)
 *   on_stanza()   every stanza that comes is handed in as text; what the session does not know is the program's own
 *   answer()      the program answers service discovery, and names what libxft can
 *   drain()       what the session wants to say goes out with xmpp_send_raw(), whole stanzas, one a call
 *   run()         one loop turns both: poll(2) waits, xmpp_run_once() reads and writes
 */
#include "account.h"
#include "ending.h"
#include "files.h"
#include "options.h"
#include "signals.h"
#include "stream.h"
#include "xft.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <sys/socket.h>

/* File data waits while libstrophe has this many stanzas to write: its queue has no bound of its own. */
#define QUEUE_STANZAS 16

/* xmpp_run_once() reads 4096 bytes, and a TLS record holds up to 16384: so many rounds after the socket was readable
 * nothing is left inside the TLS layer, where poll(2) cannot see it. */
#define ROUNDS_PER_READ 5

/* libstrophe has timers of its own, which nobody can ask for: it gets a turn at least this often. */
#define TURN_MS 1000
#define LOGIN_TURN_MS 50

struct host {
    struct account_options account;
    struct files files;
    xmpp_ctx_t *strophe;
    xmpp_conn_t *conn;
    int fd;                /* libstrophe's socket, -1 before and after */
    xft_session *session;  /* NULL before the login and after the end */
    void *memory;          /* where the session lives */
    uint8_t *out;          /* what it says */
    size_t out_bytes;
    uint8_t block[65536];  /* what it is given to send */
    uint64_t now_ms, until_ms;
    int over;              /* libstrophe's stream has ended */
    int secured, untrusted, online, leaving;
    int code;
};

static void fail(struct host *host, int code)
{
    if (host->code == EXIT_ALL_WELL)
        host->code = code;
}

/* --- what the session wants ------------------------------------------------------------------------------------------ */

static void on_event(struct host *host, const xft_output *output)
{
    if (output->event == XFT_EVENT_FINISHED)
        files_finished(&host->files, output, host->now_ms);
    if (output->event == XFT_EVENT_OFFLINE && output->reason != XFT_REASON_CLOSED) {
        say_reason("the session ended", output->reason, output->condition);
        fail(host, exit_code_of_session(output->reason, 1));
    }
    if (output->event == XFT_EVENT_OFFLINE) {
        xft_session_wipe(host->session);
        host->session = NULL;
        host->until_ms = UINT64_MAX;
        /* The session has said its last words; the stream is the program's, and here the program leaves too. */
        if (!host->over)
            xmpp_disconnect(host->conn);
    } else if (files_go_on(&host->files, host->session, host->now_ms) && !host->leaving) {
        host->leaving = 1;
        xft_close(host->session);
    }
}

/* Lets the session say what it has to say, until it waits, or until libstrophe has enough to write. */
static void drain(struct host *host)
{
    xft_output output;
    while (host->session != NULL) {
        uint32_t status = xft_poll(host->session, host->out, host->out_bytes, &output);
        if (status == XFT_OK && output.kind == XFT_OUTPUT_NEED_DATA) {
            host->until_ms = host->now_ms + TURN_MS / 10;
            if (xmpp_conn_send_queue_len(host->conn) >= QUEUE_STANZAS)
                return; /* asked again in a moment; answers are never held back, only file data */
            size_t got = files_read(&host->files, host->session, &output, host->block, sizeof host->block);
            if (got == 0)
                continue;
            status = xft_supply(host->session, output.transfer, output.offset, host->block, got, host->out,
                                host->out_bytes, &output);
        }
        if (status != XFT_OK) {
            say("libxft: %s", xft_status_text(status));
            fail(host, EXIT_DEFECT);
            xmpp_disconnect(host->conn);
            return;
        }
        switch (output.kind) {
        case XFT_OUTPUT_TRANSMIT: /* one whole stanza: libstrophe counts them for stream management (XEP-0198) */
            xmpp_send_raw(host->conn, (const char *)output.bytes, output.len);
            break;
        case XFT_OUTPUT_EVENT:
            on_event(host, &output);
            break;
        case XFT_OUTPUT_WAIT:
            host->until_ms = output.until_ms;
            return;
        default:
            break;
        }
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
    xmpp_send(host->conn, reply);
    xmpp_stanza_release(reply);
}

/* libstrophe calls this for every stanza. It has parsed it already; libxft takes it as text, so it is written out
 * once more: that costs time, but nothing that file transfer needs is lost. */
static int on_stanza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *userdata)
{
    struct host *host = userdata;
    xft_received received;
    char *text;
    size_t length;
    uint32_t status = XFT_ERR_CLOSED;
    (void)conn;
    if (host->session != NULL) {
        if (xmpp_stanza_to_text(stanza, &text, &length) != XMPP_EOK) {
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
        xmpp_free(host->strophe, text);
    }
    /* What libxft could not read may still make sense to the rest of the program. */
    if (status != XFT_OK || received.kind == XFT_RECEIVED_NOT_MINE)
        answer(host, stanza);
    return 1; /* 0 would end the calls */
}

/* --- libstrophe's stream ---------------------------------------------------------------------------------------------- */

/* A session for the JID that libstrophe's stream is bound to. */
static uint32_t make_session(struct host *host, const char *jid)
{
    xft_config config;
    size_t size = 0, align = 0;
    uint32_t status = xft_config_init(&config, sizeof config);
    config.owner = XFT_OWNER_HOST;
    config.account = host->account.account;
    config.account_len = strlen(host->account.account);
    config.host_jid = jid;
    config.host_jid_len = strlen(jid);
    config.transfers = FILES_AT_ONCE;
    config.methods[0] = XFT_METHOD_IN_BAND;
    config.methods[1] = config.methods[2] = 0;
    config.block_bytes = (uint32_t)host->account.block_bytes;
    config.chunk_bytes = (uint32_t)host->account.chunk_bytes;
    config.window_bytes = (uint32_t)host->account.window_bytes;
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

/* Logged in: the program shows itself, and libxft gets to work. */
static void on_login(struct host *host)
{
    const char *jid = xmpp_conn_get_bound_jid(host->conn);
    uint32_t status = make_session(host, jid);
    host->online = 1;
    if (status != XFT_OK) {
        say("libxft: %s", xft_status_text(status));
        fail(host, EXIT_DEFECT);
        xmpp_disconnect(host->conn);
        return;
    }
    xmpp_handler_add(host->conn, on_stanza, NULL, NULL, NULL, host);
    xmpp_send_raw_string(host->conn, "<presence/>");
    if (host->files.to == NULL) {
        printf("ready %s\n", jid);
        return;
    }
    /* A recipient that is in nobody's contact list hears only by this when we go away in the middle of a file. */
    xmpp_stanza_t *presence = xmpp_presence_new(host->strophe);
    xmpp_stanza_set_to(presence, host->files.to);
    xmpp_send(host->conn, presence);
    xmpp_stanza_release(presence);
}

/* The login failed, or the stream ended: libstrophe tells neither why. */
static void on_end(struct host *host, int error)
{
    const struct account_options *account = &host->account;
    host->over = 1;
    host->fd = -1;
    if (host->session != NULL) {
        xft_stream_end(host->session, 0, XFT_END_LOST);
    } else if (!host->online && !host->untrusted) {
        int secured = account->tls == TLS_NONE_UNSAFE || host->secured;
        say("cannot log in at %s port %s: %s", account->place.host, account->place.port,
            error > 0   ? strerror(error)
            : secured   ? "the server refused; check account and password"
                        : "no secured stream; check the server, --tls and --ca");
        fail(host, secured && error <= 0 ? EXIT_LOGIN : EXIT_UNREACHABLE);
    }
}

static void on_stream(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error,
                      void *userdata)
{
    struct host *host = userdata;
    (void)conn;
    if (stream_error != NULL && stream_error->text != NULL)
        say("the server's own words: %s", stream_error->text);
    if (event == XMPP_CONN_CONNECT)
        on_login(host);
    else if (event != XMPP_CONN_RAW_CONNECT)
        on_end(host, error);
}

/* libstrophe has no call that tells its descriptor, but it shows every socket it makes to a function, and certificates
 * it does not trust to another. Neither gets a pointer of ours. */
static struct host *only;

static int on_socket(xmpp_conn_t *conn, void *socket)
{
    int yes = 1;
    only->fd = *(int *)socket;
    /* libstrophe writes each stanza by itself: without this the last of several waits 40 ms for the server's TCP. */
    setsockopt(only->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return xmpp_sockopt_cb_keepalive(conn, socket);
}

static int on_bad_certificate(const xmpp_tlscert_t *certificate, const char *const why)
{
    (void)certificate;
    only->untrusted = 1;
    say("the server's certificate is not to be trusted for %s: %s. Give its CA with --ca FILE.", only->account.domain, why);
    fail(only, EXIT_TLS);
    return 0;
}

static int log_in(struct host *host)
{
    static const long FLAGS[] = { XMPP_CONN_FLAG_MANDATORY_TLS, XMPP_CONN_FLAG_LEGACY_SSL, XMPP_CONN_FLAG_DISABLE_TLS };
    struct account_options *account = &host->account;
    only = host;
    xmpp_initialize();
    host->strophe = xmpp_ctx_new(NULL, account->verbose ? xmpp_get_default_logger(XMPP_LEVEL_WARN) : NULL);
    host->conn = host->strophe != NULL ? xmpp_conn_new(host->strophe) : NULL;
    if (host->conn == NULL) {
        say("out of memory");
        return EXIT_DEFECT;
    }
    xmpp_conn_set_jid(host->conn, account->jid);
    xmpp_conn_set_pass(host->conn, account->password);
    account_options_forget(account);
    xmpp_conn_set_flags(host->conn, FLAGS[account->tls]);
    if (account->ca_file != NULL)
        xmpp_conn_set_cafile(host->conn, account->ca_file);
    xmpp_conn_set_certfail_handler(host->conn, on_bad_certificate);
    xmpp_conn_set_sockopt_callback(host->conn, on_socket);
    /* Without --server libstrophe asks the DNS for the domain's SRV records. */
    const char *server = account->server != NULL ? account->place.host : NULL;
    if (xmpp_connect_client(host->conn, server, server != NULL ? (unsigned short)atoi(account->place.port) : 0, on_stream,
                            host) != XMPP_EOK) {
        say("cannot reach %s port %s", account->place.host, account->place.port);
        return EXIT_UNREACHABLE;
    }
    return EXIT_ALL_WELL;
}

/* --- one loop for both ----------------------------------------------------------------------------------------------- */

static void leave(struct host *host)
{
    /* A receiver that only waits has nothing to regret. */
    if (!host->online || host->files.to != NULL || files_running(&host->files)) {
        say("interrupted: leaving");
        fail(host, EXIT_INTERRUPTED);
    }
    host->leaving = 1;
    if (host->session != NULL)
        xft_close(host->session);
    else
        xmpp_disconnect(host->conn);
}

/* Waits for libstrophe's socket, a signal, or a deadline of the session. 1 when the socket is readable or writable. */
static int wait_for_news(struct host *host, int at_once)
{
    struct pollfd wait[] = {
        { host->fd, (short)(POLLIN | (xmpp_conn_send_queue_len(host->conn) > 0 ? POLLOUT : 0)), 0 },
        { host->leaving ? -1 : signals_fd(), POLLIN, 0 },
    };
    uint64_t wait_ms = host->until_ms > host->now_ms ? host->until_ms - host->now_ms : 0;
    poll(wait, 2, at_once ? 0 : wait_ms < TURN_MS ? (int)wait_ms : TURN_MS);
    return wait[0].revents != 0;
}

/* libstrophe does stream management where the server offers it: small questions and answers between the stanzas. TCP
 * acknowledges what comes at once then; else a server that waits for that before it writes on (Prosody does) stands
 * still for 40 ms again and again. The kernel forgets this wish, so it is said in every turn. */
static void acknowledge_at_once(const struct host *host)
{
#ifdef TCP_QUICKACK
    int yes = 1;
    setsockopt(host->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
#else
    (void)host;
#endif
}

static void run(struct host *host)
{
    int rounds = 0;
    while (!host->over || host->session != NULL) {
        drain(host);
        if (host->online)
            rounds = wait_for_news(host, rounds > 0) ? ROUNDS_PER_READ : rounds > 0 ? rounds - 1 : 0;
        host->now_ms = clock_ms();
        if (host->session != NULL)
            xft_tick(host->session, host->now_ms);
        if (!host->online)
            host->secured = xmpp_conn_is_secured(host->conn); /* forgotten by libstrophe when the stream ends */
        /* During the login libstrophe waits by itself: it may try several addresses. */
        xmpp_run_once(host->strophe, host->online ? 0 : LOGIN_TURN_MS);
        acknowledge_at_once(host);
        if (signals_came() && !host->leaving)
            leave(host);
    }
}

static int check_options(struct host *host, struct texts *words)
{
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
    files->verbose = host->account.verbose;
    files->dir = sending ? NULL : words->items[1];
    files->to = sending ? files->to : NULL;
    words->items++;
    words->count--;
    files->paths = words;
    return account_options_check(&host->account) != 0 ? EXIT_USAGE : files_check(files);
}

int main(int argc, char **argv)
{
    static struct host host = { .account = ACCOUNT_OPTION_DEFAULTS, .files.dir_fd = -1, .fd = -1 };
    const struct option_line table[] = {
        { "to", "USER@DOMAIN/RES", "send: full JID of the recipient", OPTION_TEXT, &host.files.to, 0, 0 },
        { "count", "N", "recv: leave after N files; default: 0, run until a signal comes", OPTION_NUMBER,
          &host.files.count, 0, 1u << 30 },
        { "server", "HOST[:PORT]", "server to log in to; default: what the DNS says of the JID's domain", OPTION_TEXT,
          &host.account.server, 0, 0 },
        { "jid", "USER@DOMAIN[/RES]", "account to log in with", OPTION_TEXT, &host.account.jid, 0, 0 },
        { "password-file", "FILE", "file whose first line is the password; default: environment variable XFT_PASSWORD",
          OPTION_TEXT, &host.account.password_file, 0, 0 },
        { "tls", "starttls|direct|none-unsafe", "how the stream is secured; default: starttls", OPTION_TEXT,
          &host.account.tls_word, 0, 0 },
        { "ca", "FILE", "trusted CA certificates (PEM); default: the system's", OPTION_TEXT, &host.account.ca_file, 0, 0 },
        { "block", "BYTES", "largest block to agree on; default: 8192", OPTION_NUMBER, &host.account.block_bytes, 1, 65535 },
        { "window", "BYTES", "most bytes in flight per file; default: 262144", OPTION_NUMBER, &host.account.window_bytes,
          1, 1u << 30 },
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
    host.now_ms = clock_ms();
    int code = check_options(&host, &words);
    if (code == EXIT_ALL_WELL && signals_catch() != 0)
        code = EXIT_DEFECT;
    if (code == EXIT_ALL_WELL)
        code = log_in(&host);
    if (code == EXIT_ALL_WELL)
        run(&host);
    files_close(&host.files);
    if (host.conn != NULL)
        xmpp_conn_release(host.conn);
    if (host.strophe != NULL)
        xmpp_ctx_free(host.strophe);
    free(host.memory);
    free(host.out);
    return code != EXIT_ALL_WELL ? code : host.code != EXIT_ALL_WELL ? host.code : host.files.code;
}
