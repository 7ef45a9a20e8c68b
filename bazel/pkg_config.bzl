"""System libraries found by pkg-config, as external repositories.

pkg_config(name, module, debian) makes @name//:lib. Include folders other than the
compiler's own are linked into the repository, because Bazel rejects a header that no
rule declares. @name//:present.bzl has PRESENT = True or False, and a target that
needs an absent library fails to compile with the package to install.
"""

def _flags(rctx, what):
    result = rctx.execute(["pkg-config", what, rctx.attr.module])
    if result.return_code != 0:
        return None
    return [f for f in result.stdout.strip().split(" ") if f]

def _header_exists(rctx, header, cflags):
    script = "printf '#include <%s>\\n' \"$1\" | { shift; ${CC:-cc} -E \"$@\" - >/dev/null 2>&1; }"
    language = "c++" if rctx.attr.cxx else "c"
    probe = rctx.execute(["sh", "-c", script, "sh", header, "-x", language] + cflags)
    return probe.return_code == 0

def _impl(rctx):
    if rctx.attr.module:
        cflags = _flags(rctx, "--cflags")
        libs = _flags(rctx, "--libs")
        present = cflags != None and libs != None
    else:
        cflags, libs = [], rctx.attr.libs
        present = True

    # A .pc file may be there without what it describes, so a header that is named is looked for too.
    if present and rctx.attr.header:
        present = _header_exists(rctx, rctx.attr.header, cflags)

    rctx.file("present.bzl", "PRESENT = %s\n" % present)
    if not present:
        rctx.file("absent.h", "#error \"%s is not installed: apt-get install %s\"\n" %
                              (rctx.attr.module or rctx.attr.header, rctx.attr.debian))
        rctx.file("absent.c", "#include \"absent.h\"\n")
        rctx.file("BUILD", """
cc_library(
    name = "lib",
    srcs = ["absent.c", "absent.h"],
    visibility = ["//visibility:public"],
)
""")
        return

    includes, defines = [], []
    for flag in cflags:
        if flag.startswith("-I"):
            folder = "include%d" % len(includes)
            rctx.symlink(flag[2:], folder)
            includes.append(folder)
        elif flag.startswith("-D"):
            defines.append(flag[2:])

    rctx.file("BUILD", """
cc_library(
    name = "lib",
    hdrs = glob({globs}, allow_empty = True),
    defines = {defines},
    includes = {includes},
    linkopts = {libs},
    visibility = ["//visibility:public"],
)
""".format(
        globs = [folder + "/**" for folder in includes],
        defines = defines,
        includes = includes,
        libs = libs,
    ))

pkg_config = repository_rule(
    implementation = _impl,
    attrs = {
        "module": attr.string(doc = "the pkg-config module, or empty"),
        "libs": attr.string_list(doc = "link flags where there is no module"),
        "header": attr.string(doc = "a header that tells whether it is there; needed where there is no module"),
        "cxx": attr.bool(doc = "the header is C++"),
        "debian": attr.string(mandatory = True, doc = "the Debian package that brings it"),
    },
    environ = ["CC", "PKG_CONFIG_PATH", "PATH"],
    local = True,
    configure = True,
)
