/* Where the server of a domain is, as a C program asks: names, order, fallback, and what the border refuses. */
#include "check.h"
#include "xft.h"

#define DOMAIN "hospital.test", 13

static xft_record record(uint32_t service, uint32_t priority, uint32_t port, const char *target) {
  xft_record it;
  memset(&it, 0, sizeof it);
  it.size = sizeof it;
  it.service = service;
  it.priority = priority;
  it.port = port;
  it.target = target;
  it.target_len = strlen(target);
  return it;
}

static int is(const xft_place *place, uint32_t service, const char *host, uint32_t port) {
  return place->service == service && place->port == port && place->host_len == strlen(host) &&
         memcmp(place->host, host, strlen(host)) == 0;
}

static void order(void) {
  const xft_record records[] = {
    record(XFT_SERVICE_START_TLS, 9, 5222, "b.hospital.test."),
    record(XFT_SERVICE_DIRECT, 3, 443, "a.hospital.test"),
    record(XFT_SERVICE_DIRECT, 1, 0, "."),
  };
  uint64_t tried = 0;
  xft_place place;
  CLAIM(strcmp(xft_service_prefix(XFT_SERVICE_START_TLS), "_xmpp-client._tcp.") == 0 &&
          strcmp(xft_service_prefix(XFT_SERVICE_DIRECT), "_xmpps-client._tcp.") == 0 && xft_service_prefix(3)[0] == 0,
        "str_01_two_names_are_asked_for");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_START_TLS, records, 3, 7, &tried, &place) == XFT_OK &&
          is(&place, XFT_SERVICE_DIRECT, "a.hospital.test", 443) && place.host == records[1].target,
        "str_01_the_lowest_priority_comes_first_and_the_host_is_lent_from_the_record");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_START_TLS, records, 3, 7, &tried, &place) == XFT_OK &&
          is(&place, XFT_SERVICE_START_TLS, "b.hospital.test", 5222), "str_03_both_services_are_one_set");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_START_TLS, records, 3, 7, &tried, &place) == XFT_OK && place.service == 0,
        "nothing_is_left");
  tried = 0;
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_DIRECT, NULL, 0, 7, &tried, &place) == XFT_OK &&
          is(&place, XFT_SERVICE_DIRECT, "hospital.test", 5223), "str_01_without_records_the_domain_is_the_place");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_DIRECT, NULL, 0, 7, &tried, &place) == XFT_OK && place.service == 0,
        "str_01_it_is_tried_once");
}

static void refusals(void) {
  uint64_t tried = 0;
  xft_place place, before;
  xft_record one = record(XFT_SERVICE_START_TLS, 1, 5222, "a.test"), bad;
  memset(&place, 7, sizeof place);
  before = place;
#define REFUSED(status, name) \
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_START_TLS, &bad, 1, 7, &tried, &place) == (status), name)
  bad = one; bad.size--; REFUSED(XFT_ERR_STRUCT_SIZE, "a_record_tells_its_size");
  bad = one; bad.size = 0; REFUSED(XFT_ERR_STRUCT_SIZE, "a_record_tells_its_size");
  bad = one; bad.service = 0; REFUSED(XFT_ERR_CODE, "a_record_has_a_service");
  bad = one; bad.priority = 65536; REFUSED(XFT_ERR_RANGE, "a_priority_has_16_bits");
  bad = one; bad.weight = 65536; REFUSED(XFT_ERR_RANGE, "a_weight_has_16_bits");
  bad = one; bad.port = 65536; REFUSED(XFT_ERR_RANGE, "a_port_has_16_bits");
  bad = one; bad.reserved = 1; REFUSED(XFT_ERR_RESERVED, "reserved_is_0");
  bad = one; bad.target = NULL; REFUSED(XFT_ERR_NULL, "a_target_is_there");
  bad = one; bad.target = "\xff"; bad.target_len = 1; REFUSED(XFT_ERR_UTF8, "a_target_is_text");
  CLAIM(xft_locate_next(DOMAIN, 3, &one, 1, 7, &tried, &place) == XFT_ERR_CODE, "the_fallback_is_a_service");
  CLAIM(xft_locate_next(NULL, 3, XFT_SERVICE_DIRECT, &one, 1, 7, &tried, &place) == XFT_ERR_NULL, "a_domain_is_there");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_DIRECT, NULL, 1, 7, &tried, &place) == XFT_ERR_NULL, "records_are_there");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_DIRECT, &one, SIZE_MAX / 2, 7, &tried, &place) == XFT_ERR_LENGTH,
        "no_array_is_that_long");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_DIRECT, &one, 1, 7, NULL, &place) == XFT_ERR_NULL, "results_have_a_place");
  CLAIM(xft_locate_next(DOMAIN, XFT_SERVICE_DIRECT, &one, 1, 7, &tried, NULL) == XFT_ERR_NULL, "results_have_a_place");
  CLAIM(tried == 0 && memcmp(&place, &before, sizeof place) == 0, "a_refusal_changes_nothing");
}

int main(void) {
  order();
  refusals();
  return claims_end();
}
