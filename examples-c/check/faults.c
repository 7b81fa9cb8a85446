/* Put in front of the C library (LD_PRELOAD): a system call that fails, or a process that is killed between two of them.
 *
 *   FAULT=fsync|fsync-dir|name   every such call fails with EIO, and linkat and renameat with EACCES
 *   FAULT=begin                  a folder's fsync fails before anything came; FAULT=keep: nothing can be taken away (unlinkat)
 *   FAULT=hang                   a file's fsync never comes back: everything is stored, and nothing more is said
 *   FAULT=swap-part|swap-final   somebody puts another file in its place just before it gets its name, or just after
 *   KILL_BEFORE=N                after the first pwrite, the N-th call of those below is not made: the process is killed */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int armed, calls;

static int is(const char *fault)
{
    const char *wanted = getenv("FAULT");
    return wanted != NULL && strcmp(wanted, fault) == 0;
}

static void count(void)
{
    const char *at = getenv("KILL_BEFORE");
    if (at != NULL && armed && ++calls == atoi(at))
        kill(getpid(), SIGKILL);
}

static char given[256]; /* the name that a file got */

/* As somebody does who may write into the folder. */
static void swap(int dir, const char *name)
{
    renameat(dir, name, dir, "stolen");
    int fd = openat(dir, name, O_WRONLY | O_CREAT, 0644);
    if (fd >= 0)
        close(fd);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd)
{
    struct stat about;
    int folder = fstat(fd, &about) == 0 && S_ISDIR(about.st_mode);
    count();
    while (is("hang") && !folder && armed)
        pause();
    if ((is(folder ? "fsync-dir" : "fsync") && (!folder || armed)) || (is("begin") && folder && !armed)) {
        errno = EIO;
        return -1;
    }
    if (is("swap-final") && folder && given[0] != '\0')
        swap(fd, given);
    return NEXT(fsync)(fd);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
    count();
    if (is("name") && armed) {
        errno = EACCES;
        return -1;
    }
    if (is("swap-part") && armed)
        swap(from, old);
    snprintf(given, sizeof given, "%s", new);
    return NEXT(linkat)(from, old, to, new, flags);
}

int renameat(int from, const char *old, int to, const char *new)
{
    count();
    if (is("name")) {
        errno = EACCES;
        return -1;
    }
    return NEXT(renameat)(from, old, to, new);
}

int unlinkat(int fd, const char *name, int flags)
{
    count();
    if (is("keep") && armed) {
        errno = EPERM;
        return -1;
    }
    return NEXT(unlinkat)(fd, name, flags);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    armed = 1;
    return NEXT(pwrite)(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    count();
    return NEXT(write)(fd, bytes, size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    count();
    return NEXT(send)(fd, bytes, size, flags);
}

int close(int fd)
{
    count();
    return NEXT(close)(fd);
}
