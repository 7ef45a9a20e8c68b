#include "runtime/array/reduce.h"

#include <math.h>

static bool is_sum(uint32_t kind)
{
    return kind == OCTI_SUM || kind == OCTI_MEAN;
}

size_t octi_array_part_size(uint32_t kind, size_t count)
{
    return is_sum(kind) ? 2 * count : count;
}

octi_array_part octi_array_part_over(uint32_t kind, size_t count, double *memory)
{
    return (octi_array_part){kind, count, memory, is_sum(kind) ? memory + count : NULL};
}

void octi_array_part_begin(octi_array_part *part)
{
    double zero = is_sum(part->kind) ? 0 : part->kind == OCTI_MIN ? INFINITY : -INFINITY;
    for (size_t i = 0; i < part->count; i++)
        part->values[i] = zero;
    for (size_t i = 0; part->errors && i < part->count; i++)
        part->errors[i] = 0;
}

/* Once the sum is infinite or NaN its error is NaN, which octi_array_part_finish does not look at. */
static inline void two_sum(double *sum, double *error, double x)
{
    double s = *sum + x, back = s - *sum;
    *error += (*sum - (s - back)) + (x - back);
    *sum = s;
}

/* NaN beats all, and stays: nothing is less than it. */
static inline double lesser(double m, double x)
{
    return x < m || x != x ? x : m;
}

static inline double greater(double m, double x)
{
    return x > m || x != x ? x : m;
}

void octi_array_part_add_each(octi_array_part *part, size_t first, const double *restrict x, size_t count)
{
    double *restrict values = part->values + first;
    if (is_sum(part->kind)) {
        double *restrict errors = part->errors + first;
        for (size_t i = 0; i < count; i++)
            two_sum(&values[i], &errors[i], x[i]);
    } else if (part->kind == OCTI_MIN) {
        for (size_t i = 0; i < count; i++)
            values[i] = lesser(values[i], x[i]);
    } else {
        for (size_t i = 0; i < count; i++)
            values[i] = greater(values[i], x[i]);
    }
}

enum { LANES = 8, RUN = 64 };

/* At most RUN elements, in lanes that the compiler makes vectors of. */
static double sum_run(const double *x, size_t count)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] += x[i + k];
    for (int k = 0; i < count; i++, k++)
        lane[k] += x[i];
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static double sum_block(const double *x, size_t count)
{
    if (count <= RUN)
        return sum_run(x, count);
    size_t half = (count / 2 + RUN - 1) / RUN * RUN;
    return sum_block(x, half) + sum_block(x + half, count - half);
}

void octi_array_part_add_block(octi_array_part *part, size_t at, const double *x, size_t count)
{
    if (count == 0)
        return;
    if (is_sum(part->kind)) {
        two_sum(&part->values[at], &part->errors[at], sum_block(x, count));
        return;
    }
    double best[LANES], result = part->values[at];
    for (int k = 0; k < LANES; k++)
        best[k] = result;
    size_t i = 0;
    if (part->kind == OCTI_MIN) {
        for (; i + LANES <= count; i += LANES)
            for (int k = 0; k < LANES; k++)
                best[k] = lesser(best[k], x[i + k]);
        for (; i < count; i++)
            result = lesser(result, x[i]);
        for (int k = 0; k < LANES; k++)
            result = lesser(result, best[k]);
    } else {
        for (; i + LANES <= count; i += LANES)
            for (int k = 0; k < LANES; k++)
                best[k] = greater(best[k], x[i + k]);
        for (; i < count; i++)
            result = greater(result, x[i]);
        for (int k = 0; k < LANES; k++)
            result = greater(result, best[k]);
    }
    part->values[at] = result;
}

void octi_array_part_merge(octi_array_part *part, const octi_array_part *other)
{
    octi_array_part_add_each(part, 0, other->values, part->count);
    for (size_t i = 0; part->errors && i < part->count; i++)
        part->errors[i] += other->errors[i];
}

void octi_array_part_finish(octi_array_part *part, uint64_t elements)
{
    if (!part->errors)
        return;
    double divisor = part->kind == OCTI_MEAN ? (double)elements : 1;
    for (size_t i = 0; i < part->count; i++) {
        double sum = part->values[i];
        part->values[i] = (isfinite(sum) ? sum + part->errors[i] : sum) / divisor;
    }
}
