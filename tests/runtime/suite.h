/* tests/runtime/suite.h - what every executor must do, whatever it is.
 *
 * One program, run once for each kind of pool: suite_test --pool=threads:2, with a
 * group's name after it for that group alone. The groups are
 * files; each gives its tests, and suite.c runs them on a pool of their own. */
#ifndef SUITE_H
#define SUITE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>

#include "oct/oct.h"

/* The spec given by --pool. */
extern const char *suite_spec;

/* A pool for one test: as the setup and teardown of a cmocka test. *state is the oct_pool. */
int suite_open(void **state);
int suite_close(void **state);

/* True where tests share one pool, so that none may open or close one: those skip themselves. */
bool suite_shares_pool(void);

#define SUITE_TEST(test) cmocka_unit_test_setup_teardown(test, suite_open, suite_close)

/* Each group's number of failed tests. */
int suite_actors(void);
int suite_futures(void);
int suite_waiting(void);
int suite_maps(void);
int suite_mappings(void);
int suite_data(void);
int suite_nodes(void);
int suite_options(void);
int suite_scatter(void);
int suite_shared(void);
int suite_tags(void);

#endif
