/* The files on their way out. */
#include "outgoing.h"

#include "clock.h"
#include "ending.h"
#include "xft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A recipient without room is asked again after OUTGOING_PAUSE_MS, then after twice that and so on, up to 6.4 s, each time a
 * quarter more or less, so that senders that were turned away together do not come back together. */
#define BUSY_DOUBLINGS 6

int outgoing_look(struct outgoing_list *list, const struct texts *paths)
{
    list->files = calloc(paths->count, sizeof *list->files);
    if (list->files == NULL) {
        say("out of memory");
        return EXIT_DEFECT;
    }
    for (size_t at = 0; at < paths->count; at++) {
        struct outgoing *file = &list->files[at];
        struct stat about;
        const char *slash = strrchr(paths->items[at], '/');
        file->path = paths->items[at];
        file->name = slash != NULL ? slash + 1 : file->path;
        file->source.fd = -1;
        if (stat(file->path, &about) != 0 || access(file->path, R_OK) != 0) {
            say("cannot read %s: %s", file->path, strerror(errno));
            file->over = 1;
        } else if (!S_ISREG(about.st_mode)) {
            say("cannot send %s: it is no plain file", file->path);
            file->over = 1;
        }
        if (file->over) {
            list->unreadable++;
            continue;
        }
        file->size = (uint64_t)about.st_size;
        file->date = (int64_t)about.st_mtime;
        list->total_bytes += file->size;
    }
    return EXIT_ALL_WELL;
}

int outgoing_open(struct outgoing_list *list, struct outgoing *file)
{
    if (source_open(&file->source, file->path) != 0)
        return -1;
    list->total_bytes += file->source.size - file->size;
    file->size = file->source.size;
    file->date = (int64_t)file->source.modified.tv_sec;
    return 0;
}

struct outgoing *outgoing_of(struct outgoing_list *list, uint32_t transfer)
{
    for (size_t at = 0; at < list->next; at++)
        if (list->files[at].transfer == transfer && !list->files[at].over)
            return &list->files[at];
    return NULL;
}

void outgoing_over(struct outgoing_list *list, struct outgoing *file)
{
    source_close(&file->source);
    file->over = 1;
    list->done_bytes += file->size;
    if (file->transfer != 0)
        list->running--;
}

int outgoing_all_over(const struct outgoing_list *list)
{
    return list->next == list->count && list->running + list->waiting == 0;
}

struct outgoing *outgoing_next(struct outgoing_list *list, uint64_t now_ms)
{
    for (size_t at = 0; at < list->next; at++)
        if (list->files[at].again_ms != 0 && list->files[at].again_ms <= now_ms) {
            list->files[at].again_ms = 0;
            list->waiting--;
            return &list->files[at];
        }
    while (list->next < list->count && list->files[list->next].over)
        list->next++;
    return list->next < list->count ? &list->files[list->next++] : NULL;
}

void outgoing_put_off(struct outgoing_list *list, struct outgoing *file, uint64_t again_ms)
{
    source_close(&file->source);
    file->transfer = 0;
    file->again_ms = again_ms;
    list->waiting++;
}

void outgoing_next_turn(struct outgoing_list *list, uint64_t now_ms)
{
    int woken = 0;
    for (size_t at = 0; at < list->next; at++) {
        struct outgoing *file = &list->files[at];
        if (file->again_ms == 0)
            continue;
        file->busy = 0;
        if (!woken)
            file->again_ms = now_ms;
        woken = 1;
    }
}

/* Whether the recipient is taking another file of ours: then it is worth waiting for, however long that takes. */
static int takes_another(const struct outgoing_list *list, const struct outgoing *file)
{
    for (size_t at = 0; at < list->next; at++) {
        const struct outgoing *other = &list->files[at];
        if (other != file && !other->over && other->again_ms == 0 && other->method != XFT_METHOD_NONE)
            return 1;
    }
    return 0;
}

int outgoing_waits_for_room(struct outgoing_list *list, struct outgoing *file, uint64_t now_ms)
{
    if (takes_another(list, file))
        file->busy = 0;
    if (file->busy == 0)
        file->busy_ms = now_ms;
    if (now_ms - file->busy_ms >= list->busy_wait_s * 1000)
        return 0;
    uint64_t pause_ms = OUTGOING_PAUSE_MS << (file->busy < BUSY_DOUBLINGS ? file->busy : BUSY_DOUBLINGS);
    pause_ms = pause_ms * 3 / 4 + clock_us() % (pause_ms / 2 + 1);
    outgoing_put_off(list, file, now_ms + pause_ms);
    file->busy++;
    list->running--;
    return 1;
}
