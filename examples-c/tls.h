/* TLS over a non-blocking POSIX socket, as much of it as an XMPP client needs.
 *
 * Two back ends implement this header: tls_openssl.c (OpenSSL 1.1.1 or later) and tls-rustls (a Rust crate that cargo
 * builds, so that nothing has to be installed). The Makefile takes OpenSSL where pkg-config finds it; `make TLS=rustls`
 * or `make TLS=openssl` decides by hand. A third back end is one more file with these functions.
 *
 * The server's certificate is always checked: chain, dates, and the name against the domain of the JID (RFC 6120
 * 13.7.2). There is no switch for that.
 */
#ifndef XFT_EXAMPLES_TLS_H
#define XFT_EXAMPLES_TLS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. */
#define TLS_OK         0  /* done, or at least one byte moved */
#define TLS_WANT_READ  1  /* wait until the socket is readable, then call again */
#define TLS_WANT_WRITE 2  /* wait until the socket is writable, then call again */
#define TLS_CLOSED     3  /* the peer closed in good order (close_notify): no more bytes will come */
#define TLS_UNTRUSTED  4  /* the certificate is not to be trusted, see tls_error() */
#define TLS_FAILED     5  /* anything else, see tls_error() */

/* Largest record to send. Servers that read 4096 bytes per turn stall on full records of 16384 bytes; these pass. */
#define TLS_RECORD_BYTES 8192

/* Sizes of the channel-binding data below. */
#define TLS_EXPORTER_BYTES 32
#define TLS_SERVER_END_POINT_BYTES 64

/* One TLS client over one socket. */
struct tls;

/* Makes a TLS client over the connected, non-blocking socket `fd`, which stays the caller's. `domain` is the name (or
 * IP address) the certificate must carry. `ca_file` holds the trusted certificates (PEM); NULL means the system's.
 * `direct` is 1 when TLS starts with the first byte (XEP-0368: ALPN "xmpp-client" is sent), 0 after STARTTLS.
 * NULL when that fails; the cause is then in `error`, ended by NUL. */
struct tls *tls_create(int fd, const char *domain, const char *ca_file, int direct, char *error, size_t error_bytes);

/* Goes on with the handshake. TLS_OK: it is complete and the certificate was accepted. */
int tls_handshake(struct tls *tls);

/* Reads up to `size` bytes into `bytes`; `*moved` says how many came. Bytes may wait in here while the socket is
 * silent: read until TLS_WANT_READ before you wait for the socket. */
int tls_read(struct tls *tls, void *bytes, size_t size, size_t *moved);

/* Takes up to `size` bytes; `*moved` says how many. Bytes taken may still wait in here, see tls_unsent(). `size` 0
 * only goes on with those. */
int tls_write(struct tls *tls, const void *bytes, size_t size, size_t *moved);

/* 1 while encrypted bytes wait for the socket to become writable: then call tls_write() again. Else 0. */
int tls_unsent(const struct tls *tls);

/* Says goodbye (close_notify), as far as the socket takes it now. Afterwards only tls_free() is allowed. */
void tls_shutdown(struct tls *tls);

/* Channel binding `tls-exporter` (RFC 9266). Returns TLS_EXPORTER_BYTES, or 0 before TLS 1.3 or the handshake's end. */
size_t tls_exporter(struct tls *tls, uint8_t out[TLS_EXPORTER_BYTES]);

/* Channel binding `tls-server-end-point` (RFC 5929): the hash of the server's certificate. Returns its length in
 * bytes, or 0 when the signature algorithm of the certificate defines none. */
size_t tls_server_end_point(struct tls *tls, uint8_t out[TLS_SERVER_END_POINT_BYTES]);

/* What went wrong last, for people. Never NULL; valid until the next call. */
const char *tls_error(const struct tls *tls);

/* Protocol version and back end, for people: "TLSv1.3, OpenSSL". Never NULL; valid as long as `tls`. */
const char *tls_description(struct tls *tls);

/* Frees it. NULL is fine. The socket stays open. */
void tls_free(struct tls *tls);

#ifdef __cplusplus
}
#endif

#endif
