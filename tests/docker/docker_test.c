/* The Docker provider on the real engine: what it makes, keeps, runs and removes, also when
 * it is killed anywhere, run twice at once, or finds somebody else's things.
 *
 * OCTAVO_TEST_IMAGE names another image than the default; it needs sh, tar and octavo-node. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "provision/core/copy.h"
#include "provision/core/json.h"
#include "provision/docker/docker.h"
#include "provision/docker/engine.h"
#include "provision/docker/found.h"
#include "provision/docker/image.h"
#include "runtime/base/clock.h"

enum { NODES = 3, KILL_ROUNDS = 12, KILL_WITHIN_MS = 1200 };

static octi_provider provider = {.ops = &octi_docker_ops};
static octi_spec spec;
static char missing[400]; /* why nothing can be run, or "" */

static octi_docker *engine(void)
{
    return provider.self;
}

static oct_error problem; /* of the last call that must succeed */

static void must(oct_err code)
{
    if (code != OCT_OK)
        fail_msg("%s: %s", oct_err_name(code), problem.what);
}

static void connect_engine(void)
{
    oct_error err = OCT_ERROR_INIT;
    octi_image image;
    provider.self = NULL;
    if (octi_docker_ops.open(&provider.self, NULL, &err) != OCT_OK ||
        octi_image_inspect(engine(), spec.image, &image, &err))
        snprintf(missing, sizeof(missing), "%s", err.what);
}

static void disconnect_engine(void)
{
    if (provider.self)
        octi_docker_ops.close(provider.self);
}

static void need_engine(void)
{
    if (*missing) {
        print_message("skipped: %s\n", missing);
        skip();
    }
}

static int clean_up(void **state)
{
    (void)state;
    size_t removed;
    oct_error err = OCT_ERROR_INIT;
    if (!*missing && octi_docker_ops.destroy(provider.self, spec.name, NULL, &removed, &err) != OCT_OK)
        print_message("clean-up: %s\n", err.what);
    return 0;
}

/* How many containers, networks and volumes carry the cluster's label. */
static void count_things(size_t counts[3])
{
    char *paths[] = {octi_docker_list_path(engine(), "containers/json?all=1&", spec.name),
                     octi_docker_list_path(engine(), "networks?", spec.name),
                     octi_docker_list_path(engine(), "volumes?", spec.name)};
    json_t *replies[3];
    must(octi_docker_get_all(engine(), 3, paths, replies, &problem));
    counts[0] = json_array_size(replies[0]);
    counts[1] = json_array_size(replies[1]);
    counts[2] = json_array_size(octi_json_find(replies[2], "Volumes"));
    for (int i = 0; i < 3; i++)
        json_decref(replies[i]);
}

static void expect_things(size_t containers, size_t networks, size_t volumes)
{
    size_t counts[3];
    count_things(counts);
    if (counts[0] != containers || counts[1] != networks || counts[2] != volumes)
        fail_msg("%zu containers, %zu networks, %zu volumes instead of %zu, %zu, %zu", counts[0], counts[1],
                 counts[2], containers, networks, volumes);
}

static octi_cluster up(void)
{
    octi_cluster cluster = {0};
    must(octi_docker_ops.create(provider.self, &spec, NULL, &cluster, &problem));
    return cluster;
}

static void down(void)
{
    size_t removed;
    must(octi_docker_ops.destroy(provider.self, spec.name, NULL, &removed, &problem));
    expect_things(0, 0, 0);
}

static void expect_whole(const octi_cluster *cluster)
{
    assert_int_equal(cluster->node_count, NODES);
    for (unsigned i = 0; i < NODES; i++) {
        assert_int_equal(cluster->nodes[i].index, i);
        assert_int_equal(cluster->nodes[i].state, OCTI_NODE_STARTING);
        assert_true(cluster->nodes[i].address[0] != '\0');
    }
    expect_things(NODES, 1, 2);
}

static oct_err keep(void *ctx, int stream, const void *bytes, size_t size)
{
    octi_buffer *streams = ctx;
    return octi_buffer_append(&streams[stream - 1], bytes, size);
}

/* Runs `sh -c script` on a node and returns its status; out gets both streams, one each. */
static int run(const octi_node *node, const char *script, const char *input, octi_buffer out[2])
{
    const char *argv[] = {"sh", "-c", script, NULL};
    octi_exec exec = OCTI_EXEC_INIT;
    int status = -1;
    exec.argv = argv;
    exec.input = input;
    exec.input_size = input ? strlen(input) : 0;
    exec.output = keep;
    exec.ctx = out;
    exec.timeout = 60;
    must(octi_docker_ops.exec(provider.self, node, &exec, &status, &problem));
    return status;
}

static void a_cluster_comes_up_whole_and_goes_without_a_trace(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    expect_whole(&cluster);
    octi_buffer out[2] = {0};
    assert_int_equal(
        run(&cluster.nodes[2], "hostname; id -u; touch /not-here 2>/dev/null || echo read-only", NULL, out),
        0);
    char expected[128];
    snprintf(expected, sizeof(expected), "%s-2\n1000\nread-only\n", spec.name);
    assert_string_equal(out[0].data, expected);
    octi_buffer_deinit(&out[0]);
    octi_cluster_deinit(&cluster);
    down();
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_docker_ops.inspect(provider.self, spec.name, &cluster, &err), OCT_E_NOTFOUND);
}

static void an_exec_has_its_streams_apart_and_its_status(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    octi_buffer out[2] = {0};
    assert_int_equal(run(&cluster.nodes[0], "cat; echo err >&2; exit 3", "text", out), 3);
    assert_string_equal(out[0].data, "text");
    assert_string_equal(out[1].data, "err\n");
    assert_int_equal(run(&cluster.nodes[0], "kill -11 $$", NULL, out), 128 + SIGSEGV);
    assert_int_equal(run(&cluster.nodes[0], "exec >&- 2>&-; sleep 0.5; exit 4", NULL, out), 4);
    octi_buffer_deinit(&out[0]);
    octi_buffer_deinit(&out[1]);
    octi_cluster_deinit(&cluster);
}

static void megabytes_pass_through_an_exec_unchanged(void **state)
{
    (void)state;
    need_engine();
    enum { SIZE = 8 << 20 };
    octi_cluster cluster = up();
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + i * i % 26);
    text[SIZE] = '\0';
    octi_buffer out[2] = {0};
    assert_int_equal(run(&cluster.nodes[1], "cat", text, out), 0);
    assert_int_equal(out[0].size, SIZE);
    assert_memory_equal(out[0].data, text, SIZE);
    free(text);
    octi_buffer_deinit(&out[0]);
    octi_cluster_deinit(&cluster);
}

static void kill_container(const octi_node *node)
{
    must(octi_docker_call(engine(), "POST",
                          octi_docker_path(engine(), "/containers/%s/kill", node->engine_id), NULL, NULL,
                          &problem));
}

static bool kill_once(void *ctx)
{
    const octi_node **victim = ctx;
    if (*victim)
        kill_container(*victim);
    *victim = NULL;
    return false;
}

static void a_node_killed_under_an_exec_is_lost_and_named(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    const char *argv[] = {"sleep", "60", NULL};
    const octi_node *victim = &cluster.nodes[1];
    octi_exec exec = OCTI_EXEC_INIT;
    int status = -1;
    oct_error err = OCT_ERROR_INIT;
    exec.argv = argv;
    exec.interrupted = kill_once;
    exec.ctx = &victim;
    oct_err code = octi_docker_ops.exec(provider.self, &cluster.nodes[1], &exec, &status, &err);
    if (code != OCT_E_LOST)
        fail_msg("%s, status %d: %s", oct_err_name(code), status, err.what);
    assert_non_null(strstr(err.what, cluster.nodes[1].name));
    assert_non_null(strstr(err.what, "signal 9"));
    octi_cluster_deinit(&cluster);

    must(octi_docker_ops.inspect(provider.self, spec.name, &cluster, &problem));
    assert_int_equal(cluster.nodes[1].state, OCTI_NODE_STOPPED);
    assert_int_equal(cluster.nodes[1].exit_status, 137);
    octi_buffer text = {0};
    must(octi_docker_ops.evidence(provider.self, spec.name, &text, &problem));
    assert_non_null(strstr(text.data, "killed by signal 9"));
    assert_non_null(strstr(text.data, " die exitCode=137"));
    octi_buffer_deinit(&text);
    octi_cluster_deinit(&cluster);

    cluster = up();
    expect_whole(&cluster);
    octi_cluster_deinit(&cluster);
}

static bool always(void *ctx)
{
    (void)ctx;
    return true;
}

static void an_interrupted_exec_ends_at_once(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    const char *argv[] = {"sleep", "60", NULL};
    octi_exec exec = OCTI_EXEC_INIT;
    int status;
    int64_t start = octi_clock_ns();
    exec.argv = argv;
    exec.interrupted = always;
    assert_int_equal(octi_docker_ops.exec(provider.self, &cluster.nodes[0], &exec, &status, NULL),
                     OCT_E_CANCELLED);
    assert_int_equal(octi_docker_ops.logs(provider.self, &cluster.nodes[0], -1, true, &exec, NULL),
                     OCT_E_CANCELLED);
    assert_true(octi_clock_ns() - start < 5000000000);
    octi_cluster_deinit(&cluster);
}

static void files_go_there_and_back_unchanged(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    const octi_node *node = &cluster.nodes[0];
    char folder[] = "/tmp/octavo-copy-XXXXXX", name[64], command[256];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof(command),
             "cd %s && mkdir -p a/b && echo text > 'a/b/c d' && ln -s b a/link && chmod 700 a/b", folder);
    assert_int_equal(system(command), 0);
    snprintf(name, sizeof(name), "%s/a", folder);
    must(octi_copy_put(&provider, node, name, "/home/octavo/new/", NULL, &problem));
    octi_buffer out[2] = {0};
    assert_int_equal(run(&cluster.nodes[1],
                         "cat '/home/octavo/new/a/link/c d'; stat -c %a /home/octavo/new/a/b", NULL, out),
                     0);
    assert_string_equal(out[0].data, "text\n700\n");
    octi_buffer_deinit(&out[0]);

    snprintf(name, sizeof(name), "%s/back", folder);
    must(octi_copy_get(&provider, node, "/home/octavo/new/a", name, NULL, &problem));
    snprintf(command, sizeof(command), "diff -r %s/a %s/back && rm -rf %s", folder, folder, folder);
    assert_int_equal(system(command), 0);

    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_copy_get(&provider, node, "/home/octavo/none", "/tmp", NULL, &err), OCT_E_NOTFOUND);
    assert_non_null(strstr(err.what, "cannot copy '/home/octavo/none' from"));
    assert_int_not_equal(octi_copy_put(&provider, node, "/etc/hostname", "/proc/x", NULL, &err), OCT_OK);
    octi_cluster_deinit(&cluster);
}

/* A child that creates or destroys the cluster on a connection of its own. */
static pid_t in_child(bool creates)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    void *self;
    octi_cluster cluster;
    size_t removed;
    oct_error err = OCT_ERROR_INIT;
    oct_err code = octi_docker_ops.open(&self, NULL, &err);
    if (code == OCT_OK)
        code = creates ? octi_docker_ops.create(self, &spec, NULL, &cluster, &err)
                       : octi_docker_ops.destroy(self, spec.name, NULL, &removed, &err);
    if (code != OCT_OK)
        fprintf(stderr, "child: %s: %s\n", oct_err_name(code), err.what);
    _exit(code == OCT_OK ? 0 : 1);
}

static int status_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void a_create_killed_anywhere_is_completed_by_the_next(void **state)
{
    (void)state;
    need_engine();
    for (int round = 0; round < KILL_ROUNDS; round++) {
        pid_t child = in_child(true);
        poll(NULL, 0, KILL_WITHIN_MS * round / KILL_ROUNDS);
        kill(child, SIGKILL);
        status_of(child);
        octi_cluster cluster = up();
        expect_whole(&cluster);
        octi_cluster_deinit(&cluster);
        down();
    }
}

static void a_create_killed_anywhere_can_be_removed(void **state)
{
    (void)state;
    need_engine();
    for (int round = 0; round < KILL_ROUNDS; round++) {
        pid_t child = in_child(true);
        poll(NULL, 0, KILL_WITHIN_MS * round / KILL_ROUNDS);
        kill(child, SIGKILL);
        status_of(child);
        down();
    }
}

static void a_destroy_killed_anywhere_is_completed_by_the_next(void **state)
{
    (void)state;
    need_engine();
    for (int round = 0; round < KILL_ROUNDS / 2; round++) {
        octi_cluster cluster = up();
        octi_cluster_deinit(&cluster);
        pid_t child = in_child(false);
        poll(NULL, 0, KILL_WITHIN_MS / 2 * round / (KILL_ROUNDS / 2));
        kill(child, SIGKILL);
        status_of(child);
        down();
    }
}

static void three_creates_at_once_make_one_cluster(void **state)
{
    (void)state;
    need_engine();
    for (int round = 0; round < 4; round++) {
        pid_t children[3];
        for (int i = 0; i < 3; i++)
            children[i] = in_child(true);
        for (int i = 0; i < 3; i++)
            assert_int_equal(status_of(children[i]), 0);
        octi_cluster cluster;
        must(octi_docker_ops.inspect(provider.self, spec.name, &cluster, &problem));
        expect_whole(&cluster);
        octi_cluster_deinit(&cluster);
        down();
    }
}

static void two_destroys_at_once_both_succeed(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    octi_cluster_deinit(&cluster);
    pid_t one = in_child(false), two = in_child(false);
    assert_int_equal(status_of(one), 0);
    assert_int_equal(status_of(two), 0);
    expect_things(0, 0, 0);
}

static void a_create_and_a_destroy_at_once_leave_something_that_can_be_removed(void **state)
{
    (void)state;
    need_engine();
    for (int round = 0; round < 4; round++) {
        pid_t one = in_child(true);
        poll(NULL, 0, 200 * round);
        pid_t two = in_child(false);
        status_of(one);
        status_of(two);
        down();
    }
}

static void another_size_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    octi_cluster_deinit(&cluster);
    octi_spec larger = spec;
    oct_error err = OCT_ERROR_INIT;
    larger.nodes = NODES + 1;
    assert_int_equal(octi_docker_ops.create(provider.self, &larger, NULL, &cluster, &err), OCT_E_EXISTS);
    expect_things(NODES, 1, 2);
}

/* Somebody else's thing, by the name that we need. */
static void make_foreign(const char *path, json_t *body)
{
    must(octi_docker_call(engine(), "POST", octi_docker_path(engine(), "%s", path), body, NULL, &problem));
}

static void remove_foreign(const char *path)
{
    /* It must still be there: that is the test. */
    must(octi_docker_call(engine(), "DELETE", octi_docker_path(engine(), "%s", path), NULL, NULL, &problem));
}

static void expect_refusal(const char *path, const char *remove_path, json_t *body)
{
    size_t removed;
    octi_cluster cluster;
    oct_error err = OCT_ERROR_INIT;
    make_foreign(path, body);
    oct_err code = octi_docker_ops.create(provider.self, &spec, NULL, &cluster, &err);
    oct_err gone = octi_docker_ops.destroy(provider.self, spec.name, NULL, &removed, NULL);
    remove_foreign(remove_path);
    assert_int_equal(code, OCT_E_EXISTS);
    assert_non_null(strstr(err.what, "is not octavo's"));
    assert_int_equal(gone, OCT_OK);
}

static void somebody_elses_things_are_never_touched(void **state)
{
    (void)state;
    need_engine();
    char name[128], create[256], remove[256];
    for (unsigned index = 0; index < NODES; index += NODES - 1) {
        octi_docker_container_name(spec.name, index, name);
        snprintf(create, sizeof(create), "/containers/create?name=%s", name);
        snprintf(remove, sizeof(remove), "/containers/%s", name);
        expect_refusal(create, remove, json_pack("{s:s, s:[s]}", "Image", spec.image, "Cmd", "true"));
        expect_things(0, 0, 0);
    }
    snprintf(name, sizeof(name), "octavo-%s", spec.name);
    snprintf(remove, sizeof(remove), "/networks/%s", name);
    expect_refusal("/networks/create", remove, json_pack("{s:s}", "Name", name));
    snprintf(name, sizeof(name), "octavo-%s-home", spec.name);
    snprintf(remove, sizeof(remove), "/volumes/%s", name);
    expect_refusal("/volumes/create", remove, json_pack("{s:s}", "Name", name));
}

static void a_stopped_cluster_that_lost_its_network_comes_up_again(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    octi_buffer out[2] = {0};
    assert_int_equal(run(&cluster.nodes[0], "echo kept > /home/octavo/kept", NULL, out), 0);
    for (unsigned i = 0; i < NODES; i++)
        kill_container(&cluster.nodes[i]);
    octi_cluster_deinit(&cluster);
    must(octi_docker_call(engine(), "DELETE", octi_docker_path(engine(), "/networks/octavo-%s", spec.name),
                          NULL, NULL, &problem));
    cluster = up();
    expect_whole(&cluster);
    assert_int_equal(run(&cluster.nodes[1], "cat /home/octavo/kept", NULL, out), 0);
    assert_string_equal(out[0].data, "kept\n");
    octi_buffer_deinit(&out[0]);
    octi_cluster_deinit(&cluster);
}

static void a_lost_head_is_made_again_on_the_same_network(void **state)
{
    (void)state;
    need_engine();
    octi_cluster cluster = up();
    must(octi_docker_call(engine(), "DELETE",
                          octi_docker_path(engine(), "/containers/%s?force=1", cluster.nodes[0].engine_id),
                          NULL, NULL, &problem));
    octi_cluster_deinit(&cluster);
    must(octi_docker_ops.inspect(provider.self, spec.name, &cluster, &problem));
    assert_int_equal(cluster.nodes[0].state, OCTI_NODE_ABSENT);
    octi_cluster_deinit(&cluster);
    cluster = up();
    expect_whole(&cluster);
    octi_cluster_deinit(&cluster);
}

static void a_subnet_that_is_taken_is_told(void **state)
{
    (void)state;
    need_engine();
    octi_spec other = spec;
    octi_cluster cluster;
    json_t *bridge;
    oct_error err = OCT_ERROR_INIT;
    must(octi_docker_call(engine(), "GET", octi_docker_path(engine(), "/networks/bridge"), NULL, &bridge,
                          &problem));
    const json_t *config = json_array_get(octi_json_find(bridge, "IPAM/Config"), 0);
    snprintf(other.subnet, sizeof(other.subnet), "%s", octi_json_string_or(config, "Subnet", ""));
    json_decref(bridge);
    assert_int_equal(octi_docker_ops.create(provider.self, &other, NULL, &cluster, &err), OCT_E_EXISTS);
    assert_non_null(strstr(err.what, other.subnet));
    assert_non_null(strstr(err.hint, "--subnet"));
}

static void an_image_that_is_no_node_is_told_with_the_nodes_reason(void **state)
{
    (void)state;
    need_engine();
    octi_spec other = spec;
    octi_cluster cluster;
    oct_error err = OCT_ERROR_INIT;
    strcpy(other.image, "octavo/no-such-image:at-all");
    assert_int_equal(octi_docker_ops.create(provider.self, &other, NULL, &cluster, &err), OCT_E_NOTFOUND);
    assert_non_null(strstr(err.what, "'octavo/no-such-image:at-all' is not on this engine"));
    expect_things(0, 0, 0);
}

int main(void)
{
    const char *image = getenv("OCTAVO_TEST_IMAGE");
    octi_spec_init(&spec);
    snprintf(spec.name, sizeof(spec.name), "test-%d", (int)getpid());
    spec.nodes = NODES;
    if (image)
        snprintf(spec.image, sizeof(spec.image), "%s", image);
    connect_engine();

#define ON_ENGINE(test) cmocka_unit_test_teardown(test, clean_up)
    const struct CMUnitTest tests[] = {
        ON_ENGINE(a_cluster_comes_up_whole_and_goes_without_a_trace),
        ON_ENGINE(an_exec_has_its_streams_apart_and_its_status),
        ON_ENGINE(megabytes_pass_through_an_exec_unchanged),
        ON_ENGINE(a_node_killed_under_an_exec_is_lost_and_named),
        ON_ENGINE(an_interrupted_exec_ends_at_once),
        ON_ENGINE(files_go_there_and_back_unchanged),
        ON_ENGINE(a_create_killed_anywhere_is_completed_by_the_next),
        ON_ENGINE(a_create_killed_anywhere_can_be_removed),
        ON_ENGINE(a_destroy_killed_anywhere_is_completed_by_the_next),
        ON_ENGINE(three_creates_at_once_make_one_cluster),
        ON_ENGINE(two_destroys_at_once_both_succeed),
        ON_ENGINE(a_create_and_a_destroy_at_once_leave_something_that_can_be_removed),
        ON_ENGINE(another_size_is_refused_and_changes_nothing),
        ON_ENGINE(somebody_elses_things_are_never_touched),
        ON_ENGINE(a_stopped_cluster_that_lost_its_network_comes_up_again),
        ON_ENGINE(a_lost_head_is_made_again_on_the_same_network),
        ON_ENGINE(a_subnet_that_is_taken_is_told),
        ON_ENGINE(an_image_that_is_no_node_is_told_with_the_nodes_reason),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    disconnect_engine();
    return failed;
}
