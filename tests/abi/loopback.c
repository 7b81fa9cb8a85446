/* Two sessions against each other through the C ABI, in host-owned mode: files cross, refusals arrive, handles go
 * stale. Everything lives in memory of exactly the size that the library asked for. */
#include "router.h"

static void a_file_crosses_and_both_ends_know_it(size_t len, uint32_t block, size_t tight) {
  world w;
  open_world(&w, 2, block);
  end *a = &w.ends[0], *b = &w.ends[1];
  a->tight = b->tight = tight;
  file *sent = send_file(a, b->jid, "ct-0001.dcm", len, XFT_OK);
  settle(&w);
  CLAIM(b->files_len == 1, "the_offer_arrives");
  if (sent != NULL && b->files_len == 1) {
    file *got = &b->files[0];
    CLAIM(strcmp(got->name, "ct-0001.dcm") == 0 && strcmp(got->from, a->jid) == 0, "the_offer_tells_name_and_sender");
    CLAIM(sent->accepted == 1 && sent->started == 1 && got->started == 1, "both_ends_see_the_bytestream_open");
    CLAIM(sent->block_bytes == block && got->block_bytes == block, "both_ends_agree_on_the_block");
    CLAIM(got->len == len && memcmp(got->bytes, sent->bytes, len) == 0, "the_bytes_are_those_of_the_file");
    CLAIM(got->ending == XFT_ENDING_DONE, "the_receiver_knows_that_the_hash_matched");
    CLAIM(sent->ending == XFT_ENDING_DONE, "the_sender_knows_that_the_receiver_knows");
    xft_marks m;
    CLAIM(xft_progress(a->session, sent->transfer, &m) == XFT_ERR_STALE, "the_sender_s_handle_is_stale_afterwards");
    CLAIM(xft_stored(b->session, got->transfer, len) == XFT_ERR_STALE, "the_receiver_s_handle_is_stale_afterwards");
    CLAIM(xft_cancel(b->session, got->transfer, XFT_CANCEL_WISH) == XFT_ERR_STALE, "a_finished_transfer_cannot_be_cancelled");
  }
  for (unsigned i = 0; i < ENDS; i++) {
    uint32_t stale = w.ends[i].files_len > 0 ? w.ends[i].files[0].transfer : 0;
    CLAIM(xft_accept(w.ends[i].session, stale, 0) == XFT_ERR_STALE, "a_finished_transfer_cannot_be_accepted");
    CLAIM(xft_decline(w.ends[i].session, stale, XFT_DECLINE_BUSY) == XFT_ERR_STALE, "nor_declined");
    CLAIM(xft_accept(w.ends[i].session, stale ^ 0x70000u, 0) == XFT_ERR_STALE, "a_handle_never_given_is_stale");
    CLAIM(xft_accept(w.ends[i].session, 0xffffffffu, 0) == XFT_ERR_STALE, "a_handle_of_no_slot_is_stale");
  }
  if (tight != 0) { CLAIM(a->no_space > 0, "a_tight_buffer_is_refused_and_asked_again"); }
  close_world(&w);
}

static void several_files_cross_in_both_directions_at_once(void) {
  static const size_t lens[] = {1, 4096, 50000, 4097};
  world w;
  file *sent[2][4];
  open_world(&w, 9, 4096); /* the last place is for somebody else (ATK-33) */
  for (unsigned i = 0; i < 4; i++) {
    sent[0][i] = send_file(&w.ends[0], w.ends[1].jid, "from-a", lens[i], XFT_OK);
    sent[1][i] = send_file(&w.ends[1], w.ends[0].jid, "from-b", lens[3 - i], XFT_OK);
  }
  settle(&w);
  for (unsigned e = 0; e < 2; e++) {
    CLAIM(w.ends[e].files_len == 8, "four_offers_arrive");
    for (unsigned i = 0; i < 4; i++) { CLAIM(sent[e][i] != NULL && sent[e][i]->ending == XFT_ENDING_DONE, "each_sender_ends_well"); }
    unsigned matched = 0;
    for (unsigned f = 4; f < w.ends[e].files_len; f++) {
      file *got = &w.ends[e].files[f];
      CLAIM(got->ending == XFT_ENDING_DONE, "each_receiver_ends_well");
      for (unsigned i = 0; i < 4; i++) {
        file *source = sent[1 - e][i];
        if (source != NULL && source->len == got->len && memcmp(source->bytes, got->bytes, got->len) == 0) { matched++; }
      }
    }
    CLAIM(matched == 4, "each_file_arrives_once_and_intact");
  }
  close_world(&w);
}

static void a_declined_offer_tells_the_sender(uint32_t code) {
  uint32_t at_sender = code == XFT_DECLINE_BUSY           ? XFT_REASON_BUSY
                       : code == XFT_DECLINE_STORE_FAILED ? XFT_REASON_PEER_STORE_FAILED
                                                          : XFT_REASON_DECLINED;
  uint32_t at_receiver = code == XFT_DECLINE_STORE_FAILED ? XFT_REASON_STORE_FAILED : XFT_REASON_DECLINED;
  world w;
  open_world(&w, 2, 1024);
  w.ends[1].decline = code;
  file *sent = send_file(&w.ends[0], w.ends[1].jid, "x", 10, XFT_OK);
  settle(&w);
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED, "a_declined_offer_fails");
  CLAIM(sent != NULL && sent->reason == at_sender, "the_reason_is_the_refusal");
  CLAIM(sent != NULL && sent->condition != XFT_CONDITION_NONE, "the_refusal_carries_its_condition");
  const file *declined = &w.ends[1].files[0];
  CLAIM(w.ends[1].files_len == 1 && declined->ending == XFT_ENDING_FAILED && declined->reason == at_receiver,
        "an_offer_that_was_declined_is_finished_for_who_declined_it");
  close_world(&w);
}

static void nothing_is_acknowledged_before_it_is_stored(void) {
  world w;
  open_world(&w, 2, 1024);
  end *a = &w.ends[0], *b = &w.ends[1];
  b->hold = 1;
  file *sent = send_file(a, b->jid, "held", 400000, XFT_OK);
  settle(&w);
  xft_marks m;
  CLAIM(sent != NULL && xft_progress(a->session, sent->transfer, &m) == XFT_OK, "a_running_transfer_has_progress");
  const char *name;
  size_t len;
  CLAIM(sent != NULL && xft_offered_name(a->session, sent->transfer, &name, &len) == XFT_OK && len == 4 &&
            memcmp(name, "held", 4) == 0, "the_sender_knows_the_name_it_offers");
  if (sent != NULL && b->files_len == 1) {
    CLAIM(xft_offered_name(b->session, b->files[0].transfer, &name, &len) == XFT_ERR_STATE,
          "what_comes_is_not_offered");
    CLAIM(m.safe == 0, "no_byte_is_safe_before_the_receiver_stored_it");
    CLAIM(m.moved > 0 && m.moved <= 65536, "the_window_bounds_what_is_in_flight");
    CLAIM(sent->ending == XFT_ENDING_NONE, "the_transfer_waits");
    file *got = &b->files[0];
    CLAIM(xft_stored(b->session, got->transfer, got->stored_upto + 1) == XFT_ERR_OFFSET, "what_did_not_come_cannot_be_stored");
    b->hold = 0;
    CLAIM(xft_stored(b->session, got->transfer, got->stored_upto) == XFT_OK, "stored_can_be_said_late");
    CLAIM(xft_stored(b->session, got->transfer, 1) == XFT_OK, "stored_is_idempotent");
    settle(&w);
    CLAIM(sent->ending == XFT_ENDING_DONE && got->ending == XFT_ENDING_DONE, "the_transfer_goes_on_once_stored");
    CLAIM(memcmp(sent->bytes, got->bytes, sent->len) == 0, "the_held_bytes_are_right");
  }
  close_world(&w);
}

/* The owner's rename fails behind the last byte. */
static void a_file_without_a_place_fails_at_both_ends(size_t len) {
  world w;
  open_world(&w, 2, 1024);
  end *a = &w.ends[0], *b = &w.ends[1];
  b->no_place = 1;
  file *sent = send_file(a, b->jid, "lost", len, XFT_OK);
  settle(&w);
  CLAIM(sent != NULL && b->files_len == 1 && b->files[0].asked == 1, "the_receiver_is_asked_for_a_place");
  if (sent != NULL && b->files_len == 1) {
    CLAIM(sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_PEER_STORE_FAILED, "the_sender_hears_that_storing_failed");
    CLAIM(b->files[0].ending == XFT_ENDING_FAILED && b->files[0].reason == XFT_REASON_STORE_FAILED, "so_does_the_receiver");
    CLAIM(strstr(xft_reason_text(sent->reason), "storing failed at the recipient") != NULL, "in_these_words");
  }
  close_world(&w);
}

static void a_source_that_changed_is_not_sent(void) {
  world w;
  open_world(&w, 2, 1024);
  end *a = &w.ends[0], *b = &w.ends[1];
  b->hold = 1;
  file *sent = send_file(a, b->jid, "grows", 300000, XFT_OK);
  settle(&w);
  CLAIM(sent != NULL && xft_cancel(a->session, sent->transfer, XFT_CANCEL_SOURCE_CHANGED) == XFT_OK, "a_source_may_change");
  settle(&w);
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED && sent->reason == XFT_REASON_SOURCE_CHANGED, "the_reason_tells_it");
  CLAIM(b->files_len == 1 && b->files[0].ending == XFT_ENDING_FAILED && b->files[0].asked == 0, "nobody_keeps_it");
  close_world(&w);
}

static void a_cancel_reaches_the_other_end(unsigned who, uint32_t why, uint32_t own_reason) {
  world w;
  open_world(&w, 2, 1024);
  end *a = &w.ends[0], *b = &w.ends[1];
  b->hold = 1;
  file *sent = send_file(a, b->jid, "cut", 300000, XFT_OK);
  settle(&w);
  CLAIM(sent != NULL && b->files_len == 1, "the_transfer_runs");
  if (sent != NULL && b->files_len == 1) {
    file *mine = who == 0 ? sent : &b->files[0], *theirs = who == 0 ? &b->files[0] : sent;
    CLAIM(xft_cancel(w.ends[who].session, mine->transfer, why) == XFT_OK, "a_running_transfer_can_be_cancelled");
    settle(&w);
    later(&w, 120000);
    later(&w, 120000);
    CLAIM(mine->ending == XFT_ENDING_FAILED && mine->reason == own_reason, "the_canceller_s_reason_is_its_own");
    CLAIM(theirs->ending == XFT_ENDING_FAILED && theirs->reason != XFT_REASON_NONE, "the_peer_s_transfer_fails_too");
  }
  close_world(&w);
}

static void strangers_and_full_tables(void) {
  world w;
  open_world(&w, 1, 1024);
  end *a = &w.ends[0], *b = &w.ends[1];
  file *nobody = send_file(a, "carol@example.org/c", "x", 10, XFT_OK);
  settle(&w);
  CLAIM(nobody != NULL && nobody->ending == XFT_ENDING_FAILED && w.bounced > 0, "an_unknown_recipient_fails_the_transfer");
  CLAIM(nobody != NULL && nobody->condition == XFT_CONDITION_STANZA_SERVICE_UNAVAILABLE, "the_bounce_s_condition_is_told");
  b->hold = 1;
  file *first = send_file(a, b->jid, "first", 300000, XFT_OK);
  send_file(a, b->jid, "second", 10, XFT_ERR_FULL);
  settle(&w);
  CLAIM(first != NULL && first->ending == XFT_ENDING_NONE, "a_full_table_disturbs_no_running_transfer");
  close_world(&w);
  open_world(&w, 1, 1024);
  send_file(&w.ends[0], "bob@example.org", "x", 1, XFT_ERR_PEER);
  send_file(&w.ends[0], "", "x", 1, XFT_ERR_PEER);
  send_file(&w.ends[0], w.ends[1].jid, "", 1, XFT_ERR_NAME);
  close_world(&w);
}

static void the_host_keeps_what_is_its_own(void) {
  static const char *foreign[] = {
      "<message from='carol@example.org/c' to='alice@example.org/a' type='chat'><body>hello</body></message>",
      "<presence from='carol@example.org/c'/>",
      "<iq from='carol@example.org/c' to='alice@example.org/a' type='get' id='v1'><query xmlns='jabber:iq:version'/></iq>",
  };
  static const char *broken[] = {"", "<", "<iq", "<iq>", "hello", "<iq/><iq/>", "</iq>", "<iq></message>", "<a>&#0;</a>"};
  world w;
  open_world(&w, 2, 1024);
  end *a = &w.ends[0];
  for (unsigned i = 0; i < sizeof foreign / sizeof *foreign; i++) {
    enqueue(a, foreign[i], strlen(foreign[i]), "", 0, "", 0);
  }
  settle(&w);
  CLAIM(a->not_mine == 3, "stanzas_of_others_are_not_mine");
  CLAIM(w.bounced == 1, "the_host_answered_the_question");
  for (unsigned i = 0; i < sizeof broken / sizeof *broken; i++) {
    size_t len = strlen(broken[i]);
    uint8_t *copy = memory(len);
    xft_received r;
    memcpy(copy, broken[i], len);
    CLAIM(xft_stanza_in(a->session, copy, len, &r) == XFT_ERR_STANZA, "what_is_not_one_stanza_is_refused");
    free(copy);
  }
  /* 40 levels: legal, and deeper than what is read. */
  char deep[600] = "<message from='u@hospital.test/x'>";
  for (int i = 0; i < 40; i++) { strcat(deep, "<x>"); }
  for (int i = 0; i < 40; i++) { strcat(deep, "</x>"); }
  strcat(deep, "</message>");
  uint8_t *copy = memory(strlen(deep));
  xft_received r;
  memcpy(copy, deep, strlen(deep));
  CLAIM(xft_stanza_in(a->session, copy, strlen(deep), &r) == XFT_ERR_OVERSIZED, "a_stanza_that_is_too_deep_is_refused");
  free(copy);
  file *sent = send_file(a, w.ends[1].jid, "after", 5000, XFT_OK);
  settle(&w);
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_DONE, "refused_stanzas_leave_the_session_working");
  close_world(&w);
}

static void closing_ends_the_transfers_first(void) {
  world w;
  open_world(&w, 2, 1024);
  end *a = &w.ends[0], *b = &w.ends[1];
  b->hold = 1;
  file *sent = send_file(a, b->jid, "cut", 300000, XFT_OK);
  settle(&w);
  CLAIM(xft_close(a->session) == XFT_OK, "a_session_can_be_closed_at_any_time");
  settle(&w);
  later(&w, 60000);
  CLAIM(sent != NULL && sent->ending == XFT_ENDING_FAILED, "running_transfers_end");
  CLAIM(a->offline_reason == XFT_REASON_CLOSED, "offline_tells_that_the_owner_closed");
  CLAIM(xft_close(a->session) == XFT_ERR_CLOSED, "a_closed_session_says_so");
  CLAIM(b->offline_reason == XFT_REASON_NONE, "the_other_session_lives_on");
  close_world(&w);
}

static void the_longest_addresses_fit_into_the_output_buffer(uint32_t block) {
  char peer[257] = "bob@example.org/", escaped[2048] = "bob@example.org/", features[4096] = "", name[121] = "", mime[65] = "";
  world w;
  xft_output o;
  xft_file offer;
  uint32_t transfer = 0;
  uint8_t *out = memory(XFT_OUT_BYTES(block)), *bytes = memory(block);
  open_world(&w, 2, block);
  xft_session *s = w.ends[0].session;
  while (strlen(peer) < 256) { strcat(peer, "'"); strcat(escaped, "&apos;"); }
  memset(name, 'n', 120);
  memset(mime, '&', 64);
  memset(bytes, 7, block);
  size_t len = 0;
  all_features(features);
  CLAIM(xft_file_init(&offer, sizeof offer) == XFT_OK, "a_file_can_be_described");
  offer.to = peer;
  offer.to_len = 256;
  offer.name = name;
  offer.name_len = 120;
  offer.mime_type = mime;
  offer.mime_type_len = 64;
  offer.file_size = 9223372036854775807u;
  offer.has = XFT_HAS_DATE | XFT_HAS_SHA256 | XFT_HAS_MD5;
  CLAIM(xft_offer(s, &offer, &transfer) == XFT_OK, "the_longest_address_can_be_offered_to");
  len = next_stanza(s, out, block, &o);
  answer(s, out, len, escaped, features);
  len = next_stanza(s, out, block, &o);
  answer(s, out, len, escaped,
         "<si xmlns='http://jabber.org/protocol/si'><feature xmlns='http://jabber.org/protocol/feature-neg'><x "
         "xmlns='jabber:x:data' type='submit'><field var='stream-method'><value>http://jabber.org/protocol/ibb</value>"
         "</field></x></feature></si>");
  CLAIM(xft_poll(s, NULL, 0, &o) == XFT_OK && o.event == XFT_EVENT_ACCEPTED, "the_offer_is_accepted");
  len = next_stanza(s, out, block, &o);
  answer(s, out, len, escaped, "");
  CLAIM(xft_poll(s, NULL, 0, &o) == XFT_OK && o.event == XFT_EVENT_STARTED, "the_bytestream_opens");
  CLAIM(xft_poll(s, NULL, 0, &o) == XFT_OK && o.kind == XFT_OUTPUT_NEED_DATA, "data_is_wanted");
  uint64_t offset = o.offset;
  size_t wanted = o.len;
  xft_refusal f;
  CLAIM(xft_supply(s, transfer, offset, bytes, wanted, NULL, 0, &o) == XFT_ERR_NO_SPACE, "a_block_needs_room");
  CLAIM(xft_last_refusal(s, &f) == XFT_OK && f.needed <= XFT_OUT_BYTES(block), "XFT_OUT_BYTES_is_an_upper_bound");
  CLAIM(xft_supply(s, transfer, offset, bytes, wanted, out, XFT_OUT_BYTES(block), &o) == XFT_OK, "a_refused_supply_can_be_repeated");
  free(out);
  free(bytes);
  close_world(&w);
}

/* SI-25, ATK-44: the hash of the offer is compared over the head that is there and the rest that comes. */
static void a_receiver_takes_the_rest_of_a_file(const char *head, uint32_t ending) {
  static const uint8_t SHA256[32] = {0x84, 0xd8, 0x98, 0x77, 0xf0, 0xd4, 0x04, 0x1e, 0xfb, 0x6b, 0xf9, 0x1a, 0x16, 0xf0, 0x24, 0x8f,
                                     0x2f, 0xd5, 0x73, 0xe6, 0xaf, 0x05, 0xc1, 0x9f, 0x96, 0xbe, 0xdb, 0x9f, 0x88, 0x2f, 0x78, 0x82};
  uint8_t padded[16] = {0}; /* more than the head: what is shown beyond it is refused, not read beyond its end */
  world w;
  xft_file offer;
  open_world(&w, 2, 1024);
  end *a = &w.ends[0], *b = &w.ends[1];
  memcpy(padded, head, strlen(head));
  b->head = padded;
  b->head_len = strlen(head);
  describe(&offer, b->jid, "cut", 10);
  offer.has = XFT_HAS_SHA256;
  memcpy(offer.sha256, SHA256, sizeof SHA256);
  file *sent = send_described(a, &offer, XFT_OK);
  if (sent != NULL) { memcpy(sent->bytes, "0123456789", 10); }
  settle(&w);
  CLAIM(sent != NULL && b->files_len == 1 && (b->files[0].has & XFT_HAS_RANGED) != 0, "a_range_can_be_asked_for");
  if (b->files_len == 1) {
    file *got = &b->files[0];
    CLAIM(got->ending == ending, "the_hash_covers_head_and_rest");
    CLAIM(sent->ending == ending, "the_sender_is_told_how_it_compared");
    CLAIM(memcmp(got->bytes, head, 4) == 0 && memcmp(got->bytes + 4, "456789", 6) == 0, "the_rest_is_what_comes");
    CLAIM(xft_prefix(b->session, got->transfer, 0, padded, 1) == XFT_ERR_STALE, "a_finished_transfer_takes_no_head");
  }
  CLAIM(xft_prefix(b->session, 1, 0, NULL, 1) == XFT_ERR_NULL, "a_head_has_bytes");
  close_world(&w);
}

int main(void) {
  the_longest_addresses_fit_into_the_output_buffer(1);
  the_longest_addresses_fit_into_the_output_buffer(4096);
  the_longest_addresses_fit_into_the_output_buffer(65535);
  a_file_crosses_and_both_ends_know_it(100000, 4096, 0);
  a_file_crosses_and_both_ends_know_it(0, 4096, 0);
  a_file_crosses_and_both_ends_know_it(1, 1, 0);
  a_file_crosses_and_both_ends_know_it(4096, 4096, 0);
  a_file_crosses_and_both_ends_know_it(30000, 1024, 64);
  several_files_cross_in_both_directions_at_once();
  a_declined_offer_tells_the_sender(XFT_DECLINE_UNWANTED);
  a_declined_offer_tells_the_sender(XFT_DECLINE_BUSY);
  a_declined_offer_tells_the_sender(XFT_DECLINE_STORE_FAILED);
  nothing_is_acknowledged_before_it_is_stored();
  a_cancel_reaches_the_other_end(0, XFT_CANCEL_WISH, XFT_REASON_CANCELLED);
  a_cancel_reaches_the_other_end(0, XFT_CANCEL_READ_FAILED, XFT_REASON_READ_FAILED);
  a_cancel_reaches_the_other_end(1, XFT_CANCEL_WISH, XFT_REASON_CANCELLED);
  a_cancel_reaches_the_other_end(1, XFT_CANCEL_STORE_FAILED, XFT_REASON_STORE_FAILED);
  a_file_without_a_place_fails_at_both_ends(0);
  a_file_without_a_place_fails_at_both_ends(1);
  a_file_without_a_place_fails_at_both_ends(100000);
  a_source_that_changed_is_not_sent();
  a_receiver_takes_the_rest_of_a_file("0123", XFT_ENDING_DONE);
  a_receiver_takes_the_rest_of_a_file("0124", XFT_ENDING_FAILED);
  strangers_and_full_tables();
  the_host_keeps_what_is_its_own();
  closing_ends_the_transfers_first();
  return claims_end();
}
