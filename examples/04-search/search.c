#include <libsvm/svm.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "scoremap.h"
#include "search.h"

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double log_uniform(uint64_t *random, double low, double high)
{
    double share = (double)(next_random(random) >> 11) * 0x1p-53;
    return low * pow(high / low, share);
}

void search_plan(trial trials[SEARCH_TRIALS])
{
    uint64_t random = 2012;
    for (int candidate = 0; candidate < SEARCH_CANDIDATES; candidate++) {
        trial t = {.candidate = candidate};
        t.c = log_uniform(&random, SEARCH_C_LOW, SEARCH_C_HIGH);
        t.gamma = log_uniform(&random, SEARCH_GAMMA_LOW, SEARCH_GAMMA_HIGH);
        t.tol = log_uniform(&random, 1e-4, 1e-1);
        for (t.split = 0; t.split < SEARCH_SPLITS; t.split++)
            trials[candidate * SEARCH_SPLITS + t.split] = t;
    }
}

/* --- one trial --- */

/* What libsvm reads: the pixels with ink on them, then index -1. Its model points at those of the training
 * digits, so all of it lives until the trial is over. */
typedef struct sample {
    size_t count, training;
    struct svm_node *nodes;
    struct svm_node **rows; /* in the split's order: the first `training` are trained on */
    double *labels;
} sample;

static void sample_deinit(sample *s)
{
    free(s->nodes);
    free(s->rows);
    free(s->labels);
}

static oct_err sample_init(sample *s, oct_bytes digits, int split, oct_error *err)
{
    *s = (sample){.count = digits_count(digits)};
    s->training = s->count * 2 / 3;
    if (s->count < 3 * DIGITS_CLASSES)
        return oct_fail(err, OCT_E_INVALID, "%zu digits are too few: at least %d are needed", s->count,
                        3 * DIGITS_CLASSES);
    s->nodes = malloc(s->count * DIGITS_BYTES * sizeof(*s->nodes));
    s->rows = malloc(s->count * sizeof(*s->rows));
    s->labels = malloc(s->count * sizeof(*s->labels));
    if (!s->nodes || !s->rows || !s->labels) {
        sample_deinit(s);
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    }
    const unsigned char *bytes = digits.data;
    for (size_t i = 0; i < s->count; i++) {
        struct svm_node *row = s->nodes + i * DIGITS_BYTES;
        for (int k = 0; k < DIGITS_PIXELS; k++)
            if (bytes[i * DIGITS_BYTES + k] > 0)
                *row++ = (struct svm_node){.index = k + 1, .value = bytes[i * DIGITS_BYTES + k] / 16.0};
        row->index = -1;
    }
    /* Fisher and Yates's shuffle. */
    uint64_t random = 64 + (uint64_t)split;
    for (size_t i = 0; i < s->count; i++) {
        size_t j = next_random(&random) % (i + 1);
        s->rows[i] = s->rows[j];
        s->rows[j] = s->nodes + i * DIGITS_BYTES;
    }
    for (size_t i = 0; i < s->count; i++)
        s->labels[i] = bytes[(size_t)(s->rows[i] - s->nodes) / DIGITS_BYTES * DIGITS_BYTES + DIGITS_PIXELS];
    return OCT_OK;
}

static void say_nothing(const char *text)
{
    (void)text;
}

/* libsvm tells its progress on stdout unless told not to, in a variable that all threads share. */
static void hush(void)
{
    svm_set_print_string_function(say_nothing);
}

oct_err search_score(oct_bytes digits, trial t, double *accuracy, oct_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const struct svm_parameter parameter = {
        .svm_type = C_SVC, .kernel_type = RBF, .C = t.c, .gamma = t.gamma, .eps = t.tol, .cache_size = 32};
    sample s;
    pthread_once(&once, hush);
    oct_err code = sample_init(&s, digits, t.split, err);
    if (code != OCT_OK)
        return code;
    const struct svm_problem problem = {.l = (int)s.training, .y = s.labels, .x = s.rows};
    struct svm_model *model = svm_train(&problem, &parameter);
    size_t right = 0;
    for (size_t i = s.training; model && i < s.count; i++)
        right += svm_predict(model, s.rows[i]) == s.labels[i];
    if (model)
        *accuracy = (double)right / (double)(s.count - s.training);
    else
        code = oct_fail(err, OCT_E_NOMEM, "libsvm made no model");
    svm_free_and_destroy_model(&model);
    sample_deinit(&s);
    return code;
}

/* --- the answer --- */

/* The best first; of equal ones the one that was drawn first. */
static int by_score(const void *left, const void *right)
{
    const score *a = left, *b = right;
    if (a->mean != b->mean)
        return a->mean < b->mean ? 1 : -1;
    return a->candidate - b->candidate;
}

static score mean_score(const trial *trials, const double *accuracy)
{
    score s = {.c = trials->c, .gamma = trials->gamma, .tol = trials->tol, .candidate = trials->candidate};
    s.low = s.high = accuracy[0];
    for (int split = 0; split < SEARCH_SPLITS; split++) {
        s.mean += accuracy[split] / SEARCH_SPLITS;
        s.low = fmin(s.low, accuracy[split]);
        s.high = fmax(s.high, accuracy[split]);
    }
    return s;
}

void search_report(const trial trials[SEARCH_TRIALS], const double accuracy[SEARCH_TRIALS],
                   const char *folder, double seconds)
{
    enum { BEST = 5 };
    score scores[SEARCH_CANDIDATES];
    char path[4096];
    oct_error err;
    for (int i = 0; i < SEARCH_CANDIDATES; i++)
        scores[i] = mean_score(trials + i * SEARCH_SPLITS, accuracy + i * SEARCH_SPLITS);
    qsort(scores, SEARCH_CANDIDATES, sizeof(*scores), by_score);
    printf("%10s%12s%12s%10s   of the splits\n", "C", "gamma", "tol", "right");
    for (int i = 0; i < BEST; i++)
        printf("%10.4g%12.4g%12.4g%9.1f%%   %.1f-%.1f%%\n", scores[i].c, scores[i].gamma, scores[i].tol,
               100 * scores[i].mean, 100 * scores[i].low, 100 * scores[i].high);
    scoremap_print(scores, SEARCH_CANDIDATES, stdout);
    fflush(stdout);
    snprintf(path, sizeof(path), "%s/score-map.svg", folder);
    if (scoremap_draw(scores, SEARCH_CANDIDATES, path, &err) != OCT_OK)
        fprintf(stderr, "warning: %s\n", err.what);
    fprintf(stderr, "%.2f s for %d trials; the map is drawn in %s\n", seconds, SEARCH_TRIALS, path);
}
