/* The name that a file is offered under. */
#ifndef XFT_EXAMPLES_OFFERED_H
#define XFT_EXAMPLES_OFFERED_H

#include "xft.h"

/* Room for the last part of a path. */
#define OFFERED_NAME_BYTES 1024

/* The last part of `path`, in UTF-8 as offers are: a byte that is none becomes '_'. */
void offered_name(const char *path, char out[OFFERED_NAME_BYTES]);

/* Says the name that the transfer was offered under, if it is not the one in `path`. */
void offered_say(xft_session *session, uint32_t transfer, const char *path);

#endif
