/* Text from outside, such as names, addresses and what servers say: what of it reaches a terminal, and an offer. */
#ifndef XFT_EXAMPLES_TEXT_H
#define XFT_EXAMPLES_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Longest line that is printed, bytes before and after cleaning. */
#define TEXT_LINE_BYTES 2048
#define TEXT_SHOWN_BYTES (4 * TEXT_LINE_BYTES)

/* Writes `text` into `out` with all that a terminal obeys, or that nobody sees, made visible: \x1b for a byte of a control
 * or one that is no UTF-8, \u202e for characters that turn the direction or have no width (ATK-62). Everything that goes
 * to a terminal or into a log comes through here. */
void text_show(const char *text, char *out, size_t room);

/* The same for what `format` and its arguments make; `out` has TEXT_SHOWN_BYTES. */
void text_show_line(char *out, const char *format, va_list arguments);

/* Prints a line on standard output: exactly one, whatever the arguments hold. */
void print_line(const char *format, ...);

/* Puts '_' for every byte that is no UTF-8. */
void text_make_utf8(char *text);

#endif
