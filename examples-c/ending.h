/* How a program ends: exit codes for scripts, sentences for people. */
#ifndef XFT_EXAMPLES_ENDING_H
#define XFT_EXAMPLES_ENDING_H

#include "xft.h"

#include <stdint.h>

/* Exit codes, one per class of failure; README.md explains them. Numbers are never reused. */
enum exit_code {
    EXIT_ALL_WELL = 0,
    EXIT_DEFECT = 1,          /* something that should not happen: please report */
    EXIT_USAGE = 2,           /* wrong options */
    EXIT_UNREACHABLE = 3,     /* the server cannot be reached, or speaks no XMPP */
    EXIT_TLS = 4,             /* TLS failed, or the certificate is not to be trusted */
    EXIT_LOGIN = 5,           /* wrong password, or the login was refused */
    EXIT_RECIPIENT = 6,       /* the recipient is unknown, offline, or cannot receive files */
    EXIT_DECLINED = 7,        /* the recipient declined */
    EXIT_TRANSFER = 8,        /* the transfer failed for another reason */
    EXIT_HASH = 9,            /* all bytes came, but not those of the file */
    EXIT_STORE = 10,          /* the received bytes could not be stored, here or at the recipient */
    EXIT_READ = 11,           /* the file to send cannot be read, or changed */
    EXIT_SERVER_LOST = 12,    /* the stream to the server ended before everything was done */
    EXIT_UNCONFIRMED = 13,    /* the confirmation did not come; with --strict: the hash of a file was not compared */
    EXIT_TIMEOUT = 14,        /* with --timeout: nothing moved for that long */
    EXIT_INTERRUPTED = 15,    /* ended by a signal before everything was done */
    EXIT_NO_WAY = 16,         /* no method that is allowed led to the other side */
    EXIT_LISTEN = 17,         /* cannot listen where --listen says */
    EXIT_BUSY = 18            /* the recipient had no room for the file as long as it was asked: temporary */
};

/* The exit code for the reason a transfer failed for (XFT_REASON_...). */
int exit_code_of_transfer(uint32_t reason);

/* The exit code for the reason a session ended for; `was_online` says whether the login had succeeded. */
int exit_code_of_session(uint32_t reason, int was_online);

/* Says "WHAT: reason [the other side said: condition]" with what to do next. */
void say_reason(const char *what, uint32_t reason, uint32_t condition);

/* XFT_ENDING_UNCONFIRMED: says what to do about a file that may be there or not. */
void say_unconfirmed(const char *name);

/* XFT_EVENT_ACCEPTED: says that a piece of the file is asked for, not all of it. */
void say_piece(const char *name, const xft_output *accepted);

/* Says what the server added in its own words when the session ended, if it did. */
void say_detail(const xft_session *session);

#endif
