/* Passes: what is fused becomes a program, which runs once on each chunk. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/array/reduce.h"
#include "runtime/array/tasks.h"
#include "runtime/base/size.h"
#include "runtime/task/registry.h"

typedef struct input {
    oct_array *array; /* for a transpose, what is transposed */
    uint32_t flags;
    octi_array_grid *grid;
} input;

typedef struct builder {
    octi_array_run *run;
    oct_array *pass;
    octi_array_extent size; /* of the arrays that it makes */
    uint64_t program;       /* which one: oct_array.emitted */
    octi_array_step *steps;
    uint32_t count, room;
    input inputs[OCTI_ARRAY_INPUTS];
    uint32_t input_count;
    bool crowded; /* more inputs or steps than a pass has */
} builder;

static uint32_t add_step(builder *b, octi_array_step step)
{
    if (b->count == b->room && b->count < OCTI_PROGRAM_STEPS) {
        uint32_t room = b->room ? 2 * b->room : 16;
        octi_array_step *steps = realloc(b->steps, room * sizeof(*steps));
        if (steps) {
            b->steps = steps;
            b->room = room;
        }
    }
    if (b->count == b->room) {
        b->crowded = true;
        return 0;
    }
    b->steps[b->count] = step;
    return b->count++;
}

static uint16_t flags_of(const builder *b, octi_array_extent size)
{
    return (uint16_t)((size.rows == 1 && b->size.rows != 1 ? OCTI_ONE_ROW : 0) |
                      (size.columns == 1 && b->size.columns != 1 ? OCTI_ONE_COLUMN : 0));
}

static uint32_t emit_input(builder *b, oct_array *array)
{
    uint16_t flags = flags_of(b, array->size);
    if (array->kind == OCTI_ARRAY_TRANSPOSE) {
        array = array->from[0];
        flags |= OCTI_TRANSPOSED;
    }
    uint32_t i = 0;
    while (i < b->input_count && (b->inputs[i].array != array || b->inputs[i].flags != flags))
        i++;
    if (i == OCTI_ARRAY_INPUTS) {
        b->crowded = true;
        return 0;
    }
    if (i == b->input_count)
        b->inputs[b->input_count++] = (input){array, flags, NULL};
    return add_step(b, (octi_array_step){.code = OCTI_STEP_INPUT, .input = i, .flags = flags});
}

static bool is_source_step(const builder *b, const oct_array *array)
{
    return array->kind == OCTI_ARRAY_SOURCE &&
           (array->source.code != OCTI_STEP_MEMORY || b->run->shares_memory);
}

static uint32_t emit(builder *b, oct_array *array)
{
    if (b->crowded || array->emitted == b->program)
        return array->value;
    octi_array_step step = {0};
    if (array->kind == OCTI_ARRAY_POINT && (array->pass == b->pass || array == b->pass)) {
        step.code = (uint16_t)array->code;
        step.task = array->task;
        for (int i = 0; i < 3 && array->from[i]; i++)
            step.operands[i] = (uint16_t)emit(b, array->from[i]);
        array->value = add_step(b, step);
    } else if (is_source_step(b, array)) {
        step = array->source;
        step.flags = flags_of(b, array->size);
        array->value = add_step(b, step);
    } else {
        array->value = emit_input(b, array);
    }
    array->emitted = b->program;
    return array->value;
}

/* ---- too much for a pass ---- */

/* How many different inputs there are below an array of this pass. */
static uint32_t inputs_below(builder *b, oct_array *array, uint64_t walk)
{
    if (array->visit == walk)
        return 0;
    array->visit = walk;
    if (array->kind != OCTI_ARRAY_POINT || array->pass != b->pass)
        return !is_source_step(b, array);
    uint32_t count = 0;
    for (int i = 0; i < 3 && array->from[i]; i++)
        count += inputs_below(b, array->from[i], walk);
    return count;
}

static void move_to(oct_array *from, oct_array *array, oct_array *to)
{
    if (array->kind != OCTI_ARRAY_POINT || array->pass != from)
        return;
    array->pass = to;
    for (int i = 0; i < 3 && array->from[i]; i++)
        move_to(from, array->from[i], to);
}

/* The widest part of the pass that fits one becomes a pass of its own. What the rest needs of it, too, is
 * then an input of the rest. */
static bool split(builder *b, oct_array *array)
{
    for (;;) {
        oct_array *widest = NULL;
        uint32_t most = 0;
        for (int i = 0; i < 3 && array->from[i]; i++) {
            oct_array *from = array->from[i];
            if (from->kind != OCTI_ARRAY_POINT || from->pass != b->pass)
                continue;
            uint32_t count = inputs_below(b, from, octi_array_number());
            if (!widest || count > most) {
                widest = from;
                most = count;
            }
        }
        if (!widest)
            return false;
        if (most <= OCTI_ARRAY_INPUTS) {
            move_to(b->pass, widest, widest);
            return true;
        }
        array = widest;
    }
}

/* ---- slots ---- */

/* A step's block is needed until its last use; what is numbers alone is filled once, and stays. A step never
 * writes where it reads, so that its loop is one of vectors. */
static uint32_t give_slots(octi_array_step *steps, uint32_t count, uint32_t *last, uint16_t *free_slots)
{
    uint32_t slots = 0, free_count = 0;
    static const uint8_t operand_count[] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 1, 1, 1, 1, 1, 1};
    for (uint32_t s = 0; s < count; s++)
        last[s] = s;
    for (uint32_t s = 0; s < count; s++)
        for (int i = 0; steps[s].code < OCTI_STEP_NUMBER && i < operand_count[steps[s].code]; i++)
            last[steps[s].operands[i]] = s;
    for (uint32_t s = 0; s < count; s++) {
        bool number = steps[s].code == OCTI_STEP_NUMBER;
        uint16_t slot = free_count > 0 && !number ? free_slots[--free_count] : (uint16_t)slots++;
        steps[s].slot = slot;
        for (int i = 0; steps[s].code < OCTI_STEP_NUMBER && i < operand_count[steps[s].code]; i++) {
            uint32_t from = steps[s].operands[i];
            steps[s].operands[i] = steps[from].slot;
            if (last[from] != s || steps[from].code == OCTI_STEP_NUMBER)
                continue;
            last[from] = UINT32_MAX; /* an operand that comes twice is freed once */
            free_slots[free_count++] = steps[from].slot;
        }
    }
    return slots;
}

static oct_err assemble(builder *b, const octi_array_reduction *reduction, oct_bytes *out)
{
    size_t size = sizeof(octi_array_program) + b->count * sizeof(octi_array_step);
    octi_array_program *program = calloc(1, size);
    uint32_t *last = malloc(b->count * sizeof(*last));
    uint16_t *free_slots = malloc(b->count * sizeof(*free_slots));
    if (program && last && free_slots) {
        program->count = b->count;
        program->reduction = *reduction;
        program->slots = give_slots(b->steps, b->count, last, free_slots);
        memcpy(program->steps, b->steps, b->count * sizeof(octi_array_step));
        *out = (oct_bytes){program, size};
        program = NULL;
    } else {
        oct_fail(b->run->err, OCT_E_NOMEM, "out of memory for a pass over an array");
    }
    free(program);
    free(last);
    free(free_slots);
    return out->data ? OCT_OK : OCT_E_NOMEM;
}

/* ---- building ---- */

static void builder_deinit(builder *b)
{
    for (uint32_t i = 0; i < b->input_count; i++)
        octi_array_grid_unref(b->inputs[i].grid);
    free(b->steps);
}

/* How an input is cut where the pass's arrays are cut so. */
static octi_array_extent input_cut(const input *in, octi_array_extent cut)
{
    if (in->flags & OCTI_ONE_ROW)
        cut.rows = 1;
    if (in->flags & OCTI_ONE_COLUMN)
        cut.columns = 1;
    return in->flags & OCTI_TRANSPOSED ? (octi_array_extent){cut.columns, cut.rows} : cut;
}

static oct_err build(builder *b, oct_array *root, octi_array_extent cut)
{
    for (;;) {
        b->program = octi_array_number();
        b->count = b->input_count = 0;
        b->crowded = false;
        emit(b, root);
        if (!b->crowded)
            break;
        if (!split(b, root))
            return oct_fail(b->run->err, OCT_E_NOMEM, "out of memory for a pass over an array");
    }
    for (uint32_t i = 0; i < b->input_count; i++) {
        oct_err code =
            octi_array_need(b->run, b->inputs[i].array, input_cut(&b->inputs[i], cut), &b->inputs[i].grid);
        if (code != OCT_OK)
            return code;
    }
    return OCT_OK;
}

/* The input's chunk for a chunk of the pass. */
static octi_array_chunk *chunk_for(const input *in, uint64_t i, uint64_t k)
{
    if (in->flags & OCTI_ONE_ROW)
        i = 0;
    if (in->flags & OCTI_ONE_COLUMN)
        k = 0;
    return in->flags & OCTI_TRANSPOSED ? *octi_array_grid_at(in->grid, k, i)
                                       : *octi_array_grid_at(in->grid, i, k);
}

static oct_err run_chunk(builder *b, const oct_bytes *program, const octi_array_grid *over, uint64_t i,
                         uint64_t k, uint64_t elements, bool finish, octi_array_chunk **out)
{
    octi_array_extent size = octi_array_grid_extent(over, i, k);
    octi_array_place place = {i * over->cut.rows, k * over->cut.columns, size.rows, size.columns, finish};
    octi_array_chunk *inputs[OCTI_ARRAY_INPUTS] = {0};
    for (uint32_t n = 0; n < b->input_count; n++)
        inputs[n] = chunk_for(&b->inputs[n], i, k);
    *out = octi_array_start_pass(b->run, octi_array_owner(b->run, over, i, k), elements, program, &place,
                                 inputs);
    return *out ? OCT_OK : b->run->err->code;
}

/* ---- telling ---- */

static const char *step_name(const octi_array_step *step)
{
    static const char *const codes[] = {"add",     "sub",  "mul",        "div",   "minimum",
                                        "maximum", "less", "less equal", "equal", "where",
                                        "neg",     "abs",  "sqrt",       "exp",   "log"};
    const oct_task *task;
    switch (step->code) {
    case OCTI_STEP_RAMP:
        return "arange";
    case OCTI_STEP_UNIFORM:
        return "random";
    case OCTI_STEP_NORMAL:
        return "normal";
    case OCTI_STEP_MEMORY:
        return "memory";
    case OCTI_STEP_INPUT:
        return step->flags & OCTI_TRANSPOSED ? "a transpose" : "an array";
    case OCTI_STEP_FUNCTION:
    case OCTI_ARRAY_TASK:
        task = octi_registry_at(step->task);
        return task ? task->name : "?";
    default:
        return codes[step->code];
    }
}

static void describe(const builder *b, const octi_array_reduction *reduction, octi_array_extent cut,
                     char *out, size_t size)
{
    static const char *const reductions[] = {"", "sum", "mean", "min", "max"};
    char bytes[OCTI_SIZE_TEXT];
    octi_size_format(octi_array_extent_bytes(cut), bytes);
    int at = snprintf(out, size,
                      "one pass over %" PRIu64 " x %" PRIu64 " chunks of %" PRIu64 " x %" PRIu64 " (%s): ",
                      octi_array_cut_count(b->size.rows, cut.rows),
                      octi_array_cut_count(b->size.columns, cut.columns), cut.rows, cut.columns, bytes);
    for (uint32_t s = 0; s < b->count && at < (int)size - 40; s++) {
        const char *comma = s > 0 ? ", " : "";
        if (b->steps[s].code == OCTI_STEP_NUMBER)
            at += snprintf(out + at, size - (size_t)at, "%s%g", comma, b->steps[s].value);
        else
            at += snprintf(out + at, size - (size_t)at, "%s%.30s", comma, step_name(&b->steps[s]));
    }
    if (reduction->kind != OCTI_KEEP_ALL && at < (int)size)
        snprintf(out + at, size - (size_t)at, ", %s%s", reductions[reduction->kind],
                 reduction->axis == OCT_ALL ? ""
                 : reduction->axis == 0     ? " of columns"
                                            : " of rows");
}

/* ---- the caller's memory, where tasks do not see it ---- */

static oct_err hold(octi_array_run *run, const octi_array_step *source, octi_array_grid *grid, uint64_t i,
                    uint64_t k)
{
    octi_array_extent size = octi_array_grid_extent(grid, i, k);
    oct_doubles values = {NULL, size.rows * size.columns};
    if (!run->dry && !(values.data = malloc(values.count * sizeof(double))))
        return oct_fail(run->err, OCT_E_NOMEM, "out of memory to send a chunk of an array");
    const double *from = (const double *)(uintptr_t)source->address +
                         (source->row + i * grid->cut.rows) * source->width + source->column +
                         k * grid->cut.columns;
    for (uint64_t r = 0; values.data && r < size.rows; r++)
        memcpy(values.data + r * size.columns, from + r * source->width, size.columns * sizeof(double));
    octi_array_chunk **chunk = octi_array_grid_at(grid, i, k);
    *chunk = octi_array_start_hold(run, octi_array_owner(run, grid, i, k), &values);
    free(values.data);
    return *chunk ? OCT_OK : run->err->code;
}

static oct_err scatter(octi_array_run *run, const oct_array *array, octi_array_extent cut,
                       octi_array_grid **out)
{
    octi_array_grid *grid = octi_array_grid_create(array->size, cut, run->err);
    oct_err code = grid ? OCT_OK : run->err->code;
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows; i++)
        for (uint64_t k = 0; code == OCT_OK && k < grid->columns; k++)
            code = hold(run, &array->source, grid, i, k);
    if (code != OCT_OK) {
        octi_array_grid_unref(grid);
        return code;
    }
    octi_array_tell(run, "memory sent in %" PRIu64 " x %" PRIu64 " chunks of %" PRIu64 " x %" PRIu64,
                    grid->rows, grid->columns, cut.rows, cut.columns);
    *out = grid;
    return OCT_OK;
}

/* ---- passes ---- */

static bool reads_memory(const builder *b)
{
    for (uint32_t s = 0; s < b->count; s++)
        if (b->steps[s].code == OCTI_STEP_MEMORY)
            return true;
    return false;
}

oct_err octi_array_points(octi_array_run *run, oct_array *array, octi_array_extent cut, octi_array_grid **out)
{
    if (array->kind == OCTI_ARRAY_SOURCE && array->source.code == OCTI_STEP_MEMORY && !run->shares_memory)
        return scatter(run, array, cut, out);
    builder b = {.run = run, .pass = array, .size = array->size};
    octi_array_reduction none = {.kind = OCTI_KEEP_ALL};
    oct_bytes program = {0};
    octi_array_grid *grid = octi_array_grid_create(array->size, cut, run->err);
    char text[400];
    oct_err code = grid ? build(&b, array, cut) : run->err->code;
    if (code == OCT_OK) {
        describe(&b, &none, cut, text, sizeof(text));
        code = assemble(&b, &none, &program);
    }
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows; i++)
        for (uint64_t k = 0; code == OCT_OK && k < grid->columns; k++)
            code = run_chunk(&b, &program, grid, i, k, octi_array_grid_elements(grid, i, k), false,
                             octi_array_grid_at(grid, i, k));
    if (code == OCT_OK) {
        octi_array_tell(run, "%s", text);
        grid->reads_memory = reads_memory(&b);
        *out = grid;
    } else {
        if (grid)
            octi_array_settle(grid->chunks, grid->rows * grid->columns);
        octi_array_grid_unref(grid);
    }
    free(program.data);
    builder_deinit(&b);
    return code;
}

/* Parts that make one chunk of a reduction: merged in a tree whose form their number decides. Takes them. */
static oct_err merge(octi_array_run *run, const octi_array_reduction *reduction, uint64_t results,
                     octi_array_chunk **parts, size_t count, int node, octi_array_chunk **out)
{
    octi_array_merge_plan plan = {.reduction = *reduction, .results = results};
    oct_err code = OCT_OK;
    do {
        size_t made = 0;
        plan.finish = count <= OCTI_ARRAY_JOINED;
        for (size_t p = 0; code == OCT_OK && (p < count || plan.finish); p += OCTI_ARRAY_JOINED) {
            plan.parts = (uint32_t)(count - p < OCTI_ARRAY_JOINED ? count - p : OCTI_ARRAY_JOINED);
            octi_array_chunk *merged = octi_array_start_merge(
                run, plan.finish || plan.parts == 0 ? node : parts[p]->node, &plan, parts + p);
            for (size_t i = p; i < p + plan.parts; i++) {
                octi_array_chunk_unref(parts[i]);
                parts[i] = NULL;
            }
            if (!merged)
                code = run->err->code;
            else if (plan.finish)
                *out = merged;
            else
                parts[made++] = merged;
            if (plan.finish)
                break;
        }
        if (!plan.finish)
            count = made;
    } while (code == OCT_OK && !plan.finish);
    return code;
}

/* The chunks that go into one of the reduction: a column of them, a row, or all. */
static oct_err reduce_into(builder *b, const oct_bytes *program, const octi_array_reduction *reduction,
                           const octi_array_grid *over, octi_array_grid *grid, uint64_t i, uint64_t k)
{
    uint64_t rows = reduction->axis == 1 ? 1 : over->rows, columns = reduction->axis == 0 ? 1 : over->columns;
    size_t count = (size_t)(rows * columns), made = 0;
    uint64_t results = octi_array_grid_elements(grid, i, k),
             part = octi_array_part_size(reduction->kind, results);
    octi_array_chunk **out = octi_array_grid_at(grid, i, k);
    octi_array_chunk **parts = calloc(count + 1, sizeof(*parts));
    if (!parts)
        return oct_fail(b->run->err, OCT_E_NOMEM, "out of memory for %zu chunks of an array", count);
    oct_err code = OCT_OK;
    for (uint64_t r = 0; code == OCT_OK && r < rows; r++)
        for (uint64_t c = 0; code == OCT_OK && c < columns; c++)
            code = run_chunk(b, program, over, reduction->axis == 1 ? i : r, reduction->axis == 0 ? k : c,
                             count == 1 ? results : part, count == 1, &parts[made++]);
    if (code == OCT_OK && count == 1) {
        *out = parts[0];
        parts[0] = NULL;
    } else if (code == OCT_OK) {
        code = merge(b->run, reduction, results, parts, count, octi_array_owner(b->run, grid, i, k), out);
    }
    if (code != OCT_OK)
        octi_array_settle(parts, count);
    for (size_t p = 0; p < count; p++)
        octi_array_chunk_unref(parts[p]);
    free(parts);
    return code;
}

oct_err octi_array_reductions(octi_array_run *run, oct_array *array, octi_array_grid **out)
{
    oct_array *from = array->from[0];
    builder b = {.run = run, .pass = array, .size = from->size};
    oct_bytes program = {0};
    octi_array_grid *over = octi_array_grid_create(from->size, from->cut, run->err);
    octi_array_grid *grid = over ? octi_array_grid_create(array->size, array->cut, run->err) : NULL;
    char text[400];
    oct_err code = grid ? build(&b, from, from->cut) : run->err->code;
    if (code == OCT_OK) {
        describe(&b, &array->reduction, from->cut, text, sizeof(text));
        code = assemble(&b, &array->reduction, &program);
    }
    for (uint64_t i = 0; code == OCT_OK && i < grid->rows; i++)
        for (uint64_t k = 0; code == OCT_OK && k < grid->columns; k++)
            code = reduce_into(&b, &program, &array->reduction, over, grid, i, k);
    if (code == OCT_OK) {
        octi_array_tell(run, "%s", text);
        grid->reads_memory = reads_memory(&b);
        *out = grid;
    } else {
        if (grid)
            octi_array_settle(grid->chunks, grid->rows * grid->columns);
        octi_array_grid_unref(grid);
    }
    octi_array_grid_unref(over);
    free(program.data);
    builder_deinit(&b);
    return code;
}
