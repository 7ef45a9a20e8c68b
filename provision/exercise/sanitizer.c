#include <stdio.h>
#include <string.h>

#include "provision/exercise/sanitizer.h"

struct line {
    const char *text;
    size_t length;
};

/* The next line of *text; false at its end. */
static bool next_line(const char **text, struct line *out)
{
    if (!*text || !**text)
        return false;
    out->text = *text;
    out->length = strcspn(*text, "\n");
    *text += out->length + ((*text)[out->length] == '\n');
    return true;
}

static const char *find(struct line line, const char *part)
{
    return memmem(line.text, line.length, part, strlen(part));
}

static bool names_file(struct line line, const char *file)
{
    size_t length = strlen(file);
    for (struct line rest = line; (rest.text = find(rest, file));) {
        char after = rest.text[length], before = rest.text > line.text ? rest.text[-1] : ' ';
        if (after == ':' && (before == '/' || before == ' '))
            return true;
        rest.text += length;
        rest.length = (size_t)(line.text + line.length - rest.text);
    }
    return false;
}

static bool is_own(struct line line, const octi_workbench *bench)
{
    bool own = names_file(line, bench->source);
    for (size_t i = 0; !own && bench->lesson->sources[i]; i++)
        own = names_file(line, bench->lesson->sources[i]);
    return own;
}

static bool is_frame(struct line line)
{
    size_t blanks = strspn(line.text, " ");
    return line.length > blanks && line.text[blanks] == '#';
}

static void append(octi_buffer *out, const char *before, struct line line, const char *after)
{
    oct_err ignored = octi_buffer_printf(out, "%s%.*s%s\n", before, (int)line.length, line.text, after);
    (void)ignored; /* less is shown */
}

/* The task macro's trampolines bear the task's name behind a prefix. */
static struct line plain_name(struct line name)
{
    static const char *const prefixes[] = {"octi__run_", "octi__loop_", "octi__forkrun_"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t length = strlen(prefixes[i]);
        if (name.length > length && strncmp(name.text, prefixes[i], length) == 0)
            return (struct line){name.text + length, name.length - length};
    }
    return name;
}

/* "    #0 0x4f convert /home/me/01-map/exercise.c:17:3 (program+0x4f)" is "  convert at exercise.c:17". */
static void append_frame(struct line line, octi_buffer *out)
{
    const char *end = line.text + line.length, *at = line.text + strspn(line.text, " #0123456789");
    if (end - at > 2 && at[0] == 'x') /* of an address */
        at += strcspn(at, " ") + 1;
    if (end - at > 3 && strncmp(at, "in ", 3) == 0)
        at += 3;
    struct line name = {at, strcspn(at, " \n")};
    const char *place = name.text + name.length + 1;
    if (place >= end)
        return;
    const char *blank = memchr(place, ' ', (size_t)(end - place));
    end = blank ? blank : end;
    for (const char *slash; (slash = memchr(place, '/', (size_t)(end - place)));)
        place = slash + 1;
    name = plain_name(name);
    oct_err ignored =
        octi_buffer_printf(out, "  %.*s at %.*s\n", (int)name.length, name.text, (int)(end - place), place);
    (void)ignored;
}

/* A report: its headings without addresses, and under each the student's frames, `most` of them. */
static bool shorten(const char *report, const char *end, const char *const *headings, int most,
                    const octi_workbench *bench, octi_buffer *out)
{
    bool any = false, wanted = false;
    int shown = 0;
    struct line line;
    while (report < end && next_line(&report, &line)) {
        if (!is_frame(line)) {
            bool heading = false;
            for (size_t i = 0; headings[i] && !heading; i++)
                heading = find(line, headings[i]) != NULL;
            if (!heading && find(line, "==")) /* "==123==The signal is caused by ..." before the frames */
                continue;
            wanted = heading;
            shown = 0;
            if (wanted) {
                size_t blanks = strspn(line.text, " ");
                line.text += blanks;
                line.length -= blanks < line.length ? blanks : line.length;
                const char *mark = find(line, "== ");
                if (mark) { /* "==123==ERROR: " */
                    line.length -= (size_t)(mark + 3 - line.text);
                    line.text = mark + 3;
                }
                append(out, "", line, "");
            }
        } else if (wanted && is_own(line, bench) && shown < most) {
            append_frame(line, out);
            shown++;
            any = true;
        }
    }
    return any;
}

/* The first report that begins with `begin` and has a frame of the student's. */
static bool first_report(const char *text, const char *begin, const char *stop, const char *const *headings,
                         int most, const octi_workbench *bench, octi_buffer *out)
{
    for (const char *report = text ? strstr(text, begin) : NULL; report;) {
        const char *rest = report + strlen(begin), *next = strstr(rest, begin), *end = strstr(rest, stop);
        if (!end || (next && next < end))
            end = next ? next : rest + strlen(rest);
        octi_buffer kept = {0};
        bool own = shorten(report, end, headings, most, bench, &kept);
        if (own && kept.data) {
            oct_err ignored = octi_buffer_append(out, kept.data, kept.size);
            (void)ignored;
        }
        octi_buffer_deinit(&kept);
        if (own)
            return true;
        report = next;
    }
    return false;
}

bool octi_sanitizer_races(const char *text, const octi_workbench *bench, octi_buffer *out)
{
    static const char *const headings[] = {"rite of size", "ead of size", "Location is", "data race", NULL};
    return first_report(text, "WARNING: ThreadSanitizer: data race", "SUMMARY:", headings, 2, bench, out);
}

bool octi_sanitizer_leaks(const char *text, const octi_workbench *bench, octi_buffer *out)
{
    static const char *const headings[] = {"leak of ", NULL};
    return first_report(text, "Direct leak of ", "SUMMARY:", headings, 3, bench, out);
}

bool octi_sanitizer_bad_access(const char *text, const octi_workbench *bench, octi_buffer *out)
{
    static const char *const headings[] = {"AddressSanitizer: ", "EAD of size", "RITE of size",
                                           "freed by",           "is located",  NULL};
    return first_report(text, "ERROR: AddressSanitizer: ", "SUMMARY:", headings, 2, bench, out);
}

bool octi_sanitizer_unusable(const char *text)
{
    return text && (strstr(text, "LeakSanitizer has encountered a fatal error") ||
                    strstr(text, "FATAL: ThreadSanitizer: unexpected memory mapping") ||
                    strstr(text, "ReserveShadowMemoryRange failed"));
}

bool octi_sanitizer_of_others(const char *text)
{
    return text && (strstr(text, "ERROR: LeakSanitizer: ") || strstr(text, "WARNING: ThreadSanitizer: "));
}

void octi_sanitizer_summary(const char *text, const octi_workbench *bench, octi_buffer *out)
{
    if (octi_sanitizer_bad_access(text, bench, out))
        return;
    const char *report = text ? strstr(text, "ERROR: AddressSanitizer: ") : NULL;
    struct line line;
    if (next_line(&report, &line))
        append(out, "", line, "");
}

void octi_sanitizer_own_threads(const char *text, const octi_workbench *bench, octi_buffer *out)
{
    struct line line;
    octi_buffer thread = {0};
    bool own = false, more = true;
    while (more) {
        more = next_line(&text, &line);
        if (!more || line.text[0] != ' ') {
            if (own && thread.data) {
                oct_err ignored = octi_buffer_append(out, thread.data, thread.size);
                (void)ignored;
            }
            octi_buffer_deinit(&thread);
            own = false;
        }
        if (!more)
            break;
        /* Above the student's frames is what he called, below them what called him. */
        if (line.text[0] == ' ' && (!own || is_own(line, bench)))
            append(&thread, "  ", plain_name((struct line){line.text + 2, line.length - 2}), "");
        else if (line.text[0] != ' ')
            append(&thread, "", line, "");
        own = own || is_own(line, bench);
    }
}
