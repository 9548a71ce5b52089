/*
 * Matching of arguments and parameters (arguments.h), by Python's rules.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/arguments.h"

#include <string.h>

const char *arguments_bind(const struct signature *signature, const struct value_args *given,
                           struct arguments *bound)
{
    memset(bound, 0, sizeof *bound);

    if (given->positional_count > signature->count)
        return "too many arguments";
    for (size_t i = 0; i < given->positional_count; i++)
        bound->by_parameter[i] = &given->positional[i];

    for (size_t i = 0; i < given->keyword_count; i++) {
        const struct value_keyword *keyword = &given->keywords[i];
        size_t parameter = 0;
        while (parameter < signature->count &&
               strcmp(keyword->name, signature->names[parameter]) != 0)
            parameter++;
        if (parameter == signature->count)
            return "unknown keyword argument";
        if (bound->by_parameter[parameter] != NULL)
            return "an argument is given twice";
        bound->by_parameter[parameter] = &keyword->value;
    }

    for (size_t i = 0; i < signature->required; i++) {
        if (bound->by_parameter[i] == NULL)
            return "a required argument is missing";
    }
    return NULL;
}

bool argument_is_integer(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_BOOL || value->kind == VALUE_BIGINT;
}

int64_t argument_integer(const struct value *value)
{
    if (value->kind == VALUE_BIGINT)
        return value->integer < 0 ? INT64_MIN : INT64_MAX;
    return value->integer;
}

bool argument_is_payload(const struct value *value)
{
    return value->kind == VALUE_BYTES || value->kind == VALUE_BUFFER || value->kind == VALUE_STR;
}
