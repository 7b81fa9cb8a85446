/* Sends files to one recipient over XMPP: through a proxy, direct, or in band.
 *
 *   xft_send --jid me@hospital.example/ct --password-file pw --to pacs@hospital.example/store scan.dcm ...
 *
 * One line on standard output per file that arrived; everything for people goes to standard error. */
#include "account.h"
#include "ending.h"
#include "loop.h"
#include "offered.h"
#include "options.h"
#include "outgoing.h"
#include "progress.h"
#include "text.h"
#include "xft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sender {
    struct account_options account;
    const char *to, *sha256_text, *mime_type;
    char prepared_to[PREPARED_BYTES];
    uint8_t sha256[32];
    struct outgoing_list list;
    int no_sendfile;
    int code;                         /* the first failure */
    int leaving;                      /* xft_close was called */
    int left_code;                    /* why, if files may be left behind: counts unless all of them were handed over */
    struct progress progress;
    uint8_t block[65536];
};

static void fail(struct sender *sender, int code)
{
    if (sender->code == EXIT_ALL_WELL)
        sender->code = code;
}

static int read_hex(const char *text, uint8_t out[32])
{
    for (size_t at = 0; at < 32; at++) {
        unsigned int byte;
        if (strspn(text + 2 * at, "0123456789abcdefABCDEF") < 2 || sscanf(text + 2 * at, "%2x", &byte) != 1)
            return -1;
        out[at] = (uint8_t)byte;
    }
    return text[64] == '\0' ? 0 : -1;
}

static int check_options(struct sender *sender)
{
    if (sender->list.count == 0 || sender->to == NULL) {
        say("%s; see --help", sender->list.count == 0 ? "no file given" : "--to is missing");
        return EXIT_USAGE;
    }
    const char *slash = strchr(sender->to, '/');
    if (slash == NULL || slash[1] == '\0') {
        say("--to %s: a file goes to one device: give the full JID with its resource, such as %s/RESOURCE. xft_recv "
            "prints its own when it starts.",
            sender->to, sender->to);
        return EXIT_USAGE;
    }
    if (sender->sha256_text != NULL && (sender->list.count != 1 || read_hex(sender->sha256_text, sender->sha256) != 0)) {
        say("--sha256 takes 64 hex digits and works with exactly one file");
        return EXIT_USAGE;
    }
    if (prepare_address("to", sender->to, sender->prepared_to) != 0)
        return EXIT_USAGE;
    sender->to = sender->prepared_to;
    return account_options_check(&sender->account) == 0 ? EXIT_ALL_WELL : EXIT_USAGE;
}

/* Offers one file. The status of xft_offer(). */
static uint32_t offer(struct sender *sender, struct loop *loop, struct outgoing *file)
{
    xft_file about;
    char name[OFFERED_NAME_BYTES];
    xft_file_init(&about, sizeof about);
    about.to = sender->to;
    about.to_len = strlen(sender->to);
    offered_name(file->path, name);
    about.name = name;
    about.name_len = strlen(name);
    about.file_size = file->size;
    about.date = file->date;
    about.has = XFT_HAS_DATE;
    about.mime_type = sender->mime_type;
    about.mime_type_len = sender->mime_type != NULL ? strlen(sender->mime_type) : 0;
    if (sender->sha256_text != NULL) {
        about.has |= XFT_HAS_SHA256;
        memcpy(about.sha256, sender->sha256, sizeof about.sha256);
    }
    file->started_us = clock_us();
    uint32_t status = xft_offer(loop->session, &about, &file->transfer);
    if (status == XFT_OK && !file->named)
        offered_say(loop->session, file->transfer, file->path);
    file->named |= status == XFT_OK;
    return status;
}

/* Starts files while there is room for them. */
static void offer_files(struct sender *sender, struct loop *loop)
{
    struct outgoing *file;
    while (!sender->leaving && sender->list.running < sender->account.parallel &&
           (file = outgoing_next(&sender->list, loop->now_ms)) != NULL) {
        if (outgoing_open(&sender->list, file) != 0) {
            say("cannot read %s: %s", file->path, errno != 0 ? strerror(errno) : "it is no plain file");
            fail(sender, EXIT_READ);
            file->transfer = 0;
            outgoing_over(&sender->list, file);
            continue;
        }
        uint32_t status = offer(sender, loop, file);
        if (status == XFT_ERR_FULL) {
            /* Slots come free when others finish. */
            outgoing_put_off(&sender->list, file, loop->now_ms + OUTGOING_PAUSE_MS);
            break;
        }
        if (status == XFT_OK) {
            sender->list.running++;
            if (sender->account.verbose)
                say("offering %s, %llu bytes, to %s", file->name, (unsigned long long)file->size, sender->to);
            continue;
        }
        say("cannot offer %s: %s", file->path, xft_status_text(status));
        fail(sender, status == XFT_ERR_CLOSED ? EXIT_SERVER_LOST : EXIT_USAGE);
        outgoing_over(&sender->list, file);
    }
    loop->wake_ms = sender->list.waiting > 0 ? OUTGOING_PAUSE_MS : sender->progress.on ? PROGRESS_STEP_MS : 0;
    if (outgoing_all_over(&sender->list) && !sender->leaving) {
        sender->leaving = 1;
        xft_close(loop->session);
    }
}

/* The file is not any more the one that was offered: nobody must take it for sent. */
static void changed(struct loop *loop, struct outgoing *file)
{
    file->read_error = -1;
    xft_cancel(loop->session, file->transfer, XFT_CANCEL_SOURCE_CHANGED);
}

static void supply(struct sender *sender, struct loop *loop)
{
    struct outgoing *file = outgoing_of(&sender->list, loop->output.transfer);
    size_t wanted = loop->output.len < sizeof sender->block ? loop->output.len : sizeof sender->block;
    ssize_t got = -1;
    if (file != NULL) {
        do
            got = pread(file->source.fd, sender->block, wanted, (off_t)loop->output.offset);
        while (got < 0 && errno == EINTR);
        /* Looked at once more behind the last read, and before these bytes go. */
        if (got == 0 || (got > 0 && loop->output.offset + (uint64_t)got == file->size && source_changed(&file->source))) {
            changed(loop, file);
            return;
        }
        if (got < 0)
            file->read_error = errno;
    }
    if (got <= 0) {
        xft_cancel(loop->session, loop->output.transfer, XFT_CANCEL_READ_FAILED);
        return;
    }
    uint32_t transfer = loop->output.transfer, status = loop_supply(loop, sender->block, (size_t)got);
    if (status != XFT_OK) {
        say("xft_supply: %s", xft_status_text(status));
        xft_cancel(loop->session, transfer, XFT_CANCEL_WISH);
        fail(sender, EXIT_DEFECT);
    }
}

static void arrived(struct sender *sender, struct loop *loop, const struct outgoing *file, uint32_t ending)
{
    double seconds = (double)(clock_us() - file->started_us) / 1e6;
    double rate = (double)(file->size - file->start) / 1e6 / (seconds > 1e-6 ? seconds : 1e-6);
    int done = ending == XFT_ENDING_DONE;
    char way[ROUTE_TEXT_BYTES];
    print_line("sent %s %llu bytes %.4f s %.2f MB/s %s", file->name, (unsigned long long)file->size, seconds, rate,
           done ? "verified" : "unconfirmed");
    route_text(&loop->routes, &loop->output, sender->account.network.methods, file->size, way);
    say("%s: sent by %s", file->name, way);
    if (done)
        return;
    if (ending == XFT_ENDING_UNCONFIRMED) {
        say_unconfirmed(file->name);
        fail(sender, EXIT_UNCONFIRMED);
        return;
    }
    if (sender->account.no_hash) {
        say("%s was handed over; --no-hash leaves nothing to compare", file->name);
        if (sender->account.strict)
            fail(sender, EXIT_UNCONFIRMED);
        return;
    }
    say("warning: %s was handed over, but the recipient's program cannot confirm the hash: ask there whether the file "
        "is whole",
        file->name);
    if (sender->account.strict)
        fail(sender, EXIT_UNCONFIRMED);
}

/* The file goes over a SOCKS5 stream from now on. The hash of both ends is worth more than speed, so sendfile(2) moves
 * the bytes only where this end needs none of its own. */
static void send_raw(struct sender *sender, struct loop *loop)
{
    const struct outgoing *file = outgoing_of(&sender->list, loop->output.transfer);
    int by_system = (sender->sha256_text != NULL || sender->account.no_hash) && !sender->no_sendfile;
    if (file != NULL)
        loop_send_raw(loop, &file->source, by_system);
}

static void unread(struct sender *sender, struct loop *loop)
{
    struct outgoing *file = outgoing_of(&sender->list, loop->unread_transfer);
    if (file != NULL && loop->unread_cause == 0) {
        changed(loop, file);
        return;
    }
    if (file != NULL)
        file->read_error = loop->unread_cause;
    xft_cancel(loop->session, loop->unread_transfer, XFT_CANCEL_READ_FAILED);
}

static void failed(struct sender *sender, struct loop *loop, const struct outgoing *file, const xft_output *output)
{
    char what[320];
    snprintf(what, sizeof what, "%s was not sent", file->name);
    if (file->read_error > 0)
        say("reading %s failed: %s", file->path, strerror(file->read_error));
    else if (file->read_error < 0)
        say("%s changed while it was sent: send it again when nobody writes to it", file->path);
    else if (output->reason == XFT_REASON_BUSY)
        say("%s: the recipient takes no more files at the moment. That is temporary: send it again later, wait longer with "
            "--busy-wait, or give xft_recv a larger --parallel", what);
    else {
        say_reason(what, output->reason, output->condition);
        route_explain(&loop->routes, output);
    }
    fail(sender, sender->left_code);
    fail(sender, exit_code_of_transfer(output->reason));
}

static void on_event(struct sender *sender, struct loop *loop)
{
    const xft_output *output = &loop->output;
    struct outgoing *file = outgoing_of(&sender->list, output->transfer);
    const char *jid;
    size_t length;
    progress_clear(&sender->progress);
    switch (output->event) {
    case XFT_EVENT_ONLINE:
        if (sender->account.verbose && xft_jid(loop->session, &jid, &length) == XFT_OK)
            say("online as %.*s", (int)length, jid);
        break;
    case XFT_EVENT_ACCEPTED:
        if (file == NULL)
            break;
        file->start = output->offset;
        if (file->start > 0)
            say("%s: goes on from offset %llu of %llu, the recipient has what is before", file->name,
                (unsigned long long)file->start, (unsigned long long)file->size);
        if (output->end != file->size) {
            /* Nobody must take a piece for the file. */
            say_piece(file->name, output);
            fail(sender, EXIT_TRANSFER);
            xft_cancel(loop->session, file->transfer, XFT_CANCEL_WISH);
        }
        break;
    case XFT_EVENT_STARTED:
        if (file == NULL)
            break;
        file->method = output->method;
        /* Of an empty file no byte will be asked for. */
        if (file->start == file->size && source_changed(&file->source))
            changed(loop, file);
        if (sender->account.verbose && output->method == XFT_METHOD_IN_BAND)
            say("%s: sending in blocks of %u bytes", file->name, (unsigned int)output->block_bytes);
        else if (sender->account.verbose)
            say("%s: sending %s", file->name, xft_method_text(output->method));
        break;
    case XFT_EVENT_HOST_FAILED:
    case XFT_EVENT_FELL_BACK:
    case XFT_EVENT_INTRUDED:
        if (file != NULL)
            say_way(&loop->routes, output, file->name, sender->account.verbose);
        break;
    case XFT_EVENT_FINISHED:
        if (file == NULL)
            break;
        if (output->ending == XFT_ENDING_DONE || output->ending == XFT_ENDING_DELIVERED ||
            output->ending == XFT_ENDING_UNCONFIRMED)
            arrived(sender, loop, file, output->ending);
        else if (output->reason == XFT_REASON_BUSY && !sender->leaving &&
                 outgoing_waits_for_room(&sender->list, file, loop->now_ms)) {
            if (file->busy == 1)
                say("%s: the recipient takes no more files at the moment, asking again for %llu s", file->name,
                    (unsigned long long)sender->list.busy_wait_s);
            break;
        }
        else
            failed(sender, loop, file, output);
        route_forget(&loop->routes, output->transfer);
        outgoing_over(&sender->list, file);
        if (output->reason != XFT_REASON_BUSY)
            outgoing_next_turn(&sender->list, loop->now_ms);
        break;
    case XFT_EVENT_OFFLINE:
        if (output->reason == XFT_REASON_CLOSED)
            break;
        /* All files that arrived are settled: a rude goodbye of the server changes nothing. */
        if (outgoing_all_over(&sender->list))
            break;
        if (!loop->tls_failed) {
            say_reason(loop->online ? "the session ended" : "cannot log in", output->reason, output->condition);
            say_detail(loop->session);
        }
        fail(sender, exit_code_of_session(output->reason, loop->online));
        break;
    default:
        break;
    }
}

static void draw(struct sender *sender, struct loop *loop)
{
    char what[64] = "";
    uint64_t done = sender->list.done_bytes;
    for (size_t at = 0; at < sender->list.next; at++) {
        struct outgoing *file = &sender->list.files[at];
        xft_marks marks;
        if (!file->over && xft_progress(loop->session, file->transfer, &marks) == XFT_OK)
            file->safe = file->method == XFT_METHOD_IN_BAND ? marks.safe : marks.moved;
        if (!file->over)
            done += file->safe;
        if (!file->over && sender->list.running == 1)
            snprintf(what, sizeof what, "%s", file->name);
    }
    if (sender->list.running > 1)
        snprintf(what, sizeof what, "%zu files", sender->list.running);
    if (sender->list.running > 0)
        progress_draw(&sender->progress, loop->now_ms, what, done, sender->list.total_bytes);
}

static void leave(struct sender *sender, struct loop *loop, int code)
{
    progress_clear(&sender->progress);
    if (code == EXIT_TIMEOUT)
        say("nothing moved for %llu s: giving up", (unsigned long long)sender->account.timeout_s);
    else
        say("interrupted: leaving");
    /* A file of which only the goodbye is missing is handed over: the session says so. */
    sender->left_code = code;
    sender->leaving = 1;
    xft_close(loop->session);
}

static void run(struct sender *sender, struct loop *loop)
{
    for (;;) {
        enum loop_step step = loop_next(loop);
        switch (step) {
        case LOOP_NEED_DATA:
            supply(sender, loop);
            break;
        case LOOP_SEND_RAW:
            send_raw(sender, loop);
            break;
        case LOOP_UNREAD:
            unread(sender, loop);
            break;
        case LOOP_OFFER:
            xft_decline(loop->session, loop->received.transfer, XFT_DECLINE_UNWANTED);
            break;
        case LOOP_EVENT:
            on_event(sender, loop);
            if (loop->online)
                offer_files(sender, loop);
            break;
        case LOOP_STALLED:
            leave(sender, loop, EXIT_TIMEOUT);
            break;
        case LOOP_STOP:
            leave(sender, loop, EXIT_INTERRUPTED);
            break;
        case LOOP_OVER:
            if (!outgoing_all_over(&sender->list))
                fail(sender, sender->left_code);
            return;
        case LOOP_IDLE:
            if (loop->online)
                offer_files(sender, loop);
            break;
        case LOOP_DATA:
        case LOOP_NO_ROOM:
            break;
        }
        if (sender->progress.on && loop->now_ms >= sender->progress.next_ms)
            draw(sender, loop);
    }
}

int main(int argc, char **argv)
{
    static struct sender sender = { .account = ACCOUNT_OPTION_DEFAULTS };
    const struct option_line table[] = {
        { "to", "USER@DOMAIN/RES", "full JID of the recipient", OPTION_TEXT, &sender.to, 0, 0 },
        { "sha256", "HEX", "the file's SHA-256, if you know it: the recipient checks against it, and sendfile moves the bytes",
          OPTION_TEXT, &sender.sha256_text, 0, 0 },
        { "mime-type", "TYPE", "MIME type of the files", OPTION_TEXT, &sender.mime_type, 0, 0 },
        METHOD_OPTION_LINE(sender.account.network),
        SENDER_NETWORK_OPTION_LINES(sender.account.network),
        { "no-sendfile", NULL, "with --sha256: read the file all the same instead of having the system move it",
          OPTION_FLAG, &sender.no_sendfile, 0, 0 },
        { "busy-wait", "S", "how long a recipient without room is asked again; default: 600, 0: not at all", OPTION_NUMBER,
          &sender.list.busy_wait_s, 0, 86400 },
        { "no-hash", NULL, "neither end hashes: faster, but nobody confirms that the file is whole", OPTION_FLAG,
          &sender.account.no_hash, 0, 0 },
        ACCOUNT_OPTION_LINES(sender.account),
        { NULL, NULL, NULL, OPTION_FLAG, NULL, 0, 0 },
    };
    struct texts paths = { NULL, 0 };
    struct loop loop;
    program_name = "xft_send";
    sender.account.parallel = 1;
    sender.list.busy_wait_s = 600;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (options_read(table, argc, argv, &paths) != 0)
        return EXIT_USAGE;
    if (sender.account.help) {
        printf("usage: xft_send --jid USER@DOMAIN[/RES] --to USER@DOMAIN/RES [options] FILE...\n\n");
        options_help(table);
        return EXIT_ALL_WELL;
    }
    sender.list.count = paths.count;
    int code = check_options(&sender);
    if (code == EXIT_ALL_WELL)
        code = outgoing_look(&sender.list, &paths);
    if (sender.list.unreadable > 0)
        fail(&sender, EXIT_READ);
    if (code == EXIT_ALL_WELL && sender.list.unreadable < sender.list.count) {
        uint32_t transfers = (uint32_t)sender.account.parallel;
        progress_start(&sender.progress, sender.account.progress);
        code = loop_open(&loop, &sender.account, transfers, 1);
        loop.wake_ms = sender.progress.on ? PROGRESS_STEP_MS : 0;
        if (code == EXIT_ALL_WELL)
            run(&sender, &loop);
        loop_free(&loop);
    }
    account_options_forget(&sender.account);
    network_options_free(&sender.account.network);
    free(sender.list.files);
    free(paths.items);
    fail(&sender, code);
    return sender.code;
}
