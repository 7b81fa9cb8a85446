/* A file to send, as it was when it was opened. */
#ifndef XFT_EXAMPLES_SOURCE_H
#define XFT_EXAMPLES_SOURCE_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct source {
    const char *path;
    int fd; /* -1: closed */
    uint64_t size;
    struct timespec modified;
    dev_t device;
    ino_t inode;
};

/* Opens a plain file and looks at it: size and date of an offer are those of this descriptor. 0, or -1 with errno; 0 there
 * means that it is no plain file. */
int source_open(struct source *source, const char *path);

/* Whether the file is not any more the one that was opened: it has another size or time of modification, or another file
 * has its name. One whose name is gone is still the same. */
int source_changed(const struct source *source);

void source_close(struct source *source);

#endif
