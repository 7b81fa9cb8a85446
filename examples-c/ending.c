/* How a program ends. */
#include "ending.h"

#include "options.h"

int exit_code_of_transfer(uint32_t reason)
{
    switch (reason) {
    case XFT_REASON_PEER_UNKNOWN:
    case XFT_REASON_PEER_GONE:
    case XFT_REASON_UNSUPPORTED:
        return EXIT_RECIPIENT;
    case XFT_REASON_DECLINED:
        return EXIT_DECLINED;
    case XFT_REASON_BUSY:
        return EXIT_BUSY;
    case XFT_REASON_HASH_MISMATCH:
        return EXIT_HASH;
    case XFT_REASON_STORE_FAILED:
    case XFT_REASON_PEER_STORE_FAILED:
        return EXIT_STORE;
    case XFT_REASON_SOURCE_CHANGED:
    case XFT_REASON_READ_FAILED:
        return EXIT_READ;
    case XFT_REASON_STREAM_LOST:
        return EXIT_SERVER_LOST;
    case XFT_REASON_NO_METHOD:
    case XFT_REASON_NO_STREAMHOST:
    case XFT_REASON_NOT_REACHED:
    case XFT_REASON_ACTIVATION_FAILED:
        return EXIT_NO_WAY;
    default:
        return EXIT_TRANSFER;
    }
}

int exit_code_of_session(uint32_t reason, int was_online)
{
    switch (reason) {
    case XFT_REASON_CLOSED:
        return EXIT_ALL_WELL;
    case XFT_REASON_TLS_FAILED:
    case XFT_REASON_TLS_MISSING:
    case XFT_REASON_TLS_REFUSED:
    case XFT_REASON_TLS_INJECTED:
        return EXIT_TLS;
    case XFT_REASON_NO_MECHANISM:
    case XFT_REASON_NOT_AUTHORIZED:
    case XFT_REASON_AUTH_FAILED:
    case XFT_REASON_SERVER_NOT_PROVEN:
    case XFT_REASON_BAD_CHALLENGE:
    case XFT_REASON_DOWNGRADE:
    case XFT_REASON_BIND_REFUSED:
    case XFT_REASON_BIND_MISMATCH:
        return EXIT_LOGIN;
    default:
        return was_online ? EXIT_SERVER_LOST : EXIT_UNREACHABLE;
    }
}

void say_reason(const char *what, uint32_t reason, uint32_t condition)
{
    const char *word = xft_condition_name(condition);
    if (condition == XFT_CONDITION_STANZA_REMOTE_SERVER_NOT_FOUND)
        say("%s: the server finds no XMPP server for the recipient's domain; check what is behind the @ in --to, and the "
            "domain's DNS [the server said: %s]",
            what, word);
    else if (condition == XFT_CONDITION_STANZA_REMOTE_SERVER_TIMEOUT)
        say("%s: the server of the recipient's domain does not answer; check the domain, and the network between the "
            "servers [the server said: %s]",
            what, word);
    else if (word[0] != '\0')
        say("%s: %s [the other side said: %s]", what, xft_reason_text(reason), word);
    else
        say("%s: %s", what, xft_reason_text(reason));
}

void say_unconfirmed(const char *name)
{
    say("%s was handed over, but what would confirm it did not come: ask the recipient whether it is there, or send it again",
        name);
}

void say_piece(const char *name, const xft_output *accepted)
{
    say("%s: the recipient's program asks for the bytes from %llu to %llu only, which are not the whole file", name,
        (unsigned long long)accepted->offset, (unsigned long long)accepted->end);
}

void say_detail(const xft_session *session)
{
    const char *text = NULL;
    size_t length = 0;
    if (xft_detail(session, &text, &length) == XFT_OK && length > 0)
        say("the server's own words: %.*s", (int)length, text);
}
