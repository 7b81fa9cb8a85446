/* The password: from a file or from the environment, never from the command line, which everybody can read. */
#ifndef XFT_EXAMPLES_PASSWORD_H
#define XFT_EXAMPLES_PASSWORD_H

#include "prepare.h"

/* Takes the first line of the file at `path`, or with NULL the environment variable XFT_PASSWORD, and prepares it. 0, or -1
 * after saying what is wrong; nothing is ever cut. */
int password_read(const char *path, char out[PREPARED_BYTES]);

#endif
