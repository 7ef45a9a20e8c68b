#include <stdbool.h>

#include "examples/prep/digits.h"
#include "examples/prep/output.h"
#include "examples/prep/text.h"

/* Lengths are whole 1024ths of the paper's side, so that a digit is the same on every machine. */
enum { UNIT = 1024, DOTS = 32, DOT = UNIT / DOTS, LINE_BYTES = 152, POINTS_MOST = 16, WAYS = 2 };

typedef struct point {
    int x, y;
} point;

/* One stroke, as its corners in 16ths of the paper: "x y" as two letters, 'a' is 0 and 'q' is 16; a space
 * lifts the pen. */
static const char *const ways[10][WAYS] = {
    {"icfdeheklmkmllmhldic", "hbfffilnjnlklglckbhb"},
    {"geicin", "fdhcin fnln"},
    {"ededgcjckdkfhjenln", "dfeegdjdkflhhldndmln"},
    {"edgcjckdkfihkjlllmjnfnem", "dcldihkjkljnfndm"},
    {"jckndklkjkjn jcdkmk", "fcdimi jgjn"},
    {"kcfcegihkilkkmhnem", "ldedehjgljlljnen"},
    {"kcgefhekfmhnkmljjhfi", "icfgekfniolnmkkigj"},
    {"dclcijgn", "dclcjfgn fiki"},
    {"hfkdlekfgifkhmjmkkigfegchckc", "icfdfgikllkninfmfkkglejcic"},
    {"kfhgfgedhckckfjjin", "lehigheegclclejjgn"},
};

typedef struct pen {
    point corners[POINTS_MOST];
    bool lifted[POINTS_MOST]; /* before this corner */
    int count;
    int half_width; /* of the line */
} pen;

/* From -most to most. */
static int within(uint64_t *random, int most)
{
    return (int)(next_random(random) % (uint64_t)(2 * most + 1)) - most;
}

static void take_up(pen *p, const char *way, uint64_t *random)
{
    enum { SHAKE = 34 };
    bool lifted = true;
    for (p->count = 0; *way && p->count < POINTS_MOST;) {
        if (*way == ' ') {
            lifted = true;
            way++;
            continue;
        }
        p->corners[p->count] = (point){(way[0] - 'a') * UNIT / 16 + within(random, SHAKE),
                                       (way[1] - 'a') * UNIT / 16 + within(random, SHAKE)};
        p->lifted[p->count++] = lifted;
        lifted = false;
        way += 2;
    }
    p->half_width = 38 + (int)(next_random(random) % 36);
}

/* Turns, leans, stretches and shifts: an affine map about the paper's middle. */
static void distort(pen *p, uint64_t *random)
{
    int turn = within(random, 190), lean = within(random, 240); /* in 1024ths of a full side */
    int wide = UNIT + within(random, 170), high = UNIT + within(random, 130);
    int right = within(random, 85), down = within(random, 70);
    for (int i = 0; i < p->count; i++) {
        int x = p->corners[i].x - UNIT / 2, y = p->corners[i].y - UNIT / 2;
        p->corners[i].x = UNIT / 2 + right + (x * wide + y * (lean - turn)) / UNIT;
        p->corners[i].y = UNIT / 2 + down + (y * high + x * turn) / UNIT;
    }
}

/* The square of how far a point is from the line between two others. */
static int64_t distance(point at, point from, point to)
{
    int64_t dx = to.x - from.x, dy = to.y - from.y, x = at.x - from.x, y = at.y - from.y;
    int64_t length = dx * dx + dy * dy, along = x * dx + y * dy;
    along = along < 0 ? 0 : along > length ? length : along;
    if (length > 0) {
        x -= dx * along / length;
        y -= dy * along / length;
    }
    return x * x + y * y;
}

/* Whether the dot is inked. */
static bool touches(const pen *p, point dot)
{
    for (int i = 1; i < p->count; i++)
        if (!p->lifted[i] &&
            distance(dot, p->corners[i - 1], p->corners[i]) <= (int64_t)p->half_width * p->half_width)
            return true;
    return false;
}

/* Every block of 4 by 4 dots is one number: how many of them are inked, as the scanner sees it, which
 * sometimes misses a dot or sees one too many. */
static void draw(const pen *p, uint64_t *random, int ink[DIGITS_PIXELS])
{
    memset(ink, 0, DIGITS_PIXELS * sizeof(*ink));
    for (int y = 0; y < DOTS; y++) {
        uint64_t specks = next_random(random) & next_random(random) & next_random(random) &
                          next_random(random); /* one dot in sixteen */
        for (int x = 0; x < DOTS; x++) {
            bool inked = touches(p, (point){x * DOT + DOT / 2, y * DOT + DOT / 2});
            ink[y / 4 * DIGITS_SIDE + x / 4] += inked != (specks >> x & 1);
        }
    }
}

int digits_count(int64_t bytes)
{
    int64_t count = bytes / ((int64_t)DIGITS_FILES * LINE_BYTES);
    return count < 1 ? 1 : count > INT32_MAX / DIGITS_FILES ? INT32_MAX / DIGITS_FILES : (int)count;
}

oct_err digits_write_csv(int file, int count, uint64_t seed, const char *path, int64_t *bytes, oct_error *err)
{
    output out;
    oct_err code = output_begin(&out, path, err);
    if (code != OCT_OK)
        return code;
    for (int i = 0; i < count && code == OCT_OK; i++) {
        uint64_t random = seed ^ ((uint64_t)(file + 1) << 40 | (uint64_t)i) * 0x9e3779b97f4a7c15u;
        int digit = (int)(next_random(&random) % 10), ink[DIGITS_PIXELS];
        pen p;
        take_up(&p, ways[digit][next_random(&random) % WAYS], &random);
        distort(&p, &random);
        draw(&p, &random, ink);
        char *at = out.at;
        for (int k = 0; k < DIGITS_PIXELS; k++) {
            at = put_whole(at, ink[k]);
            *at++ = ',';
        }
        at = put_digits(at, digit, 1);
        *at++ = '\n';
        code = output_line(&out, at, err);
    }
    code = output_end(&out, code, err);
    if (code == OCT_OK)
        *bytes = out.bytes;
    return code;
}
