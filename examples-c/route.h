/* Which way a file went, and why not another, in words. */
#ifndef XFT_EXAMPLES_ROUTE_H
#define XFT_EXAMPLES_ROUTE_H

#include "xft.h"

#include <stddef.h>
#include <stdint.h>

/* A sentence about one file. */
#define ROUTE_TEXT_BYTES 800

/* A place that somebody connected to for a transfer. */
struct route_note {
    uint32_t transfer, stream;
    char place[280];
    const char *failure; /* NULL: not yet */
    uint32_t reply;
    int used; /* it carries the file */
};

struct routes {
    struct route_note *notes;
    size_t count, room;
};

/* Notes that `stream` leads to `place` for `transfer`. Without memory nothing is noted: a sentence gets shorter. */
void route_note(struct routes *routes, uint32_t transfer, uint32_t stream, const char *place);

/* Notes that a streamhost failed, as XFT_EVENT_HOST_FAILED says. */
void route_failed(struct routes *routes, const xft_output *output);

/* Notes that the file goes over this stream. */
void route_used(struct routes *routes, uint32_t transfer, uint32_t stream, const char *place);

/* Says which way the file went and why the preferred ways did not work: "direct transfer to 192.0.2.7:41000; mediated:
 * proxy not found". `output` is XFT_EVENT_FINISHED, or XFT_EVENT_FELL_BACK, whose sentence has the failures alone;
 * `order` is the sender's order of preference, NULL at the receiver, who does not know it. */
void route_text(const struct routes *routes, const xft_output *output, const uint32_t order[3], uint64_t file_size,
                char out[ROUTE_TEXT_BYTES]);

/* Says on standard error, line by line, why each way failed, and what to do. Where it was not for want of a way that the
 * transfer failed, ways that nobody wanted are left out. */
void route_explain(const struct routes *routes, const xft_output *output);

/* Says what happened to `file` on its way: XFT_EVENT_FELL_BACK, XFT_EVENT_INTRUDED, and with `verbose`
 * XFT_EVENT_HOST_FAILED. */
void say_way(const struct routes *routes, const xft_output *output, const char *file, int verbose);

/* The transfer is over. */
void route_forget(struct routes *routes, uint32_t transfer);

void route_free(struct routes *routes);

#endif
