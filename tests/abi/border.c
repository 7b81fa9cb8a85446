/* What the C border refuses, and that a refusal changes nothing. No stream is needed for any of it. */
#include "check.h"
#include "xft.h"
#include <stdlib.h>

#define PASSWORD "correct horse battery staple"

static xft_config config(void) {
  xft_config cfg;
  if (xft_config_init(&cfg, sizeof cfg) != XFT_OK) { abort(); }
  cfg.account = "alice@example.org";
  cfg.account_len = 17;
  cfg.password = PASSWORD;
  cfg.password_len = sizeof PASSWORD - 1;
  memset(cfg.entropy, 7, sizeof cfg.entropy);
  return cfg;
}

static size_t layout(const xft_config *cfg) {
  size_t size = 0, align = 0;
  if (xft_session_layout(cfg, &size, &align) != XFT_OK || align != XFT_SESSION_ALIGN) { abort(); }
  return size;
}

/* A session in memory of exactly the size that the layout says: a sanitizer sees the first byte beyond. */
static xft_session *session(void **mem) {
  xft_config cfg = config();
  size_t size = layout(&cfg);
  xft_session *made = NULL;
  *mem = malloc(size);
  if (*mem == NULL || xft_session_init(*mem, size, &cfg, 1000, &made) != XFT_OK) { abort(); }
  return made;
}

static int all_bytes(const void *at, size_t len, int value) {
  const unsigned char *byte = at;
  for (size_t i = 0; i < len; i++) {
    if (byte[i] != value) { return 0; }
  }
  return 1;
}

static int holds(const void *at, size_t len, const char *text) {
  const char *bytes = at;
  size_t text_len = strlen(text);
  for (size_t i = 0; i + text_len <= len; i++) {
    if (memcmp(bytes + i, text, text_len) == 0) { return 1; }
  }
  return 0;
}

static void versions_and_texts(void) {
  CLAIM(xft_abi_version() == XFT_ABI_VERSION, "library_and_header_agree_on_the_version");
  for (uint32_t code = 0; code < 1100; code++) {
    CLAIM(xft_status_text(code) != NULL && xft_status_text(code)[0] != 0, "every_status_has_a_text");
    CLAIM(xft_reason_text(code) != NULL && xft_reason_text(code)[0] != 0, "every_reason_has_a_text");
    CLAIM(xft_condition_name(code) != NULL, "every_condition_has_a_name");
    CLAIM(xft_method_text(code) != NULL && xft_method_text(code)[0] != 0, "every_method_has_a_text");
    CLAIM(xft_skip_text(code) != NULL && xft_skip_text(code)[0] != 0, "every_cause_has_a_text");
    CLAIM(xft_host_failure_text(code) != NULL && xft_host_failure_text(code)[0] != 0, "every_host_failure_has_a_text");
  }
  CLAIM(strcmp(xft_status_text(4711), xft_status_text(4712)) == 0, "unknown_statuses_say_so");
  CLAIM(strstr(xft_status_text(XFT_ERR_FULL), "xft_poll") != NULL, "a_status_text_says_what_to_do_next");
  CLAIM(strstr(xft_reason_text(XFT_REASON_NOT_AUTHORIZED), "password") != NULL, "a_reason_text_says_what_to_do_next");
  CLAIM(strstr(xft_skip_text(XFT_SKIP_NO_PROXY), "mod_proxy65") != NULL, "a_missing_proxy_tells_what_to_ask_for");
  CLAIM(strstr(xft_status_text(XFT_ERR_PART_STREAMS), "streams") != NULL, "too_few_streams_tell_the_field_to_raise");
  CLAIM(strcmp(xft_status_text(XFT_ERR_PART_XML), xft_status_text(XFT_ERR_PART)) == 0, "defects_share_one_text");
  CLAIM(strcmp(xft_condition_name(XFT_CONDITION_STANZA_ITEM_NOT_FOUND), "item-not-found") == 0,
        "a_condition_has_the_word_of_the_wire");
  CLAIM(xft_condition_name(XFT_CONDITION_NONE)[0] == 0, "no_condition_has_no_word");
}

static void features_are_listed(void) {
  const char *feature = NULL;
  size_t len = 0;
  uint32_t count = 0;
  int ibb = 0;
  while (xft_feature(count, &feature, &len) == XFT_OK) {
    ibb |= len == 30 && memcmp(feature, "http://jabber.org/protocol/ibb", 30) == 0;
    count++;
  }
  CLAIM(count > 5 && ibb, "in_band_bytestreams_are_among_the_features");
  CLAIM(xft_feature(count, &feature, &len) == XFT_ERR_ARGUMENT, "there_is_nothing_behind_the_last_feature");
  CLAIM(xft_feature(0xffffffffu, &feature, &len) == XFT_ERR_ARGUMENT, "an_absurd_feature_is_refused");
  CLAIM(xft_feature(0, NULL, &len) == XFT_ERR_NULL, "feature_refuses_null");
  CLAIM(xft_feature(0, &feature, NULL) == XFT_ERR_NULL, "feature_refuses_null_for_the_length");
}

static void structures_begin_with_their_size(void) {
  xft_config cfg = config();
  xft_file file;
  size_t size = 0, align = 0;
  CLAIM(xft_config_init(NULL, sizeof cfg) == XFT_ERR_NULL, "config_init_refuses_null");
  CLAIM(xft_config_init(&cfg, 0) == XFT_ERR_STRUCT_SIZE, "config_init_refuses_size_0");
  CLAIM(xft_config_init(&cfg, sizeof cfg - 1) == XFT_ERR_STRUCT_SIZE, "config_init_refuses_a_short_size");
  CLAIM(xft_config_init(&cfg, (size_t)-1) == XFT_ERR_STRUCT_SIZE, "config_init_refuses_an_absurd_size");
  CLAIM(cfg.account_len == 17, "a_refused_config_init_writes_nothing");
  CLAIM(xft_file_init(NULL, sizeof file) == XFT_ERR_NULL, "file_init_refuses_null");
  CLAIM(xft_file_init(&file, 8) == XFT_ERR_STRUCT_SIZE, "file_init_refuses_a_short_size");
  CLAIM(xft_file_init(&file, sizeof file) == XFT_OK && file.size == sizeof file, "file_init_sets_the_size");

  /* A program compiled against a later header: its structure is longer, exactly that long on the heap. */
  char *later = malloc(sizeof cfg + 64);
  if (later == NULL) { abort(); }
  memset(later, 0x55, sizeof cfg + 64);
  CLAIM(xft_config_init((xft_config *)(void *)later, sizeof cfg + 64) == XFT_OK, "config_init_takes_a_longer_structure");
  CLAIM(all_bytes(later + sizeof cfg, 64, 0), "config_init_zeroes_the_tail_it_does_not_know");
  CLAIM(((xft_config *)(void *)later)->size == sizeof cfg + 64, "config_init_keeps_the_size_of_the_program");
  cfg = config();
  cfg.size = (uint32_t)(sizeof cfg + 64);
  memcpy(later, &cfg, sizeof cfg);
  CLAIM(xft_session_layout((xft_config *)(void *)later, &size, &align) == XFT_OK, "layout_takes_a_longer_structure_with_zeros");
  void *memory = malloc(size);
  xft_session *made = NULL;
  if (memory == NULL) { abort(); }
  CLAIM(xft_session_init(memory, size, (xft_config *)(void *)later, 0, &made) == XFT_OK, "init_takes_a_longer_structure_with_zeros");
  for (size_t at = 0; at < 64; at += 63) {
    size_t before = size;
    later[sizeof cfg + at] = 1;
    CLAIM(xft_session_layout((xft_config *)(void *)later, &size, &align) == XFT_ERR_NEWER, "layout_refuses_a_field_it_does_not_know");
    CLAIM(xft_session_init(memory, size, (xft_config *)(void *)later, 0, &made) == XFT_ERR_NEWER, "init_refuses_a_field_it_does_not_know");
    CLAIM(size == before, "a_field_of_a_later_header_changes_nothing");
    later[sizeof cfg + at] = 0;
  }
  xft_session_wipe(made);
  free(memory);
  free(later);

  cfg.size = 0;
  CLAIM(xft_session_layout(&cfg, &size, &align) == XFT_ERR_STRUCT_SIZE, "layout_refuses_size_0");
  cfg.size = (uint32_t)sizeof cfg - 4;
  CLAIM(xft_session_layout(&cfg, &size, &align) == XFT_ERR_STRUCT_SIZE, "layout_refuses_a_short_structure");
  cfg.size = 0xffffffffu;
  CLAIM(xft_session_layout(&cfg, &size, &align) == XFT_ERR_STRUCT_SIZE, "layout_refuses_an_absurd_size");
  char bytes[sizeof cfg + 1];
  CLAIM(xft_config_init((xft_config *)(void *)(bytes + ((uintptr_t)bytes % 2 == 0)), sizeof cfg) == XFT_ERR_ALIGN,
        "config_init_refuses_a_misaligned_structure");
}

/* Layout and init refuse the same with the same status. */
#define REFUSED(change, status, name) \
  do { \
    static uint64_t room[1u << 16]; \
    xft_config cfg = config(); \
    xft_session *made = NULL; \
    size_t size = 77, align = 77; \
    cfg.change; \
    CLAIM(xft_session_layout(&cfg, &size, &align) == (status), name); \
    CLAIM((status) == XFT_OK || (size == 77 && align == 77), "a_refused_layout_writes_nothing"); \
    uint32_t status_of_init = xft_session_init(room, sizeof room, &cfg, 0, &made); \
    CLAIM(status_of_init == (status) || (status_of_init == XFT_ERR_MEMORY_SIZE && size > sizeof room), \
          "init_says_what_layout_says"); \
    CLAIM((made == NULL) == (status_of_init != XFT_OK), "a_refused_init_writes_no_handle"); \
    if (made != NULL) { xft_session_wipe(made); } \
  } while (0)

static char p257[257];

static void the_layout_checks_the_configuration(void) {
  xft_config cfg = config();
  size_t size = 0, align = 0;
  CLAIM(xft_session_layout(NULL, &size, &align) == XFT_ERR_NULL, "layout_refuses_a_null_configuration");
  CLAIM(xft_session_layout(&cfg, NULL, &align) == XFT_ERR_NULL, "layout_refuses_null_for_size");
  CLAIM(xft_session_layout(&cfg, &size, NULL) == XFT_ERR_NULL, "layout_refuses_null_for_align");
  CLAIM(xft_session_layout(&cfg, &size, &size) == XFT_ERR_OVERLAP, "layout_refuses_one_place_for_two_results");
  memset(p257, 'p', sizeof p257);
  REFUSED(account = (cfg.account_len = 5, "alice"), XFT_ERR_ACCOUNT, "an_account_without_domain_is_refused");
  REFUSED(account_len = 0, XFT_ERR_ACCOUNT, "an_empty_account_is_refused");
  REFUSED(block_bytes = 0, XFT_ERR_BLOCK_BYTES, "empty_blocks_are_refused");
  REFUSED(block_bytes = (cfg.element_bytes = 10000, 8192), XFT_ERR_BLOCK_BYTES, "a_block_beyond_an_element_is_refused");
  REFUSED(window_bytes = cfg.block_bytes - 1, XFT_ERR_WINDOW_BYTES, "a_window_below_a_block_is_refused");
  REFUSED(stanza_bytes = 9999, XFT_ERR_STANZA_BYTES, "stanzas_below_10000_bytes_are_refused");
  REFUSED(streams = 0, XFT_ERR_PART_STREAMS, "socks5_without_streams_is_refused");
  REFUSED(hosts_bytes = 255, XFT_ERR_PART_HOSTS, "socks5_without_room_for_addresses_is_refused");
  REFUSED(password = (cfg.password_len = 257, p257), XFT_ERR_PASSWORD, "a_password_of_257_bytes_is_refused");
  REFUSED(resource = (cfg.resource_len = 257, p257), XFT_ERR_RESOURCE, "a_resource_of_257_bytes_is_refused");
  REFUSED(client_name = (cfg.client_name_len = 33, p257), XFT_ERR_TEXT, "a_client_name_of_33_bytes_is_refused");
  REFUSED(client_name = (cfg.client_name_len = 2, "a\n"), XFT_ERR_TEXT, "a_client_name_with_a_line_break_is_refused");
  REFUSED(owner = XFT_OWNER_HOST, XFT_ERR_RESOURCE, "a_host_tells_its_jid");
  REFUSED(owner = (cfg.host_jid = "a@example.org", cfg.host_jid_len = 13, XFT_OWNER_HOST), XFT_ERR_RESOURCE, "a_host_s_jid_is_full");
  REFUSED(owner = (cfg.host_jid = p257, cfg.host_jid_len = 257, XFT_OWNER_HOST), XFT_ERR_RESOURCE, "a_host_s_jid_has_256_bytes_at_most");
  REFUSED(owner = (cfg.host_jid = "a@example.org/x", cfg.host_jid_len = 15, XFT_OWNER_HOST), XFT_OK, "a_host_can_own_the_stream");
  REFUSED(transfers = 0, XFT_ERR_RANGE, "no_transfers_are_refused");
  REFUSED(transfers = 65536, XFT_ERR_RANGE, "too_many_transfers_are_refused");
  REFUSED(transfers = 65535, XFT_OK, "65535_transfers_are_possible");
  REFUSED(contacts = 65536, XFT_ERR_RANGE, "too_many_contacts_are_refused");
  REFUSED(contacts = 1, XFT_OK, "one_contact_is_possible");
  REFUSED(flags = XFT_FLAG_STRICT_REPLIES, XFT_OK, "strict_replies_are_possible");
  REFUSED(flags = XFT_FLAG_NO_HASHES, XFT_OK, "hashes_can_be_switched_off");
  REFUSED(flags = XFT_FLAG_NO_RECEIPTS, XFT_OK, "receipts_can_be_switched_off");
  REFUSED(flags = 1u << 31, XFT_ERR_FLAGS, "an_unknown_flag_is_refused");
  REFUSED(reserved[sizeof cfg.reserved / sizeof *cfg.reserved - 1] = 1, XFT_ERR_RESERVED, "a_reserved_field_must_be_0");
  REFUSED(owner = 0, XFT_ERR_CODE, "an_unknown_owner_is_refused");
  REFUSED(tls = 4, XFT_ERR_CODE, "an_unknown_tls_code_is_refused");
  REFUSED(scram_floor = 5, XFT_ERR_CODE, "an_unknown_floor_is_refused");
  REFUSED(carrier = 3, XFT_ERR_CODE, "an_unknown_carrier_is_refused");
  REFUSED(block_bytes = 65536, XFT_ERR_BLOCK_BYTES, "a_block_above_65535_bytes_is_refused");
  REFUSED(streams = 255, XFT_OK, "255_streams_are_possible");
  REFUSED(streams = 256, XFT_ERR_RANGE, "256_streams_are_refused");
  REFUSED(hosts_bytes = 65535, XFT_OK, "65535_bytes_for_addresses_are_possible");
  REFUSED(hosts_bytes = 65536, XFT_ERR_RANGE, "more_bytes_for_addresses_are_refused");
  REFUSED(accepted_per_source = 0, XFT_ERR_RANGE, "no_accepted_streams_per_source_are_refused");
  REFUSED(accepted_per_source = 256, XFT_ERR_RANGE, "256_accepted_streams_per_source_are_refused");
  REFUSED(methods[0] = 4, XFT_ERR_METHODS, "an_unknown_method_is_refused");
  REFUSED(methods[0] = XFT_METHOD_NONE, XFT_ERR_METHODS, "a_method_behind_a_0_is_refused");
  REFUSED(methods[2] = XFT_METHOD_MEDIATED, XFT_ERR_METHODS, "a_method_named_twice_is_refused");
  REFUSED(methods[2] = XFT_METHOD_OTHER, XFT_ERR_METHODS, "the_number_for_unknown_methods_is_no_method");
  REFUSED(methods[2] = XFT_METHOD_NONE, XFT_OK, "two_methods_are_possible");
  REFUSED(offers_per_peer = 0, XFT_ERR_RANGE, "no_offers_per_peer_are_refused");
  REFUSED(offers_per_peer = 256, XFT_ERR_RANGE, "256_offers_per_peer_are_refused");
  REFUSED(priority = 128, XFT_ERR_RANGE, "a_priority_of_128_is_refused");
  REFUSED(priority = -129, XFT_ERR_RANGE, "a_priority_of_minus_129_is_refused");
  REFUSED(account = NULL, XFT_ERR_NULL, "null_with_a_length_is_refused");
  REFUSED(account = "\xff\xfe" "3456789012345678", XFT_ERR_UTF8, "text_that_is_not_utf8_is_refused");
  REFUSED(account_len = (size_t)-1, XFT_ERR_LENGTH, "a_negative_length_is_refused");
  REFUSED(resource = (cfg.resource_len = 0, (char *)NULL), XFT_OK, "null_with_length_0_is_an_empty_text");
}

static void the_macro_bounds_the_layout(void) {
  static const uint32_t transfers[] = {1, 2, 3, 8, 64, 1000};
  static const uint32_t blocks[] = {1, 512, 1024, 4096, 8192, 65535};
  for (size_t t = 0; t < sizeof transfers / sizeof *transfers; t++) {
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
      xft_config cfg = config();
      cfg.transfers = transfers[t];
      cfg.block_bytes = blocks[b];
      size_t size = layout(&cfg);
      CLAIM(size <= XFT_SESSION_BYTES(transfers[t], blocks[b]), "XFT_SESSION_BYTES_is_an_upper_bound");
      cfg.methods[0] = XFT_METHOD_IN_BAND;
      cfg.methods[1] = cfg.methods[2] = XFT_METHOD_NONE;
      CLAIM(layout(&cfg) < size, "a_session_that_stays_in_band_takes_less");
      CLAIM(layout(&cfg) <= XFT_SESSION_BYTES_IN_BAND(transfers[t], blocks[b]), "XFT_SESSION_BYTES_IN_BAND_is_an_upper_bound");
      CLAIM(size % XFT_SESSION_ALIGN == 0, "sessions_fit_side_by_side_in_an_array");
    }
  }
}

static void init_checks_memory_and_configuration(void) {
  xft_config cfg = config();
  size_t size = layout(&cfg);
  unsigned char *mem = malloc(size + 8);
  xft_session *made = NULL, *const none = NULL;
  if (mem == NULL) { abort(); }
  CLAIM(xft_session_init(NULL, size, &cfg, 0, &made) == XFT_ERR_NULL, "init_refuses_null_memory");
  CLAIM(xft_session_init(mem, size, NULL, 0, &made) == XFT_ERR_NULL, "init_refuses_a_null_configuration");
  CLAIM(xft_session_init(mem, size, &cfg, 0, NULL) == XFT_ERR_NULL, "init_refuses_null_for_the_handle");
  CLAIM(xft_session_init(mem, size - 1, &cfg, 0, &made) == XFT_ERR_MEMORY_SIZE, "init_refuses_one_byte_too_few");
  CLAIM(xft_session_init(mem, 0, &cfg, 0, &made) == XFT_ERR_MEMORY_SIZE, "init_refuses_no_memory");
  CLAIM(xft_session_init(mem + 1, size, &cfg, 0, &made) == XFT_ERR_MEMORY_ALIGN, "init_refuses_misaligned_memory");
  CLAIM(xft_session_init(mem + 4, size, &cfg, 0, &made) == XFT_ERR_MEMORY_ALIGN, "init_refuses_memory_aligned_to_4");
  CLAIM(xft_session_init(mem, (size_t)-1, &cfg, 0, &made) == XFT_ERR_LENGTH, "init_refuses_an_absurd_length");
  cfg = config();
  CLAIM(xft_session_init(mem, size, &cfg, 0, (xft_session **)(void *)mem) == XFT_ERR_OVERLAP, "init_refuses_a_handle_inside_the_memory");
  memcpy(mem, &cfg, sizeof cfg);
  CLAIM(xft_session_init(mem, size, (xft_config *)(void *)mem, 0, &made) == XFT_ERR_OVERLAP, "init_refuses_a_configuration_inside_the_memory");
  cfg.password = (const char *)mem + 100;
  CLAIM(xft_session_init(mem, size, &cfg, 0, &made) == XFT_ERR_OVERLAP, "init_refuses_a_text_inside_the_memory");
  CLAIM(made == none, "a_refused_init_writes_no_handle");
  cfg = config();
  CLAIM(xft_session_init(mem, size, &cfg, 0, &made) == XFT_OK && made != NULL, "init_takes_exactly_the_layout_s_size");
  CLAIM(xft_session_wipe(made) == XFT_OK, "a_session_can_be_wiped_at_once");
  free(mem);
}

/* Every call on what `s` points at; each must give the status `want` and write nothing. */
static void every_call(xft_session *s, uint32_t want, const char *name) {
  static uint8_t buf[256], out[256];
  xft_output o;
  xft_received r;
  xft_marks m;
  xft_refusal f;
  xft_file file;
  const char *jid = NULL;
  size_t n = 77;
  uint32_t t = 77;
  memset(&o, 0x55, sizeof o);
  memset(&r, 0x55, sizeof r);
  memset(&m, 0x55, sizeof m);
  memset(&f, 0x55, sizeof f);
  xft_file_init(&file, sizeof file);
  CLAIM(xft_stream_open(s, 0) == want, name);
  CLAIM(xft_tls_done(s, NULL, 0, NULL, 0) == want, name);
  CLAIM(xft_stream_in(s, 0, buf, sizeof buf, &n, &r) == want, name);
  CLAIM(xft_stanza_in(s, buf, sizeof buf, &r) == want, name);
  CLAIM(xft_stream_end(s, 0, XFT_END_LOST) == want, name);
  CLAIM(xft_tick(s, 0) == want, name);
  CLAIM(xft_poll(s, out, sizeof out, &o) == want, name);
  CLAIM(xft_supply(s, 65536, 0, buf, 1, out, sizeof out, &o) == want, name);
  CLAIM(xft_offer(s, &file, &t) == want, name);
  CLAIM(xft_accept(s, 65536, 0) == want, name);
  CLAIM(xft_decline(s, 65536, XFT_DECLINE_BUSY) == want, name);
  CLAIM(xft_cancel(s, 65536, XFT_CANCEL_WISH) == want, name);
  CLAIM(xft_stored(s, 65536, 0) == want, name);
  CLAIM(xft_sent(s, 65536, 0) == want, name);
  CLAIM(xft_add_address(s, "192.0.2.1", 9, 1080) == want, name);
  CLAIM(xft_clear_addresses(s) == want, name);
  CLAIM(xft_add_proxy(s, "proxy.example.org", 17, "192.0.2.1", 9, 1080) == want, name);
  CLAIM(xft_stream_accepted(s, 1, &t) == want, name);
  CLAIM(xft_prefix(s, 65536, 0, buf, 1) == want, name);
  CLAIM(xft_progress(s, 65536, &m) == want, name);
  CLAIM(xft_offered_name(s, 65536, &jid, &n) == want, name);
  CLAIM(xft_close(s) == want, name);
  if (want != XFT_ERR_CLOSED) { /* these answer after the end too */
    CLAIM(xft_jid(s, &jid, &n) == want, name);
    CLAIM(xft_detail(s, &jid, &n) == want, name);
    CLAIM(xft_last_refusal(s, &f) == want, name);
    CLAIM(xft_session_wipe(s) == want, name);
  }
  CLAIM(all_bytes(&o, sizeof o, 0x55) && all_bytes(&r, sizeof r, 0x55) && all_bytes(&m, sizeof m, 0x55)
            && all_bytes(&f, sizeof f, 0x55) && n == 77 && t == 77 && jid == NULL,
        "a_refused_call_writes_no_result");
}

static void memory_without_a_session_is_refused(void) {
  void *mem = NULL;
  xft_session *s = session(&mem);
  xft_config cfg = config();
  size_t size = layout(&cfg);
  every_call(NULL, XFT_ERR_NULL, "a_null_session_is_refused");
  every_call((xft_session *)(void *)((char *)mem + 1), XFT_ERR_ALIGN, "a_misaligned_session_is_refused");

  unsigned char *copy = malloc(size);
  if (copy == NULL) { abort(); }
  memset(copy, 0, size);
  every_call((xft_session *)(void *)copy, XFT_ERR_NO_SESSION, "zeroed_memory_is_no_session");
  memset(copy, 0xa5, size);
  every_call((xft_session *)(void *)copy, XFT_ERR_NO_SESSION, "random_memory_is_no_session");
  memcpy(copy, mem, size);
  every_call((xft_session *)(void *)copy, XFT_ERR_NO_SESSION, "a_copied_session_is_no_session");
  free(copy);

  CLAIM(holds(mem, size, PASSWORD), "the_password_is_in_the_session_while_it_lives");
  CLAIM(xft_session_wipe(s) == XFT_OK, "a_session_can_be_wiped");
  CLAIM(all_bytes(mem, size, 0), "wiping_leaves_only_zeros");
  every_call(s, XFT_ERR_NO_SESSION, "a_wiped_session_is_refused");
  CLAIM(xft_session_init(mem, size, &cfg, 0, &s) == XFT_OK, "wiped_memory_can_be_used_again");
  CLAIM(xft_session_init(mem, size, &cfg, 0, &s) == XFT_OK, "living_memory_can_be_initialised_again");
  cfg.account_len = 3;
  CLAIM(xft_session_init(mem, size, &cfg, 0, &s) == XFT_ERR_ACCOUNT, "init_over_a_session_checks_too");
  CLAIM(xft_tick(s, 1) == XFT_OK, "a_refused_configuration_leaves_the_living_session_alone");
  xft_session_wipe(s);
  free(mem);
}

static void pointers_and_codes_are_checked_in_every_call(void) {
  void *mem = NULL;
  xft_session *s = session(&mem);
  static uint8_t buf[4096], out[4096];
  xft_output o;
  xft_received r;
  xft_marks m;
  xft_file file;
  const char *jid = NULL;
  size_t n = 77;
  uint32_t t = 77;
  uint8_t *inside = (uint8_t *)mem + 64;

  CLAIM(xft_last_refusal(s, NULL) == XFT_ERR_NULL, "last_refusal_refuses_null");
  CLAIM(xft_tls_done(s, NULL, 32, NULL, 0) == XFT_ERR_NULL, "tls_done_refuses_a_null_exporter_with_length");
  CLAIM(xft_tls_done(s, NULL, 0, NULL, 32) == XFT_ERR_NULL, "tls_done_refuses_a_null_end_point_with_length");
  CLAIM(xft_stream_in(s, 0, NULL, 1, &n, &r) == XFT_ERR_NULL, "stream_in_refuses_a_null_buffer_with_length");
  CLAIM(xft_stream_in(s, 0, buf, 1, NULL, &r) == XFT_ERR_NULL, "stream_in_refuses_null_for_used");
  CLAIM(xft_stream_in(s, 0, buf, 1, &n, NULL) == XFT_ERR_NULL, "stream_in_refuses_null_for_received");
  CLAIM(xft_stream_in(s, 0, buf, (size_t)-5, &n, &r) == XFT_ERR_LENGTH, "stream_in_refuses_a_negative_length");
  CLAIM(xft_stream_in(s, 0, inside, 16, &n, &r) == XFT_ERR_OVERLAP, "stream_in_refuses_the_session_s_memory");
  CLAIM(xft_stream_in(s, 65536, buf, 1, &n, &r) == XFT_ERR_STREAM, "stream_in_refuses_stream_65536");
  CLAIM(xft_stream_in(s, 1, buf, 1, &n, &r) == XFT_ERR_STREAM, "stream_in_refuses_a_stream_that_is_not_there");
  CLAIM(xft_stanza_in(s, NULL, 1, &r) == XFT_ERR_NULL, "stanza_in_refuses_a_null_buffer_with_length");
  CLAIM(xft_stanza_in(s, buf, 1, NULL) == XFT_ERR_NULL, "stanza_in_refuses_null_for_received");
  CLAIM(xft_stanza_in(s, inside, 16, &r) == XFT_ERR_OVERLAP, "stanza_in_refuses_the_session_s_memory");
  CLAIM(xft_stanza_in(s, buf, 1, &r) == XFT_ERR_STATE, "stanza_in_needs_a_host_owned_stream");
  CLAIM(xft_poll(s, out, sizeof out, NULL) == XFT_ERR_NULL, "poll_refuses_null_for_output");
  CLAIM(xft_poll(s, NULL, 1, &o) == XFT_ERR_NULL, "poll_refuses_a_null_buffer_with_length");
  CLAIM(xft_poll(s, inside, 16, &o) == XFT_ERR_OVERLAP, "poll_refuses_the_session_s_memory");
  CLAIM(xft_poll(s, out, sizeof out, (xft_output *)(void *)(buf + 1)) == XFT_ERR_ALIGN, "poll_refuses_a_misaligned_output");
  CLAIM(xft_supply(s, 65536, 0, NULL, 1, out, sizeof out, &o) == XFT_ERR_NULL, "supply_refuses_null_bytes_with_length");
  CLAIM(xft_supply(s, 65536, 0, buf, 1, NULL, 1, &o) == XFT_ERR_NULL, "supply_refuses_null_for_out");
  CLAIM(xft_supply(s, 65536, 0, buf, 1, out, sizeof out, NULL) == XFT_ERR_NULL, "supply_refuses_null_for_output");
  CLAIM(xft_supply(s, 65536, 0, buf, 100, buf + 99, 100, &o) == XFT_ERR_OVERLAP, "supply_refuses_overlapping_buffers");
  CLAIM(xft_supply(s, 65536, 0, inside, 16, out, sizeof out, &o) == XFT_ERR_OVERLAP, "supply_refuses_the_session_s_memory");
  CLAIM(xft_offer(s, NULL, &t) == XFT_ERR_NULL, "offer_refuses_a_null_file");
  xft_file_init(&file, sizeof file);
  CLAIM(xft_offer(s, &file, NULL) == XFT_ERR_NULL, "offer_refuses_null_for_the_handle");
  file.size = 4;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_STRUCT_SIZE, "offer_refuses_a_short_structure");
  xft_file_init(&file, sizeof file);
  file.has = 16;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_FLAGS, "offer_refuses_an_unknown_flag");
  xft_file_init(&file, sizeof file);
  file.reserved[0] = 1;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_RESERVED, "offer_refuses_a_reserved_field");
  xft_file_init(&file, sizeof file);
  file.methods[1] = XFT_METHOD_DIRECT;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_METHODS, "offer_refuses_a_method_behind_a_0");
  xft_file_init(&file, sizeof file);
  file.methods[0] = file.methods[1] = XFT_METHOD_DIRECT;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_METHODS, "offer_refuses_a_method_named_twice");
  xft_file_init(&file, sizeof file);
  file.name = "\xc3(";
  file.name_len = 2;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_UTF8, "offer_refuses_a_name_that_is_not_utf8");
  xft_file_init(&file, sizeof file);
  file.to_len = 1;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_NULL, "offer_refuses_a_null_receiver_with_length");
  CLAIM(xft_stream_end(s, 0, 0) == XFT_ERR_CODE, "stream_end_refuses_an_unknown_code");
  CLAIM(xft_stream_end(s, 70000, XFT_END_LOST) == XFT_ERR_STREAM, "stream_end_refuses_stream_70000");
  CLAIM(xft_stream_open(s, 70000) == XFT_ERR_STREAM, "stream_open_refuses_stream_70000");
  CLAIM(xft_stream_open(s, 1) == XFT_ERR_STREAM, "stream_open_refuses_stream_1");
  CLAIM(xft_stream_end(s, 0, 9) == XFT_ERR_CODE, "stream_end_refuses_the_code_behind_the_last");
  CLAIM(xft_stream_end(s, 1, XFT_END_ENDED) == XFT_ERR_STREAM, "stream_end_refuses_a_stream_that_is_not_there");
  CLAIM(xft_stream_accepted(s, 1, NULL) == XFT_ERR_NULL, "stream_accepted_refuses_null");
  CLAIM(xft_stream_accepted(s, 1, (uint32_t *)(void *)(buf + 1)) == XFT_ERR_ALIGN, "stream_accepted_refuses_a_misaligned_number");
  CLAIM(xft_add_address(s, NULL, 9, 1080) == XFT_ERR_NULL, "add_address_refuses_a_null_host_with_length");
  CLAIM(xft_add_address(s, "192.0.2.1", (size_t)-9, 1080) == XFT_ERR_LENGTH, "add_address_refuses_a_negative_length");
  CLAIM(xft_add_address(s, "\xc3(", 2, 1080) == XFT_ERR_UTF8, "add_address_refuses_a_host_that_is_not_utf8");
  CLAIM(xft_add_address(s, "192.0.2.1", 9, 65536) == XFT_ERR_HOST, "add_address_refuses_port_65536");
  CLAIM(xft_add_proxy(s, NULL, 17, "192.0.2.1", 9, 1080) == XFT_ERR_NULL, "add_proxy_refuses_a_null_jid_with_length");
  CLAIM(xft_add_proxy(s, "proxy.example.org", 17, NULL, 9, 1080) == XFT_ERR_NULL, "add_proxy_refuses_a_null_host_with_length");
  CLAIM(xft_add_proxy(s, "\xc3(", 2, "192.0.2.1", 9, 1080) == XFT_ERR_UTF8, "add_proxy_refuses_a_jid_that_is_not_utf8");
  CLAIM(xft_add_proxy(s, "proxy.example.org", 17, "192.0.2.1", 9, 65536) == XFT_ERR_HOST, "add_proxy_refuses_port_65536");
  CLAIM(xft_decline(s, 65536, 4) == XFT_ERR_CODE, "decline_refuses_an_unknown_code");
  CLAIM(xft_cancel(s, 65536, 0) == XFT_ERR_CODE, "cancel_refuses_an_unknown_code");
  CLAIM(xft_progress(s, 65536, NULL) == XFT_ERR_NULL, "progress_refuses_null");
  CLAIM(xft_offered_name(s, 65536, NULL, &n) == XFT_ERR_NULL, "offered_name_refuses_null");
  CLAIM(xft_offered_name(s, 65536, &jid, NULL) == XFT_ERR_NULL, "offered_name_refuses_null_for_the_length");
  CLAIM(xft_jid(s, NULL, &n) == XFT_ERR_NULL, "jid_refuses_null");
  CLAIM(xft_jid(s, &jid, NULL) == XFT_ERR_NULL, "jid_refuses_null_for_the_length");
  CLAIM(t == 77, "no_refused_offer_wrote_a_handle");

  /* Results that would lie in the session, on a buffer or on each other: a sanitizer sees what is written all the same. */
  xft_output *output_inside = (xft_output *)(void *)inside;
  union { uint8_t bytes[sizeof(xft_output) + 64]; xft_output output; } on_output;
  union { uint8_t bytes[sizeof(xft_received) + 64]; xft_received received; size_t used; } on_received;
  CLAIM(xft_poll(s, out, sizeof out, output_inside) == XFT_ERR_OVERLAP, "poll_refuses_an_output_in_the_session");
  CLAIM(xft_poll(s, on_output.bytes, sizeof on_output.bytes, &on_output.output) == XFT_ERR_OVERLAP, "poll_refuses_a_buffer_over_its_output");
  CLAIM(xft_supply(s, 65536, 0, buf, 1, out, sizeof out, output_inside) == XFT_ERR_OVERLAP, "supply_refuses_an_output_in_the_session");
  CLAIM(xft_supply(s, 65536, 0, buf, 1, on_output.bytes, 64, &on_output.output) == XFT_ERR_OVERLAP, "supply_refuses_a_buffer_over_its_output");
  CLAIM(xft_supply(s, 65536, 0, on_output.bytes + 32, 1, out, 64, &on_output.output) == XFT_ERR_OVERLAP, "supply_refuses_file_bytes_over_its_output");
  CLAIM(xft_stream_in(s, 0, buf, 1, &n, (xft_received *)(void *)inside) == XFT_ERR_OVERLAP, "stream_in_refuses_received_in_the_session");
  CLAIM(xft_stream_in(s, 0, buf, 1, (size_t *)(void *)inside, &r) == XFT_ERR_OVERLAP, "stream_in_refuses_used_in_the_session");
  CLAIM(xft_stream_in(s, 0, buf, 1, &on_received.used, &on_received.received) == XFT_ERR_OVERLAP, "stream_in_refuses_used_over_received");
  CLAIM(xft_stream_in(s, 0, on_received.bytes, 64, &n, &on_received.received) == XFT_ERR_OVERLAP, "stream_in_refuses_a_buffer_over_received");
  CLAIM(xft_stanza_in(s, buf, 1, (xft_received *)(void *)inside) == XFT_ERR_OVERLAP, "stanza_in_refuses_received_in_the_session");
  CLAIM(xft_stanza_in(s, on_received.bytes, 64, &on_received.received) == XFT_ERR_OVERLAP, "stanza_in_refuses_a_buffer_over_received");
  CLAIM(xft_last_refusal(s, (xft_refusal *)(void *)inside) == XFT_ERR_OVERLAP, "last_refusal_refuses_a_place_in_the_session");
  CLAIM(xft_progress(s, 65536, (xft_marks *)(void *)inside) == XFT_ERR_OVERLAP, "progress_refuses_a_place_in_the_session");
  CLAIM(xft_jid(s, (const char **)(void *)inside, &n) == XFT_ERR_OVERLAP, "jid_refuses_a_place_in_the_session");
  CLAIM(xft_jid(s, &jid, (size_t *)(void *)&jid) == XFT_ERR_OVERLAP, "jid_refuses_one_place_for_two_results");
  CLAIM(xft_detail(s, &jid, (size_t *)(void *)inside) == XFT_ERR_OVERLAP, "detail_refuses_a_place_in_the_session");
  CLAIM(xft_stream_accepted(s, 1, (uint32_t *)(void *)inside) == XFT_ERR_OVERLAP, "stream_accepted_refuses_a_place_in_the_session");
  xft_file_init(&file, sizeof file);
  CLAIM(xft_offer(s, &file, (uint32_t *)(void *)inside) == XFT_ERR_OVERLAP, "offer_refuses_a_handle_in_the_session");
  CLAIM(xft_offer(s, (xft_file *)(void *)inside, &t) != XFT_OK, "offer_refuses_a_file_in_the_session");
  file.name = (const char *)inside;
  file.name_len = 5;
  CLAIM(xft_offer(s, &file, &t) == XFT_ERR_OVERLAP, "offer_refuses_a_text_lent_by_the_session");
  CLAIM(xft_add_address(s, (const char *)inside, 9, 1080) == XFT_ERR_OVERLAP, "add_address_refuses_a_text_lent_by_the_session");
  CLAIM(xft_add_proxy(s, (const char *)inside, 9, "192.0.2.1", 9, 1080) == XFT_ERR_OVERLAP, "add_proxy_refuses_a_text_lent_by_the_session");
  CLAIM(xft_tls_done(s, inside, 32, NULL, 0) == XFT_ERR_OVERLAP, "tls_done_refuses_bytes_lent_by_the_session");
  CLAIM(xft_prefix(s, 65536, 0, inside, 16) == XFT_ERR_OVERLAP, "prefix_refuses_bytes_lent_by_the_session");

  static const uint32_t strangers[] = {0, 1, 65535, 65536, 0x00010001u, 0x7fffffffu, 0x80000000u, 0xffffffffu};
  for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
    uint32_t handle = strangers[i];
    CLAIM(xft_accept(s, handle, 0) == XFT_ERR_OFFLINE, "accept_needs_a_login");
    CLAIM(xft_decline(s, handle, XFT_DECLINE_UNWANTED) == XFT_ERR_OFFLINE, "decline_needs_a_login");
    CLAIM(xft_cancel(s, handle, XFT_CANCEL_WISH) == XFT_ERR_STALE, "cancel_refuses_a_handle_never_given");
    CLAIM(xft_stored(s, handle, 0) == XFT_ERR_STALE, "stored_refuses_a_handle_never_given");
    CLAIM(xft_progress(s, handle, &m) == XFT_ERR_STALE, "progress_refuses_a_handle_never_given");
    CLAIM(xft_offered_name(s, handle, &jid, &n) == XFT_ERR_STALE, "offered_name_refuses_a_handle_never_given");
    CLAIM(xft_supply(s, handle, 0, buf, 1, out, sizeof out, &o) == XFT_ERR_STALE, "supply_refuses_a_handle_never_given");
  }
  xft_refusal f;
  CLAIM(xft_last_refusal(s, &f) == XFT_OK && f.status == XFT_ERR_STALE && f.needed == 0, "the_last_refusal_is_remembered");
  CLAIM(xft_jid(s, &jid, &n) == XFT_OK && n == 0, "there_is_no_jid_before_the_login");
  CLAIM(xft_poll(s, NULL, 0, &o) == XFT_OK && o.kind == XFT_OUTPUT_WAIT, "an_idle_poll_needs_no_buffer");
  xft_session_wipe(s);
  free(mem);
}

static void no_space_tells_how_much(void) {
  void *mem = NULL;
  xft_session *s = session(&mem);
  xft_output o;
  xft_refusal f;
  memset(&o, 0x55, sizeof o);
  xft_received r;
  size_t used = 77;
  uint8_t early[] = " ";
  CLAIM(xft_stream_in(s, 0, early, 1, &used, &r) == XFT_ERR_STATE && used == 77, "nothing_comes_on_a_stream_that_is_not_open");
  CLAIM(xft_stream_open(s, 0) == XFT_OK, "a_stream_can_be_opened");
  CLAIM(xft_stream_in(s, 0, early, 0, &used, &r) == XFT_OK && used == 0, "an_open_stream_takes_bytes");
  CLAIM(xft_poll(s, NULL, 0, &o) == XFT_ERR_NO_SPACE, "the_stream_header_does_not_fit_into_nothing");
  CLAIM(all_bytes(&o, sizeof o, 0x55), "no_space_writes_no_output");
  CLAIM(xft_last_refusal(s, &f) == XFT_OK && f.status == XFT_ERR_NO_SPACE && f.needed > 0, "no_space_tells_the_need");
  uint8_t *out = malloc((size_t)f.needed);
  if (out == NULL) { abort(); }
  CLAIM(xft_poll(s, out, (size_t)f.needed, &o) == XFT_OK && o.kind == XFT_OUTPUT_TRANSMIT, "the_told_need_is_enough");
  CLAIM(o.bytes >= out && o.bytes + o.len <= out + f.needed && o.len > 0, "transmit_bytes_lie_in_the_buffer");
  CLAIM(o.stream == 0 && holds(o.bytes, o.len, "to='example.org'"), "the_stream_header_goes_to_the_domain");
  free(out);
  CLAIM(xft_stream_open(s, 0) == XFT_ERR_STATE, "a_stream_is_opened_once");
  xft_session_wipe(s);
  free(mem);
}

static void addresses_mean_nothing_to_a_session_that_stays_in_band(void) {
  xft_config cfg = config();
  cfg.methods[0] = XFT_METHOD_IN_BAND;
  cfg.methods[1] = cfg.methods[2] = XFT_METHOD_NONE;
  size_t size = layout(&cfg);
  void *mem = malloc(size);
  xft_session *s = NULL;
  uint32_t stream = 77;
  if (mem == NULL || xft_session_init(mem, size, &cfg, 0, &s) != XFT_OK) { abort(); }
  CLAIM(xft_add_address(s, "192.0.2.1", 9, 1080) == XFT_ERR_NO_STREAMS, "add_address_needs_a_method_over_socks5");
  CLAIM(xft_add_proxy(s, "proxy.example.org", 17, "192.0.2.1", 9, 1080) == XFT_ERR_NO_STREAMS, "add_proxy_needs_a_method_over_socks5");
  CLAIM(xft_clear_addresses(s) == XFT_OK, "there_is_nothing_to_clear");
  CLAIM(xft_stream_accepted(s, 1, &stream) == XFT_ERR_STATE && stream == 77, "nobody_is_awaited");
  xft_session_wipe(s);
  free(mem);
}

static void two_sessions_share_nothing(void) {
  void *mem_a = NULL, *mem_b = NULL;
  xft_session *a = session(&mem_a), *b = session(&mem_b);
  uint8_t out[2048];
  xft_output o;
  CLAIM(a != b, "two_sessions_have_two_handles");
  CLAIM(xft_stream_open(a, 0) == XFT_OK, "the_first_session_opens");
  CLAIM(xft_poll(b, out, sizeof out, &o) == XFT_OK && o.kind == XFT_OUTPUT_WAIT, "the_second_session_has_nothing_to_do");
  CLAIM(xft_poll(a, out, sizeof out, &o) == XFT_OK && o.kind == XFT_OUTPUT_TRANSMIT, "the_first_one_sends");
  xft_session_wipe(a);
  free(mem_a);
  CLAIM(xft_stream_open(b, 0) == XFT_OK, "the_second_session_survives_the_first");
  CLAIM(xft_poll(b, out, sizeof out, &o) == XFT_OK && o.kind == XFT_OUTPUT_TRANSMIT, "the_second_session_sends_too");
  xft_session_wipe(b);
  free(mem_b);
}

static void a_lost_stream_ends_the_session_and_every_later_call_says_so(void) {
  void *mem = NULL;
  xft_session *s = session(&mem);
  uint8_t out[2048];
  xft_output o;
  xft_refusal f;
  const char *text = NULL;
  size_t n = 77;
  unsigned offline = 0;
  CLAIM(xft_stream_open(s, 0) == XFT_OK, "a_stream_can_be_opened");
  CLAIM(xft_stream_end(s, 0, XFT_END_TLS_FAILED) == XFT_OK, "a_stream_can_end");
  for (int i = 0; i < 10 && xft_poll(s, out, sizeof out, &o) == XFT_OK && o.kind != XFT_OUTPUT_WAIT; i++) {
    if (o.event == XFT_EVENT_OFFLINE) {
      offline++;
      CLAIM(o.reason == XFT_REASON_TLS_FAILED && o.condition == XFT_CONDITION_NONE, "the_event_tells_the_reason");
    }
  }
  CLAIM(offline == 1, "offline_is_said_once");
  every_call(s, XFT_ERR_CLOSED, "after_the_end_a_call_says_closed");
  CLAIM(xft_jid(s, &text, &n) == XFT_OK && n == 0, "the_jid_is_told_after_the_end_too");
  CLAIM(xft_detail(s, &text, &n) == XFT_OK && n == 0, "what_the_server_said_is_told_after_the_end");
  CLAIM(xft_last_refusal(s, &f) == XFT_OK && f.status == XFT_ERR_CLOSED && f.reason == XFT_REASON_TLS_FAILED,
        "the_refusal_tells_the_reason");
  xft_session_wipe(s);
  free(mem);
}

/* Feeds what the server says, and drains what is answered. */
static void hears(xft_session *s, const char *text) {
  static uint8_t out[4096];
  char copy[512];
  size_t used = 0, len = strlen(text);
  xft_received r;
  xft_output o;
  memcpy(copy, text, len);
  for (size_t at = 0; at < len; at += used) {
    if (xft_stream_in(s, 0, (uint8_t *)copy + at, len - at, &used, &r) != XFT_OK) { break; }
    while (xft_poll(s, out, sizeof out, &o) == XFT_OK && o.kind != XFT_OUTPUT_WAIT) {}
  }
}

#define HEADER "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='1' from='example.org' version='1.0'>"

/* One that no other session here had: what those left on the stack may be anywhere. */
#define RARE_PASSWORD "seldom used elsewhere"

static void the_password_is_gone_when_the_login_is_over(void) {
  static const char *const ENDS[] = {"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
                                     "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>"};
  for (size_t i = 0; i < 2; i++) {
    xft_config cfg = config();
    cfg.password = RARE_PASSWORD;
    cfg.password_len = sizeof RARE_PASSWORD - 1;
    cfg.tls = XFT_TLS_DIRECT;
    cfg.flags |= XFT_FLAG_SASL_PLAIN;
    size_t size = layout(&cfg);
    void *mem = malloc(size);
    xft_session *s = NULL;
    if (mem == NULL) { abort(); }
    memset(mem, 0, size); /* what other sessions left there is not this one's */
    if (xft_session_init(mem, size, &cfg, 1000, &s) != XFT_OK) { abort(); }
    CLAIM(xft_stream_open(s, 0) == XFT_OK, "a_stream_opens");
    hears(s, HEADER "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>");
    CLAIM(holds(mem, size, RARE_PASSWORD), "the_password_is_there_while_it_is_needed");
    hears(s, ENDS[i]);
    CLAIM(!holds(mem, size, RARE_PASSWORD), "the_password_is_gone_when_the_login_is_over");
    free(mem);
  }
}

int main(void) {
  versions_and_texts();
  features_are_listed();
  structures_begin_with_their_size();
  the_layout_checks_the_configuration();
  the_macro_bounds_the_layout();
  init_checks_memory_and_configuration();
  memory_without_a_session_is_refused();
  pointers_and_codes_are_checked_in_every_call();
  no_space_tells_how_much();
  the_password_is_gone_when_the_login_is_over();
  addresses_mean_nothing_to_a_session_that_stays_in_band();
  two_sessions_share_nothing();
  a_lost_stream_ends_the_session_and_every_later_call_says_so();
  return claims_end();
}
