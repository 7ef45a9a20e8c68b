"""The C rules of this project: the only place that sets flags and loads @rules_cc."""

load("@mpi//:present.bzl", "PRESENT")
load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

_COPTS = [
    "-std=gnu17",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wvla",
    "-fno-omit-frame-pointer",
    "-D_GNU_SOURCE",
]

def oct_cc_library(name, copts = [], **kwargs):
    cc_library(name = name, copts = _COPTS + copts, linkstatic = kwargs.pop("linkstatic", True), **kwargs)

def oct_cc_binary(name, copts = [], **kwargs):
    cc_binary(name = name, copts = _COPTS + copts, **kwargs)

def oct_cc_test(name, copts = [], size = "small", **kwargs):
    cc_test(name = name, copts = _COPTS + copts, size = size, linkstatic = True, **kwargs)

def oct_cc_fuzz_test(name, srcs, deps, corpus = [], tags = [], **kwargs):
    """A libFuzzer target that is also a test.

    Without --config=fuzz it is linked with //bazel:fuzz_replay, whose main() runs the
    corpus and a few thousand seeded mutations of it through LLVMFuzzerTestOneInput.
    """
    cc_test(
        name = name,
        srcs = srcs,
        copts = _COPTS + ["-Wno-missing-prototypes"],
        size = "small",
        linkstatic = True,
        args = ["$(location %s)" % c for c in corpus],
        data = corpus,
        deps = deps + ["//bazel:fuzz_main"],
        tags = tags + ["fuzz"],
        **kwargs
    )

def oct_engine_test(name, tags = [], **kwargs):
    """A script that drives real engines: run by name or by `./octavo test`, alone, never from the cache."""
    size = kwargs.pop("size", "enormous")
    native.sh_test(
        name = name,
        size = size,
        tags = tags + ["engine", "exclusive", "external", "local", "manual"],
        **kwargs
    )

def oct_pools_test(name, srcs, ranks = [], **kwargs):
    """A cmocka test of a collection, as NAME_threads_test and NAME_processes_test, with three workers each.

    NAME_cluster_N_test runs it on so many ranks of this host, a worker each, for each number in `ranks`."""
    for kind in ["threads", "processes"]:
        oct_cc_test(
            name = "%s_%s_test" % (name, kind),
            srcs = srcs,
            args = ["--pool=%s:3" % kind],
            deps = ["//runtime:octavo", "@cmocka//:lib"],
            **kwargs
        )
    if ranks:
        oct_cc_binary(
            name = name + "_ranks",
            testonly = True,
            srcs = srcs,
            data = ["//runtime/exec/cluster:liboctavo-cluster.so"],
            deps = ["//runtime:octavo", "@cmocka//:lib"],
        )
    for count in ranks:
        native.sh_test(
            name = "%s_cluster_%d_test" % (name, count),
            size = "medium",
            srcs = ["//tests/runtime:on_ranks.sh"],
            args = [str(count), "env"] + ["%s=%s" % each for each in kwargs.get("env", {}).items()] +
                   ["$(location :%s_ranks)" % name, "--pool=cluster:1"],
            data = [":%s_ranks" % name],
        )

def oct_lesson(deps = [], programs = [], ranks = False):
    """A lesson's exercise and solution, `lesson`: its folder as `octavo exercise` needs it, and `lesson_test`.

    lesson_test.sh is given examples/checks.sh, octavo-prep, the exercise, the solution, the other
    `programs`, and with `ranks`, where there is MPI, the plug-in that the pool `cluster` is in.
    """
    for name in ["exercise", "solution"]:
        oct_cc_binary(name = name, srcs = [name + ".c"], deps = deps + ["//runtime:octavo"])
    native.filegroup(
        name = "lesson",
        srcs = native.glob(["*.c", "*.h"]) + ["README.md", "lesson.json"],
        visibility = ["//tests:__subpackages__"],
    )
    words = ["//examples:checks.sh", "//examples/prep:octavo-prep", ":exercise", ":solution"] + programs
    if ranks and PRESENT:
        words.append("//runtime/exec/cluster:liboctavo-cluster.so")
    if native.glob(["lesson_test.sh"], allow_empty = True):
        native.sh_test(
            name = "lesson_test",
            size = "small",
            timeout = "moderate",
            srcs = ["lesson_test.sh"],
            args = ["$(location %s)" % word for word in words],
            data = words,
        )
