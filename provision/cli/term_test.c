#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "provision/cli/term.h"

static bool line_by_line(int fd)
{
    struct termios now;
    assert_int_equal(tcgetattr(fd, &now), 0);
    return now.c_lflag & ICANON;
}

static void run_child(bool leaves)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (leaves)
            cli_term_leave();
        cli_term_restore();
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void a_child_that_ends_leaves_the_terminal_to_its_parent(void **state)
{
    (void)state;
    int ours, terminal;
    assert_int_equal(openpty(&ours, &terminal, NULL, NULL, NULL), 0);
    assert_int_equal(cli_term_keys(terminal, NULL), OCT_OK);
    assert_false(line_by_line(terminal));
    run_child(true);
    assert_false(line_by_line(terminal));
    run_child(false); /* what a child does that does not say so */
    assert_true(line_by_line(terminal));
    assert_int_equal(cli_term_keys(terminal, NULL), OCT_OK);
    cli_term_restore();
    assert_true(line_by_line(terminal));
    close(ours);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_ends_leaves_the_terminal_to_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
