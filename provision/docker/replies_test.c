/* What is read from an engine's replies, without an engine. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/core/json.h"
#include "provision/core/spec.h"
#include "provision/docker/create.h"
#include "provision/docker/demux.h"
#include "provision/docker/endpoint.h"
#include "provision/docker/explain.h"
#include "provision/docker/found.h"
#include "provision/docker/progress.h"

static oct_err collect(void *ctx, int stream, const void *bytes, size_t size)
{
    octi_buffer *streams = ctx;
    return octi_buffer_append(&streams[stream - 1], bytes, size);
}

static void frames_are_taken_apart_wherever_they_are_cut(void **state)
{
    (void)state;
    static const char wire[] = "\1\0\0\0\0\0\0\3abc\2\0\0\0\0\0\0\2de\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1f";
    size_t size = sizeof(wire) - 1;
    for (size_t cut = 0; cut <= size; cut++) {
        octi_demux demux = {0};
        octi_buffer streams[2] = {0};
        assert_int_equal(octi_demux_feed(&demux, wire, cut, collect, streams, NULL), OCT_OK);
        assert_int_equal(octi_demux_feed(&demux, wire + cut, size - cut, collect, streams, NULL), OCT_OK);
        assert_true(octi_demux_at_boundary(&demux));
        assert_string_equal(streams[0].data, "abcf");
        assert_string_equal(streams[1].data, "de");
        octi_buffer_deinit(&streams[0]);
        octi_buffer_deinit(&streams[1]);
    }
}

static void a_frame_of_no_known_stream_is_a_protocol_error(void **state)
{
    (void)state;
    octi_demux demux = {0};
    octi_buffer streams[2] = {0};
    assert_int_equal(octi_demux_feed(&demux, "HTTP/1.1", 8, collect, streams, NULL), OCT_E_PROTOCOL);
}

static json_t *container(const char *cluster, unsigned index, const char *status, const octi_spec *spec)
{
    json_t *labels = octi_docker_labels(spec, (int)index);
    json_object_set_new(labels, "octavo.cluster", json_string(cluster));
    return json_pack("{s:s, s:s, s:s, s:o, s:{s:{s:{s:s}}}, s:I}", "Id", "abc", "State",
                     strncmp(status, "Up", 2) == 0 ? "running" : "exited", "Status", status, "Labels", labels,
                     "NetworkSettings", "Networks", "octavo-dev", "IPAddress", "172.18.0.2", "Created",
                     (json_int_t)1700000000);
}

static octi_spec three_nodes(void)
{
    octi_spec spec;
    octi_spec_init(&spec);
    strcpy(spec.name, "dev");
    spec.nodes = 3;
    return spec;
}

static void a_cluster_is_read_from_labels_alone(void **state)
{
    (void)state;
    octi_spec spec = three_nodes();
    json_t *list =
        json_pack("[o, o, o]", container("dev", 1, "Exited (137) 3 seconds ago", &spec),
                  container("other", 2, "Up 1 second", &spec), container("dev", 0, "Up 1 second", &spec));
    octi_cluster cluster;
    assert_int_equal(octi_docker_cluster_read("dev", list, NULL, NULL, &cluster, NULL), OCT_OK);
    assert_int_equal(cluster.wanted, 3);
    assert_int_equal(cluster.node_count, 3);
    assert_string_equal(cluster.created, "2023-11-14T22:13:20Z");
    assert_string_equal(cluster.nodes[0].name, "dev-0");
    assert_int_equal(cluster.nodes[0].state, OCTI_NODE_STARTING);
    assert_string_equal(cluster.nodes[0].address, "172.18.0.2");
    assert_int_equal(cluster.nodes[1].state, OCTI_NODE_STOPPED);
    assert_int_equal(cluster.nodes[1].exit_status, 137);
    assert_string_equal(cluster.nodes[1].address, "");
    assert_int_equal(cluster.nodes[2].state, OCTI_NODE_ABSENT);
    octi_cluster_deinit(&cluster);
    json_decref(list);
}

static void a_cluster_cut_off_before_its_first_container_is_still_found(void **state)
{
    (void)state;
    octi_spec spec = three_nodes();
    json_t *networks = json_pack("[{s:s, s:o}]", "Id", "n", "Labels", octi_docker_labels(&spec, -1));
    json_t *empty = json_array();
    octi_cluster cluster;
    assert_int_equal(octi_docker_cluster_read("dev", empty, networks, NULL, &cluster, NULL), OCT_OK);
    assert_int_equal(cluster.node_count, 3);
    assert_int_equal(cluster.nodes[2].state, OCTI_NODE_ABSENT);
    octi_cluster_deinit(&cluster);
    assert_int_equal(octi_docker_cluster_read("dev", empty, empty, NULL, &cluster, NULL), OCT_E_NOTFOUND);
    json_decref(networks);
    json_decref(empty);
}

static json_t *resized(const char *cluster, unsigned nodes, const char *number)
{
    octi_spec spec = three_nodes();
    snprintf(spec.name, sizeof(spec.name), "%s", cluster);
    spec.nodes = nodes;
    json_t *labels = octi_docker_labels(&spec, -1);
    json_object_set_new(labels, OCTI_LABEL_RESIZED, json_string(number));
    return json_pack("{s:s, s:o}", "Name", "v", "Labels", labels);
}

static void the_last_change_of_its_size_is_a_clusters_size(void **state)
{
    (void)state;
    octi_spec spec = three_nodes();
    json_t *list = json_pack("[o]", container("dev", 0, "Up 1 second", &spec));
    json_t *volumes =
        json_pack("{s:[o, o, o, o, o]}", "Volumes", resized("dev", 7, "9"), resized("dev", 2, "10"),
                  resized("dev", 5, "8"), resized("other", 6, "11"), resized("dev", 4, "x"));
    octi_cluster cluster;
    unsigned nodes = 3;
    assert_int_equal(octi_docker_resized("dev", NULL, &nodes), 0);
    assert_int_equal(nodes, 3);
    assert_int_equal(octi_docker_resized("dev", volumes, &nodes), 10);
    assert_int_equal(nodes, 2);
    assert_int_equal(octi_docker_cluster_read("dev", list, NULL, volumes, &cluster, NULL), OCT_OK);
    assert_int_equal(cluster.wanted, 2);
    assert_int_equal(cluster.spec.nodes, 2);
    assert_int_equal(cluster.node_count, 2);
    octi_cluster_deinit(&cluster);
    json_decref(list);
    json_decref(volumes);
}

static void labels_that_make_no_sense_are_a_protocol_error(void **state)
{
    (void)state;
    octi_spec spec = three_nodes();
    json_t *one = container("dev", 0, "Up", &spec);
    json_t *list = json_pack("[o]", one);
    octi_cluster cluster;
    json_object_set_new(octi_json_find(one, "Labels"), "octavo.spec", json_string("{\"nodes\": 0}"));
    assert_int_equal(octi_docker_cluster_read("dev", list, NULL, NULL, &cluster, NULL), OCT_E_PROTOCOL);
    json_object_set_new(octi_json_find(one, "Labels"), "octavo.node", json_string("99999999"));
    assert_int_equal(octi_docker_cluster_read("dev", list, NULL, NULL, &cluster, NULL), OCT_E_NOTFOUND);
    json_decref(list);
}

static void a_node_is_asked_for_with_no_right_it_does_not_need(void **state)
{
    (void)state;
    octi_docker docker = {0};
    octi_spec spec = three_nodes();
    spec.cpus = 1.5;
    spec.memory = 1ull << 30;
    json_t *body = octi_docker_container_body(&docker, &spec, 1, "net");
    assert_non_null(body);
    const json_t *host = octi_json_find(body, "HostConfig");
    assert_string_equal(octi_json_string_or(body, "User", ""), "1000:1000");
    assert_string_equal(octi_json_string_or(body, "Hostname", ""), "dev-1");
    assert_string_equal(json_string_value(json_array_get(octi_json_find(host, "CapDrop"), 0)), "ALL");
    assert_string_equal(json_string_value(json_array_get(octi_json_find(host, "SecurityOpt"), 0)),
                        "no-new-privileges");
    assert_true(octi_json_bool_or(host, "ReadonlyRootfs", false));
    assert_false(octi_json_bool_or(host, "Privileged", false));
    assert_null(octi_json_find(body, "Env"));
    assert_string_equal(json_string_value(json_array_get(octi_json_find(host, "ExtraHosts"), 0)),
                        "any-address:0.0.0.0");
    assert_null(octi_json_find(host, "PortBindings"));
    assert_true(octi_json_integer_or(host, "PidsLimit", 0) > 0);
    assert_int_equal(octi_json_integer_or(host, "NanoCpus", 0), 1500000000);
    assert_int_equal(octi_json_integer_or(host, "MemorySwap", 0), 1 << 30);
    json_decref(body);
}

static void podman_is_asked_for_no_owner_of_a_tmpfs(void **state)
{
    (void)state;
    octi_docker docker = {.podman = true};
    octi_spec spec = three_nodes();
    json_t *body = octi_docker_container_body(&docker, &spec, 0, "net");
    assert_non_null(body);
    const json_t *run = json_object_get(octi_json_find(body, "HostConfig/Tmpfs"), "/run");
    assert_string_equal(json_string_value(run), "rw,nosuid,nodev,mode=1777,notmpcopyup");
    json_decref(body);
}

static void known_troubles_have_their_code_and_a_way_out(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *message;
        oct_err code;
        const char *hint;
    } cases[] = {
        {404, "No such image: octavo/node:dev", OCT_E_NOTFOUND, "octavo image build"},
        {403, "Pool overlaps with other one on this address space", OCT_E_EXISTS, "--subnet"},
        {500, "could not find an available, non-overlapping IPv4 address pool among the defaults",
         OCT_E_EXHAUSTED, "network prune"},
        {400, "all predefined address pools have been fully subnetted", OCT_E_EXHAUSTED, "--subnet"},
        {500, "write /var/lib/docker/x: no space left on device", OCT_E_EXHAUSTED, "disk is full"},
        {500, "adding interface vethab to bridge br-1 failed: exchange full", OCT_E_EXHAUSTED, "1023 ports"},
        {500, "fork/exec /usr/bin/runc: cannot allocate memory", OCT_E_EXHAUSTED, "out of memory"},
        {400, "Range of CPUs is from 0.01 to 2.00", OCT_E_INVALID, "--cpus"},
        {404, "no such container", OCT_E_NOTFOUND, ""},
        {500, "something new", OCT_E_IO, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[256];
        oct_error err = OCT_ERROR_INIT;
        snprintf(body, sizeof(body), "{\"message\":\"%s\"}", cases[i].message);
        assert_int_equal(octi_docker_explain(cases[i].status, body, strlen(body), &err), cases[i].code);
        assert_string_equal(err.what, cases[i].message);
        assert_non_null(strstr(err.hint, cases[i].hint));
    }
}

static void a_page_of_html_is_not_quoted(void **state)
{
    (void)state;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_docker_explain(502, "<html>", 6, &err), OCT_E_IO);
    assert_string_equal(err.what, "the engine answered with status 502 and no explanation");
    assert_int_equal(octi_docker_explain(404, NULL, 0, &err), OCT_E_PROTOCOL);
    static const char plain[] = "Client sent an HTTP request to an HTTPS server.\n";
    assert_int_equal(octi_docker_explain(400, plain, strlen(plain), &err), OCT_E_DENIED);
    assert_non_null(strstr(err.hint, "DOCKER_TLS_VERIFY"));
}

static void a_runtimes_layers_are_left_out_of_its_message(void **state)
{
    (void)state;
    static const char body[] =
        "{\"message\":\"failed to create shim task: OCI runtime create failed: runc create failed: unable to "
        "start "
        "container process: exec: \\\"octavo-node\\\": executable file not found in $PATH: unknown\"}";
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_docker_explain(400, body, strlen(body), &err), OCT_E_NOTFOUND);
    assert_string_equal(err.what, "exec: \"octavo-node\": executable file not found in $PATH: unknown");
    assert_string_equal(err.hint, "is it an octavo image? build one with 'octavo image build'");
}

static void hosts_are_read_as_the_docker_command_does(void **state)
{
    (void)state;
    octi_docker_endpoint at;
    assert_int_equal(octi_docker_endpoint_parse("unix:///run/x.sock", "1", NULL, &at, NULL), OCT_OK);
    assert_string_equal(at.socket, "/run/x.sock");
    assert_false(at.tls);
    assert_int_equal(octi_docker_endpoint_parse("tcp://h:1", NULL, NULL, &at, NULL), OCT_OK);
    assert_string_equal(at.url, "http://h:1");
    assert_int_equal(octi_docker_endpoint_parse("tcp://h", "1", "/c", &at, NULL), OCT_OK);
    assert_string_equal(at.url, "https://h:2376");
    assert_string_equal(at.key, "/c/key.pem");
    assert_false(at.insecure);
    assert_int_equal(octi_docker_endpoint_parse("tcp://[::1]:5/", NULL, NULL, &at, NULL), OCT_OK);
    assert_string_equal(at.url, "http://[::1]:5");
    assert_int_equal(octi_docker_endpoint_parse("tcp://[::1]", NULL, NULL, &at, NULL), OCT_OK);
    assert_string_equal(at.url, "http://[::1]:2375");
}

static void hosts_that_cannot_be_reached_say_the_way_round(void **state)
{
    (void)state;
    octi_docker_endpoint at;
    oct_error err = OCT_ERROR_INIT;
    assert_int_equal(octi_docker_endpoint_parse("ssh://me@there", NULL, NULL, &at, &err), OCT_E_UNSUPPORTED);
    assert_non_null(strstr(err.hint, "ssh -nNT -L"));
    assert_int_equal(octi_docker_endpoint_parse("npipe://x", NULL, NULL, &at, &err), OCT_E_UNSUPPORTED);
    assert_int_equal(octi_docker_endpoint_parse("unix://relative", NULL, NULL, &at, &err), OCT_E_INVALID);
    assert_int_equal(octi_docker_endpoint_parse("tcp://", NULL, NULL, &at, &err), OCT_E_INVALID);
    assert_int_equal(octi_docker_endpoint_parse("tcp://h:1/path", NULL, NULL, &at, &err), OCT_E_INVALID);
    assert_int_equal(octi_docker_endpoint_parse("tcp://user@h:1", NULL, NULL, &at, &err), OCT_E_INVALID);
}

static void keep_line(void *ctx, const char *text)
{
    if (octi_buffer_printf(ctx, "%s|", text) != OCT_OK)
        abort();
}

static void progress_becomes_lines_and_the_failing_step_is_kept(void **state)
{
    (void)state;
    static const char wire[] =
        "{\"stream\":\"Step 1/2 : FROM x\\n\"}\r\n{\"stream\":\"old\\n\"}\r\n"
        "{\"stream\":\"Step 2/2 : RUN \\u001b[1mcc\\n\"}\r\n{\"stream\":\"a.c:1: err\"}\r\n"
        "{\"stream\":\"or\\n\"}\r\n{\"stream\":\"5%\\r\"}\r\n{\"stream\":\"100%\\r\\n\"}\r\n{\"aux\":{\"ID\":"
        "\"sha256:ab\"}}\r\n"
        "{\"errorDetail\":{\"code\":2},\"error\":\"returned a non-zero code: 2\"}\r\n";
    octi_buffer lines = {0};
    octi_progress progress = {.line = keep_line, .ctx = &lines};
    oct_error err = OCT_ERROR_INIT;
    for (size_t i = 0; i < sizeof(wire) - 1; i++)
        assert_int_equal(octi_progress_feed(&progress, wire + i, 1, &err), OCT_OK);
    assert_int_equal(octi_progress_finish(&progress, &err), OCT_E_IO);
    assert_string_equal(err.what, "returned a non-zero code: 2");
    assert_string_equal(lines.data, "Step 1/2 : FROM x|old|Step 2/2 : RUN cc|a.c:1: error|5%|100%|");
    assert_string_equal(progress.tail.data, "Step 2/2 : RUN cc\na.c:1: error\n100%\n");
    assert_string_equal(progress.id, "sha256:ab");
    octi_progress_deinit(&progress);
    octi_buffer_deinit(&lines);
}

static void a_build_that_lacks_room_or_network_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *output;
        oct_err code;
        const char *what, *hint;
    } cases[] = {
        {"E: Write error - write (28: No space left on device)", OCT_E_EXHAUSTED,
         "a step failed with status 100", "disk is full"},
        {"E: You don't have enough free space in /var/cache/apt/archives/.", OCT_E_EXHAUSTED,
         "a step failed with status 100", "disk is full"},
        {"W: Temporary failure resolving 'a.b'\\nE: Failed to fetch x", OCT_E_UNREACHABLE,
         "a step failed with status 100", "DNS"},
        {"E: Failed to fetch x  Connection failed", OCT_E_UNREACHABLE, "a step failed with status 100",
         "try again"},
        {"a.c:1: error: no", OCT_E_IO, "a step failed with status 100", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        octi_progress progress = {0};
        oct_error err = OCT_ERROR_INIT;
        char wire[512];
        int size = snprintf(wire, sizeof(wire),
                            "{\"stream\":\"%s\\n\"}\n{\"error\":\"The command '/bin/sh -c %s' returned a "
                            "non-zero code: 100\"}\n",
                            cases[i].output, "apt-get update");
        assert_int_equal(octi_progress_feed(&progress, wire, (size_t)size, &err), OCT_OK);
        assert_int_equal(octi_progress_finish(&progress, &err), cases[i].code);
        assert_string_equal(err.what, cases[i].what);
        assert_non_null(strstr(err.hint, cases[i].hint));
        octi_progress_deinit(&progress);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_build_that_lacks_room_or_network_says_so),
        cmocka_unit_test(frames_are_taken_apart_wherever_they_are_cut),
        cmocka_unit_test(a_frame_of_no_known_stream_is_a_protocol_error),
        cmocka_unit_test(a_cluster_is_read_from_labels_alone),
        cmocka_unit_test(a_cluster_cut_off_before_its_first_container_is_still_found),
        cmocka_unit_test(the_last_change_of_its_size_is_a_clusters_size),
        cmocka_unit_test(labels_that_make_no_sense_are_a_protocol_error),
        cmocka_unit_test(a_node_is_asked_for_with_no_right_it_does_not_need),
        cmocka_unit_test(podman_is_asked_for_no_owner_of_a_tmpfs),
        cmocka_unit_test(known_troubles_have_their_code_and_a_way_out),
        cmocka_unit_test(a_page_of_html_is_not_quoted),
        cmocka_unit_test(a_runtimes_layers_are_left_out_of_its_message),
        cmocka_unit_test(hosts_are_read_as_the_docker_command_does),
        cmocka_unit_test(hosts_that_cannot_be_reached_say_the_way_round),
        cmocka_unit_test(progress_becomes_lines_and_the_failing_step_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
