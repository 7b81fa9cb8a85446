/* A file on its way in. */
#include "part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names are tried up to this number. */
#define NAMES 10000

/* Makes sure that the names in the folder survive a power cut; some file systems need no such call and refuse it. */
static int sync_folder(const struct part_file *file)
{
    return fsync(file->dir_fd) == 0 || errno == EINVAL ? 0 : -1;
}

int part_file_create(struct part_file *file, int dir_fd, const char *name, size_t name_bytes)
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
    for (int number = 0; number < NAMES; number++) {
        if (number == 0)
            snprintf(file->part, sizeof file->part, "%.*s.part", (int)name_bytes, name);
        else
            snprintf(file->part, sizeof file->part, "%.*s.%d.part", (int)name_bytes, name, number);
        file->fd = openat(dir_fd, file->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file->fd >= 0)
            return sync_folder(file);
        if (errno != EEXIST)
            return -1;
    }
    return -1;
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
    return unlinkat(file->dir_fd, file->part, 0);
}

void part_file_close(struct part_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
