/* The progress line. */
#include "progress.h"

#include "text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void progress_start(struct progress *progress, int wanted)
{
    memset(progress, 0, sizeof *progress);
    progress->terminal = isatty(STDERR_FILENO);
    progress->on = wanted || progress->terminal;
}

void progress_size(char out[16], double bytes)
{
    static const char *const UNITS[] = { "B", "kB", "MB", "GB", "TB" };
    size_t unit = 0;
    while (bytes >= 1000.0 && unit + 1 < sizeof UNITS / sizeof *UNITS) {
        bytes /= 1000.0;
        unit++;
    }
    snprintf(out, 16, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, UNITS[unit]);
}

static void time_left(char out[24], double seconds)
{
    if (seconds >= 86400.0)
        snprintf(out, 24, "more than a day");
    else if (seconds >= 60.0)
        snprintf(out, 24, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(out, 24, "%d s", (int)(seconds + 0.999));
}

/* Bytes per second since the oldest sample; 0 while unknown. */
static double rate(const struct progress *progress, uint64_t now_ms, uint64_t done_bytes)
{
    size_t oldest = progress->samples > PROGRESS_SAMPLES ? progress->samples % PROGRESS_SAMPLES : 0;
    if (progress->samples == 0 || now_ms <= progress->sample[oldest].ms || done_bytes < progress->sample[oldest].bytes)
        return 0.0;
    return (double)(done_bytes - progress->sample[oldest].bytes) * 1000.0 /
           (double)(now_ms - progress->sample[oldest].ms);
}

void progress_draw(struct progress *progress, uint64_t now_ms, const char *what, uint64_t done_bytes,
                   uint64_t total_bytes)
{
    char done[16], total[16], speed[16], left[24], shown[41];
    if (!progress->on || now_ms < progress->next_ms)
        return;
    progress->next_ms = now_ms + PROGRESS_STEP_MS;
    double per_second = rate(progress, now_ms, done_bytes);
    progress->sample[progress->samples % PROGRESS_SAMPLES].ms = now_ms;
    progress->sample[progress->samples % PROGRESS_SAMPLES].bytes = done_bytes;
    progress->samples++;
    progress_size(done, (double)done_bytes);
    progress_size(total, (double)total_bytes);
    progress_size(speed, per_second);
    double percent = total_bytes > 0 ? 100.0 * (double)done_bytes / (double)total_bytes : 100.0;
    if (per_second > 0.0 && done_bytes <= total_bytes)
        time_left(left, (double)(total_bytes - done_bytes) / per_second);
    else
        snprintf(left, sizeof left, "?");
    text_show(what, shown, sizeof shown);
    fprintf(stderr, "%s%s  %3.0f %%  %s of %s  %s/s  %s left%s", progress->terminal ? "\r\033[K" : "", shown, percent,
            done, total, speed, left, progress->terminal ? "" : "\n");
    progress->drawn = progress->terminal;
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = 0;
}
