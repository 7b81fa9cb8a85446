/* The account to log in with. */
#include "account.h"

#include "password.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int split_server(struct account_options *options)
{
    if (options->server == NULL)
        return 0;
    if (options->nameserver != NULL) {
        say("--nameserver is for finding the server, which --server names");
        return -1;
    }
    if (options->tls == TLS_AUTO)
        options->tls = TLS_STARTTLS;
    if (split_host_port(options->server, options->tls == TLS_DIRECT ? "5223" : "5222", &options->place) == 0)
        return 0;
    say("'%s' is no server: give HOST, HOST:PORT or [IPV6]:PORT", options->server);
    return -1;
}

static int split_jid(struct account_options *options)
{
    const char *typed = options->jid, *at = strchr(typed, '@'), *slash = strchr(typed, '/');
    if (at == NULL || at == typed || (slash != NULL && (slash < at + 2 || slash[1] == '\0')) || at[1] == '\0') {
        say("'%s' is no account: give --jid USER@DOMAIN or USER@DOMAIN/RESOURCE", typed);
        return -1;
    }
    if (prepare_address("jid", typed, options->full) != 0)
        return -1;
    slash = strchr(options->full, '/');
    size_t length = slash != NULL ? (size_t)(slash - options->full) : strlen(options->full);
    memcpy(options->account, options->full, length);
    options->account[length] = '\0';
    options->domain = strchr(options->account, '@') + 1;
    options->resource = slash != NULL ? slash + 1 : "";
    return prepare_domain(options->domain, options->dns_domain);
}

static int choose_tls(struct account_options *options)
{
    static const char *const WORDS[] = { "starttls", "direct", "none-unsafe", "auto" };
    for (size_t at = 0; at < sizeof WORDS / sizeof *WORDS; at++)
        if (strcmp(options->tls_word, WORDS[at]) == 0) {
            options->tls = (enum tls_choice)at;
            return 0;
        }
    say("--tls takes auto, starttls, direct or none-unsafe, not '%s'", options->tls_word);
    return -1;
}

void account_options_take_all_blocks(struct account_options *options)
{
    if (options->block_bytes != 0 || options->chunk_bytes != 0)
        return;
    options->block_bytes = options->window_bytes < 65535 ? options->window_bytes : 65535;
    options->chunk_bytes = options->block_bytes < 4096 ? options->block_bytes : 4096;
}

int account_options_check(struct account_options *options)
{
    if (options->jid == NULL) {
        say("--jid is missing; see --help");
        return -1;
    }
    if (choose_tls(options) != 0 || split_jid(options) != 0 || split_server(options) != 0)
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
    if (options->allow_plain && options->tls == TLS_NONE_UNSAFE) {
        say("--allow-plain is for TLS: with --tls none-unsafe everybody on the way would read the password");
        return -1;
    }
    return password_read(options->password_file, options->password);
}

void account_options_forget(struct account_options *options)
{
    prepare_forget(options->password, sizeof options->password);
}
