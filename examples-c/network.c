/* The options that say which ways a file may take. */
#include "network.h"

#include "prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    uint32_t method;
} METHODS[] = {
    { "mediated", XFT_METHOD_MEDIATED },
    { "direct", XFT_METHOD_DIRECT },
    { "inband", XFT_METHOD_IN_BAND },
};

static uint32_t method_of(const char *word, size_t length)
{
    for (size_t at = 0; at < sizeof METHODS / sizeof *METHODS; at++)
        if (strlen(METHODS[at].word) == length && memcmp(METHODS[at].word, word, length) == 0)
            return METHODS[at].method;
    return XFT_METHOD_NONE;
}

int network_has(const struct network_options *options, uint32_t method)
{
    return options->methods[0] == method || options->methods[1] == method || options->methods[2] == method;
}

static int read_methods(struct network_options *options)
{
    const char *at = options->method_word;
    size_t count = 0;
    if (strcmp(at, "auto") == 0)
        at = "mediated,direct,inband";
    for (;;) {
        size_t length = strcspn(at, ",");
        uint32_t method = method_of(at, length);
        if (count == 3 || method == XFT_METHOD_NONE || network_has(options, method)) {
            say("--method takes auto, or mediated, direct and inband in your order with commas between, not '%s'",
                options->method_word);
            return -1;
        }
        options->methods[count++] = method;
        if (at[length] == '\0')
            return 0;
        at += length + 1;
    }
}

/* JID=HOST:PORT. A JID may hold '=', so the last one counts; it comes out prepared. 0, or -1 after saying what is wrong. */
static int split_proxy(const char *text, char jid[PREPARED_BYTES], struct host_port *out)
{
    const char *equals = strrchr(text, '=');
    char typed[2 * PREPARED_BYTES];
    size_t length = equals != NULL ? (size_t)(equals - text) : 0;
    if (length == 0 || length >= sizeof typed || split_host_port(equals + 1, NULL, out) != 0) {
        say("--proxy takes JID=HOST:PORT such as proxy.hospital.example=192.0.2.9:5000, not '%s'", text);
        return -1;
    }
    memcpy(typed, text, length);
    typed[length] = '\0';
    return prepare_address("proxy", typed, jid);
}

int network_options_check(struct network_options *options)
{
    struct host_port place;
    char jid[PREPARED_BYTES];
    if (read_methods(options) != 0)
        return -1;
    for (size_t at = 0; at < options->listen.count; at++)
        if (split_host_port(options->listen.items[at], "0", &place) != 0) {
            say("--listen takes ADDRESS, ADDRESS:PORT or [IPV6]:PORT, not '%s'", options->listen.items[at]);
            return -1;
        }
    for (size_t at = 0; at < options->announce.count; at++)
        if (split_host_port(options->announce.items[at], NULL, &place) != 0) {
            say("--announce takes HOST:PORT or [IPV6]:PORT, not '%s'", options->announce.items[at]);
            return -1;
        }
    for (size_t at = 0; at < options->proxy.count; at++)
        if (split_proxy(options->proxy.items[at], jid, &place) != 0)
            return -1;
    if ((options->listen.count > 0 || options->announce.count > 0) && !network_has(options, XFT_METHOD_DIRECT)) {
        say("--listen and --announce are for the method direct, which --method %s excludes", options->method_word);
        return -1;
    }
    if (options->proxy.count > 0 && !network_has(options, XFT_METHOD_MEDIATED)) {
        say("--proxy is for the method mediated, which --method %s excludes", options->method_word);
        return -1;
    }
    return 0;
}

int network_tell(const struct network_options *options, xft_session *session)
{
    struct host_port place;
    char jid[PREPARED_BYTES];
    uint32_t status = XFT_OK;
    for (size_t at = 0; at < options->proxy.count && status == XFT_OK; at++) {
        if (split_proxy(options->proxy.items[at], jid, &place) != 0)
            return -1;
        status = xft_add_proxy(session, jid, strlen(jid), place.host, strlen(place.host), (uint32_t)atoi(place.port));
        if (status == XFT_ERR_HOST)
            say("--proxy %s: %s port %s is no address that a proxy can have: give an IP address or a host name, and its "
                "port",
                options->proxy.items[at], place.host, place.port);
        else if (status != XFT_OK)
            say("--proxy %s: %s", options->proxy.items[at], xft_status_text(status));
    }
    for (size_t at = 0; at < options->announce.count && status == XFT_OK; at++) {
        split_host_port(options->announce.items[at], NULL, &place);
        status = xft_add_address(session, place.host, strlen(place.host), (uint32_t)atoi(place.port));
        if (status != XFT_OK)
            say("--announce %s: %s", options->announce.items[at], xft_status_text(status));
    }
    return status == XFT_OK ? 0 : -1;
}

void network_options_free(struct network_options *options)
{
    free(options->listen.items);
    free(options->announce.items);
    free(options->proxy.items);
    memset(options, 0, sizeof *options);
}
