/* The name that a file is offered under. */
#include "offered.h"

#include "options.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

void offered_name(const char *path, char out[OFFERED_NAME_BYTES])
{
    snprintf(out, OFFERED_NAME_BYTES, "%s", last_part(path));
    text_make_utf8(out);
}

void offered_say(xft_session *session, uint32_t transfer, const char *path)
{
    const char *name, *own = last_part(path);
    size_t length;
    if (xft_offered_name(session, transfer, &name, &length) != XFT_OK ||
        (strlen(own) == length && memcmp(own, name, length) == 0))
        return;
    say("%s is offered as %.*s: its own name is too long, or could do harm where it arrives", own, (int)length, name);
}
