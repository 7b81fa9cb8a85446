/* Addresses and passwords, prepared. */
#include "prepare.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBIDN
#include <stringprep.h>
#endif
#ifdef HAVE_LIBIDN2
#include <idn2.h>
#endif

/* Room for what is being prepared: it may grow on the way. */
#define WORK_BYTES 2048

static int is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > 0x7e || (unsigned char)*text < ' ')
            return 0;
    return 1;
}

static int has_controls(const char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text) && (unsigned char)*text < 0x80)
            return 1;
    return 0;
}

static void fold(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

#ifdef HAVE_LIBIDN
/* 0, or what is wrong. */
static const char *run_profile(char *text, const Stringprep_profile *profile)
{
    int status = stringprep(text, WORK_BYTES, 0, profile);
    return status == STRINGPREP_OK ? NULL : stringprep_strerror(status);
}
#define NODEPREP stringprep_xmpp_nodeprep
#define RESOURCEPREP stringprep_xmpp_resourceprep
#else
/* Without libidn: what is not ASCII cannot be prepared. */
static const char *run_profile(char *text, int profile)
{
    (void)text;
    (void)profile;
    return "it has characters beyond ASCII, and this program was built without libidn: build it where pkg-config finds "
           "libidn and libidn2 (Debian: libidn-dev and libidn2-dev)";
}
#define NODEPREP 0
#define RESOURCEPREP 0
#define stringprep_saslprep 0
#endif

/* A domain with characters beyond ASCII, or with an A-label. */
static const char *international_domain(char *domain)
{
#if defined(HAVE_LIBIDN) && defined(HAVE_LIBIDN2)
    static const char OLD_RULES[] =
        "old and new rules for such domains make different names of it: give its A-label (xn--...) instead";
    uint8_t *label = NULL, *other = NULL;
    char *letters = NULL;
    char old[WORK_BYTES];
    const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;
    const char *wrong = NULL;
    int typed_in_ascii = is_ascii(domain);
    int status = idn2_lookup_u8((const uint8_t *)domain, &label, flags);
    if (status != IDN2_OK)
        return idn2_strerror(status);
    if (!typed_in_ascii) {
        /* Servers run Nameprep. Where that gives another name than today's rules (a German sharp s), the password would
         * go to whoever owns that one. */
        snprintf(old, sizeof old, "%s", domain);
        wrong = run_profile(old, stringprep_nameprep);
        if (wrong == NULL && (idn2_lookup_u8((const uint8_t *)old, &other, flags) != IDN2_OK ||
                              strcmp((const char *)label, (const char *)other) != 0))
            wrong = OLD_RULES;
    }
    if (wrong == NULL && (status = idn2_to_unicode_8z8z((const char *)label, &letters, 0)) != IDN2_OK)
        wrong = idn2_strerror(status);
    if (wrong == NULL)
        snprintf(domain, WORK_BYTES, "%s", letters);
    idn2_free(label);
    idn2_free(other);
    idn2_free(letters);
    return wrong;
#else
    (void)domain;
    return "its domain needs libidn and libidn2, which this program was built without (Debian: libidn-dev and "
           "libidn2-dev)";
#endif
}

static const char *prepare_domain_part(char *domain)
{
    size_t length = strlen(domain);
    if (length > 1 && domain[length - 1] == '.')
        domain[length - 1] = '\0';
    if (is_ascii(domain) && strstr(domain, "xn--") == NULL && strstr(domain, "XN--") == NULL) {
        fold(domain);
        return NULL;
    }
    return international_domain(domain);
}

/* The parts of an address, as typed. */
struct parts {
    char local[WORK_BYTES], domain[WORK_BYTES], resource[WORK_BYTES];
    int has_local, has_resource;
};

static const char *split(const char *typed, struct parts *parts)
{
    const char *slash = strchr(typed, '/');
    size_t bare = slash != NULL ? (size_t)(slash - typed) : strlen(typed);
    const char *at = memchr(typed, '@', bare);
    size_t local = at != NULL ? (size_t)(at - typed) : 0, skipped = at != NULL ? local + 1 : 0;
    memset(parts, 0, sizeof *parts);
    if (strlen(typed) >= PREPARED_BYTES * 2)
        return "it is too long";
    parts->has_local = at != NULL;
    parts->has_resource = slash != NULL;
    memcpy(parts->local, typed, local);
    memcpy(parts->domain, typed + skipped, bare - skipped);
    if (slash != NULL)
        snprintf(parts->resource, WORK_BYTES, "%s", slash + 1);
    if ((at != NULL && local == 0) || parts->domain[0] == '\0' || (slash != NULL && parts->resource[0] == '\0'))
        return "a part of it is empty";
    return has_controls(typed) ? "it has control characters" : NULL;
}

static const char *prepare_parts(struct parts *parts)
{
    const char *wrong = prepare_domain_part(parts->domain);
    if (is_ascii(parts->local))
        fold(parts->local);
    else if (wrong == NULL)
        wrong = run_profile(parts->local, NODEPREP);
    if (wrong == NULL && !is_ascii(parts->resource))
        wrong = run_profile(parts->resource, RESOURCEPREP);
    if (wrong == NULL && ((parts->has_local && parts->local[0] == '\0') || (parts->has_resource && parts->resource[0] == '\0')))
        wrong = "nothing is left of a part of it";
    return wrong;
}

int prepare_address(const char *option, const char *typed, char out[PREPARED_BYTES])
{
    struct parts parts;
    const char *wrong = split(typed, &parts);
    if (wrong == NULL)
        wrong = prepare_parts(&parts);
    if (wrong == NULL) {
        int length = snprintf(out, PREPARED_BYTES, "%s%s%s%s%s", parts.local, parts.has_local ? "@" : "", parts.domain,
                              parts.has_resource ? "/" : "", parts.resource);
        if (length >= PREPARED_BYTES)
            wrong = "it is longer than 256 bytes";
    }
    if (wrong != NULL)
        say("--%s %s is no address that can be used: %s", option, typed, wrong);
    return wrong == NULL ? 0 : -1;
}

int prepare_addresses(const char *option, struct texts *texts)
{
    for (size_t at = 0; at < texts->count; at++) {
        char *text = malloc(PREPARED_BYTES);
        if (text == NULL || prepare_address(option, texts->items[at], text) != 0) {
            free(text);
            return -1;
        }
        texts->items[at] = text; /* as long as the program runs */
    }
    return 0;
}

int prepare_domain(const char *domain, char out[DOMAIN_BYTES])
{
    const char *wrong = NULL;
    if (is_ascii(domain)) {
        if (strlen(domain) >= DOMAIN_BYTES)
            wrong = "it is too long";
        else
            memcpy(out, domain, strlen(domain) + 1);
    } else {
#ifdef HAVE_LIBIDN2
        uint8_t *label = NULL;
        int status = idn2_lookup_u8((const uint8_t *)domain, &label, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
        wrong = status != IDN2_OK ? idn2_strerror(status) : strlen((char *)label) >= DOMAIN_BYTES ? "it is too long" : NULL;
        if (wrong == NULL)
            memcpy(out, label, strlen((char *)label) + 1);
        idn2_free(label);
#else
        wrong = "libidn2 is missing";
#endif
    }
    if (wrong != NULL)
        say("the domain %s cannot be looked up: %s", domain, wrong);
    return wrong == NULL ? 0 : -1;
}

#ifdef HAVE_LIBIDN
/* Whether OpaqueString leaves another password than SASLprep: it knows of no character that another one stands for, but for
 * spaces, and drops none. One character after the other is enough to tell: both put the whole in normal form at the end. */
static int rules_differ(const char *typed)
{
    const char *at = typed;
    while (*at != '\0') {
        char one[WORK_BYTES] = "";
        size_t length = 1;
        while (((unsigned char)at[length] & 0xc0) == 0x80)
            length++;
        memcpy(one, at, length);
        if (length > 1 && run_profile(one, stringprep_saslprep) == NULL && strcmp(one, " ") != 0 &&
            (strlen(one) != length || memcmp(one, at, length) != 0))
            return 1;
        at += length;
    }
    return 0;
}
#else
static int rules_differ(const char *typed)
{
    (void)typed;
    return 0;
}
#endif

void prepare_forget(char *text, size_t size)
{
    for (volatile char *at = text; size > 0; at++, size--)
        *at = '\0';
}

int prepare_password(const char *typed, char out[PREPARED_BYTES])
{
    char work[WORK_BYTES];
    const char *wrong = NULL;
    if (strlen(typed) >= 2 * PREPARED_BYTES)
        wrong = "it is longer than 256 bytes";
    else if (has_controls(typed))
        wrong = "it has control characters, which no login allows";
    if (wrong == NULL) {
        memcpy(work, typed, strlen(typed) + 1);
        if (!is_ascii(work))
            wrong = run_profile(work, stringprep_saslprep);
        if (wrong == NULL && strlen(work) >= PREPARED_BYTES)
            wrong = "it is longer than 256 bytes";
        else if (wrong == NULL && work[0] == '\0')
            wrong = "nothing is left of it";
        else if (wrong == NULL)
            memcpy(out, work, strlen(work) + 1);
        prepare_forget(work, sizeof work);
    }
    if (wrong != NULL)
        say("the password cannot be used: %s", wrong);
    else if (rules_differ(typed))
        say("note: the password has characters that SASLprep replaces and the newer RFC 8265 keeps; SASLprep counts here. "
            "Should the server refuse it, choose a password without them.");
    return wrong == NULL ? 0 : -1;
}
