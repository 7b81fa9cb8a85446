/* The bytes of a file on their way over a SOCKS5 stream.
 *
 * The plain way reads a piece, hands it to xft_supply(), which hashes it in passing, and writes it. Where the bytes need
 * no hash of this end, because the offer told the SHA-256 or nobody wants one, sendfile(2) moves them inside the system
 * and xft_sent() says how far they are. */
#ifndef XFT_EXAMPLES_RAW_H
#define XFT_EXAMPLES_RAW_H

#include "socks_streams.h"
#include "xft.h"

/* What raw_step() came to. */
#define RAW_MOVED 0  /* bytes went to the socket, or wait to */
#define RAW_DONE 1   /* nothing is left of what may go, or the session wants no more */
#define RAW_WAIT 2   /* the socket takes no more now */
#define RAW_BROKEN 3 /* the stream broke */
#define RAW_UNREAD 4 /* the file cannot be read: errno, or 0 if it is not any more the one that was offered */

/* Whether this system can move the bytes of a file by itself. */
extern const int raw_by_system;

/* Moves one piece. Everything that waited has gone out before. */
int raw_step(struct socks_stream *stream, xft_session *session);

#endif
