/* core/version.h - which release this is; a build may set it. */
#ifndef OCTI_VERSION_H
#define OCTI_VERSION_H

#ifndef OCTI_VERSION
#define OCTI_VERSION "dev"
#endif

#endif
