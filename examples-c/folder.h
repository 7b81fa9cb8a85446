/* The folder that files come into: what may come, and what is left of files that did not come whole. */
#ifndef XFT_EXAMPLES_FOLDER_H
#define XFT_EXAMPLES_FOLDER_H

#include "options.h"

#include <stddef.h>
#include <stdint.h>

struct folder_rules {
    uint64_t max_bytes;        /* of one file */
    uint64_t quota_bytes;      /* of all files in the folder, part files included; 0: no bound but the disk's */
    uint64_t keep_percent;     /* of the disk that stays free; 0: nobody looks */
    uint64_t part_days;        /* that a part file is kept after its last byte; 0: for ever */
    uint64_t parts_per_sender; /* part files kept of one account */
};

#define FOLDER_RULE_DEFAULTS                                                                                           \
    { .max_bytes = 64ull << 30, .keep_percent = 5, .part_days = 30, .parts_per_sender = 16 }

/* The options; NAME must be a struct folder_rules. */
#define FOLDER_OPTION_LINES(NAME)                                                                                      \
    { "max-size", "BYTES", "decline larger files; default: 64G. K, M, G and T stand for 1024 bytes and its powers",     \
      OPTION_BYTES, &(NAME).max_bytes, 1, INT64_MAX },                                                                 \
    { "quota", "BYTES", "most bytes in the folder, part files included; default: 0, as the disk has room",              \
      OPTION_BYTES, &(NAME).quota_bytes, 0, INT64_MAX },                                                               \
    { "keep-free", "PERCENT", "decline what would leave less of the disk free; default: 5; 0: do not look",             \
      OPTION_NUMBER, &(NAME).keep_percent, 0, 99 },                                                                    \
    { "part-days", "DAYS", "remove what is left of a file when nothing came of it for so long; default: 30; 0: never",  \
      OPTION_NUMBER, &(NAME).part_days, 0, 36500 },                                                                    \
    { "part-files", "N", "keep so many part files of one sender, the newest; default: 16", OPTION_NUMBER,               \
      &(NAME).parts_per_sender, 0, 10000 }

/* What a file that was offered may expect. */
enum folder_answer {
    FOLDER_ROOM,  /* it may come */
    FOLDER_LATER, /* there is no room now */
    FOLDER_NEVER  /* there never will be */
};

#define FOLDER_WHY_BYTES 160

/* Whether `bytes` more may come, while files that were accepted may still bring `promised`. Else `why` says what forbids
 * it. Nothing is ever reserved: a size is the word of its sender. */
enum folder_answer folder_room(const struct folder_rules *rules, int dir_fd, uint64_t bytes, uint64_t promised,
                               char why[FOLDER_WHY_BYTES]);

/* The same for the size of one file, before anything else is done for it. */
enum folder_answer folder_takes(const struct folder_rules *rules, uint64_t size, char why[FOLDER_WHY_BYTES]);

/* Whether users that do not own a file in the folder may take it away and put another in its place. */
int folder_is_open(int dir_fd);

/* Removes part files that are too old, and the oldest of senders that have too many; never one that is under way, nor
 * files that this program did not make. Says which. */
void folder_tidy(const struct folder_rules *rules, int dir_fd);

#endif
