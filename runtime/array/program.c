#include "runtime/array/program.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array/memory.h"
#include "runtime/array/random.h"
#include "runtime/array/reduce.h"
#include "runtime/task/registry.h"

/* Some elements of the chunk: of one row, or whole rows, so that they lie together. */
typedef struct block {
    uint64_t row, column, rows, columns; /* in the chunk */
    size_t count;
} block;

typedef struct machine {
    const octi_array_program *program;
    const octi_array_place *place;
    double *slots;     /* OCTI_ARRAY_BLOCK each */
    const double **at; /* where each slot's block is: there, or in an input */
    const double *inputs[OCTI_ARRAY_INPUTS];
    double *turned[OCTI_ARRAY_INPUTS]; /* those that were transposed */
    char *args;                        /* for a task's arguments */
    double *out;
} machine;

/* ---- steps ---- */

#define EACH(expression)                                                                                     \
    for (size_t i = 0; i < count; i++)                                                                       \
        to[i] = (expression);                                                                                \
    return

static void run_unary(uint16_t code, size_t count, const double *restrict a, double *restrict to)
{
    switch (code) {
    case OCTI_ARRAY_NEG:
        EACH(-a[i]);
    case OCTI_ARRAY_ABS:
        EACH(fabs(a[i]));
    case OCTI_ARRAY_SQRT:
        EACH(sqrt(a[i]));
    case OCTI_ARRAY_EXP:
        EACH(exp(a[i]));
    default:
        EACH(log(a[i]));
    }
}

/* (What NaN is added to is NaN.) */
static void run_binary(uint16_t code, size_t count, const double *restrict a, const double *restrict b,
                       double *restrict to)
{
    switch (code) {
    case OCTI_ARRAY_ADD:
        EACH(a[i] + b[i]);
    case OCTI_ARRAY_SUB:
        EACH(a[i] - b[i]);
    case OCTI_ARRAY_MUL:
        EACH(a[i] * b[i]);
    case OCTI_ARRAY_DIV:
        EACH(a[i] / b[i]);
    case OCTI_ARRAY_MINIMUM:
        EACH(a[i] != a[i] || b[i] != b[i] ? a[i] + b[i] : a[i] < b[i] ? a[i] : b[i]);
    case OCTI_ARRAY_MAXIMUM:
        EACH(a[i] != a[i] || b[i] != b[i] ? a[i] + b[i] : a[i] > b[i] ? a[i] : b[i]);
    case OCTI_ARRAY_LESS:
        EACH(a[i] < b[i]);
    case OCTI_ARRAY_LESS_EQUAL:
        EACH(a[i] <= b[i]);
    default:
        EACH(a[i] == b[i]);
    }
}

static void run_where(size_t count, const double *restrict c, const double *restrict a,
                      const double *restrict b, double *restrict to)
{
    EACH(c[i] != 0 ? a[i] : b[i]);
}

#undef EACH

/* The same row again, or each row's one element along it. */
static void spread(const octi_array_step *step, const block *b, const double *from, double *to)
{
    for (uint64_t r = 0; r < b->rows; r++, to += b->columns) {
        if (step->flags & OCTI_ONE_COLUMN) {
            double x = from[step->flags & OCTI_ONE_ROW ? 0 : r];
            for (uint64_t c = 0; c < b->columns; c++)
                to[c] = x;
        } else {
            memcpy(to, from, b->columns * sizeof(double));
        }
    }
}

static const double *run_input(const machine *m, const octi_array_step *step, const block *b, double *to)
{
    const double *from = m->inputs[step->input];
    if (!(step->flags & (OCTI_ONE_ROW | OCTI_ONE_COLUMN)))
        return from + b->row * m->place->columns + b->column;
    if (!(step->flags & OCTI_ONE_ROW))
        from += b->row;
    else if (!(step->flags & OCTI_ONE_COLUMN))
        from += b->column;
    if (b->rows == 1 && !(step->flags & OCTI_ONE_COLUMN))
        return from;
    spread(step, b, from, to);
    return to;
}

/* Where a source's elements for a block begin. */
static uint64_t row_of(const machine *m, const octi_array_step *step, const block *b)
{
    return step->row + (step->flags & OCTI_ONE_ROW ? 0 : m->place->row + b->row);
}

static uint64_t column_of(const machine *m, const octi_array_step *step, const block *b)
{
    return step->column + (step->flags & OCTI_ONE_COLUMN ? 0 : m->place->column + b->column);
}

static const double *run_memory(const machine *m, const octi_array_step *step, const block *b, double *to)
{
    const double *from =
        (const double *)(uintptr_t)step->address + row_of(m, step, b) * step->width + column_of(m, step, b);
    bool one_row = step->flags & OCTI_ONE_ROW, one_column = step->flags & OCTI_ONE_COLUMN;
    if (!one_column && (b->rows == 1 || (!one_row && step->width == b->columns)))
        return from;
    for (uint64_t r = 0; r < b->rows; r++, from += one_row ? 0 : step->width)
        for (uint64_t c = 0; c < b->columns; c++)
            to[r * b->columns + c] = from[one_column ? 0 : c];
    return to;
}

static void run_function(const machine *m, const oct_task *task, uint64_t row, uint64_t column,
                         uint64_t count, double *to)
{
    for (uint64_t c = 0; c < count; c++) {
        int64_t i = (int64_t)row, k = (int64_t)(column + c);
        memcpy(m->args + task->params[0].offset, &i, sizeof(i));
        memcpy(m->args + task->params[1].offset, &k, sizeof(k));
        task->run(m->args, &to[c]);
    }
}

/* Elements of one row of a source. */
static void generate(const machine *m, const octi_array_step *step, const oct_task *task, uint64_t row,
                     uint64_t column, uint64_t count, double *to)
{
    switch (step->code) {
    case OCTI_STEP_RAMP:
        for (uint64_t c = 0; c < count; c++)
            to[c] = step->value + (double)(column + c) * step->by;
        break;
    case OCTI_STEP_UNIFORM:
        octi_random_uniform(step->seed, row * step->width + column, count, to);
        break;
    case OCTI_STEP_NORMAL:
        octi_random_normal(step->seed, row * step->width + column, count, to);
        break;
    default:
        run_function(m, task, row, column, count, to);
    }
}

static void run_source(const machine *m, const octi_array_step *step, const oct_task *task, const block *b,
                       double *to)
{
    bool one_row = step->flags & OCTI_ONE_ROW, one_column = step->flags & OCTI_ONE_COLUMN;
    uint64_t row = row_of(m, step, b), column = column_of(m, step, b);
    for (uint64_t r = 0; r < b->rows; r++, to += b->columns) {
        if (one_row && r > 0)
            memcpy(to, to - b->columns, b->columns * sizeof(double));
        else
            generate(m, step, task, row + r, column, one_column ? 1 : b->columns, to);
        for (uint64_t c = 1; one_column && c < b->columns; c++)
            to[c] = to[0];
    }
}

static const double *run_step(const machine *m, const octi_array_step *step, const block *b, double *to)
{
    const double *a = m->at[step->operands[0]], *other = m->at[step->operands[1]];
    const oct_task *task;
    switch (step->code) {
    case OCTI_STEP_NUMBER:
        return m->at[step->slot];
    case OCTI_STEP_INPUT:
        return run_input(m, step, b, to);
    case OCTI_STEP_MEMORY:
        return run_memory(m, step, b, to);
    case OCTI_STEP_RAMP:
    case OCTI_STEP_UNIFORM:
    case OCTI_STEP_NORMAL:
    case OCTI_STEP_FUNCTION:
        run_source(m, step, octi_registry_at(step->task), b, to);
        break;
    case OCTI_ARRAY_TASK:
        task = octi_registry_at(step->task);
        task->loop(&(octi_loop){.args = m->args, .in = a, .out = to, .count = b->count});
        break;
    case OCTI_ARRAY_WHERE:
        run_where(b->count, a, other, m->at[step->operands[2]], to);
        break;
    default:
        if (step->code < OCTI_ARRAY_WHERE)
            run_binary(step->code, b->count, a, other, to);
        else
            run_unary(step->code, b->count, a, to);
    }
    return to;
}

/* ---- blocks ---- */

static void reduce_block(const octi_array_reduction *reduction, octi_array_part *part, const block *b,
                         const double *x)
{
    if (reduction->axis == OCT_ALL) {
        octi_array_part_add_block(part, 0, x, b->count);
        return;
    }
    for (uint64_t r = 0; r < b->rows; r++, x += b->columns) {
        if (reduction->axis == 0)
            octi_array_part_add_each(part, b->column, x, b->columns);
        else
            octi_array_part_add_block(part, b->row + r, x, b->columns);
    }
}

static void run_block(machine *m, const block *b, octi_array_part *part)
{
    const octi_array_program *program = m->program;
    double *out = part ? NULL : m->out + b->row * m->place->columns + b->column;
    for (uint32_t s = 0; s < program->count; s++) {
        const octi_array_step *step = &program->steps[s];
        bool last = s + 1 == program->count && out;
        m->at[step->slot] =
            run_step(m, step, b, last ? out : m->slots + (size_t)step->slot * OCTI_ARRAY_BLOCK);
    }
    const double *result = m->at[program->steps[program->count - 1].slot];
    if (part)
        reduce_block(&program->reduction, part, b, result);
    else if (result != out)
        memcpy(out, result, b->count * sizeof(double));
}

static oct_err run_blocks(machine *m, octi_array_part *part, oct_error *err)
{
    const octi_array_place *place = m->place;
    if (place->columns == 0)
        return OCT_OK;
    uint64_t high = place->columns < OCTI_ARRAY_BLOCK ? OCTI_ARRAY_BLOCK / place->columns : 1;
    for (uint64_t r = 0; r < place->rows; r += high)
        for (uint64_t c = 0; c < place->columns; c += OCTI_ARRAY_BLOCK) {
            block b = {.row = r,
                       .column = c,
                       .rows = place->rows - r < high ? place->rows - r : high,
                       .columns =
                           place->columns - c < OCTI_ARRAY_BLOCK ? place->columns - c : OCTI_ARRAY_BLOCK};
            b.count = (size_t)(b.rows * b.columns);
            run_block(m, &b, part);
            if (err->code != OCT_OK)
                return err->code;
        }
    return OCT_OK;
}

/* ---- beginning ---- */

static oct_err check(const octi_array_program *program, size_t size, oct_error *err)
{
    if (size < sizeof(*program) || program->count == 0 || program->count > OCTI_PROGRAM_STEPS ||
        size != sizeof(*program) + program->count * sizeof(octi_array_step) || program->slots == 0 ||
        program->slots > OCTI_PROGRAM_STEPS)
        return oct_fail(err, OCT_E_PROTOCOL, "a pass over an array of %zu bytes makes no sense", size);
    for (uint32_t s = 0; s < program->count; s++) {
        const octi_array_step *step = &program->steps[s];
        bool tasks = step->code == OCTI_ARRAY_TASK || step->code == OCTI_STEP_FUNCTION;
        if (step->slot >= program->slots || step->input >= OCTI_ARRAY_INPUTS ||
            step->operands[0] >= program->slots || step->operands[1] >= program->slots ||
            step->operands[2] >= program->slots || (tasks && !octi_registry_at(step->task)))
            return oct_fail(err, OCT_E_PROTOCOL, "step %u of a pass over an array makes no sense", s);
    }
    return OCT_OK;
}

/* Each input as its steps read it: of the right size, and turned where it is transposed. */
static oct_err take_inputs(machine *m, const oct_doubles *inputs, oct_error *err)
{
    const octi_array_place *place = m->place;
    for (uint32_t s = 0; s < m->program->count; s++) {
        const octi_array_step *step = &m->program->steps[s];
        if (step->code != OCTI_STEP_INPUT)
            continue;
        uint64_t rows = step->flags & OCTI_ONE_ROW ? 1 : place->rows;
        uint64_t columns = step->flags & OCTI_ONE_COLUMN ? 1 : place->columns;
        const oct_doubles *input = &inputs[step->input];
        if (input->count != rows * columns)
            return oct_fail(err, OCT_E_PROTOCOL,
                            "a chunk of %zu elements where %" PRIu64 " x %" PRIu64 " are needed",
                            input->count, rows, columns);
        m->inputs[step->input] = input->data;
        if (!(step->flags & OCTI_TRANSPOSED) || rows < 2 || columns < 2)
            continue;
        m->turned[step->input] = octi_array_doubles_make(input->count, err);
        if (!m->turned[step->input])
            return err->code;
        octi_array_transpose(input->data, columns, rows, m->turned[step->input]);
        m->inputs[step->input] = m->turned[step->input];
    }
    return OCT_OK;
}

static oct_err begin(machine *m, size_t doubles, oct_error *err)
{
    const octi_array_program *program = m->program;
    size_t args = 1;
    for (uint32_t s = 0; s < program->count; s++) {
        const octi_array_step *step = &program->steps[s];
        const oct_task *task = step->code == OCTI_ARRAY_TASK || step->code == OCTI_STEP_FUNCTION
                                   ? octi_registry_at(step->task)
                                   : NULL;
        if (task && task->args_size > args)
            args = task->args_size;
    }
    m->slots = malloc((size_t)program->slots * OCTI_ARRAY_BLOCK * sizeof(double));
    m->at = calloc(program->slots, sizeof(*m->at));
    m->args = calloc(1, args);
    if (!m->slots || !m->at || !m->args)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for a pass over an array");
    m->out = octi_array_doubles_make(doubles, err);
    if (!m->out)
        return err->code;
    for (uint32_t s = 0; s < program->count; s++) {
        const octi_array_step *step = &program->steps[s];
        double *slot = m->slots + (size_t)step->slot * OCTI_ARRAY_BLOCK;
        m->at[step->slot] = slot;
        for (int i = 0; step->code == OCTI_STEP_NUMBER && i < OCTI_ARRAY_BLOCK; i++)
            slot[i] = step->value;
    }
    return OCT_OK;
}

static void deinit(machine *m)
{
    free(m->slots);
    free(m->at);
    free(m->args);
    free(m->out);
    for (int i = 0; i < OCTI_ARRAY_INPUTS; i++)
        free(m->turned[i]);
}

static bool only_transposes(const octi_array_program *program)
{
    return program->count == 1 && program->steps[0].code == OCTI_STEP_INPUT &&
           program->steps[0].flags == OCTI_TRANSPOSED && program->reduction.kind == OCTI_KEEP_ALL;
}

oct_err octi_array_program_run(const octi_array_program *program, size_t size, const octi_array_place *place,
                               const oct_doubles *inputs, oct_doubles *out, oct_error *err)
{
    oct_err code = check(program, size, err);
    if (code != OCT_OK)
        return code;
    machine m = {.program = program, .place = place};
    const octi_array_reduction *reduction = &program->reduction;
    size_t count = reduction->axis == OCT_ALL ? 1 : reduction->axis == 0 ? place->columns : place->rows;
    bool reduces = reduction->kind != OCTI_KEEP_ALL;
    size_t doubles = reduces ? octi_array_part_size(reduction->kind, count) : place->rows * place->columns;
    code = begin(&m, doubles, err);
    if (code == OCT_OK && only_transposes(program) && inputs->count == doubles) {
        octi_array_transpose(inputs->data, place->columns, place->rows, m.out);
    } else if (code == OCT_OK) {
        octi_array_part part = octi_array_part_over(reduction->kind, count, m.out);
        if (reduces)
            octi_array_part_begin(&part);
        code = take_inputs(&m, inputs, err);
        if (code == OCT_OK)
            code = run_blocks(&m, reduces ? &part : NULL, err);
        if (code == OCT_OK && reduces && place->finish) {
            octi_array_part_finish(&part, reduction->count);
            doubles = count;
        }
    }
    if (code == OCT_OK) {
        *out = (oct_doubles){m.out, doubles};
        m.out = NULL;
    }
    deinit(&m);
    return code;
}

/* In tiles of a few cache lines, so that neither side misses at every element. */
void octi_array_transpose(const double *from, uint64_t rows, uint64_t columns, double *to)
{
    enum { TILE = 16 };
    for (uint64_t r = 0; r < rows; r += TILE)
        for (uint64_t c = 0; c < columns; c += TILE) {
            uint64_t last_row = rows - r < TILE ? rows : r + TILE;
            uint64_t last_column = columns - c < TILE ? columns : c + TILE;
            for (uint64_t k = c; k < last_column; k++)
                for (uint64_t i = r; i < last_row; i++)
                    to[k * rows + i] = from[i * columns + k];
        }
}
