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
    /* The library gives harmless names; a path must not get in here even by a mistake. */
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

/* Opens a part file of ours for which nobody else has the lock. -1: not now, or never. */
static int open_locked(int dir_fd, const char *part, int flags)
{
    struct stat open_file, named;
    int fd = openat(dir_fd, part, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    /* Locked first: another program may just be giving it its final name. */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &open_file) == 0 &&
        fstatat(dir_fd, part, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == open_file.st_ino &&
        named.st_dev == open_file.st_dev && part_is_ours(&open_file))
        return fd;
    close(fd);
    errno = EBUSY;
    return -1;
}

int part_file_remove(int dir_fd, const char *part)
{
    int fd = open_locked(dir_fd, part, O_RDONLY);
    if (fd < 0)
        return -1;
    int result = unlinkat(dir_fd, part, 0);
    if (result == 0)
        part_note_remove(dir_fd, part);
    close(fd);
    return result;
}

int part_file_create(struct part_file *file, int dir_fd, const struct part_origin *origin)
{
    if (set_name(file, dir_fd, origin->name, origin->name_bytes) != 0)
        return -1;
    for (int number = 0; number < NAMES; number++) {
        set_number(file, number);
        if (part_note_is_dead_try(dir_fd, file->part, origin))
            part_file_remove(dir_fd, file->part);
        file->fd = openat(dir_fd, file->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file->fd >= 0) {
            /* Keeps others from resuming it; without locks nothing worse happens than a hash that does not match. */
            (void)flock(file->fd, LOCK_EX | LOCK_NB);
            part_note_remove(dir_fd, file->part);
            /* Without its note it is received all the same, only nobody tidies it up. */
            (void)part_note_write(dir_fd, file->part, origin);
            if (sync_folder(file) == 0)
                return 0;
            int cause = errno;
            part_file_discard(file);
            errno = cause;
            return -1;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int part_file_resume(struct part_file *file, int dir_fd, const struct part_origin *origin, uint64_t *bytes)
{
    struct stat about;
    if (set_name(file, dir_fd, origin->name, origin->name_bytes) != 0)
        return -1;
    for (int number = 0; number < NAMES_RESUMED; number++) {
        set_number(file, number);
        if (!part_note_fits(dir_fd, file->part, origin))
            continue;
        file->fd = open_locked(dir_fd, file->part, O_RDWR);
        if (file->fd >= 0 && fstat(file->fd, &about) == 0 && (uint64_t)about.st_size <= origin->size) {
            *bytes = (uint64_t)about.st_size;
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

void part_file_spoil(const struct part_file *file)
{
    part_note_strike(file->dir_fd, file->part);
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

/* 0 when `name` is a name of the open file. In a folder that others may change they can put another file in its place, which
 * must not pass for this one: errno is ESTALE then. The same file has the same owner. */
static int check_name(const struct part_file *file, const char *name)
{
    struct stat open_file, named;
    if (fstat(file->fd, &open_file) == 0 && fstatat(file->dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        named.st_ino == open_file.st_ino && named.st_dev == open_file.st_dev)
        return 0;
    errno = ESTALE;
    return -1;
}

const char *part_file_why(int cause)
{
    return cause != ESTALE ? strerror(cause)
                           : "somebody took it away or put another file in its place; others should not write into the folder";
}

/* Moves the part file to `final` unless that exists (errno is EEXIST then). */
static int rename_new(struct part_file *file, const char *final)
{
    struct stat about;
    if (check_name(file, file->part) != 0)
        return -1;
    /* A link never overwrites, whoever else makes files here meanwhile. */
    if (linkat(file->dir_fd, file->part, file->dir_fd, final, 0) == 0) {
        if (check_name(file, final) == 0) {
            /* Where nothing may be taken away it keeps its first name too, which is in nobody's way. */
            (void)unlinkat(file->dir_fd, file->part, 0);
            return 0;
        }
        int cause = errno;
        unlinkat(file->dir_fd, final, 0);
        errno = cause;
        return -1;
    }
    if (errno == EEXIST)
        return -1;
    /* File systems without hard links: look first. */
    if (fstatat(file->dir_fd, final, &about, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(file->dir_fd, file->part, file->dir_fd, final);
}

int part_file_take_back(struct part_file *file)
{
    int cause = errno;
    int result = check_name(file, file->final);
    if (result == 0 && (result = linkat(file->dir_fd, file->final, file->dir_fd, file->part, 0)) == 0)
        result = unlinkat(file->dir_fd, file->final, 0);
    /* A link never overwrites: the part name may be another's by now, and then the file keeps the name it has. */
    else if (result != 0 && errno != EEXIST && errno != ESTALE)
        result = renameat(file->dir_fd, file->final, file->dir_fd, file->part);
    if (result == 0)
        file->final[0] = '\0';
    errno = cause;
    return result;
}

int part_file_finish(struct part_file *file)
{
    if (part_file_sync(file) != 0)
        return -1;
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
            if (sync_folder(file) != 0) {
                part_file_take_back(file);
                return -1;
            }
            if (check_name(file, final) != 0) {
                file->final[0] = '\0';
                return -1;
            }
            return 0;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int part_file_is_empty(const struct part_file *file)
{
    struct stat about;
    return fstat(file->fd, &about) == 0 && about.st_size == 0;
}

int part_file_discard(struct part_file *file)
{
    int result = check_name(file, file->part) == 0 ? unlinkat(file->dir_fd, file->part, 0) : -1;
    if (result == 0)
        part_note_remove(file->dir_fd, file->part);
    return result;
}

void part_file_close(struct part_file *file)
{
    /* Of a file that keeps its name nothing is resumed; a note that stays is in nobody's way. */
    if (file->fd >= 0 && file->final[0] != '\0')
        part_note_remove(file->dir_fd, file->part);
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
