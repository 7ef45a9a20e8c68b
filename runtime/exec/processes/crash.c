#include <execinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "runtime/exec/processes/crash.h"
#include "runtime/exec/processes/symbol.h"

static octi_crash *record;
static _Alignas(16) char handler_stack[65536];
static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

static void *where_from(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (void *)context->uc_mcontext.pc;
#else
    (void)context;
    return NULL;
#endif
}

/* Drops the handler's own frames, which are above the one that was interrupted. */
static int below_handler(void **frames, int count, const void *from)
{
    for (int i = 0; i < count; i++) {
        if (frames[i] != from)
            continue;
        memmove(frames, frames + i, (size_t)(count - i) * sizeof(*frames));
        return count - i;
    }
    return count;
}

/* Only what is safe in a handler: backtrace was called before, so that it needs no memory. */
static void last_words(int number, siginfo_t *info, void *context)
{
    if (atomic_load_explicit(&record->count, memory_order_relaxed) == 0) {
        record->signal = number;
        record->address = number == SIGSEGV || number == SIGBUS ? (uint64_t)(uintptr_t)info->si_addr : 0;
        int count = backtrace(record->frames, OCTI_FRAMES);
        count = below_handler(record->frames, count, where_from(context));
        atomic_store_explicit(&record->count, count > 0 ? (uint32_t)count : 0, memory_order_release);
    }
    /* SA_RESETHAND has put the default back; blocked until we return, then it kills. */
    raise(number);
}

void octi_crash_watch(octi_crash *crash)
{
    record = crash;
    void *frame;
    backtrace(&frame, 1);
    stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = last_words,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        sigaction(fatal[i], &action, NULL);
}

static void describe_signal(const octi_crash *crash, int number, oct_failure *failure)
{
    bool told = atomic_load_explicit(&crash->count, memory_order_acquire) > 0 && crash->signal == number;
    if (told && (number == SIGSEGV || number == SIGBUS))
        oct_fail(&failure->error, OCT_E_CRASH, "killed by signal %d (%s) at address 0x%llx", number,
                 strsignal(number), (unsigned long long)crash->address);
    else
        oct_fail(&failure->error, OCT_E_CRASH, "killed by signal %d (%s)", number, strsignal(number));
    if (number == SIGKILL)
        oct_hint(&failure->error,
                 "the kernel kills so when memory runs out: see 'dmesg', or use fewer workers");
    if (told)
        octi_symbol_backtrace(crash->frames, (int)crash->count, failure->backtrace,
                              sizeof(failure->backtrace));
}

void octi_crash_describe(const octi_crash *crash, int status, oct_failure *failure)
{
    if (WIFSIGNALED(status))
        describe_signal(crash, WTERMSIG(status), failure);
    else
        oct_fail(&failure->error, OCT_E_CRASH, "it ended its process with exit status %d",
                 WEXITSTATUS(status));
}
