/* A stream to the server that is libstrophe's. */
#include "strophe_login.h"

#include "ending.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* How long libstrophe may wait by itself during the login: it may try several addresses. */
#define LOGIN_TURN_MS 50

static void on_login(struct strophe *strophe)
{
    strophe->online = 1;
    /* Handlers without a namespace, name and type get every stanza. */
    xmpp_handler_add(strophe->conn, strophe->on_stanza, NULL, NULL, NULL, strophe->userdata);
    xmpp_send_raw_string(strophe->conn, "<presence/>");
}

/* libstrophe does not tell why a login failed: it is worked out from how far it came. */
static void on_failed_login(struct strophe *strophe, int error)
{
    const struct account_options *account = strophe->account;
    int secured = account->tls == TLS_NONE_UNSAFE || strophe->secured;
    const char *why = error > 0 ? strerror(error)
                      : secured ? "the server refused; check account and password"
                                : "no secured stream; check the server, --tls and --ca";
    if (strophe->untrusted)
        return;
    say("cannot log in at %s port %s: %s", account->place.host, account->place.port, why);
    strophe->code = secured && error <= 0 ? EXIT_LOGIN : EXIT_UNREACHABLE;
}

static void on_stream(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *stream_error,
                      void *userdata)
{
    struct strophe *strophe = userdata;
    (void)conn;
    if (stream_error != NULL && stream_error->text != NULL)
        say("the server's own words: %s", stream_error->text);
    if (event == XMPP_CONN_CONNECT) {
        on_login(strophe);
    } else if (event != XMPP_CONN_RAW_CONNECT) {
        strophe->over = 1;
        strophe->fd = -1;
        if (!strophe->online)
            on_failed_login(strophe, error);
    }
}

/* libstrophe has no call that tells its descriptor, but it shows every socket it makes to a function, and certificates
 * it does not trust to another. Neither gets a pointer of ours. */
static struct strophe *only;

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
    say("the server's certificate is not to be trusted for %s: %s. Give its CA with --ca FILE.",
        only->account->domain, why);
    only->untrusted = 1;
    only->code = EXIT_TLS;
    return 0;
}

int strophe_log_in(struct strophe *strophe, struct account_options *account, xmpp_handler on_stanza, void *userdata)
{
    static const long FLAGS[] = { XMPP_CONN_FLAG_MANDATORY_TLS, XMPP_CONN_FLAG_LEGACY_SSL, XMPP_CONN_FLAG_DISABLE_TLS,
                                  XMPP_CONN_FLAG_MANDATORY_TLS };
    memset(strophe, 0, sizeof *strophe);
    strophe->fd = -1;
    strophe->account = account;
    strophe->on_stanza = on_stanza;
    strophe->userdata = userdata;
    only = strophe;
    xmpp_initialize();
    strophe->ctx = xmpp_ctx_new(NULL, account->verbose ? xmpp_get_default_logger(XMPP_LEVEL_WARN) : NULL);
    strophe->conn = strophe->ctx != NULL ? xmpp_conn_new(strophe->ctx) : NULL;
    if (strophe->conn == NULL) {
        account_options_forget(account);
        say("out of memory");
        return EXIT_DEFECT;
    }
    xmpp_conn_set_jid(strophe->conn, account->full);
    xmpp_conn_set_pass(strophe->conn, account->password);
    account_options_forget(account);
    /* Without a flag libstrophe would go on in plain text where the server offers no TLS. */
    xmpp_conn_set_flags(strophe->conn, FLAGS[account->tls]);
    if (account->ca_file != NULL)
        xmpp_conn_set_cafile(strophe->conn, account->ca_file);
    xmpp_conn_set_certfail_handler(strophe->conn, on_bad_certificate);
    xmpp_conn_set_sockopt_callback(strophe->conn, on_socket);
    /* Without --server libstrophe asks the DNS for the domain's SRV records. */
    const char *server = account->server != NULL ? account->place.host : NULL;
    unsigned short port = server != NULL ? (unsigned short)atoi(account->place.port) : 0;
    if (xmpp_connect_client(strophe->conn, server, port, on_stream, strophe) == XMPP_EOK)
        return EXIT_ALL_WELL;
    if (server != NULL)
        say("cannot reach %s port %s", server, account->place.port);
    else
        say("cannot reach a server of %s", account->domain);
    return EXIT_UNREACHABLE;
}

void strophe_turn(struct strophe *strophe)
{
    if (!strophe->online)
        strophe->secured = xmpp_conn_is_secured(strophe->conn); /* forgotten by libstrophe when the stream ends */
    xmpp_run_once(strophe->ctx, strophe->online ? 0 : LOGIN_TURN_MS);
#ifdef TCP_QUICKACK
    /* With stream management, which libstrophe does where the server offers it, small questions and answers go between
     * the stanzas. A server that waits for TCP's acknowledgement of one before it writes on (Prosody does) stands still
     * for 40 ms again and again, unless ours come at once. The kernel forgets this wish, so it is said in every turn. */
    int yes = 1;
    setsockopt(strophe->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
#endif
}

void strophe_greet(struct strophe *strophe, const char *jid)
{
    xmpp_stanza_t *presence = xmpp_presence_new(strophe->ctx);
    xmpp_stanza_set_to(presence, jid);
    xmpp_send(strophe->conn, presence);
    xmpp_stanza_release(presence);
}

void strophe_free(struct strophe *strophe)
{
    if (strophe->conn != NULL)
        xmpp_conn_release(strophe->conn);
    if (strophe->ctx != NULL)
        xmpp_ctx_free(strophe->ctx);
    xmpp_shutdown();
}
