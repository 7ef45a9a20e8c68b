#include "provision/slurm/pilot.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/slurm/local.h"

enum { ASK_SECONDS = 60 }; /* libslurm gives up on a silent controller sooner */

void octi_pilot_deinit(octi_pilot *pilot)
{
    json_decref(pilot->nodes);
    *pilot = (octi_pilot){0};
}

/* --- the environment --- */

/* Of Slurm's variables only what finds the site is kept: a SLURM_NNODES of a job that we run
 * in ourselves would shape ours. */
static bool is_kept(const char *entry)
{
    if (strncmp(entry, "SLURM_CONF=", 11) == 0)
        return true;
    return strncmp(entry, "SLURM_", 6) != 0 && strncmp(entry, "SLURMD_", 7) != 0 &&
           strncmp(entry, "PMIX_", 5) != 0 && strncmp(entry, "PATH=", 5) != 0 &&
           strncmp(entry, "OCTAVO_HOME=", 12) != 0 && strncmp(entry, "OCTAVO_JOINED=", 14) != 0;
}

static bool add(char **environment, size_t *count, const char *format, const char *first, const char *second)
{
    octi_buffer text = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (octi_buffer_printf(&text, format, first, second) != OCT_OK)
        return false;
#pragma GCC diagnostic pop
    environment[(*count)++] = octi_buffer_take(&text);
    return true;
}

/* The folder of this program, where an installation has the other programs too. */
static void own_folder(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 1);
    out[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
}

const char *octi_pilot_home(void)
{
    const char *home = getenv("HOME");
    return home && *home ? home : "/tmp";
}

/* What runs in a job shares its nodes with what runs there already (overlap), and Open MPI 5
 * on Slurm's PMIx must not use the tree, whose messages from two steps mix. */
static bool add_job(char **environment, size_t *count, uint32_t job, const char *home)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", job);
    return add(environment, count, "SLURM_JOB_ID=%s", number, "") &&
           add(environment, count, "SLURM_OVERLAP=1%s", "", "") &&
           add(environment, count, "SLURM_PMIX_FENCE=ring%s", "", "") &&
           add(environment, count, "OCTAVO_HOME=%s", home, "") &&
           add(environment, count, "OCTAVO_JOINED=%s/.cache/octavo/joined-%s", home, number);
}

char **octi_pilot_environment(uint32_t job)
{
    size_t size = 0, count = 0;
    while (environ[size])
        size++;
    char **environment = calloc(size + 8, sizeof(*environment));
    if (!environment)
        return NULL;
    char folder[4096];
    const char *path = getenv("PATH");
    own_folder(folder, sizeof(folder));
    bool good = add(environment, &count, "PATH=%s:%s", folder, path ? path : "/usr/bin:/bin");
    for (size_t i = 0; i < size && good; i++)
        if (is_kept(environ[i]))
            good = (environment[count] = strdup(environ[i])) && ++count;
    if (good && job)
        good = add_job(environment, &count, job, octi_pilot_home());
    if (good)
        return environment;
    octi_pilot_environment_free(environment);
    return NULL;
}

void octi_pilot_environment_free(char **environment)
{
    for (char **entry = environment; entry && *entry; entry++)
        free(*entry);
    free(environment);
}

/* --- asking --- */

static oct_err keep(void *ctx, int stream, const void *bytes, size_t size)
{
    return stream == 1 ? octi_buffer_append(ctx, bytes, size) : OCT_OK;
}

static oct_err told_error(const json_t *error, oct_error *err)
{
    const char *name = octi_json_string_or(error, "code", "");
    oct_err code = OCT_E_STATE;
    for (int i = 1; i < 64; i++)
        if (strcmp(oct_err_name((oct_err)i), name) == 0)
            code = (oct_err)i;
    char what[200];
    octi_text_clean(octi_json_string_or(error, "what", "octavo-slurm failed"), what, sizeof(what));
    oct_fail(err, code, "%s", what);
    if (code == OCT_E_UNREACHABLE)
        return oct_hint(err, "the site's controller does not answer: 'scontrol ping' tells; try again later");
    if (strstr(what, "uthentication") || strstr(what, "munge") || strstr(what, "Munge"))
        return oct_hint(err, "munge on this machine and the controller's disagree (key or clock): tell the "
                             "site's operators; 'munge -n | unmunge' tests this machine's");
    if (strstr(what, "ccount")) /* "account/partition combination" too */
        return oct_hint(err,
                        "'sacctmgr show associations user=$USER' lists yours; choose one with --account");
    if (strstr(what, "qos") || strstr(what, "QOS"))
        return oct_hint(err,
                        "'sacctmgr show associations user=$USER format=account,qos' lists yours; choose one "
                        "with --qos");
    if (strstr(what, "artition"))
        return oct_hint(err, "'sinfo -s' lists the partitions; choose one with --partition");
    if (strstr(what, "eature") || strstr(what, "onfiguration"))
        return oct_hint(err,
                        "'sinfo -o \"%%N %%c %%m %%f\"' lists nodes and features; ask for fewer nodes or "
                        "another --constraint");
    return code;
}

static oct_err parse(const octi_buffer *answer, json_t **reply, oct_error *err)
{
    json_t *found;
    oct_err code =
        octi_json_parse(answer->data ? answer->data : "", answer->size, "octavo-slurm's answer", &found, err);
    if (code != OCT_OK)
        return code;
    const json_t *error = json_object_get(found, "error");
    if (!error) {
        *reply = found;
        return OCT_OK;
    }
    code = told_error(error, err);
    json_decref(found);
    return code;
}

oct_err octi_pilot_ask(json_t *request, json_t **reply, oct_error *err)
{
    static const char *const argv[] = {"octavo-slurm", NULL};
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    char **environment = octi_pilot_environment(0);
    octi_buffer answer = {0};
    octi_exec exec = OCTI_EXEC_INIT;
    int status;
    oct_err code = OCT_OK;
    json_decref(request);
    if (!text || !environment)
        code = oct_fail(err, OCT_E_NOMEM, "out of memory");
    if (code == OCT_OK) {
        exec.argv = argv;
        exec.input = text;
        exec.input_size = strlen(text);
        exec.output = keep;
        exec.ctx = &answer;
        exec.timeout = ASK_SECONDS;
        code = octi_local_run(&exec, environment, &status, err);
        if (code == OCT_E_NOTFOUND)
            oct_hint(err,
                     "'octavo install --prefix DIR' makes it from this site's libslurm; then put DIR/bin "
                     "on PATH");
    }
    if (code == OCT_OK)
        code = parse(&answer, reply, err);
    octi_buffer_deinit(&answer);
    octi_pilot_environment_free(environment);
    free(text);
    return code;
}

/* --- pilots --- */

static bool is_live(const json_t *pilot)
{
    const char *state = octi_json_string_or(pilot, "state", "");
    return strcmp(state, "PENDING") == 0 || strcmp(state, "RUNNING") == 0 || strcmp(state, "SUSPENDED") == 0;
}

oct_err octi_pilot_list(json_t **out, oct_error *err)
{
    json_t *reply;
    oct_err code =
        octi_pilot_ask(json_pack("{s:s, s:s}", "op", "pilots", "prefix", OCTI_PILOT_PREFIX), &reply, err);
    if (code != OCT_OK)
        return code;
    json_t *live = json_array(), *pilot;
    size_t i;
    json_array_foreach(json_object_get(reply, "pilots"), i, pilot)
    {
        if (is_live(pilot))
            json_array_append(live, pilot);
    }
    json_decref(reply);
    *out = live;
    return OCT_OK;
}

static oct_err read_pilot(const json_t *pilot, octi_pilot *out, oct_error *err)
{
    const char *comment = octi_json_string_or(pilot, "comment", "");
    octi_pilot found = {.job = (uint32_t)octi_json_integer_or(pilot, "job", 0),
                        .hopeless = octi_json_bool_or(pilot, "hopeless", false),
                        .submitted = octi_json_integer_or(pilot, "submitted", 0),
                        .started = octi_json_integer_or(pilot, "started", 0),
                        .ends = octi_json_integer_or(pilot, "ends", 0)};
    octi_text_clean(octi_json_string_or(pilot, "state", ""), found.state, sizeof(found.state));
    octi_text_clean(octi_json_string_or(pilot, "reason", ""), found.reason, sizeof(found.reason));
    octi_spec_init(&found.spec);
    oct_err code = octi_spec_recall(comment, "the pilot's comment", &found.spec, err);
    if (code != OCT_OK)
        return oct_hint(err, "job %u is called as a pilot of ours but is none; rename or cancel it",
                        found.job);
    found.nodes = json_incref(json_object_get(pilot, "nodes"));
    *out = found;
    return OCT_OK;
}

oct_err octi_pilot_find(const char *cluster, octi_pilot *out, oct_error *err)
{
    json_t *list, *pilot;
    size_t i;
    oct_err code = octi_pilot_list(&list, err);
    if (code != OCT_OK)
        return code;
    code = OCT_E_NOTFOUND;
    json_array_foreach(list, i, pilot)
    {
        const char *name = octi_json_string_or(pilot, "name", OCTI_PILOT_PREFIX);
        if (strcmp(name + strlen(OCTI_PILOT_PREFIX), cluster) == 0) {
            code = read_pilot(pilot, out, err);
            break;
        }
    }
    json_decref(list);
    return code == OCT_E_NOTFOUND ? oct_fail(err, code, "there is no cluster '%s'", cluster) : code;
}

static void pilot_name(const octi_spec *spec, char out[sizeof(OCTI_PILOT_PREFIX) + OCTI_NAME_MAX])
{
    snprintf(out, sizeof(OCTI_PILOT_PREFIX) + OCTI_NAME_MAX, OCTI_PILOT_PREFIX "%s", spec->name);
}

/* One more option on a line of its own, its value one shell word whatever is in it. */
static oct_err add_option(octi_buffer *out, const char *option, const char *value)
{
    if (!*value)
        return OCT_OK;
    oct_err code = octi_buffer_printf(out, " \\\n    --%s='", option);
    for (const char *c = value; *c && code == OCT_OK; c++)
        code = octi_buffer_printf(out, *c == '\'' ? "'\\''" : "%c", *c);
    return code == OCT_OK ? octi_buffer_append(out, "'", 1) : code;
}

oct_err octi_pilot_script(const octi_spec *spec, octi_buffer *out)
{
    char name[sizeof(OCTI_PILOT_PREFIX) + OCTI_NAME_MAX], nodes[16], minutes[16] = "";
    char *comment = octi_spec_format(spec);
    pilot_name(spec, name);
    snprintf(nodes, sizeof(nodes), "%u", spec->nodes);
    if (spec->time)
        snprintf(minutes, sizeof(minutes), "%u", spec->time);
    const char *const options[][2] = {{"job-name", name},
                                      {"nodes", nodes},
                                      {"time", minutes},
                                      {"partition", spec->partition},
                                      {"account", spec->account},
                                      {"qos", spec->qos},
                                      {"constraint", spec->constraint},
                                      {"comment", comment ? comment : ""}};
    oct_err code =
        comment ? octi_buffer_printf(out, "#!/bin/sh\nsalloc --no-shell --exclusive --no-kill") : OCT_E_NOMEM;
    for (size_t i = 0; code == OCT_OK && i < sizeof(options) / sizeof(options[0]); i++)
        code = add_option(out, options[i][0], options[i][1]);
    free(comment);
    return code == OCT_OK ? octi_buffer_append(out, "\n", 1) : code;
}

static void set_text(json_t *request, const char *key, const char *value)
{
    if (*value)
        json_object_set_new(request, key, json_string(value));
}

oct_err octi_pilot_submit(const octi_spec *spec, octi_pilot *out, oct_error *err)
{
    char name[sizeof(OCTI_PILOT_PREFIX) + OCTI_NAME_MAX];
    char *comment = octi_spec_format(spec);
    pilot_name(spec, name);
    json_t *reply,
        *request = json_pack("{s:s, s:s, s:i, s:i, s:s}", "op", "allocate", "name", name, "nodes",
                             (int)spec->nodes, "minutes", (int)spec->time, "comment", comment ? comment : "");
    free(comment);
    set_text(request, "partition", spec->partition);
    set_text(request, "account", spec->account);
    set_text(request, "qos", spec->qos);
    set_text(request, "constraint", spec->constraint);
    oct_err code = octi_pilot_ask(request, &reply, err);
    if (code != OCT_OK)
        return code;
    code = read_pilot(json_object_get(reply, "pilot"), out, err);
    json_decref(reply);
    return code;
}
