/* Connecting to a host. */
#include "dial.h"

#include "address.h"
#include "xft.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Most addresses of one name. */
#define DIAL_ADDRESSES 8

/* How long one address may take while others of the same name are left. The last one may take as long as the session
 * lets it. */
#define DIAL_ADDRESS_MS 1500

/* What the resolver says: small enough that a pipe takes it in one piece. */
struct answer {
    size_t count;
    struct sockaddr_storage addresses[DIAL_ADDRESSES];
};

struct dial {
    int answer_fd; /* the resolver's answer comes here; -1: it has come */
    int fd;        /* the socket being connected, or -1 */
    int local;     /* this machine may be connected to */
    size_t next;
    uint64_t due_ms;
    int why; /* XFT_END_... of the address before */
    struct answer found;
};

/* What the resolver is asked. */
struct question {
    int answer_fd;
    char host[256], port[11];
};

static int look_up(const char *host, const char *port, int flags, struct answer *out)
{
    struct addrinfo hints, *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    out->count = 0;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    for (const struct addrinfo *at = found; at != NULL && out->count < DIAL_ADDRESSES; at = at->ai_next)
        if (at->ai_family == AF_INET || at->ai_family == AF_INET6) {
            memcpy(&out->addresses[out->count], at->ai_addr, at->ai_addrlen);
            address_unmap(&out->addresses[out->count++]);
        }
    freeaddrinfo(found);
    return out->count > 0 ? 0 : -1;
}

/* Runs in a thread of its own, because getaddrinfo() may take half a minute (ATK-26). It shares nothing with the rest:
 * the question is its own, the answer goes through the pipe, or nowhere if nobody waits for it any more. */
static void *resolve(void *argument)
{
    struct question *question = argument;
    struct answer answer;
    memset(&answer, 0, sizeof answer);
    look_up(question->host, question->port, 0, &answer);
    ssize_t ignored = write(question->answer_fd, &answer, sizeof answer);
    (void)ignored;
    close(question->answer_fd);
    free(question);
    return NULL;
}

/* Starts the resolver. 0, or -1. */
static int ask(struct dial *dial, const char *host, const char *port)
{
    struct question *question = malloc(sizeof *question);
    pthread_attr_t detached;
    pthread_t thread;
    int ends[2], failed;
    if (question == NULL || pipe(ends) != 0) {
        free(question);
        return -1;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    question->answer_fd = ends[1];
    snprintf(question->host, sizeof question->host, "%s", host);
    snprintf(question->port, sizeof question->port, "%s", port);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    failed = pthread_create(&thread, &detached, resolve, question);
    pthread_attr_destroy(&detached);
    if (failed != 0) {
        close(ends[0]);
        close(ends[1]);
        free(question);
        return -1;
    }
    dial->answer_fd = ends[0];
    return 0;
}

struct dial *dial_begin(const char *host, size_t length, uint32_t port, int local)
{
    struct dial *dial = calloc(1, sizeof *dial);
    char name[256], port_text[11];
    if (dial == NULL || length >= sizeof name) {
        free(dial);
        return NULL;
    }
    memcpy(name, host, length);
    name[length] = '\0';
    snprintf(port_text, sizeof port_text, "%u", (unsigned int)port);
    dial->fd = dial->answer_fd = -1;
    dial->due_ms = UINT64_MAX;
    dial->local = local;
    dial->why = XFT_END_UNRESOLVED;
    /* A name that cannot even be asked for has no address either: dial_step() says so. */
    if (look_up(name, port_text, AI_NUMERICHOST | AI_NUMERICSERV, &dial->found) != 0)
        ask(dial, name, port_text);
    return dial;
}

static int why_failed(int cause)
{
    switch (cause) {
    case ECONNREFUSED:
    case ECONNRESET:
        return XFT_END_REFUSED;
    case ETIMEDOUT:
        return XFT_END_TIMED_OUT;
    default:
        return XFT_END_UNREACHABLE;
    }
}

static void give_up_address(struct dial *dial, int why)
{
    if (dial->fd >= 0)
        close(dial->fd);
    dial->fd = -1;
    /* "Refused" tells people more than "unreachable", which a machine without IPv6 says of every such address. */
    if (dial->why != XFT_END_REFUSED)
        dial->why = why;
}

/* Starts connecting to the next address. 1: the socket is connected; 0: it is under way, or has failed. */
static int try_next(struct dial *dial, uint64_t now_ms)
{
    const struct sockaddr *address = (const void *)&dial->found.addresses[dial->next++];
    int one = 1;
    if (!address_allowed(address, dial->local)) {
        give_up_address(dial, XFT_END_FORBIDDEN);
        return 0;
    }
    dial->fd = socket(address->sa_family, SOCK_STREAM, 0);
    if (dial->fd < 0) {
        give_up_address(dial, XFT_END_UNREACHABLE);
        return 0;
    }
    fcntl(dial->fd, F_SETFD, FD_CLOEXEC);
    fcntl(dial->fd, F_SETFL, fcntl(dial->fd, F_GETFL) | O_NONBLOCK);
    setsockopt(dial->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    dial->due_ms = dial->next < dial->found.count ? now_ms + DIAL_ADDRESS_MS : UINT64_MAX;
    if (connect(dial->fd, address, address_bytes(address)) == 0)
        return 1;
    if (errno != EINPROGRESS)
        give_up_address(dial, why_failed(errno));
    return 0;
}

/* Whether the socket being connected is up. 1: yes, 0: not yet, or it has failed. */
static int look_at_socket(struct dial *dial, uint64_t now_ms)
{
    struct pollfd one = { dial->fd, POLLOUT, 0 };
    int cause = 0;
    socklen_t length = sizeof cause;
    if (poll(&one, 1, 0) > 0) {
        if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &cause, &length) != 0)
            cause = errno;
        if (cause == 0)
            return 1;
        give_up_address(dial, why_failed(cause));
    } else if (now_ms >= dial->due_ms) {
        give_up_address(dial, XFT_END_TIMED_OUT);
    }
    return 0;
}

int dial_step(struct dial *dial, uint64_t now_ms, int *fd)
{
    int up = 0;
    if (dial->answer_fd >= 0) {
        ssize_t got = read(dial->answer_fd, &dial->found, sizeof dial->found);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return DIAL_WAIT;
        close(dial->answer_fd);
        dial->answer_fd = -1;
        if (got != (ssize_t)sizeof dial->found)
            dial->found.count = 0;
    }
    if (dial->fd >= 0)
        up = look_at_socket(dial, now_ms);
    while (!up && dial->fd < 0 && dial->next < dial->found.count)
        up = try_next(dial, now_ms);
    if (!up)
        return dial->fd >= 0 ? DIAL_WAIT : dial->why;
    *fd = dial->fd;
    dial->fd = -1;
    return DIAL_UP;
}

void dial_poll(const struct dial *dial, struct pollfd *wanted)
{
    wanted->fd = dial->answer_fd >= 0 ? dial->answer_fd : dial->fd;
    wanted->events = dial->answer_fd >= 0 ? POLLIN : POLLOUT;
}

uint64_t dial_due_ms(const struct dial *dial)
{
    return dial->answer_fd >= 0 ? UINT64_MAX : dial->due_ms;
}

void dial_free(struct dial *dial)
{
    if (dial == NULL)
        return;
    if (dial->answer_fd >= 0)
        close(dial->answer_fd);
    if (dial->fd >= 0)
        close(dial->fd);
    free(dial);
}
