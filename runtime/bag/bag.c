#include <stdlib.h>
#include <string.h>

#include "runtime/bag/graph.h"
#include "runtime/bag/key.h"
#include "runtime/bag/spill.h"
#include "runtime/exec/failure.h"
#include "runtime/task/registry.h"
#include "runtime/task/type.h"

oct_bag *octi_bag_create(octi_bag_kind kind, oct_pool *pool, oct_bag *from, oct_bag *with, oct_error *err)
{
    if (octi_spill_check(err) != OCT_OK)
        return NULL;
    oct_bag *bag = calloc(1, sizeof(*bag));
    if (!bag) {
        oct_fail(err, OCT_E_NOMEM, "out of memory for a bag");
        return NULL;
    }
    *bag = (oct_bag){.kind = kind, .references = 1, .pool = pool, .from = from, .with = with};
    if (from) {
        from->references++;
        bag->shape = from->shape;
    }
    if (with)
        with->references++;
    return bag;
}

void oct_bag_destroy(oct_bag *bag)
{
    while (bag && --bag->references == 0) {
        oct_bag *from = bag->from;
        oct_bag_destroy(bag->with);
        for (size_t i = 0; i < bag->file_count; i++)
            free(bag->files[i].path);
        free(bag->files);
        octi_rows_deinit(&bag->rows);
        free(bag);
        bag = from;
    }
}

/* A bag that was made of nothing has failed already; the error says so, or that there is none. */
static bool is_there(const oct_bag *bag)
{
    oct_error *err = octi_last_error();
    if (!bag && err->code == OCT_OK)
        oct_fail(err, OCT_E_INVALID, "there is no bag");
    return bag != NULL;
}

static oct_bag *derive(octi_bag_kind kind, oct_bag *from, oct_bag *with)
{
    return octi_bag_create(kind, from->pool, from, with, octi_last_error());
}

/* A task with these records as its arguments, after `before` others. */
static bool takes(const oct_task *fn, const octi_shape *shape, uint32_t before)
{
    octi_shape wanted = {.count = fn->param_count - before};
    bool fits = fn->param_count >= before && wanted.count == shape->count;
    for (uint32_t f = 0; fits && f < shape->count; f++) {
        wanted.fields[f] = octi_field_of(&fn->types[before + f]);
        fits = octi_field_same(wanted.fields[f], shape->fields[f]);
    }
    if (fits)
        return true;
    char has[160];
    octi_shape_describe(shape, has, sizeof(has));
    oct_fail(octi_last_error(), OCT_E_TYPE, "'%s' does not take what is in the bag: (%s)", fn->name, has);
    oct_hint(octi_last_error(), "a task on records takes each of their fields, of exactly these types%s",
             before > 0 ? ", after its state" : "");
    return false;
}

/* What a task returns, as a field of records. */
static bool gives(const oct_task *fn, octi_field *field)
{
    *field = octi_field_of(&fn->result);
    if (field->kind != OCTI_USER && field->kind != OCTI_ERR && field->kind != OCTI_VOID)
        return true;
    oct_fail(octi_last_error(), OCT_E_UNSUPPORTED, "'%s' returns %s, which cannot be in a bag", fn->name,
             fn->result.name);
    oct_hint(octi_last_error(), "return a number, a plain struct, a string or an array of oct/value.h");
    return false;
}

static oct_bag *add_step(oct_bag *from, octi_bag_step_kind kind, const oct_task *fn, const octi_shape *out)
{
    oct_bag *bag = derive(OCTI_BAG_STEP, from, NULL);
    if (!bag)
        return NULL;
    bag->shape = *out;
    bag->step = (octi_bag_step){.kind = kind, .task = fn ? fn->index : UINT32_MAX, .out = *out};
    return bag;
}

oct_bag *octi_bag_map(oct_bag *bag, oct_task *fn)
{
    octi_shape out = {.count = 1};
    if (!is_there(bag) || !takes(fn, &bag->shape, 0) || !gives(fn, &out.fields[0]))
        return NULL;
    return add_step(bag, OCTI_DO_MAP, fn, &out);
}

oct_bag *octi_bag_filter(oct_bag *bag, oct_task *fn)
{
    if (!is_there(bag) || !takes(fn, &bag->shape, 0))
        return NULL;
    return add_step(bag, OCTI_DO_FILTER, fn, &bag->shape);
}

oct_bag *octi_bag_flat_map(oct_bag *bag, oct_task *fn, octi_kind kind, size_t size)
{
    octi_type type = {.kind = kind, .size = (uint32_t)size};
    octi_shape out = {1, {octi_field_of(&type)}};
    if (!is_there(bag) || !takes(fn, &bag->shape, 0))
        return NULL;
    return add_step(bag, OCTI_DO_FLAT_MAP, fn, &out);
}

oct_bag *oct_bag_sample(oct_bag *from, double fraction, uint64_t seed)
{
    if (!is_there(from))
        return NULL;
    if (!(fraction >= 0 && fraction <= 1)) {
        oct_fail(octi_last_error(), OCT_E_INVALID, "a sample of %g of a bag makes no sense", fraction);
        oct_hint(octi_last_error(), "say a fraction from 0 to 1");
        return NULL;
    }
    oct_bag *bag = add_step(from, OCTI_DO_SAMPLE, NULL, &from->shape);
    if (bag) {
        bag->step.fraction = fraction;
        bag->step.seed = seed;
    }
    return bag;
}

/* The key that fn makes of each record, before it. */
static oct_bag *add_key(oct_bag *from, const oct_task *fn)
{
    octi_shape out = {.count = from->shape.count + 1};
    if (!takes(fn, &from->shape, 0) || !gives(fn, &out.fields[0]))
        return NULL;
    if (!octi_field_has_key(out.fields[0]) || out.count > OCTI_ROW_FIELDS) {
        oct_fail(octi_last_error(), OCT_E_TYPE, "what '%s' returns, %s, cannot be the key of these records",
                 fn->name, fn->result.name);
        oct_hint(octi_last_error(),
                 "keys are numbers of at most 8 bytes or strings, of records of at most %d fields",
                 OCTI_ROW_FIELDS - 1);
        return NULL;
    }
    memcpy(out.fields + 1, from->shape.fields, from->shape.count * sizeof(octi_field));
    return add_step(from, OCTI_DO_KEY, fn, &out);
}

static oct_bag *drop_key(oct_bag *from)
{
    octi_shape out = {.count = from->shape.count - 1};
    memcpy(out.fields, from->shape.fields + 1, out.count * sizeof(octi_field));
    return add_step(from, OCTI_DO_UNKEY, NULL, &out);
}

/* Records that are their own keys. */
static bool is_key(const oct_bag *bag, const char *what)
{
    if (bag->shape.count == 1 && octi_field_has_key(bag->shape.fields[0]))
        return true;
    char has[160];
    octi_shape_describe(&bag->shape, has, sizeof(has));
    oct_fail(octi_last_error(), OCT_E_TYPE, "cannot %s records of (%s)", what, has);
    oct_hint(octi_last_error(), "map them to numbers or strings, or name a task that makes a key of them");
    return false;
}

static oct_bag *with_sink(octi_bag_kind kind, oct_bag *from, octi_sink sink)
{
    oct_bag *bag = derive(kind, from, NULL);
    if (!bag)
        return NULL;
    sink.in = from->shape;
    if (sink.out.count == 0)
        sink.out = sink.in;
    bag->sink = sink;
    bag->shape = sink.out;
    return bag;
}

static oct_bag *ordered(oct_bag *from, octi_by what, size_t count)
{
    octi_sink sink = {.kind = what == OCTI_BY_SORT ? OCTI_SORTED : OCTI_TOP,
                      .descending = what == OCTI_BY_TOP,
                      .limit = what == OCTI_BY_SORT ? UINT64_MAX : count};
    return with_sink(what == OCTI_BY_SORT ? OCTI_BAG_SORT : OCTI_BAG_TOP, from, sink);
}

oct_bag *octi_bag_by(oct_bag *from, oct_task *key, octi_by what, size_t count)
{
    oct_bag *keyed = is_there(from) ? add_key(from, key) : NULL;
    oct_bag *some = keyed ? ordered(keyed, what, count) : NULL;
    oct_bag *bag = some ? drop_key(some) : NULL;
    oct_bag_destroy(keyed);
    oct_bag_destroy(some);
    return bag;
}

oct_bag *oct_bag_top(oct_bag *bag, size_t count)
{
    return is_there(bag) && is_key(bag, "order") ? ordered(bag, OCTI_BY_TOP, count) : NULL;
}

oct_bag *oct_bag_bottom(oct_bag *bag, size_t count)
{
    return is_there(bag) && is_key(bag, "order") ? ordered(bag, OCTI_BY_BOTTOM, count) : NULL;
}

oct_bag *oct_bag_sort(oct_bag *bag)
{
    return is_there(bag) && is_key(bag, "sort") ? ordered(bag, OCTI_BY_SORT, 0) : NULL;
}

oct_bag *oct_bag_take(oct_bag *bag, size_t count)
{
    if (!is_there(bag))
        return NULL;
    return with_sink(OCTI_BAG_TAKE, bag, (octi_sink){.kind = OCTI_KEEP, .limit = count});
}

oct_bag *oct_bag_distinct(oct_bag *bag)
{
    if (!is_there(bag) || !is_key(bag, "compare"))
        return NULL;
    return with_sink(OCTI_BAG_TABLE_BY, bag, (octi_sink){.kind = OCTI_DISTINCT});
}

oct_bag *oct_bag_frequencies(oct_bag *bag)
{
    if (!is_there(bag) || !is_key(bag, "compare"))
        return NULL;
    octi_sink sink = {.kind = OCTI_COUNT_BY, .out = {2, {bag->shape.fields[0], {OCTI_INT, sizeof(int64_t)}}}};
    return with_sink(OCTI_BAG_TABLE_BY, bag, sink);
}

oct_bag *octi_bag_group_by(oct_bag *from, oct_task *key)
{
    if (!is_there(from))
        return NULL;
    octi_field field = from->shape.fields[0];
    if (from->shape.count != 1 || !(octi_field_is_plain(field) || field.kind == OCTI_CSTRING)) {
        char has[160];
        octi_shape_describe(&from->shape, has, sizeof(has));
        oct_fail(octi_last_error(), OCT_E_UNSUPPORTED, "records of (%s) cannot be the items of a group", has);
        oct_hint(octi_last_error(), "map them to numbers, plain structs or strings first");
        return NULL;
    }
    uint32_t kind = field.kind == OCTI_FLOAT && field.size == 8           ? OCTI_DOUBLES
                    : field.kind == OCTI_FLOAT && field.size == 4         ? OCTI_FLOATS
                    : field.kind == OCTI_INT && field.size == sizeof(int) ? OCTI_INTS
                    : field.kind == OCTI_INT && field.size == 8           ? OCTI_INT64S
                                                                          : OCTI_BYTES;
    oct_bag *keyed = add_key(from, key), *bag = NULL;
    if (keyed) {
        octi_sink sink = {.kind = OCTI_GROUP,
                          .limit = UINT64_MAX,
                          .out = {2, {keyed->shape.fields[0], {kind, sizeof(oct_bytes)}}}};
        bag = with_sink(OCTI_BAG_GROUP, keyed, sink);
    }
    oct_bag_destroy(keyed);
    return bag;
}

/* A sink that folds into states. */
static bool folder(const octi_shape *record, const oct_task *fold, const oct_task *combine, const void *zero,
                   octi_sink *sink)
{
    if (!takes(fold, record, 1))
        return false;
    octi_field state = octi_field_of(&fold->result);
    if (!octi_field_is_plain(state) || state.size > OCTI_STATE) {
        oct_fail(octi_last_error(), OCT_E_UNSUPPORTED,
                 "the state of '%s', %s, is not a plain value of at most %d bytes", fold->name,
                 fold->result.name, OCTI_STATE);
        return false;
    }
    sink->task = fold->index;
    sink->combine = combine->index;
    if (zero)
        memcpy(sink->state, zero, state.size);
    sink->out = (octi_shape){1, {state}};
    return true;
}

oct_bag *octi_bag_fold_by(oct_bag *from, oct_task *key, oct_task *fold, oct_task *combine, const void *zero)
{
    octi_sink sink = {.kind = OCTI_FOLD_BY};
    if (!is_there(from) || !folder(&from->shape, fold, combine, zero, &sink))
        return NULL;
    oct_bag *keyed = add_key(from, key), *bag = NULL;
    if (keyed) {
        sink.out = (octi_shape){2, {keyed->shape.fields[0], sink.out.fields[0]}};
        bag = with_sink(OCTI_BAG_TABLE_BY, keyed, sink);
    }
    oct_bag_destroy(keyed);
    return bag;
}

oct_bag *oct_bag_repartition(oct_bag *from, size_t parts)
{
    if (!is_there(from))
        return NULL;
    if (parts == 0 || parts > 1 << 16) {
        oct_fail(octi_last_error(), OCT_E_INVALID, "a bag cannot have %zu parts", parts);
        oct_hint(octi_last_error(), "say 1 to %d", 1 << 16);
        return NULL;
    }
    oct_bag *bag = derive(OCTI_BAG_REPARTITION, from, NULL);
    if (bag)
        bag->parts = parts;
    return bag;
}

/* Both bags' fields, those of each from `skip` on. */
static oct_bag *pair(octi_bag_kind kind, oct_bag *one, oct_bag *other, uint32_t skip)
{
    octi_shape out = {.count = one->shape.count + other->shape.count - 2 * skip};
    if (one->pool != other->pool || out.count > OCTI_ROW_FIELDS) {
        oct_fail(octi_last_error(), OCT_E_INVALID,
                 one->pool != other->pool ? "two bags of different pools cannot be paired"
                                          : "records of %u fields are more than %d",
                 out.count, OCTI_ROW_FIELDS);
        return NULL;
    }
    uint32_t first = one->shape.count - skip;
    memcpy(out.fields, one->shape.fields + skip, first * sizeof(octi_field));
    memcpy(out.fields + first, other->shape.fields + skip, (out.count - first) * sizeof(octi_field));
    oct_bag *bag = derive(kind, one, other);
    if (bag)
        bag->shape = out;
    return bag;
}

oct_bag *oct_bag_product(oct_bag *one, oct_bag *other)
{
    return is_there(one) && is_there(other) ? pair(OCTI_BAG_PRODUCT, one, other, 0) : NULL;
}

oct_bag *oct_bag_zip(oct_bag *one, oct_bag *other)
{
    return is_there(one) && is_there(other) ? pair(OCTI_BAG_ZIP, one, other, 0) : NULL;
}

oct_bag *octi_bag_join(oct_bag *one, oct_task *key, oct_bag *other, oct_task *other_key)
{
    oct_bag *a = is_there(one) && is_there(other) ? add_key(one, key) : NULL;
    oct_bag *b = a ? add_key(other, other_key) : NULL, *bag = NULL;
    if (b && !octi_field_same(a->shape.fields[0], b->shape.fields[0]))
        oct_fail(octi_last_error(), OCT_E_TYPE,
                 "the keys of a join have different types: '%s' returns %s, '%s' %s", key->name,
                 key->result.name, other_key->name, other_key->result.name);
    else if (b)
        bag = pair(OCTI_BAG_JOIN, a, b, 1);
    oct_bag_destroy(a);
    oct_bag_destroy(b);
    return bag;
}

/* ---- running it ---- */

octi_sink octi_sink_keep(const octi_shape *shape)
{
    return (octi_sink){.kind = OCTI_KEEP, .limit = UINT64_MAX, .in = *shape, .out = *shape};
}

oct_bag *oct_bag_compute(oct_bag *from)
{
    if (!is_there(from))
        return NULL;
    oct_bag *bag = octi_bag_create(OCTI_BAG_TABLE, from->pool, NULL, NULL, octi_last_error());
    if (!bag)
        return NULL;
    bag->shape = from->shape;
    octi_sink keep = octi_sink_keep(&from->shape);
    if (octi_bag_home(from, &keep, &bag->rows, octi_last_error()) == OCT_OK)
        return bag;
    oct_bag_destroy(bag);
    return NULL;
}

size_t oct_bag_rows(const oct_bag *bag)
{
    return bag ? bag->rows.count : 0;
}

oct_err octi_bag_get(const oct_bag *bag, size_t i, ...)
{
    oct_error *err = octi_last_error();
    if (!is_there(bag))
        return err->code;
    if (bag->kind != OCTI_BAG_TABLE || i >= bag->rows.count)
        return bag->kind != OCTI_BAG_TABLE
                   ? oct_hint((oct_fail(err, OCT_E_STATE, "the bag is not computed"), err),
                              "call oct_bag_compute first")
                   : oct_fail(err, OCT_E_INVALID, "there is no record %zu: the bag has %zu", i,
                              bag->rows.count);
    octi_place to[OCTI_ROW_FIELDS + 1];
    octi_shape asked = {0};
    va_list list;
    va_start(list, i);
    for (octi_place out; (out = va_arg(list, octi_place)).to && asked.count < OCTI_ROW_FIELDS;) {
        octi_type type = {.kind = out.kind, .size = (uint32_t)out.size};
        asked.fields[asked.count] = octi_field_of(&type);
        to[asked.count++] = out;
    }
    va_end(list);
    if (!octi_shape_same(&asked, &bag->shape)) {
        char has[100], wanted[100];
        octi_shape_describe(&bag->shape, has, sizeof(has));
        octi_shape_describe(&asked, wanted, sizeof(wanted));
        return oct_fail(err, OCT_E_TYPE, "the records are (%s), not (%s)", has, wanted);
    }
    for (uint32_t f = 0; f < asked.count; f++)
        memcpy(to[f].to, octi_rows_at(&bag->rows, f, i), bag->shape.fields[f].size);
    return OCT_OK;
}

/* The one record that a sink makes of all: its first field. */
static oct_err single(oct_bag *bag, octi_sink sink, const char *nothing, const void *zero, void *out)
{
    octi_rows rows;
    oct_error *err = octi_last_error();
    sink.in = bag->shape;
    oct_err code = octi_bag_home(bag, &sink, &rows, err);
    if (code != OCT_OK)
        return code;
    if (rows.count > 0)
        memcpy(out, rows.values[0], sink.out.fields[0].size);
    else if (zero)
        memcpy(out, zero, sink.out.fields[0].size);
    else
        code = oct_fail(err, OCT_E_INVALID, "there is no %s of an empty bag", nothing);
    octi_rows_deinit(&rows);
    return code;
}

oct_err oct_bag_count(oct_bag *bag, int64_t *count)
{
    int64_t none = 0;
    if (!is_there(bag))
        return octi_last_error()->code;
    return single(bag, (octi_sink){.kind = OCTI_COUNT, .out = {1, {{OCTI_INT, sizeof(int64_t)}}}}, "", &none,
                  count);
}

oct_err octi_bag_fold(oct_bag *bag, oct_task *fold, oct_task *combine, const void *zero, void *out)
{
    octi_sink sink = {.kind = OCTI_FOLD};
    if (!is_there(bag) || !folder(&bag->shape, fold, combine, zero, &sink))
        return octi_last_error()->code;
    return single(bag, sink, "", zero, out);
}

oct_err octi_bag_reduce(oct_bag *bag, oct_task *fn, void *out)
{
    octi_sink sink = {.kind = OCTI_REDUCE};
    if (!is_there(bag) || !folder(&bag->shape, fn, fn, NULL, &sink))
        return octi_last_error()->code;
    return single(bag, sink, "reduction", NULL, out);
}

oct_err octi_bag_extreme(oct_bag *bag, bool largest, void *out, octi_kind kind, size_t size)
{
    octi_type type = {.kind = kind, .size = (uint32_t)size};
    if (!is_there(bag))
        return octi_last_error()->code;
    octi_field field = octi_field_of(&type);
    if (bag->shape.count != 1 || !octi_field_is_number(field) ||
        !octi_field_same(field, bag->shape.fields[0])) {
        char has[160];
        octi_shape_describe(&bag->shape, has, sizeof(has));
        return oct_fail(octi_last_error(), OCT_E_TYPE,
                        "the %s of records of (%s) is not a number of that type",
                        largest ? "largest" : "least", has);
    }
    octi_sink sink = {.kind = OCTI_TOP, .descending = largest, .limit = 1, .out = bag->shape};
    return single(bag, sink, largest ? "maximum" : "minimum", NULL, out);
}
