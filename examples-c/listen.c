/* Where the recipient connects to for a direct transfer. */
#include "listen.h"

#include "address.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* Streams that wait to be accepted. */
#define BACKLOG 16

/* One socket. It, or -1 with errno. */
static int listen_on(const struct sockaddr *address, socklen_t length, int only_ipv6)
{
    int one = 1, fd = socket(address->sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_ipv6, sizeof only_ipv6);
    if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

/* All addresses, IPv6 and IPv4 by one socket; IPv4 alone where there is no IPv6. */
static int listen_everywhere(struct listeners *listeners)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    memset(&six, 0, sizeof six);
    memset(&four, 0, sizeof four);
    six.sin6_family = AF_INET6;
    four.sin_family = AF_INET;
    listeners->fds[0] = listen_on((const void *)&six, sizeof six, 0);
    if (listeners->fds[0] < 0)
        listeners->fds[0] = listen_on((const void *)&four, sizeof four, 0);
    if (listeners->fds[0] < 0) {
        say("cannot listen for direct transfers: %s. Leave direct out of --method, or see --listen.", strerror(errno));
        return -1;
    }
    listeners->count = 1;
    return 0;
}

int listen_open(struct listeners *listeners, const struct network_options *options)
{
    memset(listeners, 0, sizeof *listeners);
    listeners->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (options->listen.count == 0)
        return listen_everywhere(listeners);
    for (size_t at = 0; at < options->listen.count; at++) {
        struct addrinfo hints, *found = NULL;
        struct host_port place;
        memset(&hints, 0, sizeof hints);
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
        split_host_port(options->listen.items[at], "0", &place);
        if (listeners->count == LISTENERS || getaddrinfo(place.host, place.port, &hints, &found) != 0) {
            say("--listen %s: give at most %d IP addresses of this machine", options->listen.items[at], LISTENERS);
            return -1;
        }
        int fd = listen_on(found->ai_addr, found->ai_addrlen, 1);
        freeaddrinfo(found);
        if (fd < 0) {
            say("cannot listen on %s: %s. Give --listen an address of this machine and a free port.",
                options->listen.items[at], strerror(errno));
            return -1;
        }
        listeners->fds[listeners->count++] = fd;
    }
    return 0;
}

/* --- what to offer ---------------------------------------------------------------------------------------------------- */

struct offers {
    struct sockaddr_storage items[LISTEN_OFFERS];
    size_t count;
};

static void offer(struct offers *offers, const struct sockaddr *address, uint16_t port)
{
    struct sockaddr_storage copy;
    memset(&copy, 0, sizeof copy);
    memcpy(&copy, address, address_bytes(address));
    address_unmap(&copy);
    for (size_t at = 0; at < offers->count; at++)
        if (address_is_same_host((const void *)&offers->items[at], (const void *)&copy) &&
            address_port((const void *)&offers->items[at]) == port)
            return;
    if (offers->count == LISTEN_OFFERS)
        return;
    /* The port lies at the same place in both families. */
    ((struct sockaddr_in *)(void *)&copy)->sin_port = htons(port);
    offers->items[offers->count++] = copy;
}

/* Addresses of this machine that are of use to others; `family` 0: any. */
static void offer_own(struct offers *offers, const struct ifaddrs *own, int family, uint16_t port, size_t skip)
{
    for (const struct ifaddrs *at = own; at != NULL; at = at->ifa_next) {
        const struct sockaddr *address = at->ifa_addr;
        if (address == NULL || address->sa_family != family || address_is_loopback(address) ||
            address_is_link_local(address))
            continue;
        if (skip > 0) {
            skip--;
            continue;
        }
        offer(offers, address, port);
        return;
    }
}

/* Every address that a socket on all addresses stands for. */
static void offer_all(struct offers *offers, int family, uint16_t port, int xmpp_fd)
{
    struct sockaddr_storage local;
    struct ifaddrs *own = NULL;
    socklen_t length = sizeof local;
    memset(&local, 0, sizeof local);
    if (getsockname(xmpp_fd, (void *)&local, &length) == 0) {
        address_unmap(&local);
        if ((local.ss_family == AF_INET || family == AF_INET6) && !address_is_loopback((const void *)&local) &&
            !address_is_link_local((const void *)&local))
            offer(offers, (const void *)&local, port);
    }
    if (getifaddrs(&own) != 0)
        return;
    for (size_t at = 0; at < LISTEN_OFFERS; at++) {
        offer_own(offers, own, AF_INET, port, at);
        if (family == AF_INET6)
            offer_own(offers, own, AF_INET6, port, at);
    }
    freeifaddrs(own);
}

static int is_everywhere(const struct sockaddr *address)
{
    static const struct in6_addr ANY6 = IN6ADDR_ANY_INIT;
    if (address->sa_family == AF_INET)
        return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr == INADDR_ANY;
    return memcmp(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, &ANY6, sizeof ANY6) == 0;
}

int listen_announce(const struct listeners *listeners, xft_session *session, int xmpp_fd, int verbose)
{
    struct offers offers = { .count = 0 };
    char host[ADDRESS_TEXT_BYTES], text[ADDRESS_TEXT_BYTES];
    for (size_t at = 0; at < listeners->count; at++) {
        struct sockaddr_storage bound;
        socklen_t length = sizeof bound;
        memset(&bound, 0, sizeof bound);
        if (getsockname(listeners->fds[at], (void *)&bound, &length) != 0)
            continue;
        if (is_everywhere((const void *)&bound))
            offer_all(&offers, bound.ss_family, address_port((const void *)&bound), xmpp_fd);
        else
            offer(&offers, (const void *)&bound, address_port((const void *)&bound));
    }
    for (size_t at = 0; at < offers.count; at++) {
        const struct sockaddr *address = (const void *)&offers.items[at];
        address_host_text(address, host);
        address_text(address, text);
        uint32_t status = xft_add_address(session, host, strlen(host), address_port(address));
        /* The list is as long as the session's memory for it; the best addresses came first. */
        if (status == XFT_ERR_FULL)
            break;
        if (status != XFT_OK) {
            say("cannot offer %s: %s", text, xft_status_text(status));
            return -1;
        }
        if (verbose)
            say("listening for direct transfers on %s", text);
    }
    if (offers.count == 0 && verbose)
        say("this machine has no address for others but loopback: direct transfers need --listen");
    return 0;
}

static void show_out(struct listeners *listeners, size_t at)
{
    if (listeners->spare < 0)
        return;
    close(listeners->spare);
    int fd = accept(listeners->fds[at], NULL, NULL);
    if (fd >= 0)
        close(fd);
    listeners->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int listen_accept(struct listeners *listeners, size_t at, struct sockaddr_storage *from)
{
    socklen_t length = sizeof *from;
    int one = 1;
    memset(from, 0, sizeof *from);
    int fd = accept(listeners->fds[at], (void *)from, &length);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE)
            show_out(listeners, at);
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    address_unmap(from);
    return fd;
}

void listen_close(struct listeners *listeners)
{
    for (size_t at = 0; at < listeners->count; at++)
        close(listeners->fds[at]);
    if (listeners->count > 0 && listeners->spare >= 0)
        close(listeners->spare);
    listeners->count = 0;
}
