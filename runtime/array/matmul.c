/* SUMMA on chunks (van de Geijn and Watts, 1997): step by step along the inner side, each node takes the
 * chunks of a of its rows of the grid of nodes and those of b of its columns, and adds their products to the
 * chunks of the result that are its own. */
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/array/tasks.h"
#include "runtime/base/size.h"

/* A factor: the grid of its chunks, or of those of its transpose. */
typedef struct factor {
    octi_array_grid *grid;
    bool turned;
    octi_array_chunk **copies; /* of the panels under way: [pair][row or column of the grid][node], or NULL */
} factor;

typedef struct product {
    octi_array_run *run;
    factor a, b;
    uint64_t inner; /* chunks along the inner side */
    octi_array_grid *out;
} product;

static octi_array_chunk *chunk_of(const factor *f, uint64_t i, uint64_t k)
{
    return f->turned ? *octi_array_grid_at(f->grid, k, i) : *octi_array_grid_at(f->grid, i, k);
}

static uint64_t inner_of(const product *p, uint64_t k)
{
    const octi_array_grid *a = p->a.grid;
    return p->a.turned ? octi_array_cut_length(a->size.rows, a->cut.rows, k)
                       : octi_array_cut_length(a->size.columns, a->cut.columns, k);
}

/* A chunk as a node has it: itself, or the one copy that goes there. `line` is its row in a or column in b.
 */
static octi_array_chunk *panel(product *p, factor *f, octi_array_chunk *chunk, uint64_t line, int pair,
                               int node)
{
    if (!f->copies || chunk->node == node)
        return chunk;
    uint64_t lines = f == &p->a ? p->out->rows : p->out->columns;
    octi_array_chunk **copy =
        &f->copies[((uint64_t)pair * lines + line) * (uint64_t)p->run->nodes + (uint64_t)node];
    if (!*copy)
        *copy = octi_array_start_copy(p->run, node, chunk);
    return *copy;
}

static void forget_panels(product *p, factor *f, uint64_t lines)
{
    for (uint64_t i = 0; f->copies && i < OCTI_SUMMA_STEPS * lines * (uint64_t)p->run->nodes; i++) {
        octi_array_chunk_unref(f->copies[i]);
        f->copies[i] = NULL;
    }
}

/* Some steps of one chunk of the result. */
static oct_err add(product *p, uint64_t i, uint64_t j, uint64_t first)
{
    octi_array_chunk **at = octi_array_grid_at(p->out, i, j), *a[OCTI_SUMMA_STEPS] = {0},
                     *b[OCTI_SUMMA_STEPS] = {0};
    int node = octi_array_owner(p->run, p->out, i, j);
    octi_array_extent size = octi_array_grid_extent(p->out, i, j);
    octi_array_product_plan plan = {.rows = size.rows,
                                    .columns = size.columns,
                                    .turned_a = p->a.turned,
                                    .turned_b = p->b.turned,
                                    .more = *at != NULL};
    for (int s = 0; s < OCTI_SUMMA_STEPS && first + (uint64_t)s < p->inner; s++) {
        uint64_t k = first + (uint64_t)s;
        plan.inner[s] = inner_of(p, k);
        a[s] = panel(p, &p->a, chunk_of(&p->a, i, k), i, s, node);
        b[s] = panel(p, &p->b, chunk_of(&p->b, k, j), j, s, node);
        if (!a[s] || !b[s])
            return p->run->err->code;
    }
    octi_array_chunk *sum = octi_array_start_product(p->run, node, &plan, *at, a, b);
    if (!sum)
        return p->run->err->code;
    octi_array_chunk_unref(*at);
    *at = sum;
    return OCT_OK;
}

/* On several nodes, panels are sent no further ahead than the sums of the steps before the last ones are
 * there: so a node holds those of two steps, not whole rows and columns of a and b. */
static oct_err steps(product *p)
{
    oct_err code = OCT_OK;
    uint64_t first = 0;
    octi_array_grid *before = NULL;
    do {
        bool waits = !p->run->dry && p->run->nodes > 1;
        octi_array_grid *now = waits ? octi_array_grid_create(p->out->size, p->out->cut, p->run->err) : NULL;
        if (waits && !now)
            code = p->run->err->code;
        for (uint64_t i = 0; code == OCT_OK && i < p->out->rows; i++)
            for (uint64_t j = 0; code == OCT_OK && j < p->out->columns; j++)
                code = add(p, i, j, first);
        forget_panels(p, &p->a, p->out->rows);
        forget_panels(p, &p->b, p->out->columns);
        for (uint64_t c = 0; now && code == OCT_OK && c < now->rows * now->columns; c++) {
            now->chunks[c] = p->out->chunks[c];
            now->chunks[c]->references++;
        }
        if (code == OCT_OK && before)
            code = octi_array_wait(p->run, before);
        octi_array_grid_unref(before);
        before = now;
        first += OCTI_SUMMA_STEPS;
    } while (code == OCT_OK && first < p->inner);
    octi_array_grid_unref(before);
    return code;
}

/* ---- the factors' chunks ---- */

static oct_array *plain(oct_array *array, bool *turned)
{
    *turned = array->kind == OCTI_ARRAY_TRANSPOSE;
    return *turned ? array->from[0] : array;
}

static oct_err need(octi_array_run *run, oct_array *array, octi_array_extent cut, factor *out)
{
    oct_array *from = plain(array, &out->turned);
    if (out->turned)
        cut = (octi_array_extent){cut.columns, cut.rows};
    return octi_array_need(run, from, cut, &out->grid);
}

/* The inner side is cut alike in both: as a's, unless only a can be made otherwise for nothing. */
static uint64_t inner_cut(oct_array *a, oct_array *b)
{
    bool turned;
    return plain(a, &turned)->generated && !plain(b, &turned)->generated ? b->cut.rows : a->cut.columns;
}

static octi_array_chunk **panels(octi_array_run *run, uint64_t lines)
{
    return run->nodes > 1
               ? calloc(OCTI_SUMMA_STEPS * lines * (uint64_t)run->nodes + 1, sizeof(octi_array_chunk *))
               : NULL;
}

static void tell(const product *p)
{
    char bytes[OCTI_SIZE_TEXT], nodes[48] = "";
    octi_size_format(octi_array_extent_bytes(p->out->cut), bytes);
    if (p->run->nodes > 1)
        snprintf(nodes, sizeof(nodes), " by SUMMA on %d x %d nodes", p->run->down, p->run->across);
    octi_array_tell(p->run,
                    "matrix product%s in %" PRIu64 " x %" PRIu64 " chunks of %" PRIu64 " x %" PRIu64
                    " (%s), %" PRIu64 " deep",
                    nodes, p->out->rows, p->out->columns, p->out->cut.rows, p->out->cut.columns, bytes,
                    p->inner);
}

oct_err octi_array_products(octi_array_run *run, oct_array *array, octi_array_grid **out)
{
    oct_array *a = array->from[0], *b = array->from[1];
    uint64_t inner = inner_cut(a, b);
    product p = {.run = run, .inner = octi_array_cut_count(a->size.columns, inner)};
    oct_err code = need(run, a, (octi_array_extent){array->cut.rows, inner}, &p.a);
    if (code == OCT_OK)
        code = need(run, b, (octi_array_extent){inner, array->cut.columns}, &p.b);
    if (code == OCT_OK) {
        p.out = octi_array_grid_create(array->size, array->cut, run->err);
        code = p.out ? OCT_OK : run->err->code;
    }
    if (code == OCT_OK && run->nodes > 1) {
        p.a.copies = panels(run, p.out->rows);
        p.b.copies = panels(run, p.out->columns);
        if (!p.a.copies || !p.b.copies)
            code = oct_fail(run->err, OCT_E_NOMEM, "out of memory for the panels of a matrix product");
    }
    if (code == OCT_OK)
        code = steps(&p);
    if (code == OCT_OK)
        tell(&p);
    octi_array_grid_unref(p.a.grid);
    octi_array_grid_unref(p.b.grid);
    free(p.a.copies);
    free(p.b.copies);
    if (code != OCT_OK)
        octi_array_grid_unref(p.out);
    else
        *out = p.out;
    return code;
}
