/* Drives tls.h alone: connects, shakes hands, prints what it finds, echoes some bytes. For check/tls.sh.
 *
 *   tls_probe HOST PORT DOMAIN CA-FILE DIRECT(0|1) BYTES
 *
 * Prints `description`, `exporter` and `end-point` lines, then sends BYTES bytes in lines and reads as many back
 * from an echo server (openssl s_server -rev turns each line round). Ends with 0, 2 (usage), 3 (unreachable),
 * 4 (untrusted), 5 (TLS failed) or 6 (echo wrong). */
#include "../stream.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 64u

static void print_hex(const char *what, const uint8_t *bytes, size_t length)
{
    printf("%s ", what);
    for (size_t at = 0; at < length; at++)
        printf("%02x", bytes[at]);
    printf("\n");
}

/* Byte `at` of the lines sent: 63 letters and a line feed. */
static uint8_t sent_byte(size_t at)
{
    size_t column = at % LINE_BYTES;
    return column == LINE_BYTES - 1 ? '\n' : (uint8_t)('a' + (column + at / LINE_BYTES) % 26);
}

/* Byte `at` of what comes back: the letters of each line in the opposite order. */
static uint8_t echoed_byte(size_t at)
{
    size_t column = at % LINE_BYTES;
    return column == LINE_BYTES - 1 ? '\n' : sent_byte(at - column + LINE_BYTES - 2 - column);
}

static int echo(struct stream *stream, size_t total)
{
    uint8_t out[4096], in[65536];
    size_t sent = 0, got = 0, moved;
    while (got < total) {
        if (sent < total) {
            size_t length = total - sent < sizeof out ? total - sent : sizeof out;
            for (size_t at = 0; at < length; at++)
                out[at] = sent_byte(sent + at);
            if (stream_write(stream, out, length, &moved) == STREAM_ENDED)
                return 6;
            sent += moved;
        } else {
            stream_write(stream, NULL, 0, &moved);
        }
        int status = stream_read(stream, in, sizeof in, &moved);
        if (status == STREAM_ENDED)
            return 6;
        for (size_t at = 0; at < moved; at++)
            if (in[at] != echoed_byte(got + at))
                return 6;
        got += moved;
        if (status == STREAM_WAIT)
            stream_wait(stream, sent < total, 1, -1, 5000);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct stream stream;
    uint8_t exporter[TLS_EXPORTER_BYTES], end_point[TLS_SERVER_END_POINT_BYTES];
    if (argc != 7)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    int status = stream_connect(&stream, argv[1], argv[2], 5000);
    if (status == STREAM_OK)
        status = stream_start_tls(&stream, argv[3], argv[4], atoi(argv[5]), 10000);
    if (status != STREAM_OK) {
        printf("error %s\n", stream.error);
        stream_close(&stream);
        return status;
    }
    printf("description %s\n", tls_description(stream.tls));
    print_hex("exporter", exporter, tls_exporter(stream.tls, exporter));
    print_hex("end-point", end_point, tls_server_end_point(stream.tls, end_point));
    status = echo(&stream, (size_t)strtoul(argv[6], NULL, 10) / LINE_BYTES * LINE_BYTES);
    stream_close(&stream);
    printf("echo %s\n", status == 0 ? "ok" : "wrong");
    return status;
}
