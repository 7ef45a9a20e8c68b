#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "provision/cli/term.h"

bool cli_term_capable(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

bool cli_term_coloured(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    return cli_term_capable(fd) && !(no_color && *no_color);
}

void cli_term_size(int fd, unsigned short *rows, unsigned short *columns)
{
    struct winsize size;
    bool told = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0;
    *rows = told ? size.ws_row : 24;
    *columns = told ? size.ws_col : 80;
}

/* Each half is written before its flag is set and used only while it is, so a signal
 * handler never sees it half done. */
static struct {
    volatile sig_atomic_t raw;
    int raw_fd;
    struct termios before;
    volatile sig_atomic_t hidden;
    int hidden_fd;
} changed;

static void restore_at_exit(void)
{
    static bool registered;
    if (!registered)
        registered = atexit(cli_term_restore) == 0;
}

static oct_err change(int fd, void (*how)(struct termios *settings), oct_error *err)
{
    if (tcgetattr(fd, &changed.before) != 0)
        return oct_fail(err, OCT_E_IO, "cannot read the terminal's settings: %s", strerror(errno));
    struct termios wanted = changed.before;
    how(&wanted);
    changed.raw_fd = fd;
    changed.raw = 1;
    restore_at_exit();
    if (tcsetattr(fd, TCSADRAIN, &wanted) != 0)
        return oct_fail(err, OCT_E_IO, "cannot change the terminal's settings: %s", strerror(errno));
    return OCT_OK;
}

static void keys_at_once(struct termios *settings)
{
    settings->c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

oct_err cli_term_raw(int fd, oct_error *err)
{
    return change(fd, cfmakeraw, err);
}

oct_err cli_term_keys(int fd, oct_error *err)
{
    return change(fd, keys_at_once, err);
}

static void write_sequence(int fd, const char *sequence)
{
    ssize_t ignored = write(fd, sequence, strlen(sequence));
    (void)ignored; /* a terminal that is gone shows nothing anyway */
}

void cli_term_hide_cursor(int fd)
{
    changed.hidden_fd = fd;
    changed.hidden = 1;
    restore_at_exit();
    write_sequence(fd, "\033[?25l");
}

void cli_term_restore(void)
{
    int saved_errno = errno;
    if (changed.hidden) {
        write_sequence(changed.hidden_fd, "\033[?25h");
        changed.hidden = 0;
    }
    if (changed.raw) {
        tcsetattr(changed.raw_fd, TCSADRAIN, &changed.before);
        changed.raw = 0;
    }
    errno = saved_errno;
}

void cli_term_leave(void)
{
    changed.hidden = 0;
    changed.raw = 0;
}

bool cli_term_may_read(int fd)
{
    return !isatty(fd) || tcgetpgrp(fd) == getpgrp();
}
