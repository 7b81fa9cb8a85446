/* What a part file is a part of, written down beside it in .NAME.part.of: whose it is, and how it may go on. Files that
 * come have no leading dot: a note is in nobody's way, and nobody's file is in its. */
#ifndef XFT_EXAMPLES_PART_NOTE_H
#define XFT_EXAMPLES_PART_NOTE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Room for a harmless name of 120 bytes, a number and ".part". */
#define PART_NAME_BYTES 160
/* Room for a note: JIDs have 3071 bytes at most, names 120. */
#define PART_NOTE_BYTES 3400

struct part_origin {
    const char *from; /* who sends it: the JID up to its resource */
    size_t from_bytes;
    const char *name;
    size_t name_bytes;
    uint64_t size;
    const uint8_t *sha256; /* 32 bytes; NULL: not known. Then it never goes on, or head and rest could be of two files
                            * (SI-25, ATK-44) */
};

/* Whether nobody but this user can have written to the file: a plain one of ours, under one name, that neither group nor
 * others may write. A folder may be shared, and who can write to a part file could have any bytes received as those of its
 * sender. */
int part_is_ours(const struct stat *about);

/* Writes the note of the part file `part`. 0, or -1: it has none then. */
int part_note_write(int dir_fd, const char *part, const struct part_origin *origin);

/* Whether the part file goes on with this offer: same sender, name, size and hash. */
int part_note_fits(int dir_fd, const char *part, const struct part_origin *origin);

/* Whether the part file is what was left of a try to send this name by this sender, and can never go on. */
int part_note_is_dead_try(int dir_fd, const char *part, const struct part_origin *origin);

/* Reads the note: the sender, NUL-terminated. 0, or -1: there is none of ours. */
int part_note_sender(int dir_fd, const char *part, char from[PART_NOTE_BYTES]);

/* Takes the hash out of the note: the part file is known to be wrong and never goes on. */
void part_note_strike(int dir_fd, const char *part);

void part_note_remove(int dir_fd, const char *part);

/* The part file of a note's name, in `part`. 0, or -1: that is no name of a note. */
int part_of_note(const char *name, char part[PART_NAME_BYTES]);

#endif
