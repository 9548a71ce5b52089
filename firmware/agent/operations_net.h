/*
 * The agent's operations on network interfaces and its statistics.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_AGENT_OPERATIONS_NET_H
#define SOCKBENCH_AGENT_OPERATIONS_NET_H

#include "agent/request.h"

void op_net_up(const struct request *request);
void op_net_down(const struct request *request);
void op_net_info(const struct request *request);
void op_stats(const struct request *request);

#endif
