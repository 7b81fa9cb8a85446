/* Two sessions that own no stream (XFT_OWNER_HOST), and the few lines of a server between them: stanzas go to the
 * end their `to` names, with `from` stamped (STZ-01); what nobody has is bounced. */
#ifndef ROUTER_H
#define ROUTER_H
#include "pipes.h"

static void enqueue(end *to, const char *a, size_t a_len, const char *b, size_t b_len, const char *c, size_t c_len) {
  stanza *it = memory(sizeof *it);
  it->next = NULL;
  it->len = a_len + b_len + c_len;
  it->text = memory(it->len); /* exactly: a sanitizer sees a read beyond */
  memcpy(it->text, a, a_len);
  memcpy(it->text + a_len, b, b_len);
  memcpy(it->text + a_len + b_len, c, c_len);
  if (to->last != NULL) { to->last->next = it; } else { to->first = it; }
  to->last = it;
}

/* The value of an attribute of the first tag; its start and length, or 0. */
static const char *attribute(const char *text, size_t len, const char *name, size_t *value_len) {
  size_t name_len = strlen(name);
  for (size_t i = 0; i + name_len + 3 < len && text[i] != '>'; i++) {
    if (text[i] == ' ' && memcmp(text + i + 1, name, name_len) == 0 && text[i + 1 + name_len] == '='
        && (text[i + 2 + name_len] == '\'' || text[i + 2 + name_len] == '"')) {
      const char *start = text + i + 3 + name_len;
      const char *stop = memchr(start, start[-1], len - (size_t)(start - text));
      if (stop == NULL) { return NULL; }
      *value_len = (size_t)(stop - start);
      return start;
    }
  }
  return NULL;
}

static void bounce(world *w, end *from, const char *text, size_t len) {
  char error[1024];
  size_t id_len = 0, to_len = 0, type_len = 0;
  const char *id = attribute(text, len, "id", &id_len), *to = attribute(text, len, "to", &to_len);
  const char *type = attribute(text, len, "type", &type_len);
  w->bounced++;
  if (memcmp(text, "<iq", 3) != 0 || id == NULL || to == NULL || type == NULL || type_len != 3) { return; }
  int error_len = snprintf(error, sizeof error,
      "<iq from='%.*s' to='%s' id='%.*s' type='error'><error type='cancel'>"
      "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
      (int)to_len, to, from->jid, (int)id_len, id);
  enqueue(from, error, (size_t)error_len, "", 0, "", 0);
}

static int contains(const char *text, size_t len, const char *part) {
  size_t part_len = strlen(part);
  for (size_t i = 0; i + part_len <= len; i++) {
    if (memcmp(text + i, part, part_len) == 0) { return 1; }
  }
  return 0;
}

/* What the server and its proxy answer themselves; returns whether they did. */
static int server(world *w, end *from, const char *text, size_t len, const char *to, size_t to_len) {
  static const char domain[] = "example.org", proxy[] = "proxy.example.org";
  char answer[1024];
  const char *payload = NULL;
  size_t id_len = 0;
  const char *id = attribute(text, len, "id", &id_len);
  if (!w->proxy || to == NULL || id == NULL) { return 0; }
  if (to_len == strlen(domain) && memcmp(to, domain, to_len) == 0 && contains(text, len, "disco#items")) {
    payload = "<query xmlns='http://jabber.org/protocol/disco#items'><item jid='proxy.example.org'/></query>";
  } else if (to_len == strlen(proxy) && memcmp(to, proxy, to_len) == 0) {
    if (contains(text, len, "disco#info")) {
      payload = "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='proxy' type='bytestreams'/>"
                "<feature var='http://jabber.org/protocol/bytestreams'/></query>";
    } else if (contains(text, len, "<activate")) {
      w->activations++;
      CLAIM(activate(w), "activation_comes_when_both_streams_are_there");
      payload = "";
    } else if (contains(text, len, "http://jabber.org/protocol/bytestreams")) {
      payload = "<query xmlns='http://jabber.org/protocol/bytestreams'>"
                "<streamhost jid='proxy.example.org' host='192.0.2.65' port='7777'/></query>";
    }
  }
  if (payload == NULL) { return 0; }
  int answer_len = snprintf(answer, sizeof answer, "<iq from='%.*s' to='%s' id='%.*s' type='result'>%s</iq>", (int)to_len,
                            to, from->jid, (int)id_len, id, payload);
  enqueue(from, answer, (size_t)answer_len, "", 0, "", 0);
  return 1;
}

/* One whole stanza from an end: its own `from` is dropped, the true one is stamped. */
static void route(world *w, end *from, const char *text, size_t len) {
  char stamp[300];
  size_t to_len = 0, own_len = 0;
  const char *to = attribute(text, len, "to", &to_len), *own = attribute(text, len, "from", &own_len);
  size_t name_len = 1;
  while (name_len < len && text[name_len] != ' ' && text[name_len] != '>' && text[name_len] != '/') { name_len++; }
  int stamp_len = snprintf(stamp, sizeof stamp, "%.*s from='%s'", (int)name_len, text, from->jid);
  CLAIM(text[0] == '<' && text[len - 1] == '>', "transmit_is_a_whole_stanza");
  CLAIM(own == NULL || (own_len == strlen(from->jid) && memcmp(own, from->jid, own_len) == 0), "from_is_true_if_sent");
  for (unsigned i = 0; i < ENDS && to != NULL; i++) {
    end *target = &w->ends[i];
    if (strlen(target->jid) == to_len && memcmp(target->jid, to, to_len) == 0) {
      if (own == NULL) {
        enqueue(target, stamp, (size_t)stamp_len, text + name_len, len - name_len, "", 0);
      } else {
        enqueue(target, text, len, "", 0, "", 0);
      }
      return;
    }
  }
  if (!server(w, from, text, len, to, to_len)) { bounce(w, from, text, len); }
}

static void happened(end *e, const xft_output *o) {
  file *it = o->transfer == 0 ? NULL : find(e, o->transfer);
  switch (o->event) {
    case XFT_EVENT_ONLINE: e->online++; break;
    case XFT_EVENT_OFFLINE: e->offline_reason = o->reason; break;
    case XFT_EVENT_ACCEPTED: if (it != NULL) { it->accepted++; } break;
    case XFT_EVENT_STARTED:
      if (it != NULL) {
        it->started++;
        it->method = o->method;
        it->block_bytes = o->block_bytes;
      }
      break;
    case XFT_EVENT_HOST_FAILED:
      if (it != NULL) {
        CLAIM(o->stream > 0 && o->host_failure != XFT_HOST_NONE, "a_failed_host_has_a_stream_and_a_cause");
        it->hosts_failed++;
        it->host_failure = o->host_failure;
      }
      break;
    case XFT_EVENT_INTRUDED: if (it != NULL) { it->intruded++; } break;
    case XFT_EVENT_FELL_BACK:
      if (it != NULL) {
        it->fell_back++;
        it->again = o->again;
        it->raw_stream = 0;
      }
      break;
    case XFT_EVENT_SETTLE:
      if (it != NULL) {
        CLAIM(it->asked++ == 0 && it->ending == XFT_ENDING_NONE, "a_file_s_place_is_asked_for_once");
        CLAIM(o->ending == XFT_ENDING_DONE || o->ending == XFT_ENDING_UNVERIFIED, "with_what_the_comparison_showed");
        CLAIM(it->stored_upto == it->len, "when_all_of_it_is_stored");
        it->placed = !e->no_place;
        if (e->no_place) {
          CLAIM(xft_cancel(e->session, it->transfer, XFT_CANCEL_STORE_FAILED) == XFT_OK, "a_file_may_get_no_place");
        } else {
          CLAIM(xft_settled(e->session, it->transfer) == XFT_OK, "a_file_that_has_its_place_can_be_told");
        }
        uint32_t again = xft_settled(e->session, it->transfer);
        CLAIM(again == XFT_ERR_STATE || again == XFT_ERR_STALE, "once");
      }
      break;
    case XFT_EVENT_FINISHED:
      if (it != NULL) {
        CLAIM(it->ending == XFT_ENDING_NONE, "a_transfer_ends_once");
        CLAIM(it->asked == 0 || it->placed == (o->ending != XFT_ENDING_FAILED), "a_file_is_kept_only_if_it_has_its_place");
        it->ending = o->ending;
        it->reason = o->reason;
        it->condition = o->condition;
        CLAIM(o->method == XFT_METHOD_NONE || it->started == 0 || o->method == it->method, "the_end_tells_the_method_that_started");
        it->method = o->method;
        it->why_direct = o->why_direct;
        it->why_mediated = o->why_mediated;
        it->why_in_band = o->why_in_band;
      }
      break;
    default: CLAIM(0, "every_event_is_known");
  }
}

/* What a host does itself: it answers service discovery with the features of the library behind it, and other
 * questions with an error. */
static void host(world *w, end *e, const stanza *it) {
  char answer[4096];
  size_t id_len = 0, from_len = 0, type_len = 0, at = 0, feature_len = 0;
  const char *id = attribute(it->text, it->len, "id", &id_len), *from = attribute(it->text, it->len, "from", &from_len);
  const char *type = attribute(it->text, it->len, "type", &type_len), *feature = NULL;
  e->not_mine++;
  if (memcmp(it->text, "<iq", 3) != 0 || id == NULL || from == NULL || type == NULL || memcmp(type, "get", 3) != 0) { return; }
  static const char info[] = "http://jabber.org/protocol/disco#info";
  size_t i = 0;
  while (i + sizeof info - 1 < it->len && memcmp(it->text + i, info, sizeof info - 1) != 0) { i++; }
  int is_info = i + sizeof info - 1 < it->len;
  at += (size_t)snprintf(answer, sizeof answer, "<iq type='%s' to='%.*s' id='%.*s'>", is_info ? "result" : "error",
                         (int)from_len, from, (int)id_len, id);
  if (is_info) {
    at += (size_t)snprintf(answer + at, sizeof answer - at, "<query xmlns='%s'><identity category='client' type='bot'/>", info);
    for (uint32_t index = 0; xft_feature(index, &feature, &feature_len) == XFT_OK; index++) {
      at += (size_t)snprintf(answer + at, sizeof answer - at, "<feature var='%.*s'/>", (int)feature_len, feature);
    }
    at += (size_t)snprintf(answer + at, sizeof answer - at, "</query></iq>");
  } else {
    at += (size_t)snprintf(answer + at, sizeof answer - at, "<error type='cancel'><service-unavailable "
                           "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
  }
  route(w, e, answer, at);
}

/* Does what the session asks for until it waits; returns whether it asked for anything. */
static int drain(world *w, end *e) {
  int worked = 0;
  for (unsigned turns = 0; turns < 100000; turns++) {
    xft_output o;
    xft_status status = XFT_ERR_NO_SPACE;
    if (e->tight != 0) {
      uint8_t *little = memory(e->tight);
      status = xft_poll(e->session, little, e->tight, &o);
      if (status == XFT_OK && o.kind == XFT_OUTPUT_TRANSMIT) {
        memcpy(w->out, o.bytes, o.len);
        o.bytes = w->out;
      }
      free(little);
      if (status == XFT_ERR_NO_SPACE) { e->no_space++; }
    }
    if (status == XFT_ERR_NO_SPACE) { status = xft_poll(e->session, w->out, OUT_BYTES, &o); }
    if (status == XFT_ERR_CLOSED) { return worked; }
    CLAIM(status == XFT_OK, "poll_succeeds_in_a_large_buffer");
    if (status != XFT_OK || o.kind == XFT_OUTPUT_WAIT) { return worked; }
    worked = 1;
    if (o.kind == XFT_OUTPUT_NEED_DATA) {
      file *it = find(e, o.transfer);
      if (it == NULL) { return worked; }
      CLAIM(o.len > 0 && o.offset + o.len <= it->len, "data_is_wanted_inside_the_file");
      uint8_t *block = memory(o.len);
      memcpy(block, it->bytes + o.offset, o.len);
      CLAIM(xft_supply(e->session, o.transfer, o.offset, block, o.len, w->out, OUT_BYTES, &o) == XFT_OK, "supply_takes_what_poll_wanted");
      free(block);
    }
    if (o.kind == XFT_OUTPUT_SEND_RAW) {
      file *it = find(e, o.transfer);
      if (it == NULL) { return worked; }
      CLAIM(o.stream > 0 && o.offset < o.end && o.end <= it->len, "a_grant_lies_in_the_file");
      it->raw_stream = o.stream;
      it->raw_at = o.offset;
      it->raw_end = o.end;
    } else if (o.stream != 0 && o.kind != XFT_OUTPUT_EVENT) {
      carry(w, e, &o);
    } else if (o.kind == XFT_OUTPUT_TRANSMIT) {
      CLAIM(o.bytes >= w->out && o.bytes + o.len <= w->out + OUT_BYTES, "transmit_bytes_lie_in_the_buffer");
      route(w, e, (const char *)o.bytes, o.len);
    } else if (o.kind == XFT_OUTPUT_EVENT) {
      happened(e, &o);
    }
  }
  CLAIM(0, "a_drain_ends");
  return worked;
}

/* What is there already of a file is shown in two pieces. */
static void show_head(end *e, file *it) {
  size_t half = e->head_len / 2;
  for (size_t i = 0; i < e->head_len; i++) { it->bytes[i] = e->head[i]; }
  if (e->head_len == 0) { return; }
  CLAIM(xft_prefix(e->session, it->transfer, 0, e->head, half) == XFT_OK, "a_head_is_shown_in_pieces");
  CLAIM(xft_prefix(e->session, it->transfer, 0, e->head, half) == XFT_ERR_OFFSET, "shown_once_is_enough");
  CLAIM(xft_prefix(e->session, it->transfer, half, e->head + half, e->head_len) == XFT_ERR_OFFSET, "no_more_is_shown_than_is_accepted");
  CLAIM(xft_prefix(e->session, it->transfer, half, e->head + half, e->head_len - half) == XFT_OK, "the_rest_of_the_head_follows");
}

static void take(world *w, end *e, const stanza *stanza, const xft_received *r) {
  file *it;
  switch (r->kind) {
    case XFT_RECEIVED_CONSUMED: break;
    case XFT_RECEIVED_NO_ROOM: break;
    case XFT_RECEIVED_NOT_MINE: host(w, e, stanza); break;
    case XFT_RECEIVED_DATA:
      store(e, r);
      break;
    case XFT_RECEIVED_OFFER:
      it = remember(e, r->transfer, (size_t)r->file_size);
      memcpy(it->name, r->name, sizeof it->name);
      CLAIM(r->name_len == strlen((const char *)r->name), "the_name_ends_with_a_nul");
      if (r->from_len < sizeof it->from) { memcpy(it->from, r->from, r->from_len); }
      it->has = r->has;
      memcpy(it->sha256, r->sha256, sizeof it->sha256);
      if (e->decline != 0) {
        CLAIM(xft_decline(e->session, r->transfer, e->decline) == XFT_OK, "an_offer_can_be_declined");
      } else {
        CLAIM(xft_accept(e->session, r->transfer, e->head_len) == XFT_OK, "an_offer_can_be_accepted");
        show_head(e, it);
      }
      break;
    default: CLAIM(0, "every_reception_is_known");
  }
}

/* Hands in one stanza; returns whether there was one. A full session keeps it for later. */
static int deliver(world *w, end *e) {
  stanza *it = e->first;
  xft_received r;
  if (it == NULL) { return 0; }
  uint8_t *copy = memory(it->len);
  memcpy(copy, it->text, it->len);
  xft_status status = xft_stanza_in(e->session, copy, it->len, &r);
  if (status == XFT_ERR_FULL) {
    free(copy);
    return 0;
  }
  e->first = it->next;
  if (e->first == NULL) { e->last = NULL; }
  if (status == XFT_OK) { take(w, e, it, &r); } else { CLAIM(status == XFT_ERR_CLOSED, "a_routed_stanza_is_taken"); }
  free(it->text);
  free(it);
  free(copy);
  return 1;
}

/* Until nobody has anything to do. */
static void settle(world *w) {
  int busy = 1;
  for (unsigned turns = 0; busy && turns < 100000; turns++) {
    busy = 0;
    for (unsigned i = 0; i < ENDS; i++) {
      busy |= drain(w, &w->ends[i]);
      busy |= deliver(w, &w->ends[i]);
    }
    busy |= flow(w);
  }
  CLAIM(!busy, "the_world_settles");
}

static void later(world *w, uint64_t ms) {
  w->now_ms += ms;
  /* Twice: what is due is judged when the ends had their chance to read. */
  for (unsigned turns = 0; turns < 2; turns++) {
    for (unsigned i = 0; i < ENDS; i++) { (void)xft_tick(w->ends[i].session, w->now_ms); }
    settle(w);
  }
}

static void open_end(end *e, const char *account, const char *jid, uint32_t transfers, uint32_t block, uint8_t seed,
                     const uint32_t *methods) {
  xft_config cfg;
  size_t size = 0, align = 0;
  memset(e, 0, sizeof *e);
  e->jid = jid;
  if (xft_config_init(&cfg, sizeof cfg) != XFT_OK) { abort(); }
  cfg.account = account;
  cfg.account_len = strlen(account);
  cfg.host_jid = jid;
  cfg.host_jid_len = strlen(jid);
  cfg.owner = XFT_OWNER_HOST;
  cfg.transfers = transfers;
  cfg.block_bytes = block;
  cfg.window_bytes = 65536;
  memcpy(cfg.methods, methods, sizeof cfg.methods);
  cfg.verdict_ms = 0; /* what becomes of a streamhost is said at once: time stands still here */
  memset(cfg.entropy, seed, sizeof cfg.entropy);
  CLAIM(xft_session_layout(&cfg, &size, &align) == XFT_OK, "a_hosted_session_has_a_layout");
  e->mem = memory(size);
  if (xft_session_init(e->mem, size, &cfg, 0, &e->session) != XFT_OK) { abort(); }
}

static void open_world_over(world *w, uint32_t transfers, uint32_t block, const uint32_t *methods) {
  memset(w, 0, sizeof *w);
  w->piece = 4000;
  w->out = memory(OUT_BYTES);
  open_end(&w->ends[0], "alice@example.org", "alice@example.org/a", transfers, block, 1, methods);
  open_end(&w->ends[1], "bob@example.org", "bob@example.org/b", transfers, block, 2, methods);
  settle(w);
}

static inline void open_world(world *w, uint32_t transfers, uint32_t block) {
  static const uint32_t in_band[3] = {XFT_METHOD_IN_BAND};
  open_world_over(w, transfers, block, in_band);
}

static void close_world(world *w) {
  for (unsigned i = 0; i < ENDS; i++) {
    end *e = &w->ends[i];
    CLAIM(xft_session_wipe(e->session) == XFT_OK, "a_used_session_can_be_wiped");
    for (stanza *it = e->first, *next; it != NULL; it = next) {
      next = it->next;
      free(it->text);
      free(it);
    }
    for (unsigned f = 0; f < e->files_len; f++) { free(e->files[f].bytes); }
    free(e->mem);
  }
  for (unsigned i = 0; i < PIPES; i++) {
    if (w->pipes[i].used) { drop_pipe(&w->pipes[i]); }
  }
  free(w->out);
}

static void describe(xft_file *offer, const char *to, const char *name, size_t len) {
  if (xft_file_init(offer, sizeof *offer) != XFT_OK) { abort(); }
  offer->to = to;
  offer->to_len = strlen(to);
  offer->name = name;
  offer->name_len = strlen(name);
  offer->file_size = len;
}

/* Offers a pattern of bytes; NULL if refused with something else than `want`. */
static file *send_described(end *from, const xft_file *offer, xft_status want) {
  uint32_t transfer = 0;
  xft_status status = xft_offer(from->session, offer, &transfer);
  CLAIM(status == want, "offer_gives_the_expected_status");
  if (status != XFT_OK) { return NULL; }
  CLAIM(transfer != 0, "a_handle_is_never_0");
  size_t len = (size_t)offer->file_size;
  file *it = remember(from, transfer, len);
  for (size_t i = 0; i < len; i++) { it->bytes[i] = (uint8_t)(i * 31 + (i >> 8) * 7 + transfer); }
  return it;
}

static file *send_file(end *from, const char *to, const char *name, size_t len, xft_status want) {
  xft_file offer;
  describe(&offer, to, name, len);
  return send_described(from, &offer, want);
}

/* The next stanza the session sends, into `out`; what it needs is held against XFT_OUT_BYTES. */
static inline size_t next_stanza(xft_session *s, uint8_t *out, uint32_t block, xft_output *o) {
  xft_refusal f;
  if (xft_poll(s, NULL, 0, o) == XFT_ERR_NO_SPACE) {
    CLAIM(xft_last_refusal(s, &f) == XFT_OK && f.needed <= XFT_OUT_BYTES(block), "XFT_OUT_BYTES_is_an_upper_bound");
    CLAIM(xft_poll(s, out, XFT_OUT_BYTES(block), o) == XFT_OK && o->kind == XFT_OUTPUT_TRANSMIT, "with_it_poll_sends");
    return o->len;
  }
  return 0;
}

/* An answer to the stanza in `out`, from a peer whose escaped JID is `peer`. */
static inline xft_received_kind answer(xft_session *s, const uint8_t *out, size_t len, const char *peer, const char *payload) {
  char text[8192];
  size_t id_len = 0;
  xft_received r;
  const char *id = attribute((const char *)out, len, "id", &id_len);
  int text_len = snprintf(text, sizeof text, "<iq type='result' from='%s' id='%.*s'>%s</iq>", peer, (int)id_len, id, payload);
  CLAIM(id != NULL && text_len < (int)sizeof text, "a_request_has_an_id");
  CLAIM(xft_stanza_in(s, (uint8_t *)text, (size_t)text_len, &r) == XFT_OK, "an_answer_is_taken");
  return r.kind;
}

/* What a peer with the same library can, as the answer to the question. */
static inline void all_features(char *features) {
  const char *feature = NULL;
  size_t feature_len = 0;
  strcat(features, "<query xmlns='http://jabber.org/protocol/disco#info'>");
  for (uint32_t i = 0; xft_feature(i, &feature, &feature_len) == XFT_OK; i++) {
    strcat(features, "<feature var='");
    strncat(features, feature, feature_len);
    strcat(features, "'/>");
  }
  strcat(features, "</query>");
}
#endif
