/*
 * Handle table (agent/objects.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/objects.h"

#include "port/memory.h"
#include "port/os.h"

#define SLOT_BITS 9
_Static_assert(1u << SLOT_BITS == OBJECTS_MAX, "a handle is generation and slot");

struct object {
    uint32_t generation; /* of the present or last user; 1 for the first */
    uint32_t held;       /* calls that use it */
    bool used;
    bool dropped; /* goes with the last call that holds it */
    struct sock *sock;
    uint8_t *data; /* buffer, when sock is NULL */
    size_t bytes;
};

static struct object table[OBJECTS_MAX];
static uint32_t search_from; /* no free slot below */
static struct os_lock *lock;

void objects_init(void)
{
    lock = os_lock_new();
}

static uint32_t add(struct sock *sock, uint8_t *data, size_t bytes)
{
    uint32_t handle = 0;
    os_lock_take(lock);
    while (search_from < OBJECTS_MAX && table[search_from].used)
        search_from++;
    if (search_from < OBJECTS_MAX) {
        struct object *object = &table[search_from];
        object->generation++;
        object->held = 0;
        object->used = true;
        object->dropped = false;
        object->sock = sock;
        object->data = data;
        object->bytes = bytes;
        handle = object->generation << SLOT_BITS | search_from;
    }
    os_lock_give(lock);
    return handle;
}

/* With the lock. NULL if the handle is of no object, or of one that was dropped. */
static struct object *find(uint32_t handle)
{
    struct object *object = &table[handle % OBJECTS_MAX];
    if (!object->used || object->dropped || object->generation != handle >> SLOT_BITS)
        return NULL;
    return object;
}

/* With the lock: free the slot if nobody uses it any more, and say what is to be freed with it. */
static bool retire(struct object *object, struct object *gone)
{
    if (!object->dropped || object->held != 0)
        return false;
    *gone = *object;
    object->used = false;
    uint32_t slot = (uint32_t)(object - table);
    if (slot < search_from)
        search_from = slot;
    return true;
}

static void destroy(const struct object *gone)
{
    if (gone->sock != NULL)
        sock_release(gone->sock);
    else
        memory_release(gone->data);
}

uint32_t objects_add_socket(struct sock *sock)
{
    return add(sock, NULL, 0);
}

uint32_t objects_handle_of(struct sock *sock)
{
    uint32_t handle = 0;
    os_lock_take(lock);
    for (uint32_t slot = 0; slot < OBJECTS_MAX && handle == 0; slot++) {
        const struct object *object = &table[slot];
        if (object->used && object->sock == sock)
            handle = object->generation << SLOT_BITS | slot;
    }
    os_lock_give(lock);
    return handle;
}

uint32_t objects_add_buffer(size_t bytes, uint8_t **data)
{
    uint8_t *memory = memory_alloc(bytes != 0 ? bytes : 1);
    *data = memory;
    if (memory == NULL)
        return 0;
    uint32_t handle = add(NULL, memory, bytes);
    if (handle == 0)
        memory_release(memory);
    return handle;
}

bool objects_hold_socket(uint32_t handle, struct sock **sock)
{
    os_lock_take(lock);
    struct object *object = find(handle);
    bool found = object != NULL && object->sock != NULL;
    if (found) {
        object->held++;
        *sock = object->sock;
    }
    os_lock_give(lock);
    return found;
}

bool objects_hold_buffer(uint32_t handle, uint8_t **data, size_t *bytes)
{
    os_lock_take(lock);
    struct object *object = find(handle);
    bool found = object != NULL && object->sock == NULL;
    if (found) {
        object->held++;
        *data = object->data;
        *bytes = object->bytes;
    }
    os_lock_give(lock);
    return found;
}

void objects_let_go(uint32_t handle)
{
    struct object gone;
    os_lock_take(lock);
    struct object *object = &table[handle % OBJECTS_MAX];
    object->held--;
    bool retired = retire(object, &gone);
    os_lock_give(lock);
    if (retired)
        destroy(&gone);
}

static bool drop(uint32_t handle, bool socket)
{
    struct object gone;
    bool retired = false;
    os_lock_take(lock);
    struct object *object = find(handle);
    bool found = object != NULL && (object->sock != NULL) == socket;
    if (found) {
        object->dropped = true;
        retired = retire(object, &gone);
    }
    os_lock_give(lock);
    if (retired)
        destroy(&gone);
    return found;
}

bool objects_drop_socket(uint32_t handle)
{
    return drop(handle, true);
}

bool objects_drop_buffer(uint32_t handle)
{
    return drop(handle, false);
}
