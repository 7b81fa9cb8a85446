/* A file on its way in: NAME.part while it is incomplete, its final name only when it is whole. Nothing that exists is
 * ever overwritten; what came stays, unless it is of no more use to anybody. */
#ifndef XFT_EXAMPLES_PART_FILE_H
#define XFT_EXAMPLES_PART_FILE_H

#include "part_note.h"

#include <stddef.h>
#include <stdint.h>

struct part_file {
    int dir_fd;   /* the folder; the owner closes it */
    int fd;       /* -1: closed */
    char wanted[PART_NAME_BYTES]; /* name the file should get */
    char part[PART_NAME_BYTES];   /* name it has meanwhile */
    char final[PART_NAME_BYTES];  /* name it got, "" before part_file_finish() */
};

/* All return 0, or -1 with errno; ESTALE: another file stands in the place of this one. */

/* What an errno of these calls means, in words. */
const char *part_file_why(int cause);

/* Makes the part file, with its note. The name of `origin` must be a harmless one: NAME.part, or NAME.1.part and so on when
 * those exist. What is left of an earlier try of the same sender and name, and can never go on, makes way. */
int part_file_create(struct part_file *file, int dir_fd, const struct part_origin *origin);

/* Opens a part file of the same origin that nobody writes to, or can have written to, but this user; `*bytes` are there
 * already, less than its size. */
int part_file_resume(struct part_file *file, int dir_fd, const struct part_origin *origin, uint64_t *bytes);

/* Its bytes are wrong, nobody knows which: it never goes on, and makes way for the next try. */
void part_file_spoil(const struct part_file *file);

/* Reads up to `size` bytes at `offset` of a resumed file; `*got` is 0 at its end. */
int part_file_read(const struct part_file *file, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);

/* Writes all `size` bytes at `offset`. */
int part_file_write(struct part_file *file, uint64_t offset, const uint8_t *bytes, size_t size);

/* Makes sure that what was written survives a power cut. */
int part_file_sync(struct part_file *file);

/* Makes the file durable under its final name: NAME, or NAME-1 and so on (before the extension) when that exists. When
 * any of it fails the file has its part name, or at least that too; nobody knows where one is whose place somebody took. */
int part_file_finish(struct part_file *file);

/* Takes the final name back: the file is a part file again. */
int part_file_take_back(struct part_file *file);

/* Whether nothing was written to it, not even a piece that failed half-way. 1 or 0. */
int part_file_is_empty(const struct part_file *file);

/* Takes the part file away: nothing was written to it, or it can never go on. */
int part_file_discard(struct part_file *file);

/* Takes a part file that nobody has open, and its note, away. */
int part_file_remove(int dir_fd, const char *part);

/* Closes the file and leaves it as it is. */
void part_file_close(struct part_file *file);

#endif
