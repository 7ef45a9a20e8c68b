#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "provision/cli/interrupt.h"
#include "provision/cli/term.h"

static volatile sig_atomic_t counting, count, last, resized;
static const char *volatile parting;

static void write_all(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored; /* nobody is left to tell */
}

static void on_signal(int signal)
{
    last = signal;
    if (counting) {
        count++;
        return;
    }
    cli_term_restore();
    const char *message = parting;
    if (message) {
        write_all("\n");
        write_all(message);
        write_all("\n");
    }
    _exit(128 + signal);
}

static void on_resize(int signal)
{
    (void)signal;
    resized = 1;
}

static const int leaving[] = {SIGINT, SIGTERM, SIGHUP};

void cli_interrupt_install(void)
{
    /* No SA_RESTART: a blocked read or poll must notice. */
    struct sigaction action = {.sa_handler = on_signal}, before;
    for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++) {
        sigaction(leaving[i], NULL, &before);
        if (before.sa_handler != SIG_IGN) /* nohup's wish, or a shell's for its background */
            sigaction(leaving[i], &action, NULL);
    }
    action.sa_handler = on_resize;
    sigaction(SIGWINCH, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void cli_interrupt_reset(void)
{
    for (size_t i = 0; i < sizeof(leaving) / sizeof(leaving[0]); i++)
        signal(leaving[i], SIG_DFL);
    signal(SIGWINCH, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
}

void cli_interrupt_message(const char *message)
{
    parting = message;
}

void cli_interrupt_count(bool counted)
{
    count = 0;
    counting = counted;
}

int cli_interrupts(void)
{
    return count;
}

int cli_interrupt_signal(void)
{
    return last;
}

bool cli_interrupt_resized(void)
{
    bool was = resized;
    resized = 0;
    return was;
}
