#include "examples/prep/events.h"
#include "examples/prep/output.h"
#include "examples/prep/text.h"

enum { LINE_BYTES = 234, HOUR = 3600, PEOPLE = 2000000, REPOSITORIES = 3000000 };

/* What a type's payload says. */
typedef enum payload {
    PUSH,   /* how many commits, to which branch */
    REF,    /* what was made or deleted: a branch or a tag */
    ACTION, /* what was done, to which issue or pull request */
} payload;

static const struct kind {
    const char *name;
    int share; /* in thousandths */
    payload payload;
    const char *words[2]; /* what a payload says mostly, and what it says else */
} kinds[] = {
    {"PushEvent", 508, PUSH, {"refs/heads/master", "refs/heads/develop"}},
    {"CreateEvent", 126, REF, {"branch", "tag"}},
    {"IssueCommentEvent", 92, ACTION, {"created", "created"}},
    {"WatchEvent", 88, ACTION, {"started", "started"}},
    {"PullRequestEvent", 57, ACTION, {"opened", "closed"}},
    {"IssuesEvent", 49, ACTION, {"opened", "closed"}},
    {"ForkEvent", 34, ACTION, {"forked", "forked"}},
    {"DeleteEvent", 22, REF, {"branch", "tag"}},
    {"PullRequestReviewCommentEvent", 18, ACTION, {"created", "created"}},
    {"ReleaseEvent", 6, ACTION, {"published", "published"}},
};

int events_count(int64_t bytes)
{
    int64_t count = bytes / ((int64_t)EVENTS_HOURS * LINE_BYTES);
    return count < 1 ? 1 : count > INT32_MAX ? INT32_MAX : (int)count;
}

static const struct kind *pick_kind(int64_t thousandth)
{
    const struct kind *kind = kinds;
    for (; thousandth >= kind->share; kind++)
        thousandth -= kind->share;
    return kind;
}

/* From 1 to most, small ones much more often: the fourth power of an even number, in whole numbers. */
static int64_t busy(uint64_t random, int64_t most)
{
    int64_t u = (int64_t)(random & 0xffff), square = u * u >> 16;
    return 1 + ((square * square >> 16) * most >> 16);
}

static char *put_payload(char *at, const struct kind *kind, uint64_t random)
{
    const char *word = kind->words[random % 5 == 0];
    int64_t number = 1 + (int64_t)(random >> 8) % 4;
    switch (kind->payload) {
    case PUSH:
        at = put_text(put_whole(put_text(at, "{\"size\":"), number), ",\"ref\":\"");
        return put_text(put_text(at, word), "\"}");
    case REF:
        return put_text(put_text(put_text(at, "{\"ref_type\":\""), word), "\"}");
    case ACTION:
        at = put_text(put_text(put_text(at, "{\"action\":\""), word), "\",\"number\":");
        return put_text(put_whole(at, number * 37), "}");
    }
    return at;
}

static char *put_event(char *at, int hour, int64_t second, int64_t id, uint64_t *random)
{
    uint64_t r = next_random(random), s = next_random(random);
    const struct kind *kind = pick_kind((int64_t)(r >> 44) % 1000);
    int64_t actor = busy(r, PEOPLE), repository = busy(r >> 16, REPOSITORIES);
    at = put_text(put_whole(put_text(at, "{\"id\":\""), id), "\",\"type\":\"");
    at = put_text(put_text(at, kind->name), "\",\"actor\":{\"id\":");
    at = put_text(put_whole(at, actor), ",\"login\":\"user-");
    at = put_text(put_whole(at, actor), "\"},\"repo\":{\"id\":");
    at = put_text(put_whole(at, repository), ",\"name\":\"user-");
    at = put_text(put_whole(at, 1 + repository * 7919 % PEOPLE), "/repo-");
    at = put_text(put_whole(at, repository), "\"},\"payload\":");
    at = put_payload(at, kind, s);
    at = put_text(at, ",\"public\":true,\"created_at\":\"2015-01-01T");
    at = put_text(put_digits(at, hour, 2), ":");
    at = put_text(put_digits(at, second / 60, 2), ":");
    return put_text(put_digits(at, second % 60, 2), "Z\"}\n");
}

oct_err events_write_json(int hour, int count, uint64_t seed, const char *path, int64_t *bytes,
                          oct_error *err)
{
    output out;
    oct_err code = output_begin(&out, path, err);
    if (code != OCT_OK)
        return code;
    for (int i = 0; i < count && code == OCT_OK; i++) {
        uint64_t random = seed ^ ((uint64_t)(hour + 1) << 40 | (uint64_t)i) * 0x9e3779b97f4a7c15u;
        int64_t second = (int64_t)i * HOUR / count, id = 2489000000 + (int64_t)hour * INT32_MAX / 24 + i;
        code = output_line(&out, put_event(out.at, hour, second, id, &random), err);
    }
    code = output_end(&out, code, err);
    if (code == OCT_OK)
        *bytes = out.bytes;
    return code;
}
