/* Command lines: a table-driven parser for `--name value`, and what programs say. */
#ifndef XFT_EXAMPLES_OPTIONS_H
#define XFT_EXAMPLES_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* What an option takes. */
enum option_kind {
    OPTION_FLAG,   /* nothing; `target` is int, set to 1 */
    OPTION_TEXT,   /* a text; `target` is const char * */
    OPTION_NUMBER, /* a whole number from `least` to `most`; `target` is uint64_t */
    OPTION_BYTES,  /* the same, with K, M, G or T behind it for 1024 and its powers */
    OPTION_TEXTS   /* a text, may be repeated; `target` is struct texts */
};

/* Texts of an option that may be repeated, in their order. Points into argv. */
struct texts {
    const char **items; /* malloc'd, as long as argv */
    size_t count;
};

/* One option. A table of them ends with a NULL name. */
struct option_line {
    const char *name;  /* without the two dashes */
    const char *value; /* name of the value in the help text, NULL for a flag */
    const char *help;
    enum option_kind kind;
    void *target;
    uint64_t least, most;
};

/* Reads argv by the table. What is no option is gathered in `rest`. 0, or -1 after saying on standard error what is
 * wrong. `--` ends the options. */
int options_read(const struct option_line *table, int argc, char **argv, struct texts *rest);

/* A host and a port, as texts for getaddrinfo(). */
struct host_port {
    char host[256];
    char port[6];
};

/* Takes HOST, HOST:PORT, [IPV6] or [IPV6]:PORT apart; `default_port` NULL means that the port must be given. 0, or -1. */
int split_host_port(const char *text, const char *default_port, struct host_port *out);

/* Prints the table on standard output. */
void options_help(const struct option_line *table);

/* Prints "PROGRAM: " and the text on standard error, one line, cleaned by text_show(). */
void say(const char *format, ...);

/* The name say() begins with. */
extern const char *program_name;

#endif
