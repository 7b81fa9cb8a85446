/* TCP between the ends of a world, and the proxy of its server: who listens where, and byte pipes between two sides.
 * A pipe has two sides; what one side sends waits at the other one until that reads. */
#ifndef PIPES_H
#define PIPES_H
#include "world.h"

#define PROXY_HOST "192.0.2.65"
#define PROXY_PORT 7777u

static inline void listen_at(world *w, end *who, const char *host, uint32_t port) {
  if (w->listeners_len == LISTENERS) { abort(); }
  listener *it = &w->listeners[w->listeners_len++];
  it->host = host;
  it->port = port;
  it->who = who;
}

static pipe *new_pipe(world *w, end *dialled, uint32_t stream) {
  for (unsigned i = 0; i < PIPES; i++) {
    pipe *it = &w->pipes[i];
    if (it->used) { continue; }
    memset(it, 0, sizeof *it);
    it->used = 1;
    it->sides[0].who = dialled;
    it->sides[0].stream = stream;
    return it;
  }
  CLAIM(0, "the_sessions_leave_no_pipe_open");
  abort();
}

static pipe *find_pipe(world *w, const end *e, uint32_t stream, unsigned *side) {
  for (unsigned i = 0; i < PIPES; i++) {
    for (unsigned s = 0; s < 2; s++) {
      pipe_side *it = &w->pipes[i].sides[s];
      if (w->pipes[i].used && it->who == e && it->stream == stream && !it->closed) {
        *side = s;
        return &w->pipes[i];
      }
    }
  }
  CLAIM(0, "an_output_names_a_living_stream");
  return NULL;
}

static void push(pipe_side *to, const uint8_t *bytes, size_t len) {
  if (to->closed) { return; }
  uint8_t *grown = realloc(to->bytes, to->len + len + 1);
  if (grown == NULL) { abort(); }
  if (len > 0) { memcpy(grown + to->len, bytes, len); }
  to->bytes = grown;
  to->len += len;
}

static void pull(pipe_side *from, size_t count) {
  from->len -= count;
  if (count > 0) { memmove(from->bytes, from->bytes + count, from->len); }
}

/* Both sides are done with it. */
static void drop_pipe(pipe *it) {
  for (unsigned s = 0; s < 2; s++) {
    free(it->sides[s].bytes);
    it->sides[s].bytes = NULL;
  }
  it->used = 0;
}

static void dial(world *w, end *e, const xft_output *o) {
  e->dialled++;
  CLAIM(o->host_len > 0 && o->host_len < 256 && o->port > 0 && o->port < 65536, "connect_names_host_and_port");
  CLAIM((const uint8_t *)o->host >= w->out && (const uint8_t *)o->host + o->host_len <= w->out + OUT_BYTES,
        "the_host_lies_in_the_buffer");
  CLAIM(o->stream > 0, "a_stream_to_connect_is_not_the_xmpp_stream");
  w->last_dialled = o->stream;
  if (w->silent) { return; }
  for (unsigned i = 0; i < w->listeners_len; i++) {
    listener *it = &w->listeners[i];
    if (strlen(it->host) != o->host_len || memcmp(it->host, o->host, o->host_len) != 0 || it->port != o->port) { continue; }
    pipe *made = new_pipe(w, e, o->stream);
    made->sides[1].who = it->who;
    if (it->who != NULL) {
      xft_status status = xft_stream_accepted(it->who->session, 1, &made->sides[1].stream);
      CLAIM(status == XFT_OK, "a_listening_session_takes_a_stream");
      CLAIM(status != XFT_OK || made->sides[1].stream > 0, "an_accepted_stream_is_not_the_xmpp_stream");
    }
    CLAIM(xft_stream_open(e->session, o->stream) == XFT_OK, "a_connected_stream_can_be_opened");
    return;
  }
  CLAIM(xft_stream_end(e->session, o->stream, XFT_END_REFUSED) == XFT_OK, "a_refused_stream_can_be_told");
}

/* What the session wants done with a SOCKS5 stream. */
static void carry(world *w, end *e, const xft_output *o) {
  unsigned s = 0;
  if (o->kind == XFT_OUTPUT_CONNECT) {
    dial(w, e, o);
    return;
  }
  if (w->silent) {
    CLAIM(o->kind == XFT_OUTPUT_CLOSE, "a_stream_that_is_not_up_can_only_be_given_up");
    return;
  }
  pipe *it = find_pipe(w, e, o->stream, &s);
  if (it == NULL) { return; }
  pipe_side *mine = &it->sides[s], *other = &it->sides[1 - s];
  if (o->kind == XFT_OUTPUT_TRANSMIT) {
    CLAIM(!mine->shut, "nothing_is_transmitted_after_the_half_close");
    push(other, o->bytes, o->len);
  } else if (o->kind == XFT_OUTPUT_HALF_CLOSE) {
    mine->shut = other->eof = 1;
  } else {
    mine->closed = other->eof = 1;
    mine->len = 0;
    xft_received r;
    uint8_t byte = 0;
    size_t used = 0;
    CLAIM(xft_stream_in(e->session, o->stream, &byte, 1, &used, &r) == XFT_ERR_STREAM, "a_closed_stream_s_number_is_void");
    CLAIM(xft_stream_end(e->session, o->stream, XFT_END_LOST) == XFT_ERR_STREAM, "the_end_of_a_void_stream_is_harmless");
  }
}

/* The proxy's side of a pipe (XEP-0065 6): handshake, then what the partner sends once the stream is activated. */
static int serve(world *w, pipe *it) {
  pipe_side *mine = &it->sides[1], *client = &it->sides[0];
  if (it->stage == 9) { return 0; }
  if (it->stage == 0 && mine->len >= 3) {
    static const uint8_t no_password[] = {5, 0};
    CLAIM(memcmp(mine->bytes, "\5\1\0", 3) == 0, "a_greeting_offers_no_password");
    pull(mine, 3);
    push(client, no_password, 2);
    it->stage = 1;
    return 1;
  }
  if (it->stage == 1 && mine->len >= 47) {
    CLAIM(memcmp(mine->bytes, "\5\1\0\3\50", 5) == 0 && mine->bytes[45] == 0 && mine->bytes[46] == 0, "a_request_names_a_digest");
    memcpy(it->digest, mine->bytes + 5, 40);
    if (w->spied) {
      it->stage = 9;
      return 1;
    }
    uint8_t reply[47];
    memcpy(reply, mine->bytes, 47);
    reply[1] = 0;
    pull(mine, 47);
    push(client, reply, 47);
    it->stage = 2;
    for (unsigned i = 0; i < PIPES; i++) {
      pipe *partner = &w->pipes[i];
      if (partner->used && partner != it && partner->stage == 2 && memcmp(partner->digest, it->digest, 40) == 0) {
        it->partner = partner;
        partner->partner = it;
      }
    }
    return 1;
  }
  if (it->stage < 3 || it->partner == NULL) {
    CLAIM(it->stage < 2 || mine->len == 0, "nothing_is_sent_before_the_activation");
    return 0;
  }
  size_t len = mine->len;
  push(&it->partner->sides[0], mine->bytes, len);
  pull(mine, len);
  if (mine->eof && !it->partner->sides[0].eof) {
    it->partner->sides[0].eof = 1;
    return 1;
  }
  return len > 0;
}

/* Activation: both sides of the one pair there is. Returns whether there was one. */
static int activate(world *w) {
  int both = 0;
  for (unsigned i = 0; i < PIPES; i++) {
    pipe *it = &w->pipes[i];
    if (it->used && it->stage == 2 && it->partner != NULL) {
      it->stage = 3;
      both++;
    }
  }
  return both == 2;
}

/* Hands what waits at one side to its session, a piece at a time. */
static int read_side(world *w, pipe *it, unsigned s) {
  pipe_side *mine = &it->sides[s];
  end *e = mine->who;
  if (mine->closed || e->hold) { return 0; }
  if (mine->len > 0) {
    size_t len = mine->len < w->piece ? mine->len : w->piece, used = 0;
    xft_received r;
    uint8_t *copy = memory(len); /* exactly: a sanitizer sees a read beyond */
    memcpy(copy, mine->bytes, len);
    xft_status status = xft_stream_in(e->session, mine->stream, copy, len, &used, &r);
    CLAIM(status == XFT_OK && used <= len, "a_stream_s_bytes_are_taken");
    if (status == XFT_OK) {
      CLAIM(r.kind == XFT_RECEIVED_CONSUMED || r.kind == XFT_RECEIVED_DATA, "a_stream_brings_data_or_nothing");
      CLAIM(r.kind != XFT_RECEIVED_DATA || (r.bytes >= copy && r.bytes + r.len <= copy + len), "data_is_lent_out_of_the_input");
      pull(mine, used);
      if (r.kind == XFT_RECEIVED_DATA) { store(e, &r); }
    } else {
      mine->len = 0;
    }
    free(copy);
    return 1;
  }
  if (mine->eof && !mine->told) {
    mine->told = 1;
    CLAIM(xft_stream_end(e->session, mine->stream, XFT_END_ENDED) == XFT_OK, "the_end_of_a_stream_can_be_told");
    return 1;
  }
  return 0;
}

/* Moves a piece of a file over its stream: handed in, or moved behind the session's back, or by turns. */
static int send_raw(world *w, end *e, file *it) {
  unsigned s = 0;
  if (it->raw_stream == 0 || it->raw_at >= it->raw_end) { return 0; }
  pipe *at = find_pipe(w, e, it->raw_stream, &s);
  if (at == NULL) {
    it->raw_stream = 0;
    return 0;
  }
  if (at->sides[1 - s].closed) {
    CLAIM(xft_stream_end(e->session, it->raw_stream, XFT_END_LOST) == XFT_OK, "a_failed_write_can_be_told");
    at->sides[s].closed = 1;
    it->raw_stream = 0;
    return 1;
  }
  if (at->sides[1 - s].len > 65536) { return 0; } /* the socket's buffer is full */
  size_t len = it->raw_end - it->raw_at < w->piece ? (size_t)(it->raw_end - it->raw_at) : w->piece;
  it->raw_turns++;
  if (e->sendfile == 1 || (e->sendfile == 2 && it->raw_turns % 2 == 0)) {
    push(&at->sides[1 - s], it->bytes + it->raw_at, len);
    it->raw_at += len;
    CLAIM(xft_sent(e->session, it->transfer, it->raw_at) == XFT_OK, "what_was_sent_can_be_told");
    CLAIM(xft_sent(e->session, it->transfer, it->raw_at - len) == XFT_OK || it->raw_at == it->raw_end, "sent_is_idempotent");
  } else {
    xft_output o;
    uint8_t *copy = memory(len);
    memcpy(copy, it->bytes + it->raw_at, len);
    xft_status status = xft_supply(e->session, it->transfer, it->raw_at, copy, len, NULL, 0, &o);
    CLAIM(status == XFT_OK, "a_granted_piece_can_be_supplied_without_a_buffer");
    if (status == XFT_OK) {
      CLAIM(o.kind == XFT_OUTPUT_TRANSMIT && o.stream == it->raw_stream && o.bytes == copy && o.len == len,
            "the_very_bytes_come_back_to_be_transmitted");
      push(&at->sides[1 - s], o.bytes, o.len);
    }
    it->raw_at += len;
    free(copy);
  }
  return 1;
}

/* One round of the network; returns whether anything moved. */
static int flow(world *w) {
  int busy = 0;
  for (unsigned i = 0; i < PIPES; i++) {
    pipe *it = &w->pipes[i];
    if (!it->used) { continue; }
    for (unsigned s = 0; s < 2; s++) { busy |= it->sides[s].who == NULL ? serve(w, it) : read_side(w, it, s); }
    int proxied = it->sides[1].who == NULL;
    if (it->sides[0].closed && (it->sides[1].closed || (proxied && (it->partner == NULL || it->sides[1].len == 0)))) {
      if (it->partner != NULL) {
        it->partner->sides[0].eof = 1;
        it->partner->partner = NULL;
      }
      drop_pipe(it);
      busy = 1;
    }
  }
  for (unsigned i = 0; i < ENDS; i++) {
    for (unsigned f = 0; f < w->ends[i].files_len; f++) {
      file *it = &w->ends[i].files[f];
      if (it->ending == XFT_ENDING_NONE && it->raw_end > 0 && !w->dam) { busy |= send_raw(w, &w->ends[i], it); }
    }
  }
  return busy;
}
#endif
