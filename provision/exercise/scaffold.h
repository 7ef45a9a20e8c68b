/* exercise/scaffold.h - a new lesson to fill in: small, whole, and it passes the teacher's check as it is. */
#ifndef OCTI_SCAFFOLD_H
#define OCTI_SCAFFOLD_H

#include "provision/exercise/files.h"

/* Makes <root>/examples/<name> from <root>/examples/template. The name is two digits, '-' and a word:
 * OCT_E_INVALID else; OCT_E_EXISTS when there is one of that number. Nothing is left when it cannot be made.
 */
OCT_NODISCARD oct_err octi_scaffold(const char *root, const char *name, char folder[OCTI_PATH],
                                    oct_error *err);

#endif
