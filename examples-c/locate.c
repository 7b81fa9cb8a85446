/* SRV records. */
#define _DEFAULT_SOURCE /* resolv.h */
#include "locate.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

/* One name server gets two tries: with three of them a question takes 9 seconds at most. */
#define TRY_S 2
#define TRIES 2

/* Longest answer over UDP and TCP that is read. */
#define ANSWER_BYTES 4096

static int is_address(const char *host)
{
    struct in6_addr out;
    return strchr(host, ':') != NULL || host[0] == '[' || inet_pton(AF_INET, host, &out) == 1;
}

/* 0, or -1 after saying that it is no address. */
static int use_nameserver(struct __res_state *state, const char *text)
{
    struct host_port place;
    struct sockaddr_in *server = &state->nsaddr_list[0];
    memset(server, 0, sizeof *server);
    if (split_host_port(text, "53", &place) != 0 || inet_pton(AF_INET, place.host, &server->sin_addr) != 1) {
        say("--nameserver takes an IPv4 address, or one with :PORT, not '%s'", text);
        return -1;
    }
    server->sin_family = AF_INET;
    server->sin_port = htons((uint16_t)atoi(place.port));
    state->nscount = 1;
    return 0;
}

/* Keeps one record of the answer, if it is one. */
static void take(struct located *located, uint32_t service, const ns_msg *answer, const ns_rr *rr)
{
    const unsigned char *data = ns_rr_rdata(*rr);
    xft_record *record = &located->records[located->count];
    char *target = located->targets[located->count];
    if (ns_rr_type(*rr) != ns_t_srv || ns_rr_rdlen(*rr) < 7)
        return;
    if (dn_expand(ns_msg_base(*answer), ns_msg_end(*answer), data + 6, target, sizeof located->targets[0]) < 0)
        return;
    /* The root comes out as an empty name. */
    if (target[0] == '\0')
        strcpy(target, ".");
    memset(record, 0, sizeof *record);
    record->size = sizeof *record;
    record->service = service;
    record->priority = ns_get16(data);
    record->weight = ns_get16(data + 2);
    record->port = ns_get16(data + 4);
    record->target = target;
    record->target_len = strlen(target);
    located->count++;
}

static void ask(struct __res_state *state, struct located *located, uint32_t service)
{
    unsigned char bytes[ANSWER_BYTES];
    char name[NS_MAXDNAME];
    ns_msg answer;
    ns_rr rr;
    if (snprintf(name, sizeof name, "%s%s", xft_service_prefix(service), located->domain) >= (int)sizeof name)
        return;
    int length = res_nquery(state, name, ns_c_in, ns_t_srv, bytes, sizeof bytes);
    /* Longer answers are cut here: what is whole counts. */
    if (length > (int)sizeof bytes)
        length = sizeof bytes;
    /* No record and no answer are the same to us: the domain itself is tried then (RFC 6120 3.2.1). */
    if (length < 0 || ns_initparse(bytes, length, &answer) != 0)
        return;
    for (int at = 0; at < ns_msg_count(answer, ns_s_an) && located->count < LOCATE_RECORDS; at++)
        if (ns_parserr(&answer, ns_s_an, at, &rr) == 0)
            take(located, service, &answer, &rr);
}

int locate_ask(struct located *located, const char *domain, uint32_t only, const char *nameserver, uint64_t random)
{
    struct __res_state state;
    memset(located, 0, sizeof *located);
    memset(&state, 0, sizeof state);
    located->domain = domain;
    located->fallback = only != 0 ? only : XFT_SERVICE_START_TLS;
    located->random = random;
    int initialised = res_ninit(&state) == 0;
    int result = initialised && nameserver != NULL ? use_nameserver(&state, nameserver) : 0;
    if (initialised && result == 0 && !is_address(domain) && strcasecmp(domain, "localhost") != 0) {
        state.retrans = TRY_S;
        state.retry = TRIES;
        for (uint32_t service = XFT_SERVICE_START_TLS; service <= XFT_SERVICE_DIRECT; service++)
            if (only == 0 || only == service)
                ask(&state, located, service);
    }
    if (initialised)
        res_nclose(&state);
    return result;
}

int locate_next(struct located *located, struct located_place *place)
{
    xft_place next;
    uint32_t status = xft_locate_next(located->domain, strlen(located->domain), located->fallback, located->records,
                                      located->count, located->random, &located->tried, &next);
    if (status != XFT_OK || next.service == 0 || next.host_len >= sizeof place->at.host)
        return 0;
    /* A domain that is an IPv6 address has brackets. */
    if (next.host_len > 2 && next.host[0] == '[' && next.host[next.host_len - 1] == ']') {
        next.host++;
        next.host_len -= 2;
    }
    memcpy(place->at.host, next.host, next.host_len);
    place->at.host[next.host_len] = '\0';
    snprintf(place->at.port, sizeof place->at.port, "%u", (unsigned int)(next.port & 0xffff));
    place->service = next.service;
    return 1;
}
