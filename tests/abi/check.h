/* Claims for C test programs: CLAIM counts, prints what failed, and never stops at the first failure. */
#ifndef CHECK_H
#define CHECK_H
#include <stdio.h>
#include <string.h>

static unsigned claims_passed, claims_failed;

#define CLAIM(condition, name) \
  do { \
    if (condition) { claims_passed++; } \
    else { claims_failed++; printf("FAILED %s:%d %s\n  because %s\n", __FILE__, __LINE__, name, #condition); } \
  } while (0)

static int claims_end(void) {
  printf("%u claims passed, %u failed\n", claims_passed, claims_failed);
  return claims_failed == 0 && claims_passed > 0 ? 0 : 1;
}
#endif
