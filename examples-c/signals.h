/* SIGINT and SIGTERM as something a poll(2) loop can wait for. The only global state of the programs: signals belong to
 * the process. */
#ifndef XFT_EXAMPLES_SIGNALS_H
#define XFT_EXAMPLES_SIGNALS_H

/* Catches SIGINT and SIGTERM, the first of each; ignores SIGPIPE and SIGXFSZ. 0, or -1 with errno. */
int signals_catch(void);

/* A descriptor that becomes readable when a signal comes, and stays so. */
int signals_fd(void);

/* 1 once a signal came. */
int signals_came(void);

#endif
