/* Where the server of a domain is: SRV records, asked for with the system's resolver (RFC 6120 3.2, XEP-0368). */
#ifndef XFT_EXAMPLES_LOCATE_H
#define XFT_EXAMPLES_LOCATE_H

#include "options.h"
#include "xft.h"

#include <stddef.h>
#include <stdint.h>

/* Most records that are kept. */
#define LOCATE_RECORDS 32

struct located {
    const char *domain;
    uint32_t fallback; /* XFT_SERVICE_... at the domain itself, if it has no records */
    xft_record records[LOCATE_RECORDS];
    char targets[LOCATE_RECORDS][256];
    size_t count;
    uint64_t random, tried;
};

/* One place. */
struct located_place {
    struct host_port at;
    uint32_t service; /* XFT_SERVICE_... */
};

/* Asks for the records of `domain` (in ASCII), those of both services, or of `only` (XFT_SERVICE_..., 0: both). This call
 * blocks, 20 seconds at most. `nameserver` is asked instead of the system's, if it is not NULL. 0, or -1 after saying that
 * it is no address. */
int locate_ask(struct located *located, const char *domain, uint32_t only, const char *nameserver, uint64_t random);

/* The next place to try. 1, or 0 when none is left. */
int locate_next(struct located *located, struct located_place *place);

#endif
