/* Command lines. */
#include "options.h"

#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *program_name = "xft";

void say(const char *format, ...)
{
    char shown[TEXT_SHOWN_BYTES];
    va_list arguments;
    va_start(arguments, format);
    text_show_line(shown, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s: %s\n", program_name, shown);
}

static int number(const struct option_line *line, const char *text)
{
    static const char UNITS[] = "KMGT";
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    const char *unit = line->kind == OPTION_BYTES && *end != '\0' ? strchr(UNITS, *end) : NULL;
    unsigned int shift = unit != NULL ? 10 * (unsigned int)(unit - UNITS + 1) : 0;
    end += unit != NULL;
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value > line->most >> shift ||
        value << shift < line->least) {
        say("--%s takes a whole number from %llu to %llu%s, not '%s'", line->name, (unsigned long long)line->least,
            (unsigned long long)line->most, line->kind == OPTION_BYTES ? ", or with K, M, G or T behind it" : "", text);
        return -1;
    }
    value <<= shift;
    *(uint64_t *)line->target = value;
    return 0;
}

static int append(struct texts *texts, const char *text, int argc)
{
    if (texts->items == NULL)
        texts->items = malloc(sizeof *texts->items * (size_t)argc);
    if (texts->items == NULL) {
        say("out of memory");
        return -1;
    }
    texts->items[texts->count++] = text;
    return 0;
}

static int take(const struct option_line *line, const char *text, int argc)
{
    switch (line->kind) {
    case OPTION_TEXT:
        *(const char **)line->target = text;
        return 0;
    case OPTION_NUMBER:
    case OPTION_BYTES:
        return number(line, text);
    case OPTION_TEXTS:
        return append(line->target, text, argc);
    case OPTION_FLAG:
        break;
    }
    *(int *)line->target = 1;
    return 0;
}

int options_read(const struct option_line *table, int argc, char **argv, struct texts *rest)
{
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (strcmp(word, "--") == 0) {
            while (++at < argc)
                if (append(rest, argv[at], argc) != 0)
                    return -1;
            return 0;
        }
        if (word[0] != '-') {
            if (append(rest, word, argc) != 0)
                return -1;
            continue;
        }
        size_t length = strcspn(word, "=");
        const struct option_line *line = table;
        while (line->name != NULL && (length < 3 || word[1] != '-' || strlen(line->name) != length - 2 ||
                                      strncmp(line->name, word + 2, length - 2) != 0))
            line++;
        if (line->name == NULL) {
            say("unknown option '%s'; see --help", word);
            return -1;
        }
        const char *value = word[length] == '=' ? word + length + 1 : NULL;
        if (line->kind == OPTION_FLAG && value != NULL) {
            say("--%s takes no value", line->name);
            return -1;
        }
        if (line->kind != OPTION_FLAG && value == NULL && (value = argv[++at]) == NULL) {
            say("--%s needs a value: --%s %s", line->name, line->name, line->value);
            return -1;
        }
        if (take(line, value, argc) != 0)
            return -1;
    }
    return 0;
}

void options_help(const struct option_line *table)
{
    for (const struct option_line *line = table; line->name != NULL; line++)
        printf("  --%s%s%s\n        %s\n", line->name, line->value != NULL ? " " : "",
               line->value != NULL ? line->value : "", line->help);
}

int split_host_port(const char *text, const char *default_port, struct host_port *out)
{
    const char *host = text, *end, *port = NULL;
    if (text[0] == '[' && (end = strchr(text, ']')) != NULL) {
        host = text + 1;
        if (end[1] == ':')
            port = end + 2;
        else if (end[1] != '\0')
            end = host;
    } else {
        end = strrchr(text, ':');
        if (end != NULL && strchr(text, ':') == end)
            port = end + 1;
        else
            end = text + strlen(text);
    }
    size_t length = (size_t)(end - host);
    int given = port != NULL;
    if (!given)
        port = default_port;
    if (port == NULL || length == 0 || length >= sizeof out->host || strspn(port, "0123456789") != strlen(port) ||
        strlen(port) > 5 || (given && atoi(port) < 1) || atoi(port) > 65535)
        return -1;
    memcpy(out->host, host, length);
    out->host[length] = '\0';
    memcpy(out->port, port, strlen(port) + 1);
    return 0;
}
