#include <stdlib.h>
#include <string.h>

#include "provision/cli/journal.h"

/* Arguments: days to keep, 1 to start afresh, then the program's path and its arguments. A run
 * of the same program at the same time has the next name (journal/resume.h). */
static const char script[] = "folder=${OCTAVO_HOME:-" OCTI_HOME "}/.cache/octavo/journal\n"
                             "mkdir -p \"$folder\" && days=$1 fresh=$2 && shift 2 || exit 1\n"
                             "find \"$folder\" -type f -mtime +$days -delete\n"
                             "key=$({ sha256sum <\"$1\"; printf '%s\\0' \"$@\"; } | sha256sum | cut -c1-32)\n"
                             "[ $fresh = 0 ] || rm -f \"$folder/$key\" \"$folder/$key\".*\n"
                             "echo \"$(stat -c %s \"$folder/$key\" 2>/dev/null || echo 0) $folder/$key\"\n";

enum { SECONDS = 30 };

oct_err cli_journal_find(const cli_session *session, const char *const *argv, bool fresh, cli_journal *out,
                         oct_error *err)
{
    size_t count = 0;
    while (argv[count])
        count++;
    char days[16];
    snprintf(days, sizeof(days), "%d", CLI_JOURNAL_DAYS);
    const char *const head[] = {"sh", "-c", script, "octavo-journal", days, fresh ? "1" : "0"};
    size_t head_count = sizeof(head) / sizeof(head[0]);
    const char **line = calloc(head_count + count + 1, sizeof(*line));
    if (!line)
        return oct_fail(err, OCT_E_NOMEM, "out of memory");
    memcpy(line, head, sizeof(head));
    memcpy(line + head_count, argv, count * sizeof(*line));

    octi_buffer answer = {0};
    int status = 0;
    unsigned long long size;
    char path[sizeof(out->path)];
    oct_err code = cli_session_ask(session, line, NULL, 0, SECONDS, &answer, NULL, &status, err);
    if (code == OCT_OK &&
        (status != 0 || !answer.data || sscanf(answer.data, "%llu %255s", &size, path) != 2)) {
        code = oct_fail(err, OCT_E_IO, "cannot keep a journal in the home of '%s'", session->cluster.name);
        oct_hint(err, "see how full it is: octavo exec df -h .; or run without: --no-journal");
    }
    if (code == OCT_OK) {
        memcpy(out->path, path, sizeof(path));
        out->size = size;
    }
    octi_buffer_deinit(&answer);
    free(line);
    return code;
}
