/* Socket addresses: as text, and which of them a program connects to or offers. */
#ifndef XFT_EXAMPLES_ADDRESS_H
#define XFT_EXAMPLES_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* "[ADDRESS]:PORT" with the longest IPv6 address and a zone. */
#define ADDRESS_TEXT_BYTES 80

/* Whether this program may connect to an address that the other end of a transfer named (ATK-25): a peer could make it
 * knock at doors inside your own network. This machine and its link are out of bounds unless `local` allows them. Edit the
 * rule for your site. `address` is never an IPv4 address mapped into IPv6. */
int address_allowed(const struct sockaddr *address, int local);

/* Loopback and link-local addresses are of no use to another machine. */
int address_is_loopback(const struct sockaddr *address);
int address_is_link_local(const struct sockaddr *address);

/* Whether both are the same host, whatever the port. */
int address_is_same_host(const struct sockaddr *one, const struct sockaddr *other);

/* An IPv4 address mapped into IPv6 becomes a plain one; others stay. */
void address_unmap(struct sockaddr_storage *address);

/* Bytes of an address of this family. */
socklen_t address_bytes(const struct sockaddr *address);

/* "192.0.2.7:7625" or "[2001:db8::7]:7625". */
void address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES]);

/* The host alone: "192.0.2.7" or "2001:db8::7". */
void address_host_text(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES]);

uint16_t address_port(const struct sockaddr *address);

/* A number that is the same for the same host, and never 0. */
uint64_t address_source(const struct sockaddr *address);

#endif
