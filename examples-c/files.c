/* The files of a program, as a session asks for them. */
#include "files.h"

#include "ending.h"
#include "offered.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void fail(struct files *files, int code)
{
    if (files->code == EXIT_ALL_WELL)
        files->code = code;
}

/* The file of a transfer; of 0: a free place. */
static struct file *file_of(struct files *files, uint32_t transfer)
{
    for (size_t at = 0; at < FILES_AT_ONCE; at++)
        if (files->file[at].transfer == transfer)
            return &files->file[at];
    return NULL;
}

int files_check(struct files *files)
{
    size_t readable = 0;
    for (size_t at = 0; files->to != NULL && at < files->paths.count; at++) {
        struct stat about;
        const char *path = files->paths.items[at];
        errno = 0;
        if (stat(path, &about) == 0 && access(path, R_OK) == 0 && S_ISREG(about.st_mode)) {
            readable++;
            continue;
        }
        say("cannot send %s: %s", path, errno != 0 ? strerror(errno) : "it is no plain file");
        files->paths.items[at] = NULL; /* the others are sent */
        fail(files, EXIT_READ);
    }
    if (files->to != NULL && readable == 0)
        return EXIT_READ;
    if (files->dir == NULL)
        return EXIT_ALL_WELL;
    files->dir_fd = open(files->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->dir_fd < 0 || faccessat(files->dir_fd, ".", W_OK | X_OK, 0) != 0) {
        say("cannot write into %s: %s", files->dir, strerror(errno));
        return EXIT_STORE;
    }
    return EXIT_ALL_WELL;
}

static uint32_t offer(struct files *files, xft_session *session, struct file *file)
{
    xft_file about;
    char name[OFFERED_NAME_BYTES];
    if (source_open(&file->source, file->source.path) != 0) {
        say("cannot read %s: %s", file->source.path, errno != 0 ? strerror(errno) : "it is no plain file");
        fail(files, EXIT_READ);
        return XFT_ERR_OTHER;
    }
    file->size = file->source.size;
    xft_file_init(&about, sizeof about);
    about.to = files->to;
    about.to_len = strlen(files->to);
    offered_name(file->source.path, name);
    about.name = name;
    about.name_len = strlen(name);
    about.file_size = file->size;
    about.date = (int64_t)file->source.modified.tv_sec;
    about.has = XFT_HAS_DATE;
    uint32_t status = xft_offer(session, &about, &file->transfer);
    if (status != XFT_OK) {
        say("cannot offer %s: %s", file->source.path, xft_status_text(status));
        fail(files, EXIT_USAGE);
    } else
        offered_say(session, file->transfer, file->source.path);
    return status;
}

static void file_over(struct files *files, struct file *file)
{
    if (files->to != NULL)
        source_close(&file->source);
    else
        part_file_close(&file->part);
    memset(file, 0, sizeof *file);
    files->over++;
}

int files_go_on(struct files *files, xft_session *session, uint64_t now_ms)
{
    struct file *file = &files->file[0];
    if (files->to == NULL)
        return files->count != 0 && files->over >= files->count;
    while (file->transfer == 0 && files->left_code == EXIT_ALL_WELL && files->offered < files->paths.count) {
        file->source.path = files->paths.items[files->offered++];
        file->source.fd = -1;
        if (file->source.path == NULL)
            continue;
        file->started_ms = now_ms;
        if (offer(files, session, file) != XFT_OK)
            file_over(files, file);
    }
    return file->transfer == 0;
}

void files_unread(struct files *files, xft_session *session, uint32_t transfer, int cause)
{
    struct file *file = file_of(files, transfer);
    if (file != NULL)
        file->error = cause != 0 ? cause : -1;
    xft_cancel(session, transfer, cause != 0 ? XFT_CANCEL_READ_FAILED : XFT_CANCEL_SOURCE_CHANGED);
}

size_t files_read(struct files *files, xft_session *session, const xft_output *wanted, uint8_t *bytes, size_t size)
{
    const struct file *file = file_of(files, wanted->transfer);
    ssize_t got = -1;
    do
        got = pread(file != NULL ? file->source.fd : -1, bytes, wanted->len < size ? wanted->len : size, (off_t)wanted->offset);
    while (got < 0 && errno == EINTR);
    /* Before its last bytes go the file is looked at once more: nobody must take another one for sent. */
    int other = got == 0 || (got > 0 && wanted->offset + (uint64_t)got == file->size && source_changed(&file->source));
    if (other || got < 0)
        files_unread(files, session, wanted->transfer, other ? 0 : errno);
    return other || got < 0 ? 0 : (size_t)got;
}

static const char *file_name(const struct files *files, const struct file *file)
{
    return files->to != NULL ? name_of(file->source.path) : file->part.wanted;
}

void files_accepted(struct files *files, xft_session *session, const xft_output *output)
{
    const struct file *file = file_of(files, output->transfer);
    if (file == NULL || files->to == NULL || output->end == file->size)
        return;
    say_piece(file_name(files, file), output);
    fail(files, EXIT_TRANSFER);
    xft_cancel(session, output->transfer, XFT_CANCEL_WISH);
}

void files_started(struct files *files, xft_session *session, uint32_t transfer)
{
    const struct file *file = file_of(files, transfer);
    if (file != NULL && files->to != NULL && file->size == 0 && source_changed(&file->source))
        files_unread(files, session, transfer, 0);
}

const struct source *files_source(struct files *files, uint32_t transfer)
{
    const struct file *file = file_of(files, transfer);
    return file != NULL ? &file->source : NULL;
}

void files_offered(struct files *files, xft_session *session, const xft_received *offered, uint64_t now_ms)
{
    struct file *file = file_of(files, 0);
    if (files->to != NULL || file == NULL) {
        xft_decline(session, offered->transfer, files->to != NULL ? XFT_DECLINE_UNWANTED : XFT_DECLINE_BUSY);
        return;
    }
    /* `name` is made harmless by the library; `raw_name` would not be. */
    const char *slash = memchr(offered->from, '/', offered->from_len);
    struct part_origin origin = { offered->from, slash != NULL ? (size_t)(slash - offered->from) : offered->from_len,
                                  (const char *)offered->name, offered->name_len, offered->file_size, NULL };
    if (part_file_create(&file->part, files->dir_fd, &origin) != 0) {
        say("cannot make a file in %s: %s", files->dir, strerror(errno));
        fail(files, EXIT_STORE);
        part_file_close(&file->part);
        xft_decline(session, offered->transfer, XFT_DECLINE_STORE_FAILED);
        return;
    }
    file->transfer = offered->transfer;
    file->size = offered->file_size;
    file->started_ms = now_ms;
    if (files->verbose)
        say("receiving %s from %.*s", (const char *)offered->name, (int)offered->from_len, offered->from);
    xft_accept(session, offered->transfer, 0);
}

void files_store(struct files *files, xft_session *session, const xft_received *data)
{
    struct file *file = file_of(files, data->transfer);
    if (file == NULL || file->error != 0)
        return;
    uint64_t upto = data->offset + data->len;
    /* Written is enough while the file runs: files_settle() makes all of it durable. */
    if (part_file_write(&file->part, data->offset, data->bytes, data->len) != 0) {
        file->error = errno;
        xft_cancel(session, data->transfer, XFT_CANCEL_STORE_FAILED);
        return;
    }
    xft_stored(session, data->transfer, upto);
}

void files_settle(struct files *files, xft_session *session, uint32_t transfer)
{
    struct file *file = file_of(files, transfer);
    if (file == NULL)
        return;
    if (part_file_finish(&file->part) == 0) {
        xft_settled(session, transfer);
        return;
    }
    file->error = errno;
    say("cannot give %s/%s its name: %s", files->dir, file->part.part, part_file_why(file->error));
    xft_cancel(session, transfer, XFT_CANCEL_STORE_FAILED);
}

static void failed(struct files *files, struct file *file, const xft_output *output, const struct routes *routes)
{
    const char *name = file_name(files, file);
    /* It had its name already, and then something spoke against it. */
    if (files->to == NULL && file->part.final[0] != '\0')
        part_file_take_back(&file->part);
    if (file->error < 0) {
        say("%s changed while it was sent: send it again when nobody writes to it", name);
    } else if (file->error != 0) {
        say("%s: %s failed: %s", name, files->to != NULL ? "reading" : "storing", part_file_why(file->error));
    } else {
        say_reason(name, output->reason, output->condition);
        route_explain(routes, output);
    }
    fail(files, files->left_code);
    fail(files, exit_code_of_transfer(output->reason));
}

/* The file is where it belongs: tells the world. */
static void arrived(struct files *files, struct file *file, const xft_output *output, const struct routes *routes,
                    uint64_t now_ms)
{
    double seconds = (double)(now_ms - file->started_ms) / 1000.0;
    int sending = files->to != NULL;
    char way[ROUTE_TEXT_BYTES];
    const char *name = sending ? name_of(file->source.path) : file->part.final;
    const char *other = sending ? "unconfirmed" : "unverified";
    print_line("%s %s %llu bytes %.3f s %.2f MB/s %s", sending ? "sent" : "received", name,
           (unsigned long long)file->size, seconds, (double)file->size / 1e6 / (seconds > 0.001 ? seconds : 0.001),
           output->ending == XFT_ENDING_DONE ? "verified" : other);
    route_text(routes, output, sending ? files->methods : NULL, file->size, way);
    say("%s: %s by %s", name, sending ? "sent" : "received", way);
    if (output->ending == XFT_ENDING_UNCONFIRMED) {
        say_unconfirmed(name);
        fail(files, EXIT_UNCONFIRMED);
    }
}

void files_event(struct files *files, const xft_output *output, struct routes *routes, uint64_t now_ms)
{
    struct file *file = output->transfer != 0 ? file_of(files, output->transfer) : NULL;
    if (file == NULL)
        return;
    switch (output->event) {
    case XFT_EVENT_BLOCK_REFUSED:
        say("%s: the sender wants blocks of %zu bytes, at most %u are taken: it was told so", file_name(files, file),
            output->len, (unsigned int)output->block_bytes);
        break;
    case XFT_EVENT_HOST_FAILED:
    case XFT_EVENT_FELL_BACK:
    case XFT_EVENT_INTRUDED:
        say_way(routes, output, file_name(files, file), files->verbose);
        break;
    case XFT_EVENT_FINISHED:
        if (output->ending == XFT_ENDING_FAILED || output->ending == XFT_ENDING_OTHER)
            failed(files, file, output, routes);
        else
            arrived(files, file, output, routes, now_ms);
        route_forget(routes, output->transfer);
        file_over(files, file);
        break;
    default:
        break;
    }
}

int files_running(const struct files *files)
{
    for (size_t at = 0; at < FILES_AT_ONCE; at++)
        if (files->file[at].transfer != 0)
            return 1;
    return 0;
}

int files_all_over(const struct files *files)
{
    return !files_running(files) &&
           (files->to != NULL ? files->offered == files->paths.count : files->over >= files->count);
}

void files_close(struct files *files)
{
    for (size_t at = 0; at < FILES_AT_ONCE; at++)
        if (files->file[at].transfer != 0)
            file_over(files, &files->file[at]);
    if (files->dir_fd >= 0)
        close(files->dir_fd);
}
