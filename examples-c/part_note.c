/* What a part file is a part of. */
#include "part_note.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTE_NAME_BYTES (PART_NAME_BYTES + 8)

int part_is_ours(const struct stat *about)
{
    return S_ISREG(about->st_mode) && about->st_nlink == 1 && about->st_uid == geteuid() &&
           (about->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static void note_name(const char *part, char name[NOTE_NAME_BYTES])
{
    snprintf(name, NOTE_NAME_BYTES, ".%.*s.of", PART_NAME_BYTES, part);
}

int part_of_note(const char *name, char part[PART_NAME_BYTES])
{
    size_t length = strlen(name);
    if (length < 10 || length - 4 >= PART_NAME_BYTES || name[0] != '.' || strcmp(name + length - 8, ".part.of") != 0)
        return -1;
    memcpy(part, name + 1, length - 4);
    part[length - 4] = '\0';
    return 0;
}

/* The lines that say whose it is and of which name; their length, 0 if they are too long. */
static size_t about_try(const struct part_origin *origin, char text[PART_NOTE_BYTES])
{
    int length = snprintf(text, PART_NOTE_BYTES, "from %.*s\nname %.*s\n", (int)origin->from_bytes, origin->from,
                          (int)origin->name_bytes, origin->name);
    return length > 0 && length < PART_NOTE_BYTES ? (size_t)length : 0;
}

/* The whole note. */
static size_t note_text(const struct part_origin *origin, char text[PART_NOTE_BYTES])
{
    size_t used = about_try(origin, text);
    char hash[80] = "";
    for (size_t at = 0; at < 32 && origin->sha256 != NULL; at++)
        snprintf(hash + 2 * at, 3, "%02x", (unsigned int)origin->sha256[at]);
    int length = snprintf(text + used, PART_NOTE_BYTES - used, "size %llu\n%s%s%s", (unsigned long long)origin->size,
                          origin->sha256 != NULL ? "sha256 " : "", hash, origin->sha256 != NULL ? "\n" : "");
    return used > 0 && length > 0 && used + (size_t)length < PART_NOTE_BYTES ? used + (size_t)length : 0;
}

int part_note_write(int dir_fd, const char *part, const struct part_origin *origin)
{
    char name[NOTE_NAME_BYTES], text[PART_NOTE_BYTES];
    size_t size = note_text(origin, text);
    note_name(part, name);
    int fd = size > 0 ? openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, text, size);
    close(fd);
    if (written == (ssize_t)size)
        return 0;
    /* Half a note fits no offer; none is better. */
    unlinkat(dir_fd, name, 0);
    return -1;
}

/* Opens a note of ours, and reads it as a text. The descriptor, or -1. */
static int open_note(int dir_fd, const char *part, int flags, char text[PART_NOTE_BYTES])
{
    char name[NOTE_NAME_BYTES];
    struct stat about;
    note_name(part, name);
    int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = fstat(fd, &about) == 0 && part_is_ours(&about) ? read(fd, text, PART_NOTE_BYTES - 1) : -1;
    if (got < 0) {
        close(fd);
        return -1;
    }
    text[got] = '\0';
    return fd;
}

static int read_note(int dir_fd, const char *part, char text[PART_NOTE_BYTES])
{
    int fd = open_note(dir_fd, part, O_RDONLY, text);
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? 0 : -1;
}

int part_note_fits(int dir_fd, const char *part, const struct part_origin *origin)
{
    char text[PART_NOTE_BYTES], found[PART_NOTE_BYTES];
    return origin->sha256 != NULL && note_text(origin, text) > 0 && read_note(dir_fd, part, found) == 0 &&
           strcmp(text, found) == 0;
}

/* The line with the hash, or NULL. Neither JIDs nor harmless names hold a line break. */
static char *hash_line(char *note)
{
    char *line = strstr(note, "\nsha256 ");
    return line != NULL ? line + 1 : NULL;
}

int part_note_is_dead_try(int dir_fd, const char *part, const struct part_origin *origin)
{
    char text[PART_NOTE_BYTES], found[PART_NOTE_BYTES];
    size_t size = about_try(origin, text);
    return size > 0 && read_note(dir_fd, part, found) == 0 && strncmp(text, found, size) == 0 &&
           hash_line(found) == NULL;
}

int part_note_sender(int dir_fd, const char *part, char from[PART_NOTE_BYTES])
{
    char found[PART_NOTE_BYTES];
    if (read_note(dir_fd, part, found) != 0 || strncmp(found, "from ", 5) != 0)
        return -1;
    size_t length = strcspn(found + 5, "\n");
    memcpy(from, found + 5, length);
    from[length] = '\0';
    return 0;
}

void part_note_strike(int dir_fd, const char *part)
{
    char found[PART_NOTE_BYTES];
    int fd = open_note(dir_fd, part, O_RDWR, found);
    const char *line = fd >= 0 ? hash_line(found) : NULL;
    if (line != NULL && ftruncate(fd, (off_t)(line - found)) != 0)
        part_note_remove(dir_fd, part);
    if (fd >= 0)
        close(fd);
}

void part_note_remove(int dir_fd, const char *part)
{
    char name[NOTE_NAME_BYTES];
    note_name(part, name);
    unlinkat(dir_fd, name, 0);
}
