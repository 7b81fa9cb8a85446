/* The time that deadlines and speeds are measured by. */
#ifndef XFT_EXAMPLES_CLOCK_H
#define XFT_EXAMPLES_CLOCK_H

#include <stdint.h>

/* The monotonic clock, milliseconds and microseconds. */
uint64_t clock_ms(void);
uint64_t clock_us(void);

#endif
