/* Who may send files to this program. */
#include "senders.h"

#include "prepare.h"

#include <ctype.h>
#include <string.h>

int senders_check(struct senders *senders)
{
    if (senders->from.count == 0) {
        say("--from is missing: say who may send files, such as --from ct@hospital.example (it may be repeated), or "
            "--from anyone for everybody who knows the address of this program; see --help");
        return -1;
    }
    for (size_t at = 0; at < senders->from.count; at++) {
        const char *entry = senders->from.items[at];
        if (strcmp(entry, "anyone") != 0 && strpbrk(entry, "@.") == NULL) {
            say("--from takes USER@DOMAIN, USER@DOMAIN/RESOURCE or the word anyone, not '%s'", entry);
            return -1;
        }
    }
    return prepare_addresses("from", &senders->from);
}

/* The server has normalised what it stamps; an entry written with capitals still fits. */
static int fits(const char *entry, const char *from, size_t length)
{
    const char *slash = memchr(from, '/', length), *wanted_slash = strchr(entry, '/');
    size_t bare = slash != NULL ? (size_t)(slash - from) : length;
    size_t wanted_bare = wanted_slash != NULL ? (size_t)(wanted_slash - entry) : strlen(entry), at = 0;
    if (wanted_bare != bare)
        return 0;
    while (at < bare && tolower((unsigned char)entry[at]) == tolower((unsigned char)from[at]))
        at++;
    if (at < bare)
        return 0;
    return wanted_slash == NULL || (strlen(entry) == length && memcmp(entry + bare, from + bare, length - bare) == 0);
}

int senders_allow(const struct senders *senders, const char *from, size_t length)
{
    for (size_t at = 0; at < senders->from.count; at++)
        if (strcmp(senders->from.items[at], "anyone") == 0 || fits(senders->from.items[at], from, length))
            return 1;
    return 0;
}
