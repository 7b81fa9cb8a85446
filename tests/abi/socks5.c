/* Files over SOCKS5 bytestreams between two sessions through the C ABI: direct, through a proxy, and falling back; with
 * bytes handed in and with bytes that the program moves itself. The TCP between them is in pipes.h. */
#include "router.h"

#define ALICE_HOST "198.51.100.1"
#define ALICE_PORT 5086u

static const uint32_t ALL[3] = {XFT_METHOD_MEDIATED, XFT_METHOD_DIRECT, XFT_METHOD_IN_BAND};
static const uint32_t DIRECT_ONLY[3] = {XFT_METHOD_DIRECT};
static const uint32_t DIRECT_FIRST[3] = {XFT_METHOD_DIRECT, XFT_METHOD_MEDIATED, XFT_METHOD_IN_BAND};

enum { HANDED_IN, SENT, BY_TURNS };

static void listens(world *w) {
  listen_at(w, &w->ends[0], ALICE_HOST, ALICE_PORT);
  CLAIM(xft_add_address(w->ends[0].session, ALICE_HOST, sizeof ALICE_HOST - 1, ALICE_PORT) == XFT_OK, "an_address_can_be_added");
}

static void has_proxy(world *w) {
  listen_at(w, NULL, PROXY_HOST, PROXY_PORT);
  w->proxy = 1;
}

static int pipes_open(const world *w) {
  int open = 0;
  for (unsigned i = 0; i < PIPES; i++) { open += w->pipes[i].used; }
  return open;
}

/* Both ends end as they should, over that method, with the bytes of the file, and nothing stays open. */
static void crossed(world *w, const file *sent, uint32_t method, uint32_t sender, uint32_t receiver) {
  const end *b = &w->ends[1];
  CLAIM(sent != NULL && b->files_len == 1, "the_offer_arrives");
  if (sent == NULL || b->files_len != 1) { return; }
  const file *got = &b->files[0];
  CLAIM(sent->ending == sender, "the_sender_ends_as_it_should");
  CLAIM(got->ending == receiver, "the_receiver_ends_as_it_should");
  CLAIM(sent->method == method && got->method == method, "both_ends_tell_the_method");
  CLAIM(sent->started == 1 && got->started == 1, "both_ends_see_the_bytestream_open_once");
  CLAIM(method == XFT_METHOD_IN_BAND || (sent->block_bytes == 0 && got->block_bytes == 0), "a_socks5_bytestream_has_no_blocks");
  CLAIM(got->len == sent->len && memcmp(got->bytes, sent->bytes, sent->len) == 0, "the_bytes_are_those_of_the_file");
  later(w, 6000);
  CLAIM(pipes_open(w) == 0, "no_stream_stays_open");
}

static void a_file_goes_direct(size_t len, size_t piece, int way) {
  world w;
  open_world_over(&w, 2, 4096, DIRECT_ONLY);
  listens(&w);
  w.piece = piece;
  w.ends[0].sendfile = way;
  file *sent = send_file(&w.ends[0], w.ends[1].jid, "ct-0001.dcm", len, XFT_OK);
  settle(&w);
  int hashed = way == HANDED_IN || len == 0 || (way == BY_TURNS && len <= piece);
  crossed(&w, sent, XFT_METHOD_DIRECT, hashed ? XFT_ENDING_DONE : XFT_ENDING_DELIVERED,
          hashed ? XFT_ENDING_DONE : XFT_ENDING_UNVERIFIED);
  CLAIM(w.ends[1].dialled == 1 && w.ends[0].dialled == 0, "the_receiver_connects_to_the_sender");
  CLAIM(sent != NULL && sent->why_mediated == XFT_SKIP_POLICY && sent->why_in_band == XFT_SKIP_POLICY, "the_others_were_switched_off");
  close_world(&w);
}

static void a_file_with_a_known_hash_may_be_moved_by_the_program(void) {
  /* SHA-256 of 1000000 times 'a' (FIPS 180-2 B.3) */
  static const uint8_t sha256[32] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92, 0x81, 0xa1, 0xc7,
                                     0xe2, 0x84, 0xd7, 0x3e, 0x67, 0xf1, 0x80, 0x9a, 0x48, 0xa4, 0x97,
                                     0x20, 0x0e, 0x04, 0x6d, 0x39, 0xcc, 0xc7, 0x11, 0x2c, 0xd0};
  world w;
  xft_file offer;
  open_world_over(&w, 2, 4096, DIRECT_ONLY);
  listens(&w);
  w.piece = 65536;
  w.ends[0].sendfile = SENT;
  describe(&offer, w.ends[1].jid, "million", 1000000);
  offer.has = XFT_HAS_SHA256;
  memcpy(offer.sha256, sha256, sizeof sha256);
  file *sent = send_described(&w.ends[0], &offer, XFT_OK);
  if (sent != NULL) { memset(sent->bytes, 'a', sent->len); }
  settle(&w);
  crossed(&w, sent, XFT_METHOD_DIRECT, XFT_ENDING_DONE, XFT_ENDING_DONE);
  close_world(&w);
}

static void a_file_goes_through_the_proxy(size_t len, int configured, int way) {
  world w;
  open_world_over(&w, 2, 4096, ALL);
  listens(&w);
  has_proxy(&w);
  w.ends[0].sendfile = way;
  if (configured) {
    static const char jid[] = "proxy.example.org";
    CLAIM(xft_add_proxy(w.ends[0].session, jid, sizeof jid - 1, PROXY_HOST, sizeof PROXY_HOST - 1, PROXY_PORT) == XFT_OK,
          "a_proxy_can_be_named");
  }
  file *sent = send_file(&w.ends[0], w.ends[1].jid, "ct-0002.dcm", len, XFT_OK);
  settle(&w);
  crossed(&w, sent, XFT_METHOD_MEDIATED, way == HANDED_IN ? XFT_ENDING_DONE : XFT_ENDING_DELIVERED,
          way == HANDED_IN ? XFT_ENDING_DONE : XFT_ENDING_UNVERIFIED);
  CLAIM(w.activations == 1, "the_proxy_is_activated_once");
  CLAIM(w.ends[0].dialled == 1, "the_sender_connects_to_the_proxy_too");
  close_world(&w);
}

static void the_peer_s_address_is_the_second_choice(void) {
  world w;
  open_world_over(&w, 2, 4096, DIRECT_FIRST);
  static const char gone[] = "203.0.113.9";
  CLAIM(xft_add_address(w.ends[0].session, gone, sizeof gone - 1, 1) == XFT_OK, "an_address_can_be_added");
  has_proxy(&w);
  file *sent = send_file(&w.ends[0], w.ends[1].jid, "x", 5000, XFT_OK);
  settle(&w);
  crossed(&w, sent, XFT_METHOD_MEDIATED, XFT_ENDING_DONE, XFT_ENDING_DONE);
  CLAIM(sent != NULL && sent->why_direct == XFT_SKIP_NOT_CHOSEN, "the_sender_knows_that_the_peer_chose_another_host");
  if (w.ends[1].files_len == 1) {
    const file *got = &w.ends[1].files[0];
    CLAIM(got->hosts_failed == 1 && got->host_failure == XFT_HOST_REFUSED, "the_receiver_tells_the_host_that_failed");
    CLAIM(got->why_direct == XFT_SKIP_NOT_REACHED, "and_why_direct_was_not_taken");
  }
  close_world(&w);
}

static void without_a_reachable_host_the_file_falls_back(void) {
  world w;
  open_world_over(&w, 2, 4096, ALL);
  CLAIM(xft_add_address(w.ends[0].session, ALICE_HOST, sizeof ALICE_HOST - 1, ALICE_PORT) == XFT_OK, "an_address_can_be_added");
  file *sent = send_file(&w.ends[0], w.ends[1].jid, "x", 20000, XFT_OK);
  for (unsigned i = 0; i < 20; i++) { later(&w, 1000); }
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_DONE && sent->method == XFT_METHOD_IN_BAND, "the_file_goes_in_band");
  CLAIM(sent != NULL && sent->fell_back == 1 && sent->why_mediated == XFT_SKIP_NO_PROXY && sent->why_direct == XFT_SKIP_PEER_FAILED,
        "and_the_sender_knows_why");
  CLAIM(pipes_open(&w) == 0, "no_stream_stays_open");
  close_world(&w);
}

static void without_anything_to_offer_a_pinned_file_fails_with_advice(void) {
  world w;
  open_world_over(&w, 2, 4096, ALL);
  xft_file offer;
  describe(&offer, w.ends[1].jid, "x", 10);
  memcpy(offer.methods, DIRECT_ONLY, sizeof offer.methods);
  file *sent = send_described(&w.ends[0], &offer, XFT_OK);
  settle(&w);
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_NO_STREAMHOST, "nothing_to_offer_fails");
  CLAIM(sent != NULL && sent->why_direct == XFT_SKIP_NO_ADDRESS && sent->why_mediated == XFT_SKIP_POLICY, "and_tells_why");
  CLAIM(strstr(xft_reason_text(XFT_REASON_NO_STREAMHOST), "in band") != NULL, "the_text_names_a_way_out");
  close_world(&w);
}

/* A direct file of 300000 bytes whose stream is up, with nothing moved yet. */
static file *standing(world *w, int way) {
  open_world_over(w, 2, 4096, DIRECT_ONLY);
  listens(w);
  w->dam = 1;
  w->ends[0].sendfile = way;
  file *sent = send_file(&w->ends[0], w->ends[1].jid, "x", 300000, XFT_OK);
  settle(w);
  CLAIM(sent != NULL && sent->raw_stream > 0 && sent->raw_at == 0 && sent->raw_end == 300000, "all_bytes_are_granted_at_once");
  if (sent == NULL || sent->raw_stream == 0) { abort(); }
  return sent;
}

static void what_was_not_granted_is_refused(void) {
  world w;
  file *sent = standing(&w, HANDED_IN);
  xft_session *s = w.ends[0].session;
  xft_output o;
  uint8_t *bytes = memory(1048577), byte = 0;
  uint32_t t = sent->transfer;
  memset(bytes, 0, 1048577);
  CLAIM(xft_sent(s, t, 300001) == XFT_ERR_OFFSET, "more_than_the_file_cannot_be_sent");
  CLAIM(xft_supply(s, t, 1, bytes, 10, NULL, 0, &o) == XFT_ERR_OFFSET, "no_byte_is_left_out");
  CLAIM(xft_supply(s, t, 0, bytes, 300001, NULL, 0, &o) == XFT_ERR_BYTES, "more_than_the_file_cannot_be_supplied");
  CLAIM(xft_supply(s, t, 0, bytes, 1048577, NULL, 0, &o) == XFT_ERR_BYTES, "more_than_1_mib_cannot_be_supplied_at_once");
  CLAIM(xft_supply(s, t, 0, bytes, 0, NULL, 0, &o) == XFT_ERR_BYTES, "no_bytes_cannot_be_supplied");
  CLAIM(xft_supply(s, t, 0, bytes, 10, bytes + 5, 10, &o) == XFT_ERR_OVERLAP, "bytes_and_buffer_do_not_overlap");
  CLAIM(xft_supply(s, t, 0, (uint8_t *)w.ends[0].mem + 64, 10, NULL, 0, &o) == XFT_ERR_OVERLAP, "a_session_s_memory_is_no_file");
  CLAIM(xft_sent(w.ends[1].session, w.ends[1].files[0].transfer, 1) == XFT_ERR_STATE, "a_receiver_sends_nothing");
  CLAIM(xft_sent(s, t ^ 0x70000u, 1) == XFT_ERR_STALE, "a_handle_never_given_is_stale");
  CLAIM(xft_stream_open(s, sent->raw_stream) != XFT_OK, "an_open_stream_is_not_opened_again");
  size_t used = 0;
  xft_received r;
  for (uint32_t stream = 1; stream < 66000; stream += 7) {
    if (stream == sent->raw_stream) { continue; }
    CLAIM(xft_stream_in(s, stream, &byte, 1, &used, &r) == XFT_ERR_STREAM, "a_stream_never_given_brings_nothing");
    CLAIM(xft_stream_end(s, stream, XFT_END_LOST) == XFT_ERR_STREAM, "nor_does_it_end");
    CLAIM(xft_stream_open(s, stream) == XFT_ERR_STREAM, "nor_open");
  }
  free(bytes);
  w.dam = 0;
  settle(&w);
  crossed(&w, sent, XFT_METHOD_DIRECT, XFT_ENDING_DONE, XFT_ENDING_DONE);
  CLAIM(xft_sent(s, t, 1) == XFT_ERR_STALE, "a_finished_transfer_sends_nothing");
  close_world(&w);
}

static void a_broken_stream_fails_both_ends(int way) {
  world w;
  file *sent = standing(&w, way);
  unsigned s = 0;
  pipe *it = find_pipe(&w, &w.ends[0], sent->raw_stream, &s);
  if (it == NULL) { abort(); }
  w.dam = 0;
  w.ends[1].hold = 1; /* bytes are on their way */
  settle(&w);
  w.ends[1].hold = 0;
  it->sides[1 - s].len = 0;
  CLAIM(xft_stream_end(w.ends[0].session, it->sides[s].stream, XFT_END_LOST) == XFT_OK, "a_stream_can_break");
  CLAIM(xft_stream_end(w.ends[1].session, it->sides[1 - s].stream, XFT_END_LOST) == XFT_OK, "at_both_ends");
  it->sides[0].told = it->sides[1].told = 1;
  sent->raw_stream = 0; /* nothing can go there any more */
  settle(&w);
  for (unsigned i = 0; i < 70; i++) { later(&w, 1000); }
  CLAIM(sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_BYTESTREAM_LOST, "the_sender_tells_that_the_stream_broke");
  CLAIM(w.ends[1].files[0].ending == XFT_ENDING_FAILED, "the_receiver_fails");
  close_world(&w);
}

/* The owner's rename fails behind the last byte; `proxy`: the file comes through one. */
static void a_file_over_socks5_without_a_place_fails_at_both_ends(size_t len, int proxy, int way) {
  static const uint32_t mediated[3] = {XFT_METHOD_MEDIATED};
  world w;
  open_world_over(&w, 2, 4096, proxy ? mediated : DIRECT_ONLY);
  if (proxy) { has_proxy(&w); } else { listens(&w); }
  w.ends[0].sendfile = way;
  w.ends[1].no_place = 1;
  file *sent = send_file(&w.ends[0], w.ends[1].jid, "lost", len, XFT_OK);
  settle(&w);
  for (unsigned i = 0; i < 70; i++) { later(&w, 1000); }
  CLAIM(sent != NULL && w.ends[1].files_len == 1 && w.ends[1].files[0].asked == 1, "the_receiver_is_asked_for_a_place");
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_PEER_STORE_FAILED,
        "the_sender_hears_that_storing_failed");
  CLAIM(w.ends[1].files_len == 1 && w.ends[1].files[0].reason == XFT_REASON_STORE_FAILED, "so_does_the_receiver");
  CLAIM(pipes_open(&w) == 0, "no_stream_stays_open");
  close_world(&w);
}

/* Storing fails in the middle, and the end of the stream is there before the receiver's word for it. */
static void a_store_failure_is_not_taken_for_a_broken_stream(void) {
  world w;
  file *sent = standing(&w, HANDED_IN), *got = &w.ends[1].files[0];
  unsigned s = 0;
  pipe *it = find_pipe(&w, &w.ends[0], sent->raw_stream, &s);
  if (it == NULL) { abort(); }
  CLAIM(xft_stream_end(w.ends[0].session, it->sides[s].stream, XFT_END_LOST) == XFT_OK, "the_sender_sees_the_stream_break");
  it->sides[s].told = 1;
  sent->raw_stream = 0;
  CLAIM(xft_cancel(w.ends[1].session, got->transfer, XFT_CANCEL_STORE_FAILED) == XFT_OK, "storing_fails");
  settle(&w);
  for (unsigned i = 0; i < 70; i++) { later(&w, 1000); }
  CLAIM(sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_PEER_STORE_FAILED, "the_word_counts");
  close_world(&w);
}

static void a_cancel_closes_the_stream(unsigned who) {
  world w;
  file *sent = standing(&w, HANDED_IN), *got = &w.ends[1].files[0];
  CLAIM(xft_cancel(w.ends[who].session, who == 0 ? sent->transfer : got->transfer, XFT_CANCEL_WISH) == XFT_OK,
        "a_running_transfer_can_be_cancelled");
  w.dam = 0; /* a sender notices by its writes */
  settle(&w);
  for (unsigned i = 0; i < 70; i++) { later(&w, 1000); }
  file *mine = who == 0 ? sent : got, *theirs = who == 0 ? got : sent;
  CLAIM(mine->ending == XFT_ENDING_FAILED && mine->reason == XFT_REASON_CANCELLED, "the_canceller_s_reason_is_its_own");
  CLAIM(theirs->ending == XFT_ENDING_FAILED, "the_peer_s_transfer_fails_too");
  CLAIM(pipes_open(&w) == 0, "no_stream_stays_open");
  close_world(&w);
}

static void addresses_and_proxies_have_a_shape_and_an_end(void) {
  world w;
  open_world_over(&w, 2, 4096, ALL);
  xft_session *s = w.ends[0].session;
  char name[257];
  memset(name, 'n', sizeof name);
  CLAIM(xft_add_address(s, "", 0, 1080) == XFT_ERR_HOST, "an_empty_host_is_refused");
  CLAIM(xft_add_address(s, NULL, 0, 1080) == XFT_ERR_HOST, "no_host_is_refused");
  CLAIM(xft_add_address(s, name, 256, 1080) == XFT_ERR_HOST, "a_host_of_256_bytes_is_refused");
  CLAIM(xft_add_address(s, "[::1]", 5, 1080) == XFT_ERR_HOST, "brackets_are_refused");
  CLAIM(xft_add_address(s, "a b", 3, 1080) == XFT_ERR_HOST, "a_space_is_refused");
  CLAIM(xft_add_address(s, "a\0b", 3, 1080) == XFT_ERR_HOST, "a_nul_is_refused");
  CLAIM(xft_add_address(s, "192.0.2.1", 9, 0) == XFT_ERR_HOST, "port_0_is_refused");
  CLAIM(xft_add_proxy(s, "", 0, "192.0.2.1", 9, 1080) == XFT_ERR_PROXY, "a_proxy_without_jid_is_refused");
  CLAIM(xft_add_proxy(s, name, 257, "192.0.2.1", 9, 1080) == XFT_ERR_PROXY, "a_proxy_s_jid_of_257_bytes_is_refused");
  CLAIM(xft_add_proxy(s, "proxy.example.org", 17, "", 0, 1080) == XFT_ERR_HOST, "a_proxy_without_host_is_refused");
  unsigned taken = 0;
  xft_status status = XFT_OK;
  while (taken < 1000 && (status = xft_add_address(s, name, 200, 1000 + taken)) == XFT_OK) { taken++; }
  CLAIM(taken > 4 && status == XFT_ERR_FULL, "the_room_for_addresses_has_an_end");
  CLAIM(xft_clear_addresses(s) == XFT_OK, "addresses_can_be_forgotten");
  CLAIM(xft_add_address(s, "::1", 3, 65535) == XFT_OK, "then_there_is_room_again");
  close_world(&w);
}

/* A direct offer whose receiver hears nothing of the host it connects to, so that the sender waits for it. */
static file *awaiting(world *w) {
  open_world_over(w, 2, 4096, DIRECT_ONLY);
  listens(w);
  uint32_t stream = 0;
  CLAIM(xft_stream_accepted(w->ends[0].session, 1, &stream) == XFT_ERR_STATE && stream == 0, "nobody_is_awaited_before_an_offer");
  w->silent = 1;
  file *sent = send_file(&w->ends[0], w->ends[1].jid, "x", 10, XFT_OK);
  settle(w);
  CLAIM(w->ends[1].dialled == 1, "the_receiver_connects");
  return sent;
}

static void the_longest_streamhosts_fit_into_the_output_buffer(void) {
  char own[257] = "alice@example.org/", peer[257] = "bob@example.org/", escaped[2048] = "bob@example.org/", features[4096] = "";
  char host[201];
  world w;
  xft_output o;
  xft_file offer;
  uint32_t transfer = 0;
  uint8_t *out = memory(XFT_OUT_BYTES(1));
  while (strlen(own) < 256) { strcat(own, "'"); }
  while (strlen(peer) < 256) { strcat(peer, "'"); strcat(escaped, "&apos;"); }
  open_world_over(&w, 1, 1, DIRECT_ONLY);
  end *a = &w.ends[0];
  CLAIM(xft_session_wipe(a->session) == XFT_OK, "a_session_can_be_wiped");
  free(a->mem);
  open_end(a, "alice@example.org", own, 1, 1, 1, DIRECT_ONLY);
  settle(&w);
  memset(host, 'h', sizeof host);
  for (uint32_t port = 1; xft_add_address(a->session, host, 200, port) == XFT_OK; port++) {}
  all_features(features);
  describe(&offer, peer, "x", 5);
  CLAIM(xft_offer(a->session, &offer, &transfer) == XFT_OK, "the_longest_address_can_be_offered_to");
  size_t len = next_stanza(a->session, out, 1, &o);
  answer(a->session, out, len, escaped, features);
  len = next_stanza(a->session, out, 1, &o);
  answer(a->session, out, len, escaped,
         "<si xmlns='http://jabber.org/protocol/si'><feature xmlns='http://jabber.org/protocol/feature-neg'><x "
         "xmlns='jabber:x:data' type='submit'><field var='stream-method'><value>http://jabber.org/protocol/bytestreams"
         "</value></field></x></feature></si>");
  CLAIM(xft_poll(a->session, NULL, 0, &o) == XFT_OK && o.event == XFT_EVENT_ACCEPTED, "the_offer_is_accepted");
  len = next_stanza(a->session, out, 1, &o);
  CLAIM(contains((const char *)out, len, "<streamhost "), "the_streamhosts_go_out");
  free(out);
  close_world(&w);
}

static void strangers_cannot_take_every_place(void) {
  world w;
  file *sent = awaiting(&w);
  xft_session *s = w.ends[0].session;
  uint32_t stream = 0, last = 0;
  unsigned taken = 0;
  while (taken < 100 && xft_stream_accepted(s, 7, &stream) == XFT_OK) { taken++; }
  CLAIM(taken == 2, "one_source_has_two_streams_that_show_nothing");
  CLAIM(xft_stream_accepted(s, 7, &last) == XFT_ERR_FULL && last == 0, "and_no_third");
  for (taken = 0; taken < 100 && xft_stream_accepted(s, taken + 10, &stream) == XFT_OK; taken++) {
    CLAIM(stream != last && stream > 0, "each_accepted_stream_has_a_number_of_its_own");
    last = stream;
  }
  CLAIM(taken > 0 && taken < 8, "the_streams_have_an_end");
  for (unsigned i = 0; i < 12; i++) { later(&w, 1000); }
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_NOT_REACHED, "the_file_was_not_reached");
  CLAIM(w.ends[1].files_len == 1 && w.ends[1].files[0].host_failure == XFT_HOST_TIMED_OUT, "the_receiver_tells_the_silence");
  close_world(&w);
}

static void every_end_of_a_stream_that_never_came_up_has_its_name(void) {
  static const uint32_t ends[][2] = {
      {XFT_END_REFUSED, XFT_HOST_REFUSED},     {XFT_END_UNREACHABLE, XFT_HOST_UNREACHABLE}, {XFT_END_UNRESOLVED, XFT_HOST_UNRESOLVED},
      {XFT_END_TIMED_OUT, XFT_HOST_TIMED_OUT}, {XFT_END_FORBIDDEN, XFT_HOST_FORBIDDEN}};
  for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++) {
    world w;
    file *sent = awaiting(&w);
    CLAIM(xft_stream_end(w.ends[1].session, w.last_dialled, ends[i][0]) == XFT_OK, "a_stream_that_never_came_up_can_end");
    CLAIM(xft_stream_end(w.ends[1].session, w.last_dialled, ends[i][0]) == XFT_ERR_STREAM, "once");
    settle(&w);
    CLAIM(w.ends[1].files[0].hosts_failed == 1 && w.ends[1].files[0].host_failure == ends[i][1], "the_event_tells_how");
    CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_NOT_REACHED, "the_file_was_not_reached");
    close_world(&w);
  }
}

static void who_shows_the_digest_without_being_the_peer_is_told(void) {
  world w;
  open_world_over(&w, 2, 4096, DIRECT_ONLY);
  end *a = &w.ends[0];
  listen_at(&w, NULL, ALICE_HOST, ALICE_PORT); /* the receiver connects to a spy, who knows the way to the sender */
  w.spied = 1;
  CLAIM(xft_add_address(a->session, ALICE_HOST, sizeof ALICE_HOST - 1, ALICE_PORT) == XFT_OK, "an_address_can_be_added");
  file *sent = send_file(a, w.ends[1].jid, "x", 10, XFT_OK);
  settle(&w);
  CLAIM(w.pipes[0].used && w.pipes[0].stage == 9, "the_spy_hears_the_digest");
  pipe *it = new_pipe(&w, NULL, 0);
  it->stage = 9;
  it->sides[1].who = a;
  CLAIM(xft_stream_accepted(a->session, 9, &it->sides[1].stream) == XFT_OK, "the_sender_takes_the_stream");
  push(&it->sides[1], (const uint8_t *)"\5\1\0", 3);
  settle(&w);
  uint8_t request[47] = {5, 1, 0, 3, 40};
  memcpy(request + 5, w.pipes[0].digest, 40);
  push(&it->sides[1], request, 47);
  settle(&w);
  CLAIM(it->sides[0].len == 49 && it->sides[0].bytes[3] == 0, "the_digest_is_right");
  CLAIM(sent != NULL && sent->started == 0 && sent->raw_stream == 0, "no_byte_goes_before_the_peer_says_so");
  for (unsigned i = 0; i < 15; i++) { later(&w, 1000); }
  CLAIM(sent != NULL && sent->intruded == 1, "the_sender_is_told");
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED && sent->raw_stream == 0, "and_sends_nothing");
  close_world(&w);
}

int main(void) {
  static const size_t lens[] = {0, 1, 4000, 4001, 300000};
  for (unsigned i = 0; i < sizeof lens / sizeof *lens; i++) {
    for (int way = HANDED_IN; way <= BY_TURNS; way++) { a_file_goes_direct(lens[i], 4000, way); }
  }
  a_file_goes_direct(200, 1, HANDED_IN);
  a_file_with_a_known_hash_may_be_moved_by_the_program();
  a_file_goes_through_the_proxy(300000, 0, HANDED_IN);
  a_file_goes_through_the_proxy(300000, 1, SENT);
  the_peer_s_address_is_the_second_choice();
  without_a_reachable_host_the_file_falls_back();
  without_anything_to_offer_a_pinned_file_fails_with_advice();
  what_was_not_granted_is_refused();
  a_broken_stream_fails_both_ends(HANDED_IN);
  a_broken_stream_fails_both_ends(SENT);
  for (int way = HANDED_IN; way <= BY_TURNS; way++) {
    a_file_over_socks5_without_a_place_fails_at_both_ends(300000, 0, way);
    a_file_over_socks5_without_a_place_fails_at_both_ends(300000, 1, way);
  }
  a_file_over_socks5_without_a_place_fails_at_both_ends(0, 0, HANDED_IN);
  a_file_over_socks5_without_a_place_fails_at_both_ends(0, 1, HANDED_IN);
  a_store_failure_is_not_taken_for_a_broken_stream();
  a_cancel_closes_the_stream(0);
  a_cancel_closes_the_stream(1);
  addresses_and_proxies_have_a_shape_and_an_end();
  the_longest_streamhosts_fit_into_the_output_buffer();
  who_shows_the_digest_without_being_the_peer_is_told();
  strangers_cannot_take_every_place();
  every_end_of_a_stream_that_never_came_up_has_its_name();
  return claims_end();
}
