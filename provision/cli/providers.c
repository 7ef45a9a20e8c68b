#include <string.h>

#include "provision/cli/providers.h"
#include "provision/cli/suggest.h"
#include "provision/docker/docker.h"
#include "provision/kubernetes/kubernetes.h"
#include "provision/slurm/slurm.h"

const octi_provider_ops *const cli_providers[] = {&octi_docker_ops, &octi_kube_ops, &octi_slurm_ops, NULL};

static oct_err unknown(const char *name, oct_error *err)
{
    const char *names[sizeof(cli_providers) / sizeof(cli_providers[0])];
    size_t count = 0;
    for (; cli_providers[count]; count++)
        names[count] = cli_providers[count]->name;
    oct_fail(err, OCT_E_INVALID, "there is no provider '%s'", name);
    const char *nearest = cli_nearest(name, names, count);
    return oct_hint(err, nearest ? "did you mean '--on %s'?" : "use '--on %s'", nearest ? nearest : names[0]);
}

oct_err cli_provider_open(const octi_spec *spec, octi_provider *out, oct_error *err)
{
    for (size_t i = 0; cli_providers[i]; i++) {
        if (strcmp(cli_providers[i]->name, spec->provider) != 0)
            continue;
        octi_provider opened = {.ops = cli_providers[i]};
        oct_err code = opened.ops->open(&opened.self, spec, err);
        if (code == OCT_OK)
            *out = opened;
        return code;
    }
    return unknown(spec->provider, err);
}

void cli_provider_close(octi_provider *provider)
{
    if (provider->self)
        provider->ops->close(provider->self);
    *provider = (octi_provider){0};
}
