/* Command lines. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *program_name = "xft";

void say(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    /* Names and JIDs come from the wire: they must not drive the terminal. */
    for (char *at = text; *at != '\0'; at++)
        if (iscntrl((unsigned char)*at) && *at != '\n')
            *at = '?';
    fprintf(stderr, "%s: %s\n", program_name, text);
}

static int number(const struct option_line *line, const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || value < line->least || value > line->most) {
        say("--%s takes a whole number from %llu to %llu, not '%s'", line->name, (unsigned long long)line->least,
            (unsigned long long)line->most, text);
        return -1;
    }
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

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. */
static int split_server(struct account_options *options, const char *text)
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
    if (port == NULL)
        port = options->tls == TLS_DIRECT ? "5223" : "5222";
    if (length == 0 || length >= sizeof options->host || strspn(port, "0123456789") != strlen(port) ||
        strlen(port) > 5 || atoi(port) < 1 || atoi(port) > 65535) {
        say("'%s' is no server: give HOST, HOST:PORT or [IPV6]:PORT", text);
        return -1;
    }
    memcpy(options->host, host, length);
    options->host[length] = '\0';
    memcpy(options->port, port, strlen(port) + 1);
    return 0;
}

static int split_jid(struct account_options *options)
{
    const char *jid = options->jid;
    const char *at = strchr(jid, '@'), *slash = strchr(jid, '/');
    size_t length = slash != NULL ? (size_t)(slash - jid) : strlen(jid);
    if (at == NULL || at == jid || (slash != NULL && (slash < at + 2 || slash[1] == '\0')) || at[1] == '\0' ||
        length >= sizeof options->account) {
        say("'%s' is no account: give --jid USER@DOMAIN or USER@DOMAIN/RESOURCE", jid);
        return -1;
    }
    memcpy(options->account, jid, length);
    options->account[length] = '\0';
    options->domain = strchr(options->account, '@') + 1;
    options->resource = slash != NULL ? slash + 1 : "";
    return 0;
}

static int read_password(struct account_options *options)
{
    const char *path = options->password_file;
    const char *word = path == NULL ? getenv("XFT_PASSWORD") : NULL;
    if (path != NULL) {
        FILE *file = fopen(path, "r");
        struct stat about;
        if (file == NULL || fgets(options->password, sizeof options->password, file) == NULL) {
            say("cannot read the password from %s: %s", path, file == NULL ? strerror(errno) : "the file is empty");
            if (file != NULL)
                fclose(file);
            return -1;
        }
        if (fstat(fileno(file), &about) == 0 && (about.st_mode & (S_IRGRP | S_IROTH)) != 0)
            say("warning: others can read %s; chmod 600 would end that", path);
        fclose(file);
    } else if (word != NULL && strlen(word) < sizeof options->password) {
        memcpy(options->password, word, strlen(word) + 1);
    }
    options->password[strcspn(options->password, "\r\n")] = '\0';
    if (options->password[0] == '\0') {
        say("no password: give --password-file FILE or set XFT_PASSWORD (at most 256 bytes)");
        return -1;
    }
    return 0;
}

static int choose_tls(struct account_options *options)
{
    static const char *const WORDS[] = { "starttls", "direct", "none-unsafe" };
    for (size_t at = 0; at < sizeof WORDS / sizeof *WORDS; at++)
        if (strcmp(options->tls_word, WORDS[at]) == 0) {
            options->tls = (enum tls_choice)at;
            return 0;
        }
    say("--tls takes starttls, direct or none-unsafe, not '%s'", options->tls_word);
    return -1;
}

int account_options_check(struct account_options *options)
{
    if (options->jid == NULL) {
        say("--jid is missing; see --help");
        return -1;
    }
    if (choose_tls(options) != 0 || split_jid(options) != 0 ||
        split_server(options, options->server != NULL ? options->server : options->domain) != 0)
        return -1;
    if (options->ca_file != NULL && access(options->ca_file, R_OK) != 0) {
        say("cannot read the CA file %s: %s", options->ca_file, strerror(errno));
        return -1;
    }
    /* Blocks above 4096 bytes make some servers slow: they are sent only when somebody asks for them. */
    if (options->chunk_bytes == 0)
        options->chunk_bytes = options->block_bytes != 0 ? options->block_bytes : 4096;
    if (options->block_bytes == 0)
        options->block_bytes = options->chunk_bytes > 8192 ? options->chunk_bytes : 8192;
    if (options->chunk_bytes > options->block_bytes) {
        say("--chunk %llu is larger than --block %llu", (unsigned long long)options->chunk_bytes,
            (unsigned long long)options->block_bytes);
        return -1;
    }
    if (options->window_bytes < options->block_bytes) {
        say("--window %llu is smaller than one block of %llu bytes", (unsigned long long)options->window_bytes,
            (unsigned long long)options->block_bytes);
        return -1;
    }
    if (options->tls == TLS_NONE_UNSAFE)
        say("WARNING: --tls none-unsafe: files and login can be read and changed by anyone on the way. For tests only.");
    return read_password(options);
}

void account_options_forget(struct account_options *options)
{
    volatile char *password = options->password;
    for (size_t at = 0; at < sizeof options->password; at++)
        password[at] = '\0';
}
