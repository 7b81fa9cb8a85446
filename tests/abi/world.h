/* Two sessions and what is between them, as plain structures. */
#ifndef WORLD_H
#define WORLD_H
#include "check.h"
#include "xft.h"
#include <stdlib.h>

#define ENDS 2
#define FILES 8
#define OUT_BYTES XFT_OUT_BYTES(4096)

typedef struct file {          /* one transfer as one end sees it */
  uint32_t transfer;
  uint8_t *bytes;              /* sender: the source; receiver: what came */
  size_t len;
  uint64_t stored_upto;        /* receiver: what it said */
  uint32_t ending, reason, condition, started, accepted, block_bytes;
  uint32_t method, why_direct, why_mediated, why_in_band;
  uint32_t hosts_failed, host_failure, fell_back, again, intruded;
  uint32_t asked, placed;      /* receiver: it was asked for the file's place; the file has it */
  uint32_t raw_stream;         /* sender: the file goes over this stream, raw_at..raw_end of it is still to go */
  uint64_t raw_at, raw_end;
  unsigned raw_turns;
  char name[XFT_NAME_BYTES];
  char from[256];
  uint32_t has;
  uint8_t sha256[32];
} file;

typedef struct stanza {
  struct stanza *next;
  size_t len;
  char *text;
} stanza;

typedef struct end {
  const char *jid;
  void *mem;
  xft_session *session;
  stanza *first, *last;        /* on its way to this end */
  file files[FILES];
  unsigned files_len;
  uint32_t online, offline_reason, not_mine;
  uint32_t decline;            /* answer offers with this code, 0: accept */
  const uint8_t *head;         /* the next offer's first `head_len` bytes are here already */
  size_t head_len;
  int hold;                    /* receive, but do not say stored */
  int no_place;                /* every rename fails */
  size_t tight;                /* give poll this little room first, 0: enough */
  unsigned no_space;
  int sendfile;                /* SEND_RAW: 0 hand the bytes in, 1 move them oneself, 2 by turns */
  unsigned dialled;
} end;

#define PIPES 16
#define LISTENERS 4

typedef struct pipe_side {     /* one side of a TCP stream */
  end *who;                    /* NULL: the proxy */
  uint32_t stream;             /* its number there */
  uint8_t *bytes;              /* on their way to this side */
  size_t len;
  int eof, told;               /* behind them nothing comes any more; that was told */
  int shut, closed;            /* this side sends no more; it is gone */
} pipe_side;

typedef struct pipe {
  int used;
  pipe_side sides[2];          /* who connected, who accepted */
  int stage;                   /* the proxy's: greeting, request, waiting, activated; or 9, a spy's */
  char digest[40];
  struct pipe *partner;
} pipe;

typedef struct listener {
  const char *host;
  uint32_t port;
  end *who;                    /* NULL: the proxy */
} listener;

typedef struct world {
  end ends[ENDS];
  uint64_t now_ms;
  uint8_t *out;
  unsigned bounced;
  listener listeners[LISTENERS];
  unsigned listeners_len;
  pipe pipes[PIPES];
  size_t piece;                /* most bytes of a stream that move at once */
  int dam;                     /* no file bytes move over streams for now */
  int proxy;                   /* the server has one */
  int silent;                  /* nobody answers to connecting */
  int spied;                   /* the proxy hears digests and answers nothing */
  uint32_t last_dialled;
  unsigned activations;
} world;

static void *memory(size_t len) {
  void *at = malloc(len == 0 ? 1 : len);
  if (at == NULL) { abort(); }
  return at;
}

static file *find(end *e, uint32_t transfer) {
  for (unsigned i = 0; i < e->files_len; i++) {
    if (e->files[i].transfer == transfer) { return &e->files[i]; }
  }
  CLAIM(0, "an_output_names_a_known_transfer");
  return NULL;
}

static file *remember(end *e, uint32_t transfer, size_t len) {
  if (e->files_len == FILES) { abort(); }
  file *it = &e->files[e->files_len++];
  memset(it, 0, sizeof *it);
  it->transfer = transfer;
  it->len = len;
  it->bytes = memory(len);
  return it;
}

/* What came of a file; said to be stored at once unless the end holds it back. */
static void store(end *e, const xft_received *r) {
  file *it = find(e, r->transfer);
  if (it == NULL) { return; }
  CLAIM(r->len > 0 && r->offset + r->len <= it->len, "received_bytes_lie_in_the_file");
  if (r->offset + r->len > it->len) { return; }
  memcpy(it->bytes + r->offset, r->bytes, r->len);
  it->stored_upto = r->offset + r->len;
  if (!e->hold) { CLAIM(xft_stored(e->session, r->transfer, it->stored_upto) == XFT_OK, "what_came_can_be_stored"); }
}
#endif
