/* The account to log in with. */
#include "account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int split_server(struct account_options *options, const char *text)
{
    if (split_host_port(text, options->tls == TLS_DIRECT ? "5223" : "5222", &options->place) == 0)
        return 0;
    say("'%s' is no server: give HOST, HOST:PORT or [IPV6]:PORT", text);
    return -1;
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
    if (network_options_check(&options->network) != 0)
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
