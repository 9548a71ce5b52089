/*
 * The test agent: takes requests from the harness, runs them on named worker
 * threads, answers (docs/agent-protocol.md).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_AGENT_AGENT_H
#define SOCKBENCH_AGENT_AGENT_H

#define AGENT_PROTOCOL_VERSION 1
#define AGENT_THREADS_MAX 16

/*
 * Start the agent; once, before the scheduler runs. `firmware` names this
 * firmware in the ready event and must live for ever.
 */
void agent_start(const char *firmware);

#endif
