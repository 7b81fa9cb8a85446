/* Addresses and passwords as people type them, brought into the form that servers compare: Nodeprep, Nameprep,
 * Resourceprep and SASLprep, as servers of RFC 6120 do. ASCII needs nothing installed. The rest needs libidn, and libidn2
 * for domains; the Makefile takes them where pkg-config finds them, else what is not ASCII is refused. */
#ifndef XFT_EXAMPLES_PREPARE_H
#define XFT_EXAMPLES_PREPARE_H

#include "options.h"

#include <stddef.h>

/* Most bytes of an address or a password that libxft keeps, and a NUL. */
#define PREPARED_BYTES 257

/* A domain name in ASCII, and a NUL. */
#define DOMAIN_BYTES 256

/* Prepares the address DOMAIN, USER@DOMAIN or one with /RESOURCE behind it. An internationalised domain comes out in
 * letters (U-label), as it stands in XMPP, also where its A-label (xn--...) was typed. `option` is the name of the option
 * for the words. 0, or -1 after saying what is wrong. */
int prepare_address(const char *option, const char *typed, char out[PREPARED_BYTES]);

/* The same for an option that may be repeated: its texts become prepared ones, malloc'd. 0, or -1 after saying it. */
int prepare_addresses(const char *option, struct texts *texts);

/* The domain of a prepared address as DNS and TLS want it (A-label). 0, or -1 after saying what is wrong. */
int prepare_domain(const char *domain, char out[DOMAIN_BYTES]);

/* Prepares a password of UTF-8 with SASLprep. Where RFC 8265 (OpaqueString) would make another password of it, that is
 * said, and SASLprep counts. 0, or -1 after saying what is wrong. */
int prepare_password(const char *typed, char out[PREPARED_BYTES]);

/* Overwrites a password in a way the compiler keeps. */
void prepare_forget(char *text, size_t size);

#endif
