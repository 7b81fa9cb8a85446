/* Socket addresses. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static uint32_t ip4(const struct sockaddr *address)
{
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
}

static const struct in6_addr *ip6(const struct sockaddr *address)
{
    return &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

int address_allowed(const struct sockaddr *address, int local)
{
    /* Nobody can be a streamhost at what is unspecified or for many; `local` opens the rest of this machine. The stream
     * carries 50 fixed bytes before the peer has answered as a streamhost does, so little can be done to a service that is
     * none; a peer learns only that its list as a whole failed, and not when. Sites with services that must not even be
     * knocked at refuse here what their peers never use: networks of their own, ports. */
    if (address->sa_family == AF_INET)
        return ip4(address) >> 24 != 0 && ip4(address) >> 28 < 14 &&
               (local || !(address_is_loopback(address) || address_is_link_local(address)));
    if (address->sa_family == AF_INET6)
        return !IN6_IS_ADDR_UNSPECIFIED(ip6(address)) && !IN6_IS_ADDR_MULTICAST(ip6(address)) &&
               (local || !(address_is_loopback(address) || address_is_link_local(address) ||
                           IN6_IS_ADDR_V4COMPAT(ip6(address))));
    return 0;
}

int address_is_loopback(const struct sockaddr *address)
{
    return address->sa_family == AF_INET ? ip4(address) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(ip6(address)) != 0;
}

int address_is_link_local(const struct sockaddr *address)
{
    return address->sa_family == AF_INET ? ip4(address) >> 16 == 0xa9fe : IN6_IS_ADDR_LINKLOCAL(ip6(address)) != 0;
}

int address_is_same_host(const struct sockaddr *one, const struct sockaddr *other)
{
    if (one->sa_family != other->sa_family)
        return 0;
    return one->sa_family == AF_INET ? ip4(one) == ip4(other) : memcmp(ip6(one), ip6(other), sizeof *ip6(one)) == 0;
}

void address_unmap(struct sockaddr_storage *address)
{
    struct sockaddr_in6 old;
    struct sockaddr_in plain;
    memcpy(&old, address, sizeof old);
    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&old.sin6_addr))
        return;
    memset(&plain, 0, sizeof plain);
    plain.sin_family = AF_INET;
    plain.sin_port = old.sin6_port;
    memcpy(&plain.sin_addr, old.sin6_addr.s6_addr + 12, 4);
    memset(address, 0, sizeof *address);
    memcpy(address, &plain, sizeof plain);
}

socklen_t address_bytes(const struct sockaddr *address)
{
    return address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

void address_host_text(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES])
{
    const void *from = address->sa_family == AF_INET
                           ? (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
                           : (const void *)ip6(address);
    if (inet_ntop(address->sa_family, from, out, ADDRESS_TEXT_BYTES) == NULL)
        snprintf(out, ADDRESS_TEXT_BYTES, "?");
}

uint16_t address_port(const struct sockaddr *address)
{
    /* The port lies at the same place in both. */
    return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
}

void address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES])
{
    char host[ADDRESS_TEXT_BYTES];
    address_host_text(address, host);
    snprintf(out, ADDRESS_TEXT_BYTES, address->sa_family == AF_INET6 ? "[%.60s]:%u" : "%.60s:%u", host,
             (unsigned int)address_port(address));
}

uint64_t address_source(const struct sockaddr *address)
{
    uint64_t high = 0, low = 0;
    if (address->sa_family == AF_INET)
        return ip4(address) | 1ull << 32;
    for (size_t at = 0; at < 8; at++) {
        high = high << 8 | ip6(address)->s6_addr[at];
        low = low << 8 | ip6(address)->s6_addr[at + 8];
    }
    /* A host has the lower half of a network for itself, so the network counts. */
    return high != 0 ? high : low | 1ull << 63;
}
