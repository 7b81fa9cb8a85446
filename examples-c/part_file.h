/* A file on its way in: NAME.part while it is incomplete, its final name only when it is whole. Nothing that exists is
 * ever overwritten, and no byte that came is ever removed. */
#ifndef XFT_EXAMPLES_PART_FILE_H
#define XFT_EXAMPLES_PART_FILE_H

#include <stddef.h>
#include <stdint.h>

/* Room for a sanitised name of 120 bytes, a number and ".part". */
#define PART_NAME_BYTES 160

struct part_file {
    int dir_fd;   /* the folder; the owner closes it */
    int fd;       /* -1: closed */
    char wanted[PART_NAME_BYTES]; /* name the file should get */
    char part[PART_NAME_BYTES];   /* name it has meanwhile */
    char final[PART_NAME_BYTES];  /* name it got, "" before part_file_finish() */
};

/* What a part file is a part of. Only with a hash, or head and rest could be of two files (SI-25, ATK-44). */
struct part_origin {
    const char *from; /* who sends it: the JID up to its resource */
    size_t from_bytes;
    const char *name;
    size_t name_bytes;
    uint64_t size;
    const uint8_t *sha256; /* 32 bytes */
};

/* All return 0, or -1 with errno. */

/* Makes the part file of `name`, which must be a sanitised one: NAME.part, or NAME.1.part and so on when those exist. */
int part_file_create(struct part_file *file, int dir_fd, const char *name, size_t name_bytes);

/* Writes down what the part file is a part of: in .NAME.part.of beside it, until it gets its name. */
int part_file_note(const struct part_file *file, const struct part_origin *origin);

/* Opens a part file of the same origin that nobody writes to; `*bytes` are there already, less than its size. */
int part_file_resume(struct part_file *file, int dir_fd, const struct part_origin *origin, uint64_t *bytes);

/* Strikes out what the part file is a part of: it will not be resumed. */
void part_file_forget(const struct part_file *file);

/* Reads up to `size` bytes at `offset` of a resumed file; `*got` is 0 at its end. */
int part_file_read(const struct part_file *file, uint64_t offset, uint8_t *bytes, size_t size, size_t *got);

/* Writes all `size` bytes at `offset`. */
int part_file_write(struct part_file *file, uint64_t offset, const uint8_t *bytes, size_t size);

/* Makes sure that what was written survives a power cut. */
int part_file_sync(struct part_file *file);

/* Gives the file its final name: NAME, or NAME-1 and so on (before the extension) when that exists. */
int part_file_finish(struct part_file *file);

/* Takes a part file away that nothing was written to. */
int part_file_discard(struct part_file *file);

/* Closes the file and leaves it as it is. */
void part_file_close(struct part_file *file);

#endif
