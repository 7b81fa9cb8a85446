/* Who may send files to this program. */
#ifndef XFT_EXAMPLES_SENDERS_H
#define XFT_EXAMPLES_SENDERS_H

#include "options.h"

#include <stddef.h>

/* The list of --from: addresses, or the word "anyone". */
struct senders {
    struct texts from;
};

/* The option; NAME must be a struct senders. */
#define SENDERS_OPTION_LINE(NAME)                                                                                      \
    { "from", "USER@DOMAIN[/RES]|anyone", "take files from this sender; may be repeated. anyone: from everybody who "  \
      "knows the address of this program", OPTION_TEXTS, &(NAME).from, 0, 0 }

/* Checks that the list says something, and prepares its addresses. 0, or -1 after saying what is wrong. */
int senders_check(struct senders *senders);

/* Whether `from` is on the list: an entry without a resource stands for all of that account. */
int senders_allow(const struct senders *senders, const char *from, size_t length);

#endif
