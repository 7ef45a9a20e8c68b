#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "oct/trace.h"
#include "runtime/base/clock.h"
#include "runtime/trace/record.h"

typedef struct row {
    const oct_task *task;
    uint64_t count, failed, ticks, longest, waited;
} row;

enum { MAX_ROWS = OCTI_TRACE_TASKS };

static row *find_row(row *rows, int *count, const oct_task *task)
{
    for (int i = 0; i < *count; i++) {
        if (rows[i].task == task)
            return &rows[i];
    }
    if (*count == MAX_ROWS)
        return NULL;
    rows[*count] = (row){.task = task};
    return &rows[(*count)++];
}

static void add_sum(row *rows, int *count, const octi_trace_sum *sum)
{
    const oct_task *task = atomic_load_explicit(&sum->task, memory_order_acquire);
    row *to = task && atomic_load(&sum->count) > 0 ? find_row(rows, count, task) : NULL;
    if (!to)
        return;
    uint64_t longest = atomic_load(&sum->longest);
    to->count += atomic_load(&sum->count);
    to->failed += atomic_load(&sum->failed);
    to->ticks += atomic_load(&sum->ticks);
    to->waited += atomic_load(&sum->waited);
    to->longest = longest > to->longest ? longest : to->longest;
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = ((const row *)a)->ticks, y = ((const row *)b)->ticks;
    return (x < y) - (x > y);
}

static void print_tasks(FILE *out, const row *rows, int count)
{
    fprintf(out, "%-24s %12s %8s %12s %12s %12s %12s\n", "task", "runs", "failed", "total", "mean", "longest",
            "mean wait");
    for (int i = 0; i < count; i++) {
        double runs = (double)rows[i].count;
        fprintf(out, "%-24.24s %12llu %8llu %10.3f s %9.2f us %9.2f us %9.2f us\n", rows[i].task->name,
                (unsigned long long)rows[i].count, (unsigned long long)rows[i].failed,
                octi_trace_duration(rows[i].ticks), octi_trace_duration(rows[i].ticks) / runs * 1e6,
                octi_trace_duration(rows[i].longest) * 1e6, octi_trace_duration(rows[i].waited) / runs * 1e6);
    }
}

static uint64_t busy_ticks(const octi_trace_thread *thread)
{
    uint64_t busy = 0;
    for (size_t i = 0; i < OCTI_TRACE_TASKS; i++)
        busy += atomic_load(&thread->sums[i].ticks);
    return busy;
}

static const char *name_of(const octi_trace_thread *thread, char out[40])
{
    snprintf(out, 40, "%s%s%d", thread->what ? thread->what : "", thread->what ? " " : "", thread->number);
    return out;
}

/* Nested tasks count in those that wait for them, so a thread may seem more than busy. */
static void print_threads(FILE *out, double elapsed)
{
    char name[40];
    double most = 0, sum = 0;
    uint64_t moved = 0;
    int count = 0;
    fprintf(out, "\n%-24s %12s\n", "thread", "busy");
    for (const octi_trace_thread *thread = octi_trace_threads(); thread; thread = thread->next) {
        double busy = octi_trace_duration(busy_ticks(thread));
        moved += atomic_load(&thread->moved);
        if (busy == 0)
            continue;
        fprintf(out, "%-24s %10.1f %%\n", name_of(thread, name), elapsed > 0 ? 100 * busy / elapsed : 0);
        most = busy > most ? busy : most;
        sum += busy;
        count++;
    }
    if (count > 0 && sum > 0)
        fprintf(out, "%-24s %10.2f      (longest over mean)\n", "imbalance", most / (sum / count));
    fprintf(out, "%-24s %10llu bytes\n", "moved", (unsigned long long)moved);
}

void oct_profile_print(FILE *out)
{
    row *rows = calloc(MAX_ROWS, sizeof(*rows));
    int count = 0;
    if (!rows)
        return;
    double elapsed = octi_trace_seconds(octi_ticks());
    for (const octi_trace_thread *thread = octi_trace_threads(); thread; thread = thread->next) {
        for (size_t i = 0; i < OCTI_TRACE_TASKS; i++)
            add_sum(rows, &count, &thread->sums[i]);
    }
    qsort(rows, (size_t)count, sizeof(*rows), by_time);
    fprintf(out, "\n%.3f s\n", elapsed);
    print_tasks(out, rows, count);
    print_threads(out, elapsed);
    free(rows);
}

/* Names are C identifiers: nothing in them needs quoting. */
static void write_entry(FILE *file, int lane, const octi_trace_entry *entry)
{
    double start = octi_trace_seconds(entry->started), end = octi_trace_seconds(entry->ended);
    fprintf(
        file,
        ",\n{\"name\":\"%s\",\"cat\":\"task\",\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,"
        "\"args\":{\"failed\":%s,\"waited_us\":%.3f}}",
        octi_trace_task(entry)->name, (int)getpid(), lane, start * 1e6, (end - start) * 1e6,
        entry->what & OCTI_TRACE_FAILED ? "true" : "false",
        entry->queued ? (start - octi_trace_seconds(entry->queued)) * 1e6 : 0);
}

static void write_thread(FILE *file, int lane, const octi_trace_thread *thread)
{
    char name[40];
    fprintf(file,
            ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%d,\"tid\":%d,\"args\":{\"name\":\"%s%s\"}}",
            (int)getpid(), lane, thread->what ? "" : "thread ", name_of(thread, name));
    uint64_t written = atomic_load_explicit(&thread->written, memory_order_acquire);
    uint64_t first = written > OCTI_TRACE_RING ? written - OCTI_TRACE_RING : 0;
    for (uint64_t i = first; i < written; i++) {
        const octi_trace_entry *entry = &thread->ring[i % OCTI_TRACE_RING];
        if (entry->started)
            write_entry(file, lane, entry);
    }
}

oct_err oct_trace_write(const char *path, oct_error *err)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return oct_fail(err, OCT_E_IO, "cannot write '%s': %s", path, strerror(errno));
    fprintf(file,
            "{\"traceEvents\":[\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"args\":{\"name\":"
            "\"octavo\"}}",
            (int)getpid());
    int lane = 0;
    for (const octi_trace_thread *thread = octi_trace_threads(); thread; thread = thread->next)
        write_thread(file, lane++, thread);
    fprintf(file, "\n]}\n");
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return oct_fail(err, OCT_E_IO, "cannot write '%s': %s", path, strerror(errno));
    return OCT_OK;
}
