"""The same target once more, built with a sanitizer, whatever the rest is built with."""

# gcc shows the last where it is wrong, and clang does not know it.
_QUIET = ["-Wno-unknown-warning-option", "-Wno-format-truncation"]
_COPTS = {
    "thread": ["-g", "-fsanitize=thread", "-O1"] + _QUIET,
    "address": ["-g", "-fsanitize=address", "-O1"] + _QUIET,
}

def _settings(_, attr):
    return {
        "//command_line_option:copt": _COPTS[attr.sanitizer],
        "//command_line_option:linkopt": ["-fsanitize=" + attr.sanitizer],
        "//command_line_option:features": ["-supports_start_end_lib", "-fortify_source"],
    }

_transition = transition(
    implementation = _settings,
    inputs = [],
    outputs = [
        "//command_line_option:copt",
        "//command_line_option:linkopt",
        "//command_line_option:features",
    ],
)

def _sanitized(ctx):
    return [DefaultInfo(files = depset(ctx.files.target))]

sanitized = rule(
    implementation = _sanitized,
    attrs = {
        "sanitizer": attr.string(mandatory = True, values = ["thread", "address"]),
        "target": attr.label(mandatory = True, cfg = _transition),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
