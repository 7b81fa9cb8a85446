/* A file on its way in. */
#include "part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names are tried up to this number. */
#define NAMES 10000
/* Part files are looked for up to this number. */
#define NAMES_RESUMED 100
/* Room for a note: JIDs have 2047 bytes at most, names 120. */
#define NOTE_BYTES 2560
#define NOTE_NAME_BYTES (PART_NAME_BYTES + 8)

/* Makes sure that the names in the folder survive a power cut; some file systems need no such call and refuse it. */
static int sync_folder(const struct part_file *file)
{
    return fsync(file->dir_fd) == 0 || errno == EINVAL ? 0 : -1;
}

static int set_name(struct part_file *file, int dir_fd, const char *name, size_t name_bytes)
{
    memset(file, 0, sizeof *file);
    file->dir_fd = dir_fd;
    file->fd = -1;
    /* The library gives sanitised names; a path must not get in here even by a mistake. */
    if (name_bytes == 0 || name_bytes > sizeof file->wanted - 16 || memchr(name, '/', name_bytes) != NULL ||
        memchr(name, '\0', name_bytes) != NULL || name[0] == '.') {
        errno = EINVAL;
        return -1;
    }
    memcpy(file->wanted, name, name_bytes);
    return 0;
}

static void set_number(struct part_file *file, int number)
{
    if (number == 0)
        snprintf(file->part, sizeof file->part, "%.*s.part", PART_NAME_BYTES - 16, file->wanted);
    else
        snprintf(file->part, sizeof file->part, "%.*s.%d.part", PART_NAME_BYTES - 16, file->wanted, number);
}

int part_file_create(struct part_file *file, int dir_fd, const char *name, size_t name_bytes)
{
    if (set_name(file, dir_fd, name, name_bytes) != 0)
        return -1;
    for (int number = 0; number < NAMES; number++) {
        set_number(file, number);
        file->fd = openat(dir_fd, file->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file->fd >= 0) {
            /* Keeps others from resuming it; without locks nothing worse happens than a hash that does not match. */
            (void)flock(file->fd, LOCK_EX | LOCK_NB);
            part_file_forget(file);
            return sync_folder(file);
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

/* Files that come have no leading dot: a note is in nobody's way, and nobody's file is in its. */
static void note_name(const struct part_file *file, char name[NOTE_NAME_BYTES])
{
    snprintf(name, NOTE_NAME_BYTES, ".%s.of", file->part);
}

/* The note of `origin`; its length, 0 if it is too long. */
static size_t note_text(const struct part_origin *origin, char text[NOTE_BYTES])
{
    char hash[65];
    for (size_t at = 0; at < 32; at++)
        snprintf(hash + 2 * at, 3, "%02x", (unsigned int)origin->sha256[at]);
    int length = snprintf(text, NOTE_BYTES, "from %.*s\nname %.*s\nsize %llu\nsha256 %s\n", (int)origin->from_bytes,
                          origin->from, (int)origin->name_bytes, origin->name, (unsigned long long)origin->size, hash);
    return length > 0 && length < NOTE_BYTES ? (size_t)length : 0;
}

int part_file_note(const struct part_file *file, const struct part_origin *origin)
{
    char name[NOTE_NAME_BYTES], text[NOTE_BYTES];
    size_t size = note_text(origin, text);
    note_name(file, name);
    int fd = size > 0 ? openat(file->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return -1;
    /* Half a note fits no offer. */
    ssize_t written = write(fd, text, size);
    close(fd);
    return written == (ssize_t)size ? 0 : -1;
}

static int is_noted(const struct part_file *file, const struct part_origin *origin)
{
    char name[NOTE_NAME_BYTES], text[NOTE_BYTES], found[NOTE_BYTES];
    size_t size = note_text(origin, text);
    note_name(file, name);
    int fd = size > 0 ? openat(file->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t got = read(fd, found, sizeof found);
    close(fd);
    return got == (ssize_t)size && memcmp(found, text, size) == 0;
}

int part_file_resume(struct part_file *file, int dir_fd, const struct part_origin *origin, uint64_t *bytes)
{
    struct stat open_file, named;
    if (set_name(file, dir_fd, origin->name, origin->name_bytes) != 0)
        return -1;
    for (int number = 0; number < NAMES_RESUMED; number++) {
        set_number(file, number);
        if (!is_noted(file, origin))
            continue;
        file->fd = openat(dir_fd, file->part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (file->fd < 0)
            continue;
        /* Locked first: another program may just be giving it its final name, and a file with two names has that already. */
        if (flock(file->fd, LOCK_EX | LOCK_NB) == 0 && fstat(file->fd, &open_file) == 0 &&
            fstatat(dir_fd, file->part, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == open_file.st_ino &&
            named.st_dev == open_file.st_dev && S_ISREG(open_file.st_mode) && open_file.st_nlink == 1 &&
            (uint64_t)open_file.st_size <= origin->size) {
            *bytes = (uint64_t)open_file.st_size;
            /* At least one byte is asked for again, so that every transfer moves something. */
            if (*bytes > 0 && *bytes == origin->size)
                *bytes -= 1;
            return 0;
        }
        part_file_close(file);
    }
    errno = ENOENT;
    return -1;
}

void part_file_forget(const struct part_file *file)
{
    char name[NOTE_NAME_BYTES];
    note_name(file, name);
    unlinkat(file->dir_fd, name, 0);
}

int part_file_read(const struct part_file *file, uint64_t offset, uint8_t *bytes, size_t size, size_t *got)
{
    ssize_t result;
    do
        result = pread(file->fd, bytes, size, (off_t)offset);
    while (result < 0 && errno == EINTR);
    *got = result > 0 ? (size_t)result : 0;
    return result < 0 ? -1 : 0;
}

int part_file_write(struct part_file *file, uint64_t offset, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = pwrite(file->fd, bytes, size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            if (written == 0)
                errno = ENOSPC;
            return -1;
        }
        bytes += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return 0;
}

int part_file_sync(struct part_file *file)
{
    return fsync(file->fd);
}

/* Moves the part file to `final` unless that exists (errno is EEXIST then). */
static int rename_new(struct part_file *file, const char *final)
{
    struct stat about;
    /* A link never overwrites, whoever else makes files here meanwhile. */
    if (linkat(file->dir_fd, file->part, file->dir_fd, final, 0) == 0)
        return unlinkat(file->dir_fd, file->part, 0);
    if (errno == EEXIST)
        return -1;
    /* File systems without hard links: look first. */
    if (fstatat(file->dir_fd, final, &about, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(file->dir_fd, file->part, file->dir_fd, final);
}

int part_file_finish(struct part_file *file)
{
    const char *name = file->wanted, *dot = strrchr(name, '.');
    int stem = dot != NULL && dot != name ? (int)(dot - name) : (int)strlen(name);
    char final[PART_NAME_BYTES];
    for (int number = 0; number < NAMES; number++) {
        if (number == 0)
            snprintf(final, sizeof final, "%s", name);
        else
            snprintf(final, sizeof final, "%.*s-%d%s", stem, name, number, name + stem);
        if (rename_new(file, final) == 0) {
            memcpy(file->final, final, sizeof final);
            part_file_forget(file);
            return sync_folder(file);
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int part_file_discard(struct part_file *file)
{
    struct stat about;
    if (fstat(file->fd, &about) != 0 || about.st_size != 0)
        return -1;
    part_file_forget(file);
    return unlinkat(file->dir_fd, file->part, 0);
}

void part_file_close(struct part_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
