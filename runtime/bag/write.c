/* Bags into files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/bag/graph.h"
#include "runtime/bag/json.h"
#include "runtime/exec/failure.h"

/* The bag's records as lines of text, still a bag. */
static oct_bag *as_json(oct_bag *from, oct_error *err)
{
    octi_shape line = {1, {{OCTI_CSTRING, sizeof(char *)}}};
    if (!octi_json_can(&from->shape)) {
        char has[160];
        octi_shape_describe(&from->shape, has, sizeof(has));
        oct_fail(err, OCT_E_TYPE, "records of (%s) cannot be written as JSON", has);
        oct_hint(err, "map structs to numbers or strings first");
        return NULL;
    }
    oct_bag *bag = octi_bag_create(OCTI_BAG_STEP, from->pool, from, NULL, err);
    if (bag) {
        bag->shape = line;
        bag->step = (octi_bag_step){.kind = OCTI_DO_JSON, .out = line};
    }
    return bag;
}

/* Part by part, so that one at a time is here. */
static oct_err write_lines(const oct_bag *bag, FILE *to, const char *name, oct_error *err)
{
    octi_parts parts = {0};
    octi_sink keep = octi_sink_keep(&bag->shape);
    oct_err code = octi_bag_parts(bag, &keep, &parts, err);
    for (size_t i = 0; code == OCT_OK && i < parts.count; i++) {
        octi_bag_part part;
        code = octi_part_home(&parts.list[i], &part, err);
        if (code != OCT_OK)
            break;
        for (size_t r = 0; r < part.rows.count; r++) {
            const char *line = *(const char **)octi_rows_at(&part.rows, 0, r);
            fputs(line ? line : "", to);
            putc('\n', to);
        }
        octi_bag_part_deinit(&part);
        if (ferror(to))
            code = oct_fail(err, errno == ENOSPC ? OCT_E_EXHAUSTED : OCT_E_IO, "cannot write '%s': %s", name,
                            strerror(errno));
    }
    octi_parts_deinit(&parts);
    return code;
}

static oct_err write_file(const oct_bag *bag, const char *path, oct_error *err)
{
    char *made;
    if (asprintf(&made, "%s.%d.part", path, (int)getpid()) < 0)
        return oct_fail(err, OCT_E_NOMEM, "out of memory for the name of '%s'", path);
    FILE *file = fopen(made, "we");
    oct_err code = file ? OCT_OK
                        : oct_fail(err, errno == EACCES ? OCT_E_DENIED : OCT_E_IO, "cannot make '%s': %s",
                                   path, strerror(errno));
    if (file) {
        code = write_lines(bag, file, path, err);
        if (fclose(file) != 0 && code == OCT_OK)
            code = oct_fail(err, errno == ENOSPC ? OCT_E_EXHAUSTED : OCT_E_IO, "cannot write '%s': %s", path,
                            strerror(errno));
        if (code == OCT_OK && rename(made, path) != 0)
            code = oct_fail(err, OCT_E_IO, "cannot make '%s': %s", path, strerror(errno));
        if (code != OCT_OK)
            unlink(made);
    }
    free(made);
    return code;
}

oct_err oct_bag_write_text(oct_bag *bag, const char *path)
{
    oct_error *err = octi_last_error();
    if (!bag || !path)
        return bag || err->code == OCT_OK
                   ? oct_fail(err, OCT_E_INVALID, "there is no %s to write", bag ? "path" : "bag")
                   : err->code;
    if (bag->shape.count != 1 || bag->shape.fields[0].kind != OCTI_CSTRING)
        return oct_hint(
            (oct_fail(err, OCT_E_TYPE, "records that are not strings cannot be written as text"), err),
            "map them to strings, or call oct_bag_write_jsonl");
    return write_file(bag, path, err);
}

oct_err oct_bag_write_jsonl(oct_bag *bag, const char *path)
{
    oct_bag *lines = bag ? as_json(bag, octi_last_error()) : NULL;
    oct_err code = bag && !lines ? octi_last_error()->code : oct_bag_write_text(lines, path);
    oct_bag_destroy(lines);
    return code;
}

oct_err oct_bag_print(oct_bag *bag, FILE *to)
{
    oct_error *err = octi_last_error();
    if (!bag)
        return err->code == OCT_OK ? oct_fail(err, OCT_E_INVALID, "there is no bag") : err->code;
    oct_bag *lines = as_json(bag, err);
    oct_err code = lines ? write_lines(lines, to, "the output", err) : err->code;
    oct_bag_destroy(lines);
    return code;
}
