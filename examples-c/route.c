/* Which way a file went, and why not another, in words. */
#include "route.h"

#include "ending.h"
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct route_note *find(const struct routes *routes, uint32_t transfer, uint32_t stream)
{
    for (size_t at = 0; at < routes->count; at++)
        if (routes->notes[at].transfer == transfer && routes->notes[at].stream == stream)
            return &routes->notes[at];
    return NULL;
}

void route_note(struct routes *routes, uint32_t transfer, uint32_t stream, const char *place)
{
    if (routes->count == routes->room) {
        size_t room = routes->room * 2 + 8;
        struct route_note *larger = realloc(routes->notes, room * sizeof *larger);
        if (larger == NULL)
            return;
        routes->notes = larger;
        routes->room = room;
    }
    struct route_note *note = &routes->notes[routes->count++];
    memset(note, 0, sizeof *note);
    note->transfer = transfer;
    note->stream = stream;
    snprintf(note->place, sizeof note->place, "%s", place);
}

void route_failed(struct routes *routes, const xft_output *output)
{
    struct route_note *note = find(routes, output->transfer, output->stream);
    if (note == NULL)
        return;
    note->failure = xft_host_failure_text(output->host_failure);
    note->reply = output->host_reply;
}

void route_used(struct routes *routes, uint32_t transfer, uint32_t stream, const char *place)
{
    struct route_note *note = find(routes, transfer, stream);
    if (note == NULL) {
        route_note(routes, transfer, stream, place);
        note = find(routes, transfer, stream);
    }
    if (note != NULL)
        note->used = 1;
}

void route_forget(struct routes *routes, uint32_t transfer)
{
    for (size_t at = 0; at < routes->count;)
        if (routes->notes[at].transfer == transfer)
            routes->notes[at] = routes->notes[--routes->count];
        else
            at++;
}

void route_free(struct routes *routes)
{
    free(routes->notes);
    memset(routes, 0, sizeof *routes);
}

static void add(char out[ROUTE_TEXT_BYTES], const char *format, ...)
{
    size_t length = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + length, ROUTE_TEXT_BYTES - length, format, arguments);
    va_end(arguments);
}

/* The library's texts say what happened, then, after a semicolon, what to do. */
static int what_happened(const char *text)
{
    return (int)strcspn(text, ";");
}

/* Adds "; PLACE: what happened" for every streamhost that failed. */
static void add_failures(const struct routes *routes, uint32_t transfer, char out[ROUTE_TEXT_BYTES])
{
    const char *glue = "";
    for (size_t at = 0; at < routes->count; at++) {
        const struct route_note *note = &routes->notes[at];
        if (note->transfer != transfer || note->failure == NULL)
            continue;
        add(out, "%s%s: %.*s", glue, note->place, what_happened(note->failure), note->failure);
        if (note->reply != 0)
            add(out, " (reply %u)", (unsigned int)note->reply);
        glue = ", ";
    }
}

static int has_failures(const struct routes *routes, uint32_t transfer)
{
    for (size_t at = 0; at < routes->count; at++)
        if (routes->notes[at].transfer == transfer && routes->notes[at].failure != NULL)
            return 1;
    return 0;
}

/* One method that did not carry the file. */
struct skipped {
    const char *name;
    uint32_t method, why;
};

static size_t list_skipped(const xft_output *output, struct skipped out[3])
{
    const struct skipped all[] = {
        { "mediated", XFT_METHOD_MEDIATED, output->why_mediated },
        { "direct", XFT_METHOD_DIRECT, output->why_direct },
        { "in band", XFT_METHOD_IN_BAND, output->why_in_band },
    };
    size_t count = 0;
    memset(out, 0, 3 * sizeof *out);
    for (size_t at = 0; at < 3; at++)
        if (all[at].why != XFT_SKIP_UNNEEDED)
            out[count++] = all[at];
    /* Which streamhost is a proxy only the sender knows: what both methods have in common is said once. */
    if (count > 1 && out[0].why == XFT_SKIP_NOT_REACHED && out[1].why == XFT_SKIP_NOT_REACHED) {
        out[0].name = "mediated and direct";
        out[1] = out[2];
        count--;
    }
    return count;
}

static const char *name_of(uint32_t method)
{
    switch (method) {
    case XFT_METHOD_DIRECT:
        return "direct transfer";
    case XFT_METHOD_MEDIATED:
        return "mediated transfer";
    case XFT_METHOD_IN_BAND:
        return "in-band transfer";
    default:
        return "no method";
    }
}

/* Whether people want to read why this method did not carry the file. Nobody asks for one that comes after the one that
 * did; a receiver does not know what its sender would rather have had. */
static int is_of_interest(const struct skipped *skipped, const xft_output *output, const uint32_t order[3])
{
    if (order == NULL)
        return skipped->why != XFT_SKIP_NOT_CHOSEN;
    for (size_t at = 0; at < 3 && order[at] != output->method; at++)
        if (order[at] == skipped->method)
            return 1;
    return 0;
}

void route_text(const struct routes *routes, const xft_output *output, const uint32_t order[3], uint64_t file_size,
                char out[ROUTE_TEXT_BYTES])
{
    struct skipped skipped[3];
    size_t count = list_skipped(output, skipped);
    const char *glue = "";
    out[0] = '\0';
    if (output->event == XFT_EVENT_FINISHED) {
        add(out, "%s", name_of(output->method));
        for (size_t at = 0; at < routes->count; at++)
            if (routes->notes[at].transfer == output->transfer && routes->notes[at].used)
                add(out, " %s %s", output->method == XFT_METHOD_MEDIATED ? "through" : order != NULL ? "to" : "from",
                    routes->notes[at].place);
        glue = "; ";
    }
    for (size_t at = 0; at < count; at++) {
        const char *why = xft_skip_text(skipped[at].why);
        /* Who switched a way off knows. */
        if (skipped[at].why == XFT_SKIP_POLICY)
            continue;
        if (output->event == XFT_EVENT_FINISHED && !is_of_interest(&skipped[at], output, order))
            continue;
        /* The recipient takes an empty file in band, because a stream of its own would carry nothing. */
        if (file_size == 0 && skipped[at].why == XFT_SKIP_NOT_CHOSEN)
            continue;
        add(out, "%s%s: ", glue, skipped[at].name);
        if (skipped[at].why == XFT_SKIP_NOT_REACHED && has_failures(routes, output->transfer))
            add_failures(routes, output->transfer, out);
        else
            add(out, "%.*s", what_happened(why), why);
        glue = "; ";
    }
}

void route_explain(const struct routes *routes, const xft_output *output)
{
    struct skipped skipped[3];
    size_t count = list_skipped(output, skipped);
    int no_way = exit_code_of_transfer(output->reason) == EXIT_NO_WAY;
    for (size_t at = 0; at < count; at++) {
        char hosts[ROUTE_TEXT_BYTES] = "";
        if (!no_way && (skipped[at].why == XFT_SKIP_POLICY || skipped[at].why == XFT_SKIP_NOT_CHOSEN))
            continue;
        if (skipped[at].why == XFT_SKIP_NOT_REACHED)
            add_failures(routes, output->transfer, hosts);
        say("  %s: %s%s%s%s", skipped[at].name, xft_skip_text(skipped[at].why), hosts[0] != '\0' ? " [" : "", hosts,
            hosts[0] != '\0' ? "]" : "");
    }
}

void say_way(const struct routes *routes, const xft_output *output, const char *file, int verbose)
{
    const struct route_note *note;
    char why[ROUTE_TEXT_BYTES];
    switch (output->event) {
    case XFT_EVENT_HOST_FAILED:
        note = find(routes, output->transfer, output->stream);
        if (verbose && note != NULL)
            say("%s: %s: %s", file, note->place, xft_host_failure_text(output->host_failure));
        break;
    case XFT_EVENT_FELL_BACK:
        route_text(routes, output, NULL, UINT64_MAX, why);
        if (why[0] == '\0')
            snprintf(why, sizeof why, "the other side asked for it");
        say("%s: goes on in band%s: %s", file, output->again ? ", with a new offer" : "", why);
        break;
    case XFT_EVENT_INTRUDED:
        say("warning: %s: somebody else connected with what only both ends know: others read the stanzas, or the server "
            "does. Tell the people who look after the server.",
            file);
        break;
    default:
        break;
    }
}
