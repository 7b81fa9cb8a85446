/* Receives files over XMPP into a folder: through a proxy, direct, or in band.
 *
 *   xft_recv --jid pacs@hospital.example/store --password-file pw --dir incoming --from ct@hospital.example
 *
 * A file is NAME.part until every byte is on disk and its hash is right. Standard output has one line, `ready JID`, when
 * files can be sent here, and one per file; everything for people goes to standard error. */
#include "account.h"
#include "ending.h"
#include "folder.h"
#include "loop.h"
#include "options.h"
#include "part_file.h"
#include "progress.h"
#include "senders.h"
#include "text.h"
#include "xft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* When bytes count as safe, and are acknowledged. */
enum fsync_choice {
    FSYNC_BLOCK, /* after every block */
    FSYNC_BATCH, /* whenever everything that came is written, and at the latest after SYNC_BYTES */
    FSYNC_END    /* written is enough while the file runs; it is synced before its last block is acknowledged */
};

/* Most bytes that wait for one sync with --fsync batch. */
#define SYNC_BYTES (4u << 20)

/* How often part files are looked at, and how often it is said that there is no room, milliseconds. */
#define TIDY_MS 3600000u
#define NO_ROOM_SAID_MS 60000u

/* One file on its way in. */
struct incoming {
    int used;
    uint32_t transfer;
    uint64_t size, started_us;
    uint32_t method;          /* how it comes, XFT_METHOD_... */
    uint64_t start;           /* bytes that were here already */
    uint64_t written, stored; /* positions in the file: written without a gap, said to be stored */
    int may_go_on;            /* its hash is known: what came is of use for another try */
    int error;                /* errno of the failure to store */
    int refused;              /* --strict: there was no hash to compare */
    struct part_file file;
};

struct receiver {
    struct account_options account;
    const char *dir, *fsync_word;
    enum fsync_choice fsync;
    struct senders senders;
    struct folder_rules folder;
    uint64_t tidy_ms; /* when part files are looked at next */
    uint64_t said_ms; /* when it was said last that there is no room */
    uint64_t count; /* leave after this many files; 0: never */
    uint64_t over;
    int dir_fd;
    struct incoming *files; /* `account.parallel` of them */
    size_t running;
    uint64_t total_bytes, done_bytes;
    uint64_t turned_away, said_away_ms; /* offers without room: how many, and when that was last said */
    int code, leaving, tidy_soon; /* tidy_soon: one more part file stays */
    int left_code;                /* why, if files may be left behind: counts unless all of them have their place */
    struct progress progress;
    uint8_t block[65536];
};

static void fail(struct receiver *receiver, int code)
{
    if (receiver->code == EXIT_ALL_WELL)
        receiver->code = code;
}

static int check_options(struct receiver *receiver, const struct texts *rest)
{
    static const char *const WORDS[] = { "block", "batch", "end" };
    size_t choice = 0;
    if (rest->count > 0) {
        say("'%s' is no option; see --help", rest->items[0]);
        return EXIT_USAGE;
    }
    if (receiver->dir == NULL) {
        say("--dir is missing: give the folder for the files; see --help");
        return EXIT_USAGE;
    }
    while (choice < 3 && strcmp(receiver->fsync_word, WORDS[choice]) != 0)
        choice++;
    if (choice == 3) {
        say("--fsync takes block, batch or end, not '%s'", receiver->fsync_word);
        return EXIT_USAGE;
    }
    receiver->fsync = (enum fsync_choice)choice;
    account_options_take_all_blocks(&receiver->account);
    if (senders_check(&receiver->senders) != 0 || account_options_check(&receiver->account) != 0)
        return EXIT_USAGE;
    receiver->dir_fd = open(receiver->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (receiver->dir_fd < 0 || faccessat(receiver->dir_fd, ".", W_OK | X_OK, 0) != 0) {
        say("cannot write into %s: %s", receiver->dir, strerror(errno));
        return EXIT_STORE;
    }
    if (folder_is_open(receiver->dir_fd))
        say("warning: anybody may replace files in %s: chmod o-w or chmod +t would end that", receiver->dir);
    folder_tidy(&receiver->folder, receiver->dir_fd);
    receiver->files = calloc((size_t)receiver->account.parallel, sizeof *receiver->files);
    return receiver->files != NULL ? EXIT_ALL_WELL : EXIT_DEFECT;
}

static struct incoming *file_of(struct receiver *receiver, uint32_t transfer)
{
    for (size_t at = 0; at < receiver->account.parallel; at++)
        if (receiver->files[at].used && receiver->files[at].transfer == transfer)
            return &receiver->files[at];
    return NULL;
}

static void cannot_store(struct receiver *receiver, struct loop *loop, struct incoming *file)
{
    file->error = errno;
    xft_cancel(loop->session, file->transfer, XFT_CANCEL_STORE_FAILED);
    (void)receiver;
}

/* Everything written so far is made safe and said to be stored; the sender gets its acknowledgements by that. */
static void commit(struct receiver *receiver, struct loop *loop, struct incoming *file)
{
    if (file->error != 0 || file->stored == file->written)
        return;
    /* Only blocks in band are acknowledged one by one: over SOCKS5 nobody relies on a part of the file. */
    int relied_on = receiver->fsync == FSYNC_BLOCK ||
                    (receiver->fsync == FSYNC_BATCH && file->method == XFT_METHOD_IN_BAND);
    if (relied_on && part_file_sync(&file->file) != 0) {
        cannot_store(receiver, loop, file);
        return;
    }
    file->stored = file->written;
    uint32_t status = xft_stored(loop->session, file->transfer, file->stored);
    if (status != XFT_OK && status != XFT_ERR_STALE && status != XFT_ERR_CLOSED)
        say("xft_stored: %s", xft_status_text(status));
}

static void commit_all(struct receiver *receiver, struct loop *loop)
{
    for (size_t at = 0; at < receiver->account.parallel; at++)
        if (receiver->files[at].used)
            commit(receiver, loop, &receiver->files[at]);
}

static void on_data(struct receiver *receiver, struct loop *loop)
{
    const xft_received *data = &loop->received;
    struct incoming *file = file_of(receiver, data->transfer);
    if (file == NULL || file->error != 0)
        return;
    if (part_file_write(&file->file, data->offset, data->bytes, data->len) != 0) {
        cannot_store(receiver, loop, file);
        return;
    }
    file->written = data->offset + data->len;
    if (receiver->fsync != FSYNC_BATCH || file->written - file->stored >= SYNC_BYTES)
        commit(receiver, loop, file);
}

/* A part file of the same sender, name, size and hash goes on where it stopped (SI-25); else a new one is made. */
static int open_part(struct receiver *receiver, const xft_received *offer, struct incoming *file)
{
    const char *slash = memchr(offer->from, '/', offer->from_len);
    struct part_origin origin = { offer->from, slash != NULL ? (size_t)(slash - offer->from) : offer->from_len,
                                  (const char *)offer->name, offer->name_len, offer->file_size,
                                  (offer->has & XFT_HAS_SHA256) != 0 ? offer->sha256 : NULL };
    file->may_go_on = origin.sha256 != NULL;
    if ((offer->has & XFT_HAS_RANGED) != 0 &&
        part_file_resume(&file->file, receiver->dir_fd, &origin, &file->start) == 0)
        return 0;
    return part_file_create(&file->file, receiver->dir_fd, &origin);
}

/* What the files under way may still bring. */
static uint64_t promised_bytes(const struct receiver *receiver)
{
    uint64_t bytes = 0;
    for (size_t at = 0; at < receiver->account.parallel; at++)
        if (receiver->files[at].used)
            bytes += receiver->files[at].size - receiver->files[at].written;
    return bytes;
}

/* Declines what the folder has no room for. What may fit later is only busy: its sender asks again by itself, and the line
 * about it is not said every time. */
static void turn_down(struct receiver *receiver, struct loop *loop, const xft_received *offer, enum folder_answer answer,
                      const char *why)
{
    if (answer == FOLDER_NEVER || receiver->said_ms == 0 || loop->now_ms >= receiver->said_ms + NO_ROOM_SAID_MS) {
        say("declined %s of %.*s%s: %s", (const char *)offer->name, (int)offer->from_len, offer->from,
            answer == FOLDER_LATER ? " for now" : "", why);
        receiver->said_ms = answer == FOLDER_LATER ? loop->now_ms : receiver->said_ms;
    }
    xft_decline(loop->session, offer->transfer, answer == FOLDER_NEVER ? XFT_DECLINE_UNWANTED : XFT_DECLINE_BUSY);
}

/* Part files that nobody has asked for in a long time go, at the latest every hour. */
static void tidy(struct receiver *receiver, struct loop *loop)
{
    receiver->tidy_ms = loop->now_ms + TIDY_MS;
    folder_tidy(&receiver->folder, receiver->dir_fd);
}

/* Shows the session what is here already, so that the hash is compared over the whole file. All of it at once: it must
 * be seen before the first new byte, and that may come any time. */
static void show_head(struct receiver *receiver, struct loop *loop, struct incoming *file)
{
    uint64_t offset = 0;
    while (offset < file->start) {
        uint64_t left = file->start - offset;
        size_t got, size = left < sizeof receiver->block ? (size_t)left : sizeof receiver->block;
        errno = ENODATA;
        if (part_file_read(&file->file, offset, receiver->block, size, &got) != 0 || got == 0) {
            cannot_store(receiver, loop, file);
            return;
        }
        uint32_t status = xft_prefix(loop->session, file->transfer, offset, receiver->block, got);
        if (status != XFT_OK) {
            say("xft_prefix: %s", xft_status_text(status));
            return;
        }
        offset += got;
    }
    say("%s: goes on from offset %llu of %llu", file->file.wanted, (unsigned long long)file->start,
        (unsigned long long)file->size);
}

static void on_offer(struct receiver *receiver, struct loop *loop)
{
    xft_received offer = loop->received;
    struct incoming *file = receiver->files;
    char why[FOLDER_WHY_BYTES];
    progress_clear(&receiver->progress);
    if (!senders_allow(&receiver->senders, offer.from, offer.from_len)) {
        say("declined a file of %.*s, who is not on the --from list", (int)offer.from_len, offer.from);
        xft_decline(loop->session, offer.transfer, XFT_DECLINE_UNWANTED);
        return;
    }
    while (file < receiver->files + receiver->account.parallel && file->used)
        file++;
    if (receiver->leaving || file == receiver->files + receiver->account.parallel ||
        (receiver->count != 0 && receiver->over + receiver->running >= receiver->count)) {
        xft_decline(loop->session, offer.transfer, XFT_DECLINE_BUSY);
        return;
    }
    enum folder_answer answer = folder_takes(&receiver->folder, offer.file_size, why);
    if (answer != FOLDER_ROOM) {
        turn_down(receiver, loop, &offer, answer, why);
        return;
    }
    if (loop->now_ms >= receiver->tidy_ms)
        tidy(receiver, loop);
    memset(file, 0, sizeof *file);
    if (open_part(receiver, &offer, file) != 0) {
        say("cannot make a file in %s: %s", receiver->dir, strerror(errno));
        fail(receiver, EXIT_STORE);
        part_file_close(&file->file);
        /* Not busy: the sender need not try again before somebody has looked after the folder. */
        xft_decline(loop->session, offer.transfer, XFT_DECLINE_STORE_FAILED);
        return;
    }
    answer = folder_room(&receiver->folder, receiver->dir_fd, offer.file_size - file->start, promised_bytes(receiver), why);
    if (answer != FOLDER_ROOM) {
        if (file->start == 0)
            part_file_discard(&file->file);
        part_file_close(&file->file);
        turn_down(receiver, loop, &offer, answer, why);
        return;
    }
    file->used = 1;
    file->transfer = offer.transfer;
    file->size = offer.file_size;
    file->started_us = clock_us();
    receiver->running++;
    receiver->total_bytes += file->size;
    if (receiver->account.verbose)
        say("receiving %s, %llu bytes, from %.*s%s", (const char *)offer.name, (unsigned long long)offer.file_size,
            (int)offer.from_len, offer.from, (offer.has & XFT_HAS_SHA256) != 0 ? ", with its SHA-256" : "");
    file->written = file->stored = file->start;
    uint32_t status = xft_accept(loop->session, offer.transfer, file->start);
    if (status != XFT_OK)
        say("xft_accept: %s", xft_status_text(status));
    else if (file->start > 0)
        show_head(receiver, loop, file);
}

/* An offer there was no room for: its sender was told to try again later. Whoever floods us fills no log: one line a second. */
static void no_room(struct receiver *receiver, const struct loop *loop)
{
    const xft_received *offer = &loop->received;
    receiver->turned_away++;
    if (receiver->said_away_ms != 0 && loop->now_ms - receiver->said_away_ms < 1000)
        return;
    progress_clear(&receiver->progress);
    say("no room for %s of %.*s, asked to try again later (%llu offers so far; see --parallel)",
        (const char *)offer->name, (int)offer->from_len, offer->from, (unsigned long long)receiver->turned_away);
    receiver->said_away_ms = loop->now_ms;
}

/* Every byte is here. What can fail comes now, before the sender hears anything final. */
static void settle(struct receiver *receiver, struct loop *loop, struct incoming *file, int verified)
{
    if (!verified && receiver->account.strict) {
        say("%s stays as %s/%s: the sender gave no hash to check it by", file->file.wanted, receiver->dir,
            file->file.part);
        file->refused = 1;
        xft_cancel(loop->session, file->transfer, XFT_CANCEL_WISH);
        return;
    }
    if (part_file_finish(&file->file) != 0) {
        int cause = errno;
        say("cannot give %s/%s its name: %s", receiver->dir, file->file.part, part_file_why(cause));
        errno = cause;
        cannot_store(receiver, loop, file);
        return;
    }
    uint32_t status = xft_settled(loop->session, file->transfer);
    if (status != XFT_OK)
        say("xft_settled: %s", xft_status_text(status));
}

/* The file has its place: tells the world. */
static void kept(struct loop *loop, const struct incoming *file, int verified)
{
    double seconds = (double)(clock_us() - file->started_us) / 1e6;
    double rate = (double)(file->size - file->start) / 1e6 / (seconds > 1e-6 ? seconds : 1e-6);
    char way[ROUTE_TEXT_BYTES];
    if (!verified)
        say("warning: the sender of %s gave no hash: the file has the right size, but was not checked", file->file.final);
    print_line("received %s %llu bytes %.4f s %.2f MB/s %s", file->file.final, (unsigned long long)file->size, seconds,
           rate, verified ? "verified" : "unverified");
    route_text(&loop->routes, &loop->output, NULL, file->size, way);
    say("%s: received by %s", file->file.final, way);
}

static void failed(struct receiver *receiver, struct loop *loop, struct incoming *file, const xft_output *output)
{
    char what[512];
    int full = file->error == ENOSPC || file->error == EDQUOT || file->error == EFBIG;
    int whole = file->written == file->size;
    if (file->refused) {
        fail(receiver, EXIT_UNCONFIRMED);
        return;
    }
    /* It had its name already, and then something spoke against it. */
    if (file->file.final[0] != '\0')
        part_file_take_back(&file->file);
    if (file->written == 0 && part_file_is_empty(&file->file) && part_file_discard(&file->file) == 0)
        snprintf(what, sizeof what, "%s did not come", file->file.wanted);
    else if (full && !whole && !file->may_go_on && part_file_discard(&file->file) == 0)
        /* It takes the room that others need. */
        snprintf(what, sizeof what, "%s is not whole, what came was removed: without its hash it could not go on",
                 file->file.wanted);
    else if (file->error == ESTALE)
        snprintf(what, sizeof what, "%s is lost", file->file.wanted);
    else
        snprintf(what, sizeof what, whole ? "%s has no name, all of it is in %s/%s"
                                          : "%s is not whole, what came is in %s/%s",
                 file->file.wanted, receiver->dir, file->file.part);
    receiver->tidy_soon = 1;
    if (output->reason == XFT_REASON_HASH_MISMATCH)
        part_file_spoil(&file->file);
    if (file->error != 0) {
        say("%s: storing failed: %s. Make room or check permissions, then have it sent again.", what,
            part_file_why(file->error));
        fail(receiver, EXIT_STORE);
        return;
    }
    say_reason(what, output->reason, output->condition);
    route_explain(&loop->routes, output);
    fail(receiver, receiver->left_code);
    fail(receiver, exit_code_of_transfer(output->reason));
}

static void file_over(struct receiver *receiver, struct loop *loop, struct incoming *file)
{
    part_file_close(&file->file);
    file->used = 0;
    receiver->running--;
    receiver->over++;
    receiver->done_bytes += file->size;
    if (receiver->tidy_soon)
        tidy(receiver, loop);
    receiver->tidy_soon = 0;
    if (receiver->count != 0 && receiver->over >= receiver->count && !receiver->leaving) {
        receiver->leaving = 1;
        xft_close(loop->session);
    }
}

static void on_event(struct receiver *receiver, struct loop *loop)
{
    const xft_output *output = &loop->output;
    struct incoming *file = file_of(receiver, output->transfer);
    const char *jid;
    size_t length;
    progress_clear(&receiver->progress);
    switch (output->event) {
    case XFT_EVENT_ONLINE:
        if (xft_jid(loop->session, &jid, &length) == XFT_OK)
            print_line("ready %.*s", (int)length, jid);
        break;
    case XFT_EVENT_STARTED:
        if (file != NULL)
            file->method = output->method;
        if (file != NULL && receiver->account.verbose)
            say("%s: receiving %s", file->file.wanted, xft_method_text(output->method));
        break;
    case XFT_EVENT_BLOCK_REFUSED:
        if (file != NULL)
            say("%s: the sender wants blocks of %zu bytes, at most %u are taken: it was told so (see --block)",
                file->file.wanted, output->len, (unsigned int)output->block_bytes);
        break;
    case XFT_EVENT_HOST_FAILED:
    case XFT_EVENT_FELL_BACK:
    case XFT_EVENT_INTRUDED:
        if (file != NULL)
            say_way(&loop->routes, output, file->file.wanted, receiver->account.verbose);
        break;
    case XFT_EVENT_SETTLE:
        if (file != NULL)
            settle(receiver, loop, file, output->ending == XFT_ENDING_DONE);
        break;
    case XFT_EVENT_FINISHED:
        if (file == NULL)
            break;
        if (output->ending == XFT_ENDING_DONE || output->ending == XFT_ENDING_UNVERIFIED)
            kept(loop, file, output->ending == XFT_ENDING_DONE);
        else
            failed(receiver, loop, file, output);
        route_forget(&loop->routes, output->transfer);
        file_over(receiver, loop, file);
        break;
    case XFT_EVENT_OFFLINE:
        if (output->reason == XFT_REASON_CLOSED || (receiver->leaving && receiver->running == 0))
            break;
        if (!loop->tls_failed) {
            say_reason(loop->online ? "the session ended" : "cannot log in", output->reason, output->condition);
            say_detail(loop->session);
        }
        fail(receiver, exit_code_of_session(output->reason, loop->online));
        break;
    default:
        break;
    }
}

static void draw(struct receiver *receiver, struct loop *loop)
{
    char what[64] = "";
    uint64_t done = receiver->done_bytes;
    for (size_t at = 0; at < receiver->account.parallel; at++)
        if (receiver->files[at].used) {
            done += receiver->files[at].stored;
            snprintf(what, sizeof what, "%.63s", receiver->files[at].file.wanted);
        }
    if (receiver->running > 1)
        snprintf(what, sizeof what, "%zu files", receiver->running);
    if (receiver->running > 0)
        progress_draw(&receiver->progress, loop->now_ms, what, done, receiver->total_bytes);
}

static void leave(struct receiver *receiver, struct loop *loop, int code)
{
    progress_clear(&receiver->progress);
    if (code == EXIT_TIMEOUT)
        say("nothing moved for %llu s: leaving", (unsigned long long)receiver->account.timeout_s);
    else if (receiver->running > 0 || receiver->over < receiver->count || !loop->online)
        say("interrupted: leaving");
    /* A file of which only the goodbye is missing has its place: the session says so, and then nothing was left undone. */
    if (receiver->running > 0)
        receiver->left_code = code;
    /* A receiver that is told to end while it only waits has nothing to regret. */
    else if (code == EXIT_TIMEOUT || receiver->over < receiver->count || !loop->online)
        fail(receiver, code);
    receiver->leaving = 1;
    commit_all(receiver, loop);
    xft_close(loop->session);
}

static void run(struct receiver *receiver, struct loop *loop)
{
    for (;;) {
        enum loop_step step = loop_next(loop);
        switch (step) {
        case LOOP_DATA:
            on_data(receiver, loop);
            break;
        case LOOP_OFFER:
            on_offer(receiver, loop);
            break;
        case LOOP_NO_ROOM:
            no_room(receiver, loop);
            break;
        case LOOP_EVENT:
            on_event(receiver, loop);
            break;
        case LOOP_IDLE:
            commit_all(receiver, loop);
            break;
        case LOOP_STALLED:
            leave(receiver, loop, EXIT_TIMEOUT);
            break;
        case LOOP_STOP:
            leave(receiver, loop, EXIT_INTERRUPTED);
            break;
        case LOOP_OVER:
            if (receiver->over < receiver->count)
                fail(receiver, receiver->left_code);
            return;
        case LOOP_NEED_DATA:
        case LOOP_SEND_RAW:
        case LOOP_UNREAD:
            break;
        }
        if (receiver->progress.on && loop->now_ms >= receiver->progress.next_ms)
            draw(receiver, loop);
    }
}

int main(int argc, char **argv)
{
    static struct receiver receiver = { .account = ACCOUNT_OPTION_DEFAULTS, .fsync_word = "batch", .dir_fd = -1,
                                        .folder = FOLDER_RULE_DEFAULTS };
    const struct option_line table[] = {
        { "dir", "DIR", "folder for the files", OPTION_TEXT, &receiver.dir, 0, 0 },
        SENDERS_OPTION_LINE(receiver.senders),
        FOLDER_OPTION_LINES(receiver.folder),
        { "count", "N", "leave after N files; default: 0, run until a signal comes", OPTION_NUMBER, &receiver.count, 0,
          1u << 30 },
        { "fsync", "block|batch|end", "when bytes are on disk and acknowledged; default: batch", OPTION_TEXT,
          &receiver.fsync_word, 0, 0 },
        METHOD_OPTION_LINE(receiver.account.network),
        RECEIVER_NETWORK_OPTION_LINES(receiver.account.network),
        ACCOUNT_OPTION_LINES(receiver.account),
        { NULL, NULL, NULL, OPTION_FLAG, NULL, 0, 0 },
    };
    struct texts rest = { NULL, 0 };
    struct loop loop;
    program_name = "xft_recv";
    receiver.account.parallel = 4;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (options_read(table, argc, argv, &rest) != 0)
        return EXIT_USAGE;
    if (receiver.account.help) {
        printf("usage: xft_recv --jid USER@DOMAIN[/RES] --dir DIR --from USER@DOMAIN|anyone [options]\n\n");
        options_help(table);
        return EXIT_ALL_WELL;
    }
    int code = check_options(&receiver, &rest);
    if (code == EXIT_ALL_WELL) {
        progress_start(&receiver.progress, receiver.account.progress);
        code = loop_open(&loop, &receiver.account, (uint32_t)receiver.account.parallel, 0);
        loop.wake_ms = receiver.progress.on ? PROGRESS_STEP_MS : 0;
        if (code == EXIT_ALL_WELL)
            run(&receiver, &loop);
        loop_free(&loop);
    }
    account_options_forget(&receiver.account);
    network_options_free(&receiver.account.network);
    if (receiver.dir_fd >= 0)
        close(receiver.dir_fd);
    free(receiver.files);
    free(receiver.senders.from.items);
    free(rest.items);
    return code != EXIT_ALL_WELL ? code : receiver.code;
}
