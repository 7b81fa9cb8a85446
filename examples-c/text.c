/* Text from outside. */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The character at `text`, and how many bytes it has; 0 if they are no UTF-8 (RFC 3629: shortest form, no surrogates). */
static size_t character(const char *text, uint32_t *code)
{
    static const uint32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char first = (unsigned char)text[0];
    size_t bytes = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (bytes == 0)
        return 0;
    *code = bytes == 1 ? first : first & (0x7fu >> bytes);
    for (size_t at = 1; at < bytes; at++) {
        if (((unsigned char)text[at] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | ((unsigned char)text[at] & 0x3fu);
    }
    return *code < LEAST[bytes] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff) ? 0 : bytes;
}

/* A character that a terminal may obey, or that turns or hides its neighbours. */
static int is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c || code == 0x180e ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe007f);
}

void text_show(const char *text, char *out, size_t room)
{
    size_t used = 0;
    for (size_t bytes; *text != '\0'; text += bytes) {
        char shown[12];
        uint32_t code = 0;
        bytes = character(text, &code);
        if (bytes == 0 || (bytes == 1 && is_hidden(code))) {
            bytes = 1;
            snprintf(shown, sizeof shown, "\\x%02x", (unsigned int)(unsigned char)text[0]);
        } else if (is_hidden(code)) {
            snprintf(shown, sizeof shown, "\\u%04x", (unsigned int)code);
        } else {
            memcpy(shown, text, bytes);
            shown[bytes] = '\0';
        }
        size_t length = strlen(shown);
        if (used + length >= room)
            break;
        memcpy(out + used, shown, length);
        used += length;
    }
    out[used] = '\0';
}

void text_show_line(char *out, const char *format, va_list arguments)
{
    char text[TEXT_LINE_BYTES];
    vsnprintf(text, sizeof text, format, arguments);
    text_show(text, out, TEXT_SHOWN_BYTES);
}

void print_line(const char *format, ...)
{
    char shown[TEXT_SHOWN_BYTES];
    va_list arguments;
    va_start(arguments, format);
    text_show_line(shown, format, arguments);
    va_end(arguments);
    printf("%s\n", shown);
}

void text_make_utf8(char *text)
{
    uint32_t code;
    for (size_t bytes; *text != '\0'; text += bytes) {
        bytes = character(text, &code);
        if (bytes == 0) {
            *text = '_';
            bytes = 1;
        }
    }
}
