#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "provision/exercise/verdict.h"

static const struct words {
    const char *name, *means;
} words[OCTI_CAUSES] = {
    [OCTI_CAUSE_NONE] = {"none", ""},
    [OCTI_CAUSE_COMPILE] =
        {"compile", "The compiler does not understand the program. Begin with its first message: those "
                    "after it are often its echo. A name it does not know may be a misspelt one, or "
                    "lack its #include."},
    [OCTI_CAUSE_MISSING] = {"missing", "The file that the lesson is about is not in your folder."},
    [OCTI_CAUSE_STATUS] = {"status",
                           "The program gave up, or main returned something other than 0. Its own words are "
                           "above; a task that fails tells why by oct_task_error()."},
    [OCTI_CAUSE_CRASH] = {"crash",
                          "The program used memory that is not its own: an index past the end of an array, a "
                          "pointer that is NULL or was freed, or a result that is not there yet."},
    [OCTI_CAUSE_HANG] = {"hang",
                         "It waits for something that never comes, or a loop has no end. Above is where each "
                         "thread was. Look for a lock that is taken twice or never given back, a task that "
                         "waits for one that waits for it, and a condition that nobody makes true."},
    [OCTI_CAUSE_OUTPUT] =
        {"output", "It prints without end: most likely a loop whose end is never reached, with a printf "
                   "in it."},
    [OCTI_CAUSE_MEMORY] =
        {"memory",
         "It allocates without end, or keeps everything where it needs one piece at a time. "
         "Look for a malloc in a loop without its free, and for sizes that are not what you think."},
    [OCTI_CAUSE_PROCESSES] = {"processes",
                              "It starts processes that start processes: a fork in a loop, or a program that "
                              "runs itself. Workers are started by oct_pool_open alone; open one pool, in "
                              "main, and none in a task."},
    [OCTI_CAUSE_DISK] =
        {"disk", "It writes a file without end, or there is no room left on the disk that it writes to. "
                 "What it wrote was removed; if little room is left even so, make some ('df -h')."},
    [OCTI_CAUSE_WRONG] =
        {"wrong",
         "It is wrong on one worker already, so this is not about doing things at once: compare "
         "what the task computes with what the loop's body computed, and what becomes of its results."},
    [OCTI_CAUSE_WORKERS] =
        {"workers",
         "It is right on one worker and wrong on several: the tasks are not independent of each "
         "other. Look for a variable that several of them write, for results stored in the order in "
         "which they are done instead of by their index, and for numbers of workers written into "
         "the program."},
    [OCTI_CAUSE_UNSTEADY] =
        {"unsteady", "The same run is right one time and wrong another: the answer depends on who comes "
                     "first. Look for a variable that several tasks write, and for results taken before "
                     "they are there."},
    [OCTI_CAUSE_SEED] =
        {"seed", "It is right for one data set and wrong for another: something of the first one's answer, "
                 "such as a size or a count, is written into the program."},
    [OCTI_CAUSE_LOOP] =
        {"loop",
         "The answer is right, but the program computed it by itself, in a loop: it opened no pool, or "
         "gave it nothing to do. The lesson is to make tasks of the loop's body."},
    [OCTI_CAUSE_SHARED] =
        {"shared",
         "It is right on threads and wrong on processes: a task uses something that is not among "
         "its arguments. Threads share main's variables; a process has a memory of its own, in which "
         "they are as they were when the pool opened, and what is written there stays there."},
    [OCTI_CAUSE_NODES] =
        {"nodes", "It is right on this program's processes and wrong on nodes: every node runs main from its "
                  "beginning up to oct_pool_open. What main does before that happens on each, what it does "
                  "after only on the first, and a pointer means nothing elsewhere."},
    [OCTI_CAUSE_AWAY] =
        {"away", "It gives up on nodes, and did not here: a task needs something that only one node has. "
                 "$TMPDIR and /tmp are each node's own, and so are variables and open files; a name travels, "
                 "what it names does not. Its own words are above."},
    [OCTI_CAUSE_RACE] =
        {"race",
         "Two tasks use the same memory at the same time, at least one of them writes, and nothing orders "
         "the two. The answer may be right today. Return the value from the task instead of writing "
         "it to a shared place, or let each task write only its own element."},
    [OCTI_CAUSE_LEAK] =
        {"leak",
         "Memory was allocated, and nobody holds it any more. Free it where it is used last; what a "
         "task allocates for itself it frees itself, what it returns belongs to whoever takes the result."},
    [OCTI_CAUSE_BAD_ACCESS] =
        {"bad-access", "The program reads or writes memory that is not its own: past the end of an array, "
                       "or after free. It may seem to work without the sanitizer."},
    [OCTI_CAUSE_SLOW] =
        {"slow",
         "More workers do not make it faster. Either the work is not given away (a result asked for "
         "right after its submit, one task that does everything), or the tasks wait for each other (a "
         "lock around the work), or each is so small that handing it over costs more than doing it."},
};

const char *octi_cause_means(octi_cause cause)
{
    return cause < OCTI_CAUSES ? words[cause].means : "";
}

const char *octi_cause_name(octi_cause cause)
{
    return cause < OCTI_CAUSES ? words[cause].name : "?";
}

octi_cause octi_cause_of(const octi_trial_result *result)
{
    switch (result->end) {
    case OCTI_END_EXIT:
        return result->status == 0 ? OCTI_CAUSE_NONE : OCTI_CAUSE_STATUS;
    case OCTI_END_SIGNAL:
        return OCTI_CAUSE_CRASH;
    case OCTI_END_TIME:
        return OCTI_CAUSE_HANG;
    case OCTI_END_OUTPUT:
        return OCTI_CAUSE_OUTPUT;
    case OCTI_END_MEMORY:
        return OCTI_CAUSE_MEMORY;
    case OCTI_END_PROCESSES:
        return OCTI_CAUSE_PROCESSES;
    case OCTI_END_DISK:
        return OCTI_CAUSE_DISK;
    case OCTI_END_STOPPED:
        break;
    }
    return OCTI_CAUSE_NONE;
}

octi_cause octi_cause_on_nodes(const octi_trial_result *result)
{
    octi_cause cause = octi_cause_of(result);
    return cause == OCTI_CAUSE_STATUS ? OCTI_CAUSE_AWAY : cause;
}

void octi_verdict_deinit(octi_verdict *verdict)
{
    octi_buffer_deinit(&verdict->seen);
}

static void say(octi_verdict *verdict, octi_outcome outcome, octi_cause cause, const char *format,
                va_list args)
{
    verdict->outcome = outcome;
    verdict->cause = cause;
    vsnprintf(verdict->said, sizeof(verdict->said), format, args);
    for (char *at = verdict->said; *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = ' ';
}

void octi_verdict_pass(octi_verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(verdict, OCTI_PASSED, OCTI_CAUSE_NONE, format, args);
    va_end(args);
}

void octi_verdict_skip(octi_verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(verdict, OCTI_SKIPPED, OCTI_CAUSE_NONE, format, args);
    va_end(args);
}

void octi_verdict_defer(octi_verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(verdict, OCTI_SKIPPED, OCTI_CAUSE_NONE, format, args);
    va_end(args);
    verdict->later = true;
}

void octi_verdict_next(octi_verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(verdict->next, sizeof(verdict->next), format, args);
    va_end(args);
}

void octi_verdict_fail(octi_verdict *verdict, octi_cause cause, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(verdict, OCTI_FAILED, cause, format, args);
    va_end(args);
}

void octi_verdict_show(octi_verdict *verdict, const char *text, size_t lines)
{
    enum { WIDEST = 240 };
    size_t shown = 0, more = 0;
    for (const char *line = text ? text : ""; *line;) {
        size_t length = strcspn(line, "\n"), kept = length < WIDEST ? length : WIDEST;
        char clean[WIDEST + 1];
        for (size_t i = 0; i < kept; i++)
            clean[i] = iscntrl((unsigned char)line[i]) ? ' ' : line[i];
        clean[kept] = '\0';
        if (shown < lines && octi_buffer_printf(&verdict->seen, "%s\n", clean) == OCT_OK)
            shown++;
        else
            more++;
        line += length + (line[length] == '\n');
    }
    if (more > 0 && octi_buffer_printf(&verdict->seen, "... and %zu more lines\n", more) != OCT_OK)
        return; /* less evidence is shown */
}
