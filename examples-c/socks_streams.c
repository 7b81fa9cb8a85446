/* The SOCKS5 streams of a session. */
#include "socks_streams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int grow(struct socks_streams *streams)
{
    size_t room = streams->room * 2 + 8;
    struct socks_stream *larger = realloc(streams->items, room * sizeof *larger);
    if (larger == NULL)
        return -1;
    streams->items = larger;
    streams->room = room;
    return 0;
}

struct socks_stream *socks_add(struct socks_streams *streams, uint32_t id, int fd, struct dial *dial)
{
    if (streams->count == streams->room && grow(streams) != 0) {
        dial_free(dial);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct socks_stream *stream = &streams->items[streams->count++];
    memset(stream, 0, sizeof *stream);
    stream->id = id;
    stream->fd = fd;
    stream->dial = dial;
    stream->until_ms = UINT64_MAX;
    return stream;
}

struct socks_stream *socks_find(struct socks_streams *streams, uint32_t id)
{
    for (size_t at = 0; at < streams->count; at++)
        if (id != 0 && streams->items[at].id == id)
            return &streams->items[at];
    return NULL;
}

int socks_queue(struct socks_stream *stream, const uint8_t *bytes, size_t size)
{
    if (stream->out_to + size > stream->out_bytes) {
        uint8_t *larger = realloc(stream->out, stream->out_to + size);
        if (larger == NULL)
            return -1;
        stream->out = larger;
        stream->out_bytes = stream->out_to + size;
    }
    memcpy(stream->out + stream->out_to, bytes, size);
    stream->out_to += size;
    return 0;
}

int socks_unsent(const struct socks_stream *stream)
{
    return stream->out_from < stream->out_to;
}

int socks_flush(struct socks_stream *stream)
{
    if (stream->fd < 0)
        return 0;
    while (socks_unsent(stream)) {
        ssize_t sent = send(stream->fd, stream->out + stream->out_from, stream->out_to - stream->out_from, 0);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            stream->writable = 0;
            return 0;
        }
        if (sent <= 0) {
            stream->out_from = stream->out_to = 0;
            return -1;
        }
        stream->out_from += (size_t)sent;
    }
    stream->out_from = stream->out_to = 0;
    if (stream->half_close) {
        stream->half_close = 0;
        shutdown(stream->fd, SHUT_WR);
    }
    return 0;
}

void socks_close(struct socks_stream *stream, uint64_t now_ms)
{
    stream->id = 0;
    stream->raw.transfer = 0;
    stream->until_ms = stream->fd >= 0 && socks_unsent(stream) ? now_ms + SOCKS_LINGER_MS : 0;
}

void socks_remove(struct socks_streams *streams, struct socks_stream *stream)
{
    dial_free(stream->dial);
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream->out);
    *stream = streams->items[--streams->count];
}

void socks_free(struct socks_streams *streams)
{
    while (streams->count > 0)
        socks_remove(streams, streams->items);
    free(streams->items);
    memset(streams, 0, sizeof *streams);
}
