/* The files of a program: what it sends and what it receives, as a session asks for it. Knows nothing of how bytes
 * travel, so it works with any loop; with_libstrophe.c uses it. */
#ifndef XFT_EXAMPLES_FILES_H
#define XFT_EXAMPLES_FILES_H

#include "options.h"
#include "part_file.h"
#include "route.h"
#include "source.h"
#include "xft.h"

#include <stddef.h>
#include <stdint.h>

/* Files received at the same time. */
#define FILES_AT_ONCE 4

/* One file under way. */
struct file {
    uint32_t transfer; /* 0: free */
    struct source source; /* sending */
    uint64_t size, started_ms;
    int error;             /* errno of reading or storing, -1: the file to send changed */
    struct part_file part; /* receiving */
};

struct files {
    const char *to;           /* sending: full JID of the recipient; NULL: receiving */
    struct texts paths;        /* sending, one after the other */
    const char *dir;          /* receiving: the folder */
    int dir_fd;
    uint64_t count;           /* receiving: leave after so many; 0: never */
    const uint32_t *methods;  /* the ways chosen, as in xft_config */
    int verbose;

    size_t offered;           /* sending: how many of `paths` */
    uint64_t over;            /* files that are over */
    int left_code;            /* why the program leaves early: nothing more is offered, and what fails now failed for it */
    int code;                 /* exit code of the first failure */
    struct file file[FILES_AT_ONCE];
};

/* Looks at what the command line names. 0, or the exit code after saying what is wrong. */
int files_check(struct files *files);

/* Offers the next file, if none is under way and nobody leaves. Call it once online and after every file. 1: nothing is left
 * to do. */
int files_go_on(struct files *files, xft_session *session, uint64_t now_ms);

/* XFT_OUTPUT_NEED_DATA: reads the bytes asked for, at most `size`. 0: they cannot be read, and the transfer is
 * cancelled. */
size_t files_read(struct files *files, xft_session *session, const xft_output *wanted, uint8_t *bytes, size_t size);

/* XFT_RECEIVED_OFFER: accepts or declines. */
void files_offered(struct files *files, xft_session *session, const xft_received *offer, uint64_t now_ms);

/* XFT_RECEIVED_DATA: stores the bytes, and says so. */
void files_store(struct files *files, xft_session *session, const xft_received *data);

/* XFT_EVENT_ACCEPTED: a recipient that asks for a piece only gets none. */
void files_accepted(struct files *files, xft_session *session, const xft_output *output);

/* XFT_EVENT_STARTED: of an empty file no byte will be asked for, so it is looked at once more here. */
void files_started(struct files *files, xft_session *session, uint32_t transfer);

/* XFT_EVENT_SETTLE: makes the file durable under its name, or cancels. */
void files_settle(struct files *files, xft_session *session, uint32_t transfer);

/* XFT_OUTPUT_SEND_RAW: the file, or NULL. */
const struct source *files_source(struct files *files, uint32_t transfer);

/* The file could not be read, for this errno (0: it changed): the transfer is cancelled. */
void files_unread(struct files *files, xft_session *session, uint32_t transfer, int cause);

/* XFT_EVENT_HOST_FAILED, FELL_BACK, INTRUDED and FINISHED: says what happened on the way. */
void files_event(struct files *files, const xft_output *output, struct routes *routes, uint64_t now_ms);

/* Whether a file is under way. */
int files_running(const struct files *files);

/* Whether nothing is left to do: every file of the command line is over, or as many came as were to come. */
int files_all_over(const struct files *files);

/* Closes what is open; part files stay. */
void files_close(struct files *files);

#endif
