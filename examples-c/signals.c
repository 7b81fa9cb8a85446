/* SIGINT and SIGTERM as something a poll(2) loop can wait for. */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A signal handler may only do so much: it writes a byte into a pipe that the loop waits for. */
static int signal_pipe[2] = { -1, -1 };
static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    int cause = errno;
    signalled = 1;
    ssize_t ignored = write(signal_pipe[1], "", 1);
    (void)ignored;
    (void)number;
    errno = cause;
}

int signals_catch(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_IGN;
    /* A broken socket and a full disk are answers of calls, no reasons to die. */
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
    if (pipe(signal_pipe) != 0)
        return -1;
    for (int end = 0; end < 2; end++) {
        fcntl(signal_pipe[end], F_SETFD, FD_CLOEXEC);
        fcntl(signal_pipe[end], F_SETFL, O_NONBLOCK);
    }
    action.sa_handler = on_signal;
    /* The second signal kills, should the goodbye take too long. */
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return 0;
}

int signals_fd(void)
{
    return signal_pipe[0];
}

int signals_came(void)
{
    return signalled != 0;
}
