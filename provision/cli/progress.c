#include <jansson.h>
#include <langinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/progress.h"
#include "provision/cli/term.h"
#include "runtime/base/clock.h"

enum { TICK_MS = 100, PLAIN_NODES_MAX = 16 };

struct row {
    char name[64];
    char step[128];
    cli_progress_state state;
    double changed; /* seconds since create */
};

struct cli_progress {
    cli_progress_mode mode;
    FILE *out;
    int64_t started_ns;

    pthread_mutex_t lock; /* guards all below */
    char title[64];
    char phase[128];
    char detail[256];
    struct row *rows;
    size_t count, capacity;
    size_t done;
    unsigned lines_shown; /* of the table now on the terminal */
    bool frozen;

    pthread_t ticker; /* redraws while nothing happens, so that time is seen to pass */
    pthread_cond_t stop;
    bool ticking, stopping;
};

bool cli_progress_mode_parse(const char *name, cli_progress_mode *out)
{
    static const char *const names[] = {"auto", "tty", "plain", "quiet", "json"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (cli_progress_mode)i;
            return true;
        }
    }
    return false;
}

static double elapsed(const cli_progress *progress)
{
    return (double)(octi_clock_ns() - progress->started_ns) / 1e9;
}

/* Copies text that somebody else wrote, without the control characters that would move
 * the cursor or change colours. */
static void copy_printable(char *out, size_t size, const char *text)
{
    size_t i = 0;
    for (; text[i] && i + 1 < size; i++)
        out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    out[i] = '\0';
}

/* --- the table --- */

static const char *mark_of(cli_progress_state state, const cli_progress_view *view)
{
    static const char *const spinner[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    static const char *const plain_spinner[] = {"|", "/", "-", "\\"};
    unsigned turn = (unsigned)(view->now * 1000 / TICK_MS);
    switch (state) {
    case CLI_DONE:
        return view->unicode ? "✓" : "+";
    case CLI_FAILED:
        return view->unicode ? "✗" : "x";
    case CLI_WORKING:
        break;
    }
    return view->unicode ? spinner[turn % 10] : plain_spinner[turn % 4];
}

static const char *colour_of(cli_progress_state state)
{
    return state == CLI_DONE ? "\033[32m" : state == CLI_FAILED ? "\033[31m" : "\033[36m";
}

static oct_err render_row(const struct row *row, const cli_progress_view *view, octi_buffer *out)
{
    double time = row->state == CLI_WORKING ? view->now : row->changed;
    char text[256];
    snprintf(text, sizeof(text), "%-16s %5.1f s  %s", row->name, time, row->step);
    int room = view->columns > 5 ? view->columns - 5 : 0;
    return octi_buffer_printf(out, "  %s%s%s %.*s\n", view->colour ? colour_of(row->state) : "",
                              mark_of(row->state, view), view->colour ? "\033[0m" : "", room, text);
}

/* Failed nodes first, then those at work, then the done ones: when there are more nodes
 * than lines, what needs the user's eye is seen. */
static oct_err render_rows(const cli_progress *progress, const cli_progress_view *view, size_t room,
                           octi_buffer *out)
{
    static const cli_progress_state order[] = {CLI_FAILED, CLI_WORKING, CLI_DONE};
    bool all_fit = progress->count <= room;
    size_t shown = 0, limit = all_fit ? room : room - 1;
    oct_err code = OCT_OK;
    for (size_t pass = 0; pass < (all_fit ? 1 : 3); pass++) {
        for (size_t i = 0; i < progress->count && shown < limit && code == OCT_OK; i++) {
            if (!all_fit && progress->rows[i].state != order[pass])
                continue;
            code = render_row(&progress->rows[i], view, out);
            shown++;
        }
    }
    if (code == OCT_OK && shown < progress->count)
        code = octi_buffer_printf(out, "  ... and %zu more\n", progress->count - shown);
    return code;
}

oct_err cli_progress_render(const cli_progress *progress, const cli_progress_view *view, octi_buffer *out)
{
    char head[640], count[64] = "";
    if (progress->count > 0)
        snprintf(count, sizeof(count), "%zu of %zu, ", progress->done, progress->count);
    snprintf(head, sizeof(head), "%s: %s (%s%.1f s) %s", progress->title, progress->phase, count, view->now,
             progress->detail);
    oct_err code = octi_buffer_printf(out, "%.*s\n", view->columns > 1 ? view->columns - 1 : 0, head);
    size_t room = view->rows > 3 ? view->rows - 3u : 1;
    return code == OCT_OK ? render_rows(progress, view, room, out) : code;
}

/* Under the lock. */
static void erase(cli_progress *progress)
{
    if (progress->lines_shown > 0)
        fprintf(progress->out, "\033[%uA\r\033[J", progress->lines_shown);
    progress->lines_shown = 0;
}

/* Under the lock. */
static void redraw(cli_progress *progress)
{
    if (progress->mode != CLI_PROGRESS_TTY || progress->frozen)
        return;
    int fd = fileno(progress->out);
    cli_progress_view view = {.colour = cli_term_coloured(fd),
                              .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                              .now = elapsed(progress)};
    cli_term_size(fd, &view.rows, &view.columns);
    octi_buffer table = {0};
    if (cli_progress_render(progress, &view, &table) == OCT_OK && table.data) {
        erase(progress);
        fputs(table.data, progress->out);
        fflush(progress->out);
        for (const char *c = table.data; *c; c++)
            progress->lines_shown += *c == '\n';
    }
    octi_buffer_deinit(&table);
}

/* --- plain and JSON lines --- */

static void write_event(cli_progress *progress, const char *node, const char *state, const char *text)
{
    json_t *event = json_pack("{s:i, s:s, s:f, s:s*, s:s, s:s}", "version", 1, "cluster", progress->title,
                              "seconds", elapsed(progress), "node", node, "state", state, "step", text);
    char *line = event ? json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    if (line)
        fprintf(progress->out, "%s\n", line);
    fflush(progress->out);
    free(line);
    json_decref(event);
}

/* Small clusters: each node when it is done or failed. Large ones: each tenth of them. */
static void write_plain_node(cli_progress *progress, const struct row *row)
{
    if (row->state == CLI_FAILED) {
        fprintf(progress->out, "%s: %s: %s\n", progress->title, row->name, row->step);
    } else if (row->state == CLI_DONE && progress->count <= PLAIN_NODES_MAX) {
        fprintf(progress->out, "%s: %s: %s (%.1f s)\n", progress->title, row->name, row->step, row->changed);
    } else if (row->state == CLI_DONE) {
        size_t tenth = progress->count / 10;
        if (progress->done % tenth == 0 || progress->done == progress->count)
            fprintf(progress->out, "%s: %zu of %zu nodes: %s (%.1f s)\n", progress->title, progress->done,
                    progress->count, row->step, row->changed);
    }
    fflush(progress->out);
}

/* --- life --- */

static void *tick(void *argument)
{
    cli_progress *progress = argument;
    pthread_mutex_lock(&progress->lock);
    while (!progress->stopping) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&progress->stop, &progress->lock, &until);
        if (!progress->stopping)
            redraw(progress);
    }
    pthread_mutex_unlock(&progress->lock);
    return NULL;
}

/* Signals stay with the main thread, which polls for them. */
static void start_ticker(cli_progress *progress)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    progress->ticking = pthread_create(&progress->ticker, NULL, tick, progress) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

cli_progress *cli_progress_create(cli_progress_mode mode, FILE *out, const char *title)
{
    cli_progress *progress = calloc(1, sizeof(*progress));
    if (!progress)
        return NULL;
    if (mode == CLI_PROGRESS_AUTO)
        mode = cli_term_capable(fileno(out)) ? CLI_PROGRESS_TTY : CLI_PROGRESS_PLAIN;
    progress->mode = mode;
    progress->out = out;
    progress->started_ns = octi_clock_ns();
    pthread_mutex_init(&progress->lock, NULL);
    pthread_cond_init(&progress->stop, NULL);
    copy_printable(progress->title, sizeof(progress->title), title);
    if (mode == CLI_PROGRESS_TTY) {
        cli_term_hide_cursor(fileno(out));
        start_ticker(progress);
    }
    return progress;
}

static void stop_ticker(cli_progress *progress)
{
    pthread_mutex_lock(&progress->lock);
    progress->stopping = true;
    pthread_cond_signal(&progress->stop);
    pthread_mutex_unlock(&progress->lock);
    if (progress->ticking)
        pthread_join(progress->ticker, NULL);
    progress->ticking = false;
}

void cli_progress_freeze(cli_progress *progress)
{
    if (!progress || progress->frozen)
        return;
    stop_ticker(progress);
    redraw(progress);
    progress->frozen = true;
    if (progress->mode == CLI_PROGRESS_TTY)
        cli_term_restore();
}

void cli_progress_destroy(cli_progress *progress)
{
    if (!progress)
        return;
    stop_ticker(progress);
    if (progress->mode == CLI_PROGRESS_TTY && !progress->frozen) {
        erase(progress);
        fflush(progress->out);
        cli_term_restore();
    }
    pthread_cond_destroy(&progress->stop);
    pthread_mutex_destroy(&progress->lock);
    free(progress->rows);
    free(progress);
}

/* --- what happens --- */

void cli_progress_phase(cli_progress *progress, const char *format, ...)
{
    if (!progress)
        return;
    char text[sizeof(progress->phase)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    pthread_mutex_lock(&progress->lock);
    copy_printable(progress->phase, sizeof(progress->phase), text);
    progress->detail[0] = '\0';
    if (progress->mode == CLI_PROGRESS_PLAIN) {
        fprintf(progress->out, "%s: %s\n", progress->title, progress->phase);
        fflush(progress->out);
    } else if (progress->mode == CLI_PROGRESS_JSON) {
        write_event(progress, NULL, "phase", progress->phase);
    }
    redraw(progress);
    pthread_mutex_unlock(&progress->lock);
}

void cli_progress_detail(cli_progress *progress, const char *format, ...)
{
    if (!progress || progress->mode != CLI_PROGRESS_TTY)
        return;
    char text[sizeof(progress->detail)];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    pthread_mutex_lock(&progress->lock);
    copy_printable(progress->detail, sizeof(progress->detail), text);
    pthread_mutex_unlock(&progress->lock);
}

void cli_progress_note(cli_progress *progress, const char *format, ...)
{
    if (!progress || progress->mode == CLI_PROGRESS_QUIET)
        return;
    char text[512], line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    copy_printable(line, sizeof(line), text);

    pthread_mutex_lock(&progress->lock);
    if (progress->mode == CLI_PROGRESS_JSON) {
        write_event(progress, NULL, "note", line);
    } else {
        erase(progress);
        fprintf(progress->out, "%s\n", line);
        fflush(progress->out);
        redraw(progress);
    }
    pthread_mutex_unlock(&progress->lock);
}

/* Under the lock. NULL when out of memory. */
static struct row *row_of(cli_progress *progress, const char *node)
{
    for (size_t i = 0; i < progress->count; i++)
        if (strcmp(progress->rows[i].name, node) == 0)
            return &progress->rows[i];
    if (progress->count == progress->capacity) {
        size_t capacity = progress->capacity ? 2 * progress->capacity : 16;
        struct row *rows = realloc(progress->rows, capacity * sizeof(*rows));
        if (!rows)
            return NULL;
        progress->rows = rows;
        progress->capacity = capacity;
    }
    struct row *added = &progress->rows[progress->count++];
    *added = (struct row){.state = CLI_WORKING};
    copy_printable(added->name, sizeof(added->name), node);
    return added;
}

void cli_progress_node(cli_progress *progress, const char *node, cli_progress_state state, const char *step)
{
    static const char *const states[] = {"working", "done", "failed"};
    if (!progress)
        return;
    pthread_mutex_lock(&progress->lock);
    struct row *row = row_of(progress, node);
    if (row) {
        progress->done += (state == CLI_DONE) - (row->state == CLI_DONE);
        row->state = state;
        row->changed = elapsed(progress);
        copy_printable(row->step, sizeof(row->step), step);
        if (progress->mode == CLI_PROGRESS_PLAIN)
            write_plain_node(progress, row);
        else if (progress->mode == CLI_PROGRESS_JSON)
            write_event(progress, row->name, states[state], row->step);
    }
    pthread_mutex_unlock(&progress->lock);
}
