/*
 * Which build this is.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_VERSION_H
#define SOCKBENCH_PORT_VERSION_H

/* "sockbench-fw VERSION+BUILDID": the build id is a hash of the linked contents. */
const char *version_text(void);

#endif
