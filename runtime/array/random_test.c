#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "runtime/array/random.h"

/* The known answers of Random123's own tests (kat_vectors). */
static void philox_gives_its_authors_answers(void **state)
{
    (void)state;
    uint32_t zero[4] = {0}, ones[4] = {~0u, ~0u, ~0u, ~0u};
    uint32_t pi[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    octi_philox(zero, 0, 0);
    octi_philox(ones, ~0u, ~0u);
    octi_philox(pi, 0xa4093822, 0x299f31d0);
    const uint32_t of_zero[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    const uint32_t of_ones[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    const uint32_t of_pi[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    assert_memory_equal(zero, of_zero, sizeof(zero));
    assert_memory_equal(ones, of_ones, sizeof(ones));
    assert_memory_equal(pi, of_pi, sizeof(pi));
}

static void a_stretch_is_the_same_wherever_it_begins(void **state)
{
    (void)state;
    double all[101], some[101];
    for (int normal = 0; normal < 2; normal++) {
        void (*fill)(uint64_t, uint64_t, size_t, double *) =
            normal ? octi_random_normal : octi_random_uniform;
        fill(7, 1000, 101, all);
        for (size_t first = 0; first < 5; first++)
            for (size_t count = 0; count < 6; count++) {
                fill(7, 1000 + first, count, some);
                assert_memory_equal(some, all + first, count * sizeof(double));
            }
    }
}

static void moments_are_those_of_the_distribution(void **state)
{
    (void)state;
    enum { COUNT = 1 << 16 };
    static double x[COUNT];
    for (int normal = 0; normal < 2; normal++) {
        (normal ? octi_random_normal : octi_random_uniform)(42, 0, COUNT, x);
        double sum = 0, squares = 0;
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(isfinite(x[i]) && (normal || (x[i] >= 0 && x[i] < 1)));
            sum += x[i];
            squares += x[i] * x[i];
        }
        double mean = sum / COUNT, variance = squares / COUNT - mean * mean;
        assert_true(fabs(mean - (normal ? 0 : 0.5)) < 0.02);
        assert_true(fabs(variance - (normal ? 1 : 1.0 / 12)) < 0.02);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_its_authors_answers),
        cmocka_unit_test(a_stretch_is_the_same_wherever_it_begins),
        cmocka_unit_test(moments_are_those_of_the_distribution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
