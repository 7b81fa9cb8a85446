/* Prints the most stack that a call of the library takes while files cross between two hosted sessions, in band and over
 * SOCKS5: the scenes of tests/abi/loopback.c and socks5.c, each call on freshly painted stack. The caller's own frames do not count. */
#include "xft.h"
#include <stddef.h>
#include <stdio.h>

#define PAINTED_BYTES 32768u
#define PAINT 0xA5

static volatile unsigned char *painted;
static size_t most_bytes;

/* Paints the stack below the caller's frame and remembers where. */
__attribute__((noinline)) static void paint(void) {
  volatile unsigned char area[PAINTED_BYTES];
  for (size_t at = 0; at < PAINTED_BYTES; at++) { area[at] = PAINT; }
  painted = area;
}

/* Looks how far down the paint is gone; stacks grow downwards on both machines. */
__attribute__((noinline)) static xft_status look(xft_status status) {
  size_t left = 0;
  while (left < PAINTED_BYTES && painted[left] == PAINT) { left++; }
  if (PAINTED_BYTES - left > most_bytes) { most_bytes = PAINTED_BYTES - left; }
  return status;
}

#define WATCHED(call, parameters, arguments) \
  __attribute__((noinline)) static xft_status watched_##call parameters { \
    paint(); \
    xft_status status = call arguments; \
    return look(status); \
  }

WATCHED(xft_session_init, (void *m, size_t n, const xft_config *c, uint64_t t, xft_session **s), (m, n, c, t, s))
WATCHED(xft_tick, (xft_session *s, uint64_t t), (s, t))
WATCHED(xft_poll, (xft_session *s, uint8_t *out, size_t cap, xft_output *o), (s, out, cap, o))
WATCHED(xft_stanza_in, (xft_session *s, uint8_t *in, size_t n, xft_received *r), (s, in, n, r))
WATCHED(xft_offer, (xft_session *s, const xft_file *f, uint32_t *t), (s, f, t))
WATCHED(xft_accept, (xft_session *s, uint32_t t, uint64_t from), (s, t, from))
WATCHED(xft_decline, (xft_session *s, uint32_t t, uint32_t why), (s, t, why))
WATCHED(xft_cancel, (xft_session *s, uint32_t t, uint32_t why), (s, t, why))
WATCHED(xft_stored, (xft_session *s, uint32_t t, uint64_t upto), (s, t, upto))
WATCHED(xft_supply,
        (xft_session *s, uint32_t t, uint64_t at, const uint8_t *b, size_t n, uint8_t *out, size_t cap, xft_output *o),
        (s, t, at, b, n, out, cap, o))
WATCHED(xft_stream_in, (xft_session *s, uint32_t id, uint8_t *in, size_t n, size_t *used, xft_received *r), (s, id, in, n, used, r))
WATCHED(xft_stream_open, (xft_session *s, uint32_t id), (s, id))
WATCHED(xft_stream_end, (xft_session *s, uint32_t id, uint32_t why), (s, id, why))
WATCHED(xft_stream_accepted, (xft_session *s, uint64_t source, uint32_t *id), (s, source, id))
WATCHED(xft_settled, (xft_session *s, uint32_t t), (s, t))
WATCHED(xft_sent, (xft_session *s, uint32_t t, uint64_t upto), (s, t, upto))

#define xft_session_init watched_xft_session_init
#define xft_tick watched_xft_tick
#define xft_poll watched_xft_poll
#define xft_stanza_in watched_xft_stanza_in
#define xft_offer watched_xft_offer
#define xft_accept watched_xft_accept
#define xft_decline watched_xft_decline
#define xft_cancel watched_xft_cancel
#define xft_stored watched_xft_stored
#define xft_supply watched_xft_supply
#define xft_stream_in watched_xft_stream_in
#define xft_stream_open watched_xft_stream_open
#define xft_stream_end watched_xft_stream_end
#define xft_stream_accepted watched_xft_stream_accepted
#define xft_settled watched_xft_settled
#define xft_sent watched_xft_sent
#define main in_band_scenes
#include "loopback.c"
#undef main
#define main socks5_scenes
#include "socks5.c"
#undef main

static int measured(const char *name, int scenes) {
  if (scenes != 0 || most_bytes == 0 || most_bytes == PAINTED_BYTES) { return 0; }
  printf("%s %lu\n", name, (unsigned long)most_bytes);
  most_bytes = 0;
  return 1;
}

int main(void) {
  return measured("stack_bytes_of_a_transfer", in_band_scenes())
                 && measured("stack_bytes_of_a_socks5_transfer", socks5_scenes())
             ? 0
             : 1;
}
