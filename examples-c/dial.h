/* Connecting to a host without ever waiting: a name is resolved by a thread of its own, its addresses are tried in
 * turn, and address_allowed() has a say in each. */
#ifndef XFT_EXAMPLES_DIAL_H
#define XFT_EXAMPLES_DIAL_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* What dial_step() came to, besides the XFT_END_... that says why nothing could be reached. */
#define DIAL_WAIT 0
#define DIAL_UP (-1)

struct dial;

/* Begins. `host` is an IP address or a name; `local` as in address_allowed(). NULL: out of memory. */
struct dial *dial_begin(const char *host, size_t length, uint32_t port, int local);

/* Goes on: at the beginning, when poll(2) has something, and when dial_due_ms() has come. DIAL_UP: `*fd` is a connected
 * socket, the caller's from now on. */
int dial_step(struct dial *dial, uint64_t now_ms, int *fd);

/* What to wait for. */
void dial_poll(const struct dial *dial, struct pollfd *wanted);
uint64_t dial_due_ms(const struct dial *dial);

/* Gives up and frees it. NULL is fine. */
void dial_free(struct dial *dial);

#endif
