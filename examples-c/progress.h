/* A line that says how far the files are, how fast, and how long it will take. */
#ifndef XFT_EXAMPLES_PROGRESS_H
#define XFT_EXAMPLES_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* Speeds are averaged over about this long, so that the time left does not jump. */
#define PROGRESS_SAMPLES 8

/* How often the line is drawn, milliseconds. */
#define PROGRESS_STEP_MS 500

struct progress {
    int on;       /* draw at all */
    int terminal; /* overwrite the line; else print a new one */
    int drawn;    /* a line stands on the terminal */
    uint64_t next_ms;
    struct {
        uint64_t ms, bytes;
    } sample[PROGRESS_SAMPLES];
    size_t samples;
};

/* `wanted` draws even when standard error is no terminal. */
void progress_start(struct progress *progress, int wanted);

/* Draws when it is time. `what` names the file ("3 files" for several). `total_bytes` is of all files running, `done_bytes`
 * of them are safe at the receiver. */
void progress_draw(struct progress *progress, uint64_t now_ms, const char *what, uint64_t done_bytes,
                   uint64_t total_bytes);

/* Takes the line away, before other text is printed. */
void progress_clear(struct progress *progress);

/* Writes bytes as "12.3 MB" (MB = 1,000,000 bytes). `out` has at least 16 bytes. */
void progress_size(char out[16], double bytes);

#endif
