/* The bytes of a file on their way over a SOCKS5 stream. */
#include "raw.h"

#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/sendfile.h>
const int raw_by_system = 1;
#else
const int raw_by_system = 0;
#endif

/* Bytes that sendfile(2) is asked to move at once: other streams get their turn in between. */
#define SYSTEM_PIECE_BYTES 1048576u

/* xft_supply() writes nothing for a SOCKS5 stream: the bytes handed in are the bytes to send. */
static uint8_t nothing[8];

static size_t piece(const struct raw *raw, size_t most)
{
    uint64_t left = raw->end - raw->offset;
    return left < most ? (size_t)left : most;
}

/* Whether the last bytes of a file that changed are due: the recipient must not take it for sent. */
static int is_other(const struct raw *raw, uint64_t upto)
{
    if (upto < raw->end || !source_changed(raw->source))
        return 0;
    errno = 0;
    return 1;
}

#ifdef __linux__
static int move_by_system(struct socks_stream *stream, xft_session *session)
{
    struct raw *raw = &stream->raw;
    off_t offset = (off_t)raw->offset;
    size_t wanted = piece(raw, SYSTEM_PIECE_BYTES);
    /* Nobody sees these bytes before they are gone: the file is looked at before the last ones, and once more behind them. */
    if (is_other(raw, raw->offset + wanted))
        return RAW_UNREAD;
    ssize_t moved = sendfile(stream->fd, raw->source->fd, &offset, wanted);
    if (moved < 0 && errno == EINTR)
        return RAW_MOVED;
    if (moved < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        stream->writable = 0;
        return RAW_WAIT;
    }
    if (moved < 0 && (errno == EINVAL || errno == ENOSYS)) {
        /* Not every file system can do it. */
        raw->by_system = 0;
        return RAW_MOVED;
    }
    if (moved < 0)
        return errno == EIO ? RAW_UNREAD : RAW_BROKEN;
    if (moved == 0) {
        errno = 0;
        return RAW_UNREAD;
    }
    raw->offset += (uint64_t)moved;
    if (is_other(raw, raw->offset))
        return RAW_UNREAD;
    return xft_sent(session, raw->transfer, raw->offset) == XFT_OK ? RAW_MOVED : RAW_DONE;
}
#endif

static int move_by_hand(struct socks_stream *stream, xft_session *session)
{
    struct raw *raw = &stream->raw;
    xft_output output;
    ssize_t got;
    if (stream->out_bytes < SOCKS_PIECE_BYTES) {
        uint8_t *larger = realloc(stream->out, SOCKS_PIECE_BYTES);
        if (larger == NULL)
            return RAW_UNREAD;
        stream->out = larger;
        stream->out_bytes = SOCKS_PIECE_BYTES;
    }
    do
        got = pread(raw->source->fd, stream->out, piece(raw, SOCKS_PIECE_BYTES), (off_t)raw->offset);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        errno = got < 0 ? errno : 0;
        return RAW_UNREAD;
    }
    if (is_other(raw, raw->offset + (uint64_t)got))
        return RAW_UNREAD;
    uint32_t status = xft_supply(session, raw->transfer, raw->offset, stream->out, (size_t)got, nothing,
                                 sizeof nothing, &output);
    if (status != XFT_OK) {
        /* The transfer has just ended: poll says how. */
        if (status != XFT_ERR_STALE && status != XFT_ERR_CLOSED && status != XFT_ERR_STATE)
            say("xft_supply: %s", xft_status_text(status));
        return RAW_DONE;
    }
    raw->offset += (uint64_t)got;
    stream->out_from = 0;
    stream->out_to = (size_t)got;
    return socks_flush(stream) == 0 ? RAW_MOVED : RAW_BROKEN;
}

int raw_step(struct socks_stream *stream, xft_session *session)
{
    int result;
    if (stream->raw.offset >= stream->raw.end)
        return RAW_DONE;
#ifdef __linux__
    result = stream->raw.by_system ? move_by_system(stream, session) : move_by_hand(stream, session);
#else
    result = move_by_hand(stream, session);
#endif
    return result == RAW_MOVED && stream->raw.offset >= stream->raw.end ? RAW_DONE : result;
}
