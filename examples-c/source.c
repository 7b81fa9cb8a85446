/* A file to send, as it was when it was opened. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int source_open(struct source *source, const char *path)
{
    struct stat about;
    source->path = path;
    source->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (source->fd < 0)
        return -1;
    if (fstat(source->fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        int cause = S_ISREG(about.st_mode) ? errno : 0;
        source_close(source);
        errno = cause;
        return -1;
    }
    source->size = (uint64_t)about.st_size;
    source->modified = about.st_mtim;
    source->device = about.st_dev;
    source->inode = about.st_ino;
    return 0;
}

int source_changed(const struct source *source)
{
    struct stat about;
    if (fstat(source->fd, &about) != 0 || (uint64_t)about.st_size != source->size ||
        about.st_mtim.tv_sec != source->modified.tv_sec || about.st_mtim.tv_nsec != source->modified.tv_nsec)
        return 1;
    if (stat(source->path, &about) != 0)
        return errno != ENOENT;
    return about.st_dev != source->device || about.st_ino != source->inode;
}

void source_close(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    source->fd = -1;
}
