/* Two sessions and what is between them, for inputs that may do anything: see fuzz_api.c. */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H
#include "xft.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES 64
#define PIPES 32
#define CANARY 16
#define OUT_BYTES XFT_OUT_BYTES(8192)

static const uint8_t *input;
static size_t input_len;
static const char *playing = "the input";
static unsigned finished, finished_well;

/* Which status each call gave: tests/abi/documented.py holds the header against it. */
static struct { const char *call; uint32_t status; } seen_of[1024];
static unsigned seen_len;

static xft_status seen(const char *call, xft_status status) {
  for (unsigned i = 0; i < seen_len; i++) {
    if (seen_of[i].status == status && strcmp(seen_of[i].call, call) == 0) { return status; }
  }
  if (seen_len < sizeof seen_of / sizeof *seen_of) {
    seen_of[seen_len].call = call;
    seen_of[seen_len++].status = status;
  }
  return status;
}

#define xft_session_layout(...) seen("xft_session_layout", xft_session_layout(__VA_ARGS__))
#define xft_session_init(...) seen("xft_session_init", xft_session_init(__VA_ARGS__))
#define xft_session_wipe(...) seen("xft_session_wipe", xft_session_wipe(__VA_ARGS__))
#define xft_config_init(...) seen("xft_config_init", xft_config_init(__VA_ARGS__))
#define xft_file_init(...) seen("xft_file_init", xft_file_init(__VA_ARGS__))
#define xft_last_refusal(...) seen("xft_last_refusal", xft_last_refusal(__VA_ARGS__))
#define xft_stanza_in(...) seen("xft_stanza_in", xft_stanza_in(__VA_ARGS__))
#define xft_feature(...) seen("xft_feature", xft_feature(__VA_ARGS__))
#define xft_tick(...) seen("xft_tick", xft_tick(__VA_ARGS__))
#define xft_poll(...) seen("xft_poll", xft_poll(__VA_ARGS__))
#define xft_jid(...) seen("xft_jid", xft_jid(__VA_ARGS__))
#define xft_detail(...) seen("xft_detail", xft_detail(__VA_ARGS__))
#define xft_close(...) seen("xft_close", xft_close(__VA_ARGS__))
#define xft_add_address(...) seen("xft_add_address", xft_add_address(__VA_ARGS__))
#define xft_clear_addresses(...) seen("xft_clear_addresses", xft_clear_addresses(__VA_ARGS__))
#define xft_add_proxy(...) seen("xft_add_proxy", xft_add_proxy(__VA_ARGS__))
#define xft_stream_open(...) seen("xft_stream_open", xft_stream_open(__VA_ARGS__))
#define xft_tls_done(...) seen("xft_tls_done", xft_tls_done(__VA_ARGS__))
#define xft_stream_accepted(...) seen("xft_stream_accepted", xft_stream_accepted(__VA_ARGS__))
#define xft_stream_in(...) seen("xft_stream_in", xft_stream_in(__VA_ARGS__))
#define xft_stream_end(...) seen("xft_stream_end", xft_stream_end(__VA_ARGS__))
#define xft_supply(...) seen("xft_supply", xft_supply(__VA_ARGS__))
#define xft_offer(...) seen("xft_offer", xft_offer(__VA_ARGS__))
#define xft_accept(...) seen("xft_accept", xft_accept(__VA_ARGS__))
#define xft_prefix(...) seen("xft_prefix", xft_prefix(__VA_ARGS__))
#define xft_decline(...) seen("xft_decline", xft_decline(__VA_ARGS__))
#define xft_cancel(...) seen("xft_cancel", xft_cancel(__VA_ARGS__))
#define xft_sent(...) seen("xft_sent", xft_sent(__VA_ARGS__))
#define xft_stored(...) seen("xft_stored", xft_stored(__VA_ARGS__))
#define xft_progress(...) seen("xft_progress", xft_progress(__VA_ARGS__))

#define HOLDS(condition, promise) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "BROKEN %s:%d %s\n  because %s\n  in %s\n", __FILE__, __LINE__, promise, #condition, playing); \
      abort(); \
    } \
  } while (0)

/* The next byte of the input; 0 behind its end. */
static uint8_t byte(void) {
  if (input_len == 0) { return 0; }
  input_len--;
  return *input++;
}

static int all(const void *at, size_t len, uint8_t value) {
  const uint8_t *it = at;
  for (size_t i = 0; i < len; i++) {
    if (it[i] != value) { return 0; }
  }
  return 1;
}

/* A buffer of any size between canaries. */
typedef struct region {
  uint8_t *all, *at;
  size_t len;
} region;

static region region_new(size_t len) {
  region it = {malloc(len + 2 * CANARY), NULL, len};
  if (it.all == NULL) { abort(); }
  memset(it.all, 0xc9, len + 2 * CANARY);
  it.at = it.all + CANARY;
  return it;
}

static void region_check(const region *it) {
  HOLDS(all(it->all, CANARY, 0xc9) && all(it->at + it->len, CANARY, 0xc9), "nothing is written beside a buffer");
}

static void region_end(region *it) {
  region_check(it);
  free(it->all);
}

typedef struct file { /* a transfer as one end sees it */
  uint32_t transfer, seed, ending;
  int sending, accepted;
  uint64_t size, came, raw_at, raw_end;
  uint32_t raw_stream;
  uint8_t *bytes; /* receiver: what came */
} file;

typedef struct stanza {
  struct stanza *next;
  size_t len;
  char *text;
} stanza;

typedef struct end {
  const char *jid, *host;
  uint8_t *mem;
  size_t mem_len;
  xft_session *session;
  stanza *first;
  file files[FILES];
  unsigned files_len;
  int hold, offline;
  size_t cap; /* a small buffer for the next drain, 0: enough */
} end;

typedef struct side {
  end *who;
  uint32_t stream;
  uint8_t *bytes;
  size_t len;
  int eof, told, closed, up;
} side;

typedef struct pipe {
  int used;
  side sides[2];
} pipe;

static end ends[2];
static pipe pipes[PIPES];
static uint64_t now_ms;
static int tainted; /* bytes were made up: only a hash vouches for a file */
static region out;

static void drain(end *e);
static void route(end *from, const char *text, size_t len);

static void content(const file *it, uint64_t offset, uint8_t *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    uint64_t at = offset + i;
    bytes[i] = (uint8_t)(at * 31 + (at >> 8) + it->seed * 7u);
  }
}

static int intact(const file *it, uint64_t upto) {
  for (uint64_t at = 0; at < upto; at++) {
    uint8_t want;
    content(it, at, &want, 1);
    if (it->bytes[at] != want) { return 0; }
  }
  return 1;
}

static file *find(end *e, uint32_t transfer) {
  for (unsigned i = e->files_len; i-- > 0;) {
    if (e->files[i].transfer == transfer) { return &e->files[i]; }
  }
  return NULL;
}

static file *remember(end *e, uint32_t transfer, uint32_t seed, uint64_t size, int sending) {
  HOLDS(find(e, transfer) == NULL, "a handle does not come again");
  HOLDS(transfer != 0, "a handle is never 0");
  file *it = &e->files[e->files_len++];
  memset(it, 0, sizeof *it);
  it->transfer = transfer;
  it->seed = seed;
  it->size = size;
  it->sending = sending;
  return it;
}

/* --- SOCKS5 streams ---------------------------------------------------------------------------------------------- */

static side *find_side(end *e, uint32_t stream, side **other) {
  for (unsigned i = 0; i < PIPES; i++) {
    for (unsigned s = 0; s < 2; s++) {
      side *it = &pipes[i].sides[s];
      if (pipes[i].used && it->who == e && it->stream == stream && !it->closed) {
        *other = &pipes[i].sides[1 - s];
        return it;
      }
    }
  }
  return NULL;
}

static void gone(side *mine, side *other) {
  mine->closed = other->eof = 1;
  mine->len = 0;
}

static pipe *new_pipe(void) {
  for (unsigned i = 0; i < PIPES; i++) {
    pipe *it = &pipes[i];
    int over = it->used && (it->sides[0].closed || it->sides[0].who == NULL) && (it->sides[1].closed || it->sides[1].who == NULL);
    if (it->used && !over) { continue; }
    for (unsigned s = 0; s < 2; s++) { free(it->sides[s].bytes); }
    memset(it, 0, sizeof *it);
    it->used = 1;
    return it;
  }
  return NULL;
}

static void push(side *to, const uint8_t *bytes, size_t len) {
  if (to->closed || to->who == NULL || len == 0) { return; }
  to->bytes = realloc(to->bytes, to->len + len);
  if (to->bytes == NULL) { abort(); }
  memcpy(to->bytes + to->len, bytes, len);
  to->len += len;
}

static void open_stream(end *e, uint32_t stream) {
  side *other, *mine = find_side(e, stream, &other);
  if (xft_stream_open(e->session, stream) == XFT_OK && mine != NULL) { mine->up = 1; }
}

static void end_stream(end *e, uint32_t stream, uint32_t why) {
  side *other, *mine = find_side(e, stream, &other);
  if (stream == 0 && byte() < 240) { return; } /* the end of everything: seldom */
  if (xft_stream_end(e->session, stream, why) == XFT_OK && mine != NULL) {
    mine->told = 1;
    if (why != XFT_END_ENDED) { gone(mine, other); }
  }
}

/* A stream that somebody accepted, and nobody is at its other end. */
static void adopt(end *e, uint32_t stream) {
  pipe *it = new_pipe();
  if (it == NULL) {
    (void)xft_stream_end(e->session, stream, XFT_END_LOST);
    return;
  }
  it->sides[1].who = e;
  it->sides[1].stream = stream;
  it->sides[1].up = 1;
}

static void dial(end *e, const xft_output *o) {
  end *other = &ends[e == ends];
  HOLDS(o->stream != 0 && o->host_len > 0 && o->port > 0 && o->port < 65536, "connect names a place");
  pipe *it = new_pipe();
  if (it == NULL || strlen(other->host) != o->host_len || memcmp(other->host, o->host, o->host_len) != 0) {
    if (it != NULL) { it->used = 0; }
    HOLDS(xft_stream_end(e->session, o->stream, XFT_END_REFUSED) == XFT_OK, "a refused stream can be told");
    return;
  }
  it->sides[0].who = e;
  it->sides[0].stream = o->stream;
  if (byte() % 16 == 15) { return; } /* nobody ever answers */
  if (xft_stream_accepted(other->session, 1, &it->sides[1].stream) == XFT_OK) {
    it->sides[1].who = other;
    it->sides[1].up = 1;
  } else {
    it->sides[0].eof = 1;
  }
  open_stream(e, o->stream);
}

static void store(end *e, const xft_received *r) {
  file *it = find(e, r->transfer);
  HOLDS(it != NULL && !it->sending && it->ending == 0, "data belong to a transfer under way");
  HOLDS(r->len > 0 && r->offset == it->came && r->offset + r->len <= it->size, "data follow data, inside the file");
  memcpy(it->bytes + r->offset, r->bytes, r->len);
  it->came += r->len;
  if (!e->hold) { (void)xft_stored(e->session, it->transfer, it->came); }
}

/* Hands bytes of a stream in, all of them unless they are refused. */
static xft_status read_stream(end *e, uint32_t stream, region *bytes) {
  size_t at = 0;
  for (;;) {
    xft_received r;
    size_t used = 0x5555;
    memset(&r, 0x55, sizeof r);
    xft_status status = xft_stream_in(e->session, stream, bytes->at + at, bytes->len - at, &used, &r);
    region_check(bytes);
    HOLDS(status == XFT_OK || (used == 0x5555 && all(&r, sizeof r, 0x55)), "a refused stream_in writes nothing");
    if (status != XFT_OK) { return status; }
    HOLDS(used <= bytes->len - at && (used > 0 || bytes->len == at), "stream_in goes on");
    if (r.kind == XFT_RECEIVED_DATA) {
      HOLDS(r.bytes >= bytes->at && r.bytes + r.len <= bytes->at + bytes->len, "raw data are lent out of the input");
      store(e, &r);
    }
    at += used;
    if (at == bytes->len) { return XFT_OK; }
  }
}

static int flow(void) {
  int busy = 0;
  for (unsigned i = 0; i < PIPES; i++) {
    for (unsigned s = 0; s < 2 && pipes[i].used; s++) {
      side *mine = &pipes[i].sides[s], *other = &pipes[i].sides[1 - s];
      if (mine->who == NULL || mine->closed || !mine->up || mine->who->hold) { continue; }
      if (mine->len > 0) {
        region bytes = region_new(mine->len);
        memcpy(bytes.at, mine->bytes, mine->len);
        mine->len = 0;
        if (read_stream(mine->who, mine->stream, &bytes) != XFT_OK) { gone(mine, other); }
        region_end(&bytes);
        busy = 1;
      } else if (mine->eof && !mine->told) {
        mine->told = 1;
        if (xft_stream_end(mine->who->session, mine->stream, XFT_END_ENDED) != XFT_OK) { gone(mine, other); }
        busy = 1;
      }
    }
  }
  return busy;
}

/* --- calls that are followed up ------------------------------------------------------------------------------------ */

static xft_status supply(end *e, file *it, uint64_t offset, const region *bytes, region *room) {
  xft_output o;
  memset(&o, 0x55, sizeof o);
  xft_status status = xft_supply(e->session, it->transfer, offset, bytes->at, bytes->len, room->at, room->len, &o);
  region_check(bytes);
  region_check(room);
  HOLDS(status == XFT_OK || all(&o, sizeof o, 0x55), "a refused supply writes nothing");
  if (status != XFT_OK) { return status; }
  HOLDS(it->sending && it->ending == 0 && o.kind == XFT_OUTPUT_TRANSMIT, "only a file under way is supplied");
  if (o.stream == 0) {
    HOLDS(o.bytes >= room->at && o.bytes + o.len <= room->at + room->len, "a block lies in the buffer");
    route(e, (const char *)o.bytes, o.len);
  } else {
    side *other, *mine = find_side(e, o.stream, &other);
    HOLDS(o.bytes == bytes->at && o.len == bytes->len, "raw bytes come back as they are");
    it->raw_at = offset + o.len;
    if (mine != NULL) { push(other, o.bytes, o.len); }
  }
  return XFT_OK;
}

static void offer(end *e, const char *to, uint32_t seed) {
  xft_file about;
  uint32_t transfer = 0x55555555;
  char name[16];
  if (e->files_len == FILES || ends[e == ends].files_len == FILES) { return; }
  HOLDS(xft_file_init(&about, sizeof about) == XFT_OK, "a file can be described");
  about.to = to;
  about.to_len = strlen(to);
  about.name = name;
  about.name_len = (size_t)snprintf(name, sizeof name, "f%u.dcm", seed);
  about.file_size = seed % 7 == 0 ? 0 : (uint64_t)seed * seed % 30011;
  about.has = seed & XFT_HAS_DATE;
  about.methods[0] = seed % 5 == 4 ? XFT_METHOD_IN_BAND : 0;
  xft_status status = xft_offer(e->session, &about, &transfer);
  HOLDS((status == XFT_OK) == (transfer != 0x55555555), "a handle is written with XFT_OK alone");
  HOLDS(status != XFT_OK || to != e->jid, "nobody offers to oneself");
  if (status == XFT_OK) { remember(e, transfer, seed, about.file_size, 1); }
}

static void accept_from(end *e, file *it, uint64_t offset) {
  xft_status status = xft_accept(e->session, it == NULL ? 1 : it->transfer, offset);
  if (it == NULL) { return; }
  HOLDS(status != XFT_OK || (!it->sending && !it->accepted && it->ending == 0 && offset <= it->size), "an offer is accepted once");
  if (status != XFT_OK) { return; }
  it->accepted = 1;
  it->came = offset;
  content(it, 0, it->bytes, (size_t)offset);
}

/* --- stanzas ------------------------------------------------------------------------------------------------------- */

static void enqueue(end *to, const char *a, size_t a_len, const char *b, size_t b_len) {
  stanza *it = malloc(sizeof *it), **last = &to->first;
  if (it == NULL || (it->text = malloc(a_len + b_len)) == NULL) { abort(); }
  memcpy(it->text, a, a_len);
  memcpy(it->text + a_len, b, b_len);
  it->len = a_len + b_len;
  it->next = NULL;
  while (*last != NULL) { last = &(*last)->next; }
  *last = it;
}

static void forget(end *e) {
  stanza *it = e->first;
  e->first = it->next;
  free(it->text);
  free(it);
}

/* The value of an attribute of the first tag. */
static const char *attribute(const char *text, size_t len, const char *name, int *value_len) {
  size_t name_len = strlen(name);
  *value_len = 0;
  for (size_t i = 0; i + name_len + 3 < len && text[i] != '>'; i++) {
    if (text[i] != ' ' || memcmp(text + i + 1, name, name_len) != 0 || text[i + 1 + name_len] != '=') { continue; }
    const char *start = text + i + 3 + name_len, *stop = memchr(start, start[-1], len - (size_t)(start - text));
    if (stop == NULL) { return NULL; }
    *value_len = (int)(stop - start);
    return start;
  }
  return NULL;
}

/* The server: `from` is stamped, who is not there is bounced for. */
static void route(end *from, const char *text, size_t len) {
  char stamp[400];
  int to_len, id_len, type_len;
  const char *to = attribute(text, len, "to", &to_len), *id = attribute(text, len, "id", &id_len);
  const char *type = attribute(text, len, "type", &type_len);
  HOLDS(len > 2 && text[0] == '<' && text[len - 1] == '>', "a whole stanza goes out");
  size_t name_len = strcspn(text, " />");
  for (unsigned i = 0; i < 2 && to != NULL; i++) {
    if (strlen(ends[i].jid) != (size_t)to_len || memcmp(ends[i].jid, to, (size_t)to_len) != 0) { continue; }
    int stamp_len = snprintf(stamp, sizeof stamp, "%.*s from='%s'", (int)name_len, text, from->jid);
    enqueue(&ends[i], stamp, (size_t)stamp_len, text + name_len, len - name_len);
    return;
  }
  if (text[1] == 'i' && id != NULL && type != NULL && type_len == 3) {
    int error_len = snprintf(stamp, sizeof stamp, "<iq from='%.*s' to='%s' id='%.*s' type='error'><error type='cancel'>"
        "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", to == NULL ? 11 : to_len,
        to == NULL ? "example.org" : to, from->jid, id_len, id);
    enqueue(from, stamp, (size_t)error_len, "", 0);
  }
}

/* What a host answers itself: service discovery, with the features of the library. */
static void host(end *e, const char *text, size_t len) {
  char answer[4096];
  int from_len, id_len, type_len;
  const char *from = attribute(text, len, "from", &from_len), *id = attribute(text, len, "id", &id_len);
  const char *type = attribute(text, len, "type", &type_len), *feature;
  if (from == NULL || id == NULL || type == NULL || memcmp(type, "get", 3) != 0) { return; }
  int at = snprintf(answer, sizeof answer, "<iq type='result' to='%.*s' id='%.*s'>"
                    "<query xmlns='http://jabber.org/protocol/disco#info'>", from_len, from, id_len, id);
  size_t feature_len;
  for (uint32_t i = 0; xft_feature(i, &feature, &feature_len) == XFT_OK; i++) {
    at += snprintf(answer + at, sizeof answer - (size_t)at, "<feature var='%.*s'/>", (int)feature_len, feature);
  }
  at += snprintf(answer + at, sizeof answer - (size_t)at, "</query></iq>");
  route(e, answer, (size_t)at);
}

static void offered(end *e, const xft_received *r) {
  HOLDS(r->name_len > 0 && r->name_len == strlen((const char *)r->name), "a name ends with its NUL");
  if (e->files_len == FILES) {
    (void)xft_decline(e->session, r->transfer, XFT_DECLINE_BUSY);
    return;
  }
  file *it = remember(e, r->transfer, (uint32_t)atoi((const char *)r->name + 1), r->file_size, 0);
  it->bytes = calloc(1, r->file_size < 100000 ? (size_t)r->file_size + 1 : 1);
  HOLDS(it->bytes != NULL && (r->file_size < 100000 || tainted), "the size is what was offered");
  switch (byte() % 8) {
    case 5: (void)xft_decline(e->session, it->transfer, XFT_DECLINE_UNWANTED); break;
    case 6: accept_from(e, it, it->size / 2); break;
    case 7: break; /* later, or never */
    default: accept_from(e, it, 0);
  }
}

/* Hands a stanza in; `text` is what it was. */
static xft_status give(end *e, region *bytes) {
  xft_received r;
  region text = region_new(bytes->len);
  memcpy(text.at, bytes->at, bytes->len);
  memset(&r, 0x55, sizeof r);
  xft_status status = xft_stanza_in(e->session, bytes->at, bytes->len, &r);
  region_check(bytes);
  HOLDS(status == XFT_OK || all(&r, sizeof r, 0x55), "a refused stanza_in writes nothing");
  if (status == XFT_OK && r.kind == XFT_RECEIVED_DATA) { store(e, &r); }
  if (status == XFT_OK && r.kind == XFT_RECEIVED_OFFER) { offered(e, &r); }
  if (status == XFT_OK && r.kind == XFT_RECEIVED_NOT_MINE) { host(e, (const char *)text.at, text.len); }
  region_end(&text);
  return status;
}

static int deliver(end *e) {
  if (e->first == NULL) { return 0; }
  region bytes = region_new(e->first->len);
  memcpy(bytes.at, e->first->text, e->first->len);
  xft_status status = give(e, &bytes);
  region_end(&bytes);
  if (status != XFT_ERR_FULL) { forget(e); }
  return status != XFT_ERR_FULL;
}

/* A stanza comes twice, never, or after the next one. */
static void shuffle(end *e, unsigned how) {
  stanza *it = e->first;
  if (it == NULL) { return; }
  if (how == 0) { enqueue(e, it->text, it->len, "", 0); }
  if (how == 1) { forget(e); }
  if (how == 2 && it->next != NULL) {
    e->first = it->next;
    it->next = e->first->next;
    e->first->next = it;
  }
}

/* --- the loop ------------------------------------------------------------------------------------------------------- */

static void happened(end *e, const xft_output *o) {
  file *it = find(e, o->transfer);
  HOLDS(!e->offline, "nothing follows the end");
  if (o->event == XFT_EVENT_OFFLINE) {
    e->offline = 1;
    for (unsigned i = 0; i < e->files_len; i++) { HOLDS(e->files[i].ending != 0, "every transfer ends before the session"); }
    return;
  }
  if (o->event == XFT_EVENT_SETTLE) {
    HOLDS(it == NULL || (!it->sending && it->came == it->size), "only a file that is here as a whole is settled");
    HOLDS(xft_settled(e->session, o->transfer) == XFT_OK, "a file that is to be settled can be");
    return;
  }
  if (o->event != XFT_EVENT_FINISHED) { return; }
  HOLDS(it != NULL || e->files_len == FILES, "a transfer that ends is known");
  if (it == NULL) { return; }
  HOLDS(it->ending == 0 && o->ending != XFT_ENDING_NONE, "a transfer ends once");
  it->ending = o->ending;
  finished++;
  xft_marks m;
  xft_status status = xft_progress(e->session, it->transfer, &m);
  HOLDS(status == XFT_ERR_STALE || status == XFT_ERR_CLOSED, "the handle of what is over is stale");
  if (o->ending == XFT_ENDING_FAILED) {
    HOLDS(o->reason != XFT_REASON_NONE, "a failure has a reason");
    HOLDS(it->sending || tainted || intact(it, it->came), "what came is a prefix");
    return;
  }
  finished_well++;
  if (!it->sending) {
    HOLDS(it->came == it->size, "a file that ended well is whole");
    HOLDS(intact(it, it->size) || (o->ending != XFT_ENDING_DONE && tainted), "a file that ended well is intact");
  } else if (o->ending == XFT_ENDING_DONE) {
    int there = 0;
    for (unsigned i = 0; i < ends[e == ends].files_len; i++) {
      file *got = &ends[e == ends].files[i];
      there |= !got->sending && got->seed == it->seed && got->came == it->size && intact(got, got->size);
    }
    HOLDS(there, "what the sender calls verified is at the receiver");
  }
}

static void carry(end *e, const xft_output *o) {
  side *other, *mine = o->kind == XFT_OUTPUT_CONNECT ? NULL : find_side(e, o->stream, &other);
  if (o->kind == XFT_OUTPUT_CONNECT) {
    dial(e, o);
  } else if (o->kind == XFT_OUTPUT_SEND_RAW) {
    file *it = find(e, o->transfer);
    HOLDS(it != NULL && o->offset <= o->end && o->end <= it->size, "a grant lies in the file");
    it->raw_stream = o->stream;
    it->raw_at = o->offset;
    it->raw_end = o->end;
  } else if (mine == NULL) {
    return;
  } else if (o->kind == XFT_OUTPUT_TRANSMIT) {
    push(other, o->bytes, o->len);
  } else if (o->kind == XFT_OUTPUT_HALF_CLOSE) {
    other->eof = 1;
  } else if (o->kind == XFT_OUTPUT_CLOSE) {
    gone(mine, other);
  }
}

/* Moves what may go over streams of the end's files. */
static int send_raw(end *e) {
  int busy = 0;
  for (unsigned i = 0; i < e->files_len; i++) {
    file *it = &e->files[i];
    if (!it->sending || it->ending != 0 || it->raw_at >= it->raw_end) { continue; }
    size_t len = it->raw_end - it->raw_at < 4000 ? (size_t)(it->raw_end - it->raw_at) : 4000;
    region bytes = region_new(len);
    content(it, it->raw_at, bytes.at, len);
    if (supply(e, it, it->raw_at, &bytes, &out) != XFT_OK) { it->raw_end = 0; }
    region_end(&bytes);
    busy = 1;
  }
  return busy;
}

/* Does what the session asks for until it waits. */
static void drain(end *e) {
  region little = region_new(e->cap);
  region *room = e->cap == 0 ? &out : &little;
  unsigned wakes = 0;
  for (unsigned turns = 0;; turns++) {
    xft_output o;
    HOLDS(turns < 20000, "a drain ends");
    memset(&o, 0x55, sizeof o);
    xft_status status = xft_poll(e->session, room->at, room->len, &o);
    region_check(room);
    HOLDS(status == XFT_OK || all(&o, sizeof o, 0x55), "a refused poll writes nothing");
    if (status == XFT_ERR_NO_SPACE) {
      xft_refusal f;
      HOLDS(xft_last_refusal(e->session, &f) == XFT_OK && f.status == status && f.needed > room->len, "no space tells the need");
      HOLDS(room == &little, "XFT_OUT_BYTES is always enough");
      break;
    }
    if (status == XFT_ERR_CLOSED) {
      HOLDS(e->offline, "the end is told before it is said");
      break;
    }
    HOLDS(status == XFT_OK, "poll has no other word");
    if (o.kind == XFT_OUTPUT_WAIT) {
      if (o.until_ms > now_ms) { break; }
      /* Due already: time says so, and then it must be another one. */
      HOLDS(wakes++ < 200, "poll does not ask for ever to be woken at once");
      (void)xft_tick(e->session, now_ms);
    } else if (o.kind == XFT_OUTPUT_NEED_DATA) {
      file *it = find(e, o.transfer);
      HOLDS(it != NULL && it->sending && o.len > 0 && o.offset + o.len <= it->size, "data are wanted inside the file");
      region bytes = region_new(o.len);
      content(it, o.offset, bytes.at, o.len);
      status = supply(e, it, o.offset, &bytes, room);
      region_end(&bytes);
      HOLDS(status == XFT_OK || status == XFT_ERR_NO_SPACE, "what is wanted is taken");
      if (status != XFT_OK) { break; }
    } else if (o.kind == XFT_OUTPUT_EVENT) {
      happened(e, &o);
    } else if (o.stream != 0) {
      carry(e, &o);
    } else if (o.kind == XFT_OUTPUT_TRANSMIT) {
      HOLDS(o.bytes >= room->at && o.bytes + o.len <= room->at + room->len, "what goes out lies in the buffer");
      route(e, (const char *)o.bytes, o.len);
    }
  }
  region_end(&little);
}

static void settle(void) {
  for (unsigned turns = 0; turns < 3000; turns++) {
    int busy = 0;
    for (unsigned i = 0; i < 2; i++) {
      drain(&ends[i]);
      busy |= deliver(&ends[i]);
      busy |= send_raw(&ends[i]);
    }
    busy |= flow();
    if (!busy) { return; }
  }
  HOLDS(0, "two sessions that nobody disturbs come to rest");
}

static void tick(uint64_t ms) {
  now_ms += ms;
  for (unsigned i = 0; i < 2; i++) { (void)xft_tick(ends[i].session, now_ms); }
}

static void pass(void) {
  static const uint32_t steps[] = {0, 1, 200, 1000, 5000, 30000, 60000, 300000};
  tick(steps[byte() % 8]);
}

/* --- beginning and end ---------------------------------------------------------------------------------------------- */

static void open_end(end *e, const char *jid, const char *address, uint8_t entropy, uint8_t shape, uint8_t zeros) {
  xft_config cfg, plain;
  size_t align = 0;
  memset(e, 0, sizeof *e);
  e->jid = jid;
  e->host = address;
  HOLDS(xft_config_init(&cfg, sizeof cfg) == XFT_OK, "a configuration can be filled");
  cfg.owner = XFT_OWNER_HOST;
  cfg.host_jid = jid;
  cfg.host_jid_len = strlen(jid);
  memset(cfg.entropy, entropy, sizeof cfg.entropy);
  cfg.transfers = 1u + shape % 4;
  cfg.block_bytes = shape & 16 ? 8192 : 100;
  cfg.chunk_bytes = shape & 32 ? 8192 : 64;
  cfg.flags = shape & 64 ? XFT_FLAG_NO_RECEIPTS : 0;
  if (shape & 8) {
    memset(cfg.methods, 0, sizeof cfg.methods);
    cfg.methods[0] = XFT_METHOD_IN_BAND;
  }
  plain = cfg;
  uint32_t *times[] = {&cfg.request_ms, &cfg.offer_ms, &cfg.open_ms, &cfg.block_ms, &cfg.progress_ms, &cfg.finish_ms,
                       &cfg.hosts_ms, &cfg.stagger_ms};
  for (unsigned i = 0; i < 8; i++) {
    if (zeros >> i & 1) { *times[i] = 0; }
  }
  if (xft_session_layout(&cfg, &e->mem_len, &align) != XFT_OK) {
    cfg = plain; /* a time of 0 that means nothing is refused */
    HOLDS(zeros != 0 && xft_session_layout(&cfg, &e->mem_len, &align) == XFT_OK, "only times of 0 are refused");
  }
  e->mem = malloc(e->mem_len);
  HOLDS(e->mem != NULL && xft_session_init(e->mem, e->mem_len, &cfg, now_ms, &e->session) == XFT_OK, "init takes what layout takes");
  (void)xft_add_address(e->session, address, strlen(address), 7625);
}

static void open_world(void) {
  uint8_t shape = byte(), zeros = byte();
  now_ms = 0;
  tainted = 0;
  memset(pipes, 0, sizeof pipes);
  if (out.all == NULL) { out = region_new(OUT_BYTES); }
  open_end(&ends[0], "alice@example.org/a", "192.0.2.1", 1, shape, zeros);
  open_end(&ends[1], "bob@example.org/b", "192.0.2.2", 2, shape, byte() & zeros);
  settle();
}

static int all_over(void) {
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned f = 0; f < ends[i].files_len; f++) {
      if (ends[i].files[f].ending == 0) { return 0; }
    }
  }
  return 1;
}

/* Left alone, everything ends in bounded time. */
static void close_world(void) {
  for (unsigned i = 0; i < 2; i++) {
    ends[i].hold = 0;
    for (unsigned f = 0; f < ends[i].files_len; f++) {
      file *it = &ends[i].files[f];
      if (!it->sending && it->ending == 0) { (void)xft_stored(ends[i].session, it->transfer, it->came); }
    }
  }
  settle();
  for (unsigned turns = 0; turns < 60 && !all_over(); turns++) {
    tick(300000);
    settle();
  }
  for (unsigned i = 0; i < 2 && getenv("TELL") != NULL; i++) {
    xft_output o;
    (void)xft_poll(ends[i].session, out.at, out.len, &o);
    fprintf(stderr, "now %llu end %u kind %u timer %u until %llu\n", (unsigned long long)now_ms, i, o.kind, o.timer, (unsigned long long)o.until_ms);
    for (unsigned f = 0; f < ends[i].files_len; f++) {
      const file *it = &ends[i].files[f];
      xft_marks m = {0, 0, 0, 0};
      if (it->ending != 0) { continue; }
      (void)xft_progress(ends[i].session, it->transfer, &m);
      fprintf(stderr, "end %u transfer %x sending %d accepted %d size %llu came %llu moved %llu safe %llu raw %llu..%llu\n", i, it->transfer,
              it->sending, it->accepted, (unsigned long long)it->size, (unsigned long long)it->came, (unsigned long long)m.moved,
              (unsigned long long)m.safe, (unsigned long long)it->raw_at, (unsigned long long)it->raw_end);
    }
  }
  HOLDS(all_over(), "every transfer ends");
  for (unsigned i = 0; i < 2; i++) { (void)xft_close(ends[i].session); }
  for (unsigned turns = 0; turns < 4; turns++) {
    settle();
    tick(300000);
  }
  settle();
  for (unsigned i = 0; i < 2; i++) {
    end *e = &ends[i];
    HOLDS(e->offline, "a session that is closed goes offline");
    HOLDS(xft_session_wipe(e->session) == XFT_OK && all(e->mem, e->mem_len, 0), "wiping leaves only zeros");
    free(e->mem);
    while (e->first != NULL) { forget(e); }
    for (unsigned f = 0; f < e->files_len; f++) { free(e->files[f].bytes); }
  }
  for (unsigned i = 0; i < PIPES; i++) {
    for (unsigned s = 0; s < 2; s++) { free(pipes[i].sides[s].bytes); }
  }
}
#endif
