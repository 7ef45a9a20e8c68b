/* cli/providers.h - the one table that knows every provider. */
#ifndef OCTI_CLI_PROVIDERS_H
#define OCTI_CLI_PROVIDERS_H

#include "provision/core/provider.h"

/* Ended by a NULL. */
extern const octi_provider_ops *const cli_providers[];

/* Opens the provider that the spec names; the caller closes it. OCT_E_INVALID, with the nearest
 * name, when there is none. */
OCT_NODISCARD oct_err cli_provider_open(const octi_spec *spec, octi_provider *out, oct_error *err);

/* Ignores one that was never opened. */
void cli_provider_close(octi_provider *provider);

#endif
