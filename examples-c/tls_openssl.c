/* The OpenSSL back end of tls.h. */
#include "tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
    SSL_CTX *trust;
    SSL *ssl;
    char error[256];
    char description[64];
};

/* XEP-0368: protocol names with their length in front. */
static const unsigned char ALPN[] = "\x0bxmpp-client";

static void say(char *out, size_t size, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    snprintf(out, size, why != NULL ? "%s: %s" : "%s", what, why);
    ERR_clear_error();
}

static int is_ip_address(const char *name)
{
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
    ASN1_OCTET_STRING_free(ip);
    ERR_clear_error();
    return ip != NULL;
}

/* The name that must be in the certificate; a subject's common name does not count (RFC 9525). */
static int expect_name(SSL *ssl, const char *domain)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    if (is_ip_address(domain))
        return X509_VERIFY_PARAM_set1_ip_asc(param, domain);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, domain, 0) == 1 && SSL_set_tlsext_host_name(ssl, domain) == 1;
}

struct tls *tls_create(int fd, const char *domain, const char *ca_file, int direct, char *error, size_t error_bytes)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    const char *what = "TLS library";
    tls->trust = SSL_CTX_new(TLS_client_method());
    if (tls->trust == NULL || SSL_CTX_set_min_proto_version(tls->trust, TLS1_2_VERSION) != 1)
        goto failed;
    SSL_CTX_set_verify(tls->trust, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls->trust, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_max_send_fragment(tls->trust, TLS_RECORD_BYTES);
    what = ca_file != NULL ? "cannot load the CA file" : "cannot load the system's CA certificates";
    if (ca_file != NULL ? SSL_CTX_load_verify_locations(tls->trust, ca_file, NULL) != 1
                        : SSL_CTX_set_default_verify_paths(tls->trust) != 1)
        goto failed;
    what = "TLS set-up";
    tls->ssl = SSL_new(tls->trust);
    if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1 || !expect_name(tls->ssl, domain))
        goto failed;
    if (direct && SSL_set_alpn_protos(tls->ssl, ALPN, sizeof ALPN - 1) != 0)
        goto failed;
    SSL_set_connect_state(tls->ssl);
    return tls;
failed:
    say(error, error_bytes, what);
    tls_free(tls);
    return NULL;
}

/* Translates what OpenSSL says after a call that returned `result`. */
static int status_of(struct tls *tls, int result, const char *what)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_CLOSED;
    default:
        break;
    }
    long verdict = SSL_get_verify_result(tls->ssl);
    if (verdict != X509_V_OK) {
        snprintf(tls->error, sizeof tls->error, "%s", X509_verify_cert_error_string(verdict));
        ERR_clear_error();
        return TLS_UNTRUSTED;
    }
    say(tls->error, sizeof tls->error, what);
    return TLS_FAILED;
}

int tls_handshake(struct tls *tls)
{
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result != 1)
        return status_of(tls, result, "handshake failed");
    snprintf(tls->description, sizeof tls->description, "%s, OpenSSL", SSL_get_version(tls->ssl));
    return TLS_OK;
}

int tls_read(struct tls *tls, void *bytes, size_t size, size_t *moved)
{
    ERR_clear_error();
    *moved = 0;
    int result = SSL_read_ex(tls->ssl, bytes, size, moved);
    return result == 1 ? TLS_OK : status_of(tls, result, "reading failed");
}

int tls_write(struct tls *tls, const void *bytes, size_t size, size_t *moved)
{
    *moved = 0;
    if (size == 0)
        return TLS_OK;
    ERR_clear_error();
    int result = SSL_write_ex(tls->ssl, bytes, size, moved);
    return result == 1 ? TLS_OK : status_of(tls, result, "writing failed");
}

int tls_unsent(const struct tls *tls)
{
    /* A write that could not finish took no bytes: the caller still holds them. */
    (void)tls;
    return 0;
}

void tls_shutdown(struct tls *tls)
{
    ERR_clear_error();
    SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

size_t tls_exporter(struct tls *tls, uint8_t out[TLS_EXPORTER_BYTES])
{
    static const char LABEL[] = "EXPORTER-Channel-Binding";
    /* Before TLS 1.3 the exporter binds only with extended master secrets (RFC 9266 4.2): not used there. */
    if (SSL_version(tls->ssl) < TLS1_3_VERSION || !SSL_is_init_finished(tls->ssl))
        return 0;
    int done = SSL_export_keying_material(tls->ssl, out, TLS_EXPORTER_BYTES, LABEL, sizeof LABEL - 1, NULL, 0, 0);
    return done == 1 ? TLS_EXPORTER_BYTES : 0;
}

size_t tls_server_end_point(struct tls *tls, uint8_t out[TLS_SERVER_END_POINT_BYTES])
{
    X509 *certificate = SSL_get_peer_certificate(tls->ssl);
    int hash = NID_undef;
    unsigned int length = 0;
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (certificate == NULL)
        return 0;
    X509_get_signature_info(certificate, &hash, NULL, NULL, NULL);
    /* RFC 5929 4.1: the hash of the certificate's signature, but SHA-256 in the place of MD5 and SHA-1. */
    if (hash == NID_md5 || hash == NID_sha1)
        hash = NID_sha256;
    const EVP_MD *method = hash != NID_undef ? EVP_get_digestbynid(hash) : NULL;
    if (method == NULL || X509_digest(certificate, method, digest, &length) != 1 || length > TLS_SERVER_END_POINT_BYTES)
        length = 0;
    memcpy(out, digest, length);
    X509_free(certificate);
    ERR_clear_error();
    return length;
}

const char *tls_error(const struct tls *tls)
{
    return tls->error;
}

const char *tls_description(struct tls *tls)
{
    return tls->description;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->trust);
    free(tls);
}
