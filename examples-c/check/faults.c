/* Put in front of the C library (LD_PRELOAD): a system call that fails, or a process that is killed between two of them.
 *
 *   FAULT=fsync|fsync-dir|name   every such call fails with EIO, and linkat and renameat with EACCES
 *   KILL_BEFORE=N                after the first pwrite, the N-th call of those below is not made: the process is killed */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
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

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd)
{
    struct stat about;
    int folder = fstat(fd, &about) == 0 && S_ISDIR(about.st_mode);
    count();
    if (is(folder ? "fsync-dir" : "fsync") && (!folder || armed)) {
        errno = EIO;
        return -1;
    }
    return NEXT(fsync)(fd);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
    count();
    if (is("name") && armed) {
        errno = EACCES;
        return -1;
    }
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
