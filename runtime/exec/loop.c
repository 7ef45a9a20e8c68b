#include <string.h>

#include "runtime/exec/loop.h"
#include "runtime/task/type.h"

/* The loop itself checks nothing, so that it can be vectorised: it only says which item runs.
 * An item that touches its error is looked at when the next one does, or at the end. */
typedef struct stretch {
    octi_loop loop; /* first */
    const oct_task *task;
    octi_item_fn failed;
    void *ctx;
} stretch;

static size_t index_of(const stretch *self, const void *item)
{
    return (size_t)((const char *)item - (const char *)self->loop.in) / self->task->types[0].size;
}

static char *out_at(const stretch *self, size_t index)
{
    return self->loop.out ? (char *)self->loop.out + index * self->task->result.size : NULL;
}

/* An outcome keeps its code, negated to show that its failure has been told. */
static void tell(stretch *self, size_t index, const oct_error *error)
{
    self->failed(index, error, self->ctx);
    if (!self->loop.out)
        return;
    int told = -(int)error->code;
    if (self->task->result.kind == OCTI_ERR)
        memcpy(out_at(self, index), &told, sizeof(told));
    else
        memset(out_at(self, index), 0, self->task->result.size);
}

static void look(stretch *self)
{
    if (self->loop.touched && octi_here.error.code != OCT_OK)
        tell(self, index_of(self, self->loop.touched), &octi_here.error);
}

void octi_loop_touch(octi_loop *loop)
{
    if (loop->touched == loop->item)
        return;
    look((stretch *)loop);
    loop->touched = loop->item;
    octi_here.error = (oct_error)OCT_ERROR_INIT;
}

static void settle_outcomes(stretch *self)
{
    for (size_t i = 0; i < self->loop.count; i++) {
        int code;
        memcpy(&code, out_at(self, i), sizeof(code));
        if (code > 0) {
            oct_error error;
            oct_fail(&error, (oct_err)code, "it returned %s (%d)", oct_err_name((oct_err)code), code);
            self->failed(i, &error, self->ctx);
        } else {
            code = -code;
            memcpy(out_at(self, i), &code, sizeof(code));
        }
    }
}

/* Results that may be literals are made owned. */
static void settle_strings(stretch *self)
{
    for (size_t i = 0; i < self->loop.count; i++) {
        char *own = NULL;
        if (octi_value_copy(&self->task->result, out_at(self, i), &own) == OCT_OK) {
            memcpy(out_at(self, i), &own, sizeof(own));
            continue;
        }
        oct_error error;
        oct_fail(&error, OCT_E_NOMEM, "out of memory for a result of '%s'", self->task->name);
        tell(self, i, &error);
    }
}

void octi_loop_run(const oct_task *task, const void *args, const void *in, size_t count, void *out,
                   octi_frame *frame, octi_item_fn failed, void *ctx)
{
    stretch self = {{args, in, out, count, in, NULL}, task, failed, ctx};
    octi_context *here = &octi_here;
    octi_context kept;
    kept.frame = here->frame;
    kept.loop = here->loop;
    kept.touched = here->touched;
    if (kept.touched)
        kept.error = here->error;

    frame->below = here->frame;
    here->frame = frame;
    here->loop = &self.loop;
    here->touched = true;
    task->loop(&self.loop);
    look(&self);
    if (task->result.kind == OCTI_ERR)
        settle_outcomes(&self);
    else if (task->result.kind == OCTI_CSTRING)
        settle_strings(&self);

    here->frame = kept.frame;
    here->loop = kept.loop;
    here->touched = kept.touched;
    if (kept.touched)
        here->error = kept.error;
}
