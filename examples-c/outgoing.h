/* The files on their way out, in the order of the command line, and those that wait for room at the recipient. */
#ifndef OUTGOING_H
#define OUTGOING_H

#include "options.h"
#include "source.h"

#include <stddef.h>
#include <stdint.h>

/* How long a file waits at least before it is offered again. */
#define OUTGOING_PAUSE_MS 100u

/* One file on its way out. */
struct outgoing {
    const char *path, *name;
    struct source source; /* open while it is under way */
    int named;         /* it was said under which name it is offered */
    int over;          /* nothing more happens to it */
    unsigned int busy; /* times the recipient had no room for it, and took nothing else of ours */
    uint64_t busy_ms;  /* when the first of these was */
    uint64_t again_ms; /* when it is offered again; 0: it does not wait for that */
    uint32_t transfer; /* 0: not offered yet */
    uint64_t size, started_us, safe;
    uint64_t start; /* bytes that the recipient had already */
    uint32_t method; /* how it goes, XFT_METHOD_... */
    int64_t date;
    int read_error; /* errno of a failed read, -1: the file changed */
};

struct outgoing_list {
    struct outgoing *files;
    size_t count, next, running, waiting; /* next: not offered yet; waiting: to be offered again */
    size_t unreadable;                    /* left out from the beginning */
    uint64_t total_bytes, done_bytes;     /* done: of files that are over */
    uint64_t busy_wait_s;                 /* how long a recipient without room is asked again */
};

/* Looks at every file before anything is sent, so that a typing error does not show up half an hour later. What cannot be
 * sent is said, counted in `unreadable` and left out: the others are sent. EXIT_ALL_WELL, or EXIT_DEFECT. */
int outgoing_look(struct outgoing_list *list, const struct texts *paths);

/* Opens a file: its size and date are those that it has now. 0, or -1 with errno. */
int outgoing_open(struct outgoing_list *list, struct outgoing *file);

/* The file of a transfer that is not over, or NULL. */
struct outgoing *outgoing_of(struct outgoing_list *list, uint32_t transfer);

/* The next file to offer, or NULL: one that waited long enough, else one that was not offered yet. */
struct outgoing *outgoing_next(struct outgoing_list *list, uint64_t now_ms);

/* Nothing more happens to the file. */
void outgoing_over(struct outgoing_list *list, struct outgoing *file);

/* Whether that is so of all files. */
int outgoing_all_over(const struct outgoing_list *list);

/* The file is offered again at `again_ms`. */
void outgoing_put_off(struct outgoing_list *list, struct outgoing *file, uint64_t again_ms);

/* Has the file wait for room at the recipient, each time longer. 0 if that took too long. */
int outgoing_waits_for_room(struct outgoing_list *list, struct outgoing *file, uint64_t now_ms);

/* A file ended: its place at the recipient is free for the first that waits, and for the others the time begins anew. */
void outgoing_next_turn(struct outgoing_list *list, uint64_t now_ms);

#endif
