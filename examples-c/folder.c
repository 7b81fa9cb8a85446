/* The folder that files come into. */
#include "folder.h"

#include "part_file.h"
#include "progress.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400

/* --- room ------------------------------------------------------------------------------------------------------------- */

/* The folder's entries, from the first one on. NULL: it cannot be read. */
static DIR *list(int dir_fd)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL && fd >= 0)
        close(fd);
    return folder;
}

static uint64_t bytes_in(int dir_fd)
{
    uint64_t bytes = 0;
    struct stat about;
    DIR *folder = list(dir_fd);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (fstatat(dir_fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode))
            bytes += (uint64_t)about.st_size;
    if (folder != NULL)
        closedir(folder);
    return bytes;
}

enum folder_answer folder_takes(const struct folder_rules *rules, uint64_t size, char why[FOLDER_WHY_BYTES])
{
    char have[16], most[16];
    progress_size(have, (double)size);
    progress_size(most, (double)rules->max_bytes);
    snprintf(why, FOLDER_WHY_BYTES, "its %s are more than the %s of --max-size", have, most);
    return size > rules->max_bytes ? FOLDER_NEVER : FOLDER_ROOM;
}

enum folder_answer folder_room(const struct folder_rules *rules, int dir_fd, uint64_t bytes, uint64_t promised,
                               char why[FOLDER_WHY_BYTES])
{
    struct statvfs disk;
    char need[16], most[16];
    progress_size(need, (double)bytes);
    if (rules->quota_bytes != 0) {
        progress_size(most, (double)rules->quota_bytes);
        snprintf(why, FOLDER_WHY_BYTES, "its %s and what is in the folder are more than the %s of --quota", need, most);
        if (bytes > rules->quota_bytes)
            return FOLDER_NEVER;
        if (bytes_in(dir_fd) + promised > rules->quota_bytes - bytes)
            return FOLDER_LATER;
    }
    if (rules->keep_percent == 0 || fstatvfs(dir_fd, &disk) != 0)
        return FOLDER_ROOM;
    uint64_t block = disk.f_frsize, all = (uint64_t)disk.f_blocks * block, left = (uint64_t)disk.f_bavail * block;
    uint64_t kept = all / 100 * rules->keep_percent;
    progress_size(most, (double)left);
    snprintf(why, FOLDER_WHY_BYTES, "with its %s less than %llu %% of the disk would stay free (--keep-free), of which %s are left",
             need, (unsigned long long)rules->keep_percent, most);
    if (all > 0 && bytes > all - kept)
        return FOLDER_NEVER;
    return left < kept || promised > left - kept || bytes > left - kept - promised ? FOLDER_LATER : FOLDER_ROOM;
}

int folder_is_open(int dir_fd)
{
    struct stat about;
    return fstat(dir_fd, &about) == 0 && (about.st_mode & S_IWOTH) != 0 && (about.st_mode & S_ISVTX) == 0;
}

/* --- what is left of files ----------------------------------------------------------------------------------------------- */

/* A part file that nobody finished yet. */
struct left_over {
    char part[PART_NAME_BYTES];
    char *from;
    time_t changed;
};

/* By sender, the newest first. */
static int compare(const void *one, const void *other)
{
    const struct left_over *a = one, *b = other;
    int order = strcmp(a->from, b->from);
    return order != 0 ? order : (a->changed < b->changed) - (a->changed > b->changed);
}

/* Adds the part file of a note, if both are ours. 0, or -1: out of memory. */
static int add(struct left_over **items, size_t *count, int dir_fd, const char *note)
{
    char part[PART_NAME_BYTES], from[PART_NOTE_BYTES];
    struct stat about;
    if (part_of_note(note, part) != 0 || part_note_sender(dir_fd, part, from) != 0)
        return 0;
    if (fstatat(dir_fd, part, &about, AT_SYMLINK_NOFOLLOW) != 0) {
        /* A note of nothing: a program was killed between two steps. */
        part_note_remove(dir_fd, part);
        return 0;
    }
    if (*count % 64 == 0) {
        struct left_over *larger = realloc(*items, (*count + 64) * sizeof **items);
        if (larger == NULL)
            return -1;
        *items = larger;
    }
    struct left_over *item = &(*items)[*count];
    item->from = malloc(strlen(from) + 1);
    if (item->from == NULL)
        return -1;
    strcpy(item->from, from);
    memcpy(item->part, part, sizeof part);
    item->changed = about.st_mtime;
    (*count)++;
    return 0;
}

void folder_tidy(const struct folder_rules *rules, int dir_fd)
{
    struct left_over *items = NULL;
    size_t count = 0, same = 0;
    time_t now = time(NULL);
    DIR *folder = list(dir_fd);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] == '.' && add(&items, &count, dir_fd, entry->d_name) != 0)
            break;
    if (folder != NULL)
        closedir(folder);
    if (count > 0)
        qsort(items, count, sizeof *items, compare);
    for (size_t at = 0; at < count; at++) {
        same = at > 0 && strcmp(items[at].from, items[at - 1].from) == 0 ? same + 1 : 0;
        int old = rules->part_days != 0 && now - items[at].changed > (time_t)rules->part_days * DAY_S;
        int many = same >= rules->parts_per_sender;
        if ((old || many) && part_file_remove(dir_fd, items[at].part) == 0)
            say("removed %s, what was left of a file of %s: %s", items[at].part, items[at].from,
                old ? "nothing more came of it for longer than --part-days" : "newer ones are as many as --part-files");
    }
    for (size_t at = 0; at < count; at++)
        free(items[at].from);
    free(items);
}
