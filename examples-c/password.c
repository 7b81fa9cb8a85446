/* The password. */
#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A first line and its end are looked for in so many bytes; a password has 256 at most. */
#define LINE_BYTES 1024

/* The beginning of the file, up to its end or `size` bytes. Their number, or -1 after saying what is wrong. */
static ssize_t read_beginning(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    size_t got = 0;
    ssize_t count = fd < 0 ? -1 : 1;
    while (count > 0 && got < size) {
        count = read(fd, out + got, size - got);
        if (count < 0 && errno == EINTR)
            count = 1;
        else if (count > 0)
            got += (size_t)count;
    }
    if (count < 0)
        say("cannot read the password from %s: %s", path, strerror(errno));
    else if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & (S_IRGRP | S_IROTH)) != 0)
        say("warning: others can read %s; chmod 600 would end that", path);
    if (fd >= 0)
        close(fd);
    return count < 0 ? -1 : (ssize_t)got;
}

/* The first line in `bytes`, without its end and without a byte order mark. NULL, or what is wrong with the file. */
static const char *first_line(const char *bytes, size_t size, char *line)
{
    const char *end, *from = bytes;
    if (size == 0)
        return "the file is empty";
    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return "the file is UTF-16; save it as UTF-8";
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        from += 3;
    end = memchr(from, '\n', (size_t)(bytes + size - from));
    if (end == NULL && size == LINE_BYTES)
        return "its first line is longer than 256 bytes";
    if (end == NULL)
        end = bytes + size;
    if (end > from && end[-1] == '\r')
        end--;
    if (memchr(from, '\0', (size_t)(end - from)) != NULL)
        return "it holds NUL bytes, as UTF-16 does; save it as UTF-8";
    if (end == from)
        return "its first line is empty";
    memcpy(line, from, (size_t)(end - from));
    line[end - from] = '\0';
    return NULL;
}

int password_read(const char *path, char out[PREPARED_BYTES])
{
    char bytes[LINE_BYTES], line[LINE_BYTES + 1] = "";
    const char *word = path == NULL ? getenv("XFT_PASSWORD") : NULL;
    int result = -1;
    if (path != NULL) {
        ssize_t size = read_beginning(path, bytes, sizeof bytes);
        const char *wrong = size >= 0 ? first_line(bytes, (size_t)size, line) : NULL;
        if (wrong != NULL)
            say("no password in %s: %s", path, wrong);
        else if (size >= 0)
            result = prepare_password(line, out);
    } else if (word == NULL || word[0] == '\0') {
        say("no password: give --password-file FILE or set XFT_PASSWORD");
    } else {
        result = prepare_password(word, out);
    }
    prepare_forget(bytes, sizeof bytes);
    prepare_forget(line, sizeof line);
    return result;
}
