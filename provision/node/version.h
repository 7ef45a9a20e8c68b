/* node/version.h - the release that octavo-node belongs to. */
#ifndef OCTI_NODE_VERSION_H
#define OCTI_NODE_VERSION_H

#define OCTI_NODE_VERSION "0.1.0"

#endif
