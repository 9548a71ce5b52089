/*
 * The sockbench board: a Cortex-M machine for testing socket firmware.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * A board of our own design, described in docs/board.md; its memory map is in
 * regs/board.h, which the firmware includes, too.
 *
 * With link-fd=N the board runs in lockstep with a harness: its NIC, console
 * and mailbox are on the link (sockbench-link.c).  Without, it is an ordinary
 * machine in real time, with -nic and -serial.
 *
 * The RAM is zero after every reset, which RAM isn't elsewhere: what a run
 * finds in memory must not depend on the runs before it.
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "exec/address-spaces.h"
#include "hw/arm/armv7m.h"
#include "hw/arm/boot.h"
#include "hw/boards.h"
#include "hw/net/lan9118.h"
#include "hw/qdev-clock.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "net/net.h"
#include "system/cpu-timers.h"
#include "system/qtest.h"
#include "system/reset.h"
#include "system/system.h"
#include "sockbench-can.h"
#include "sockbench-eth.h"
#include "sockbench-link.h"
#include "sockbench-mailbox.h"
#include "sockbench-sysctl.h"
#include "sockbench-timer.h"
#include "sockbench-wifi.h"

#define TYPE_SOCKBENCH_MACHINE MACHINE_TYPE_NAME("sockbench")
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchMachineState, SOCKBENCH_MACHINE)

/* Without icount there is no instruction clock to derive the CPU's from. */
#define REAL_TIME_CPU_HZ 125000000

/*
 * Of the CAN controller's time stamps, which nobody reads.  At QEMU's default
 * their counter wraps every 2.6 ms, and each wrap ends an idle board's sleep.
 */
#define CAN_STAMP_HZ 1

/* The addresses in lockstep.  With -nic, QEMU's rules apply to the first. */
#define ETH_MAC  "02:00:00:00:00:01"
#define WIFI_MAC "02:00:00:00:00:81"

struct SockbenchMachineState {
    /*< private >*/
    MachineState parent_obj;

    /*< public >*/
    int32_t link_fd;
    uint64_t seed;
    char *nic;
    char *mac;
    char *wifi_mac;

    Clock *cpuclk;
    ARMv7MState armv7m;
    MemoryRegion flash;
    SockbenchTimerState timer;
    SockbenchSysctlState sysctl;
    SockbenchMailboxState mailbox;
    SockbenchLinkState link;
    SockbenchEthState eth;
    SockbenchWifiState wifi;
    CanBusState *can_bus;
    XlnxVersalCANFDState can;
    SockbenchCanState can_end;
};

static bool has_link(SockbenchMachineState *s)
{
    return s->link_fd >= 0;
}

/*
 * Clear what was written to.  Through the address space, so that code that
 * was translated from RAM is forgotten; only where it matters, because this
 * is on the path of every in-place reset.  There, QEMU's dirty bitmap (the one
 * that displays use) tells; what migration brings is not in it, but a board
 * with a link can't be migrated.
 */
static void clear_ram(void *opaque)
{
    static const uint8_t zeros[4 * KiB];
    SockbenchMachineState *s = opaque;
    MemoryRegion *mr = MACHINE(s)->ram;
    const uint8_t *ram = memory_region_get_ram_ptr(mr);
    g_autofree DirtyBitmapSnapshot *written = NULL;
    hwaddr offset;

    if (has_link(s)) {
        written = memory_region_snapshot_and_clear_dirty(mr, 0, SB_RAM_BYTES,
                                                         DIRTY_MEMORY_VGA);
    }
    for (offset = 0; offset < SB_RAM_BYTES; offset += sizeof(zeros)) {
        if (written && !memory_region_snapshot_get_dirty(mr, written, offset,
                                                         sizeof(zeros))) {
            continue;
        }
        if (!buffer_is_zero(ram + offset, sizeof(zeros))) {
            address_space_write(&address_space_memory, SB_RAM_BASE + offset,
                                MEMTXATTRS_UNSPECIFIED, zeros, sizeof(zeros));
        }
    }
}

static void create_cpu(SockbenchMachineState *s)
{
    MachineState *machine = MACHINE(s);
    DeviceState *dev;

    /* Fixed, so it need not migrate. */
    s->cpuclk = clock_new(OBJECT(s), "cpuclk");
    clock_set_hz(s->cpuclk, icount_enabled() ?
                 NANOSECONDS_PER_SECOND / icount_to_ns(1) : REAL_TIME_CPU_HZ);

    object_initialize_child(OBJECT(s), "armv7m", &s->armv7m, TYPE_ARMV7M);
    dev = DEVICE(&s->armv7m);
    qdev_prop_set_uint32(dev, "num-irq", SB_NUM_IRQ);
    qdev_prop_set_string(dev, "cpu-type", machine->cpu_type);
    qdev_connect_clock_in(dev, "cpuclk", s->cpuclk);
    object_property_set_link(OBJECT(dev), "memory",
                             OBJECT(get_system_memory()), &error_abort);
    sysbus_realize(SYS_BUS_DEVICE(dev), &error_fatal);
}

static void create_memory(SockbenchMachineState *s)
{
    MachineState *machine = MACHINE(s);
    MemoryRegion *system = get_system_memory();

    if (machine->ram_size != SB_RAM_BYTES) {
        g_autofree char *size = size_to_str(SB_RAM_BYTES);

        error_report("the board's RAM is soldered: %s", size);
        exit(1);
    }
    memory_region_init_rom(&s->flash, NULL, "sockbench.flash",
                           SB_FLASH_BYTES, &error_fatal);
    memory_region_add_subregion(system, SB_FLASH_BASE, &s->flash);
    memory_region_add_subregion(system, SB_RAM_BASE, machine->ram);
    memory_region_set_log(machine->ram, has_link(s), DIRTY_MEMORY_VGA);
    qemu_register_reset(clear_ram, s);
}

static void create_link(SockbenchMachineState *s)
{
    DeviceState *dev;

    object_initialize_child(OBJECT(s), "link", &s->link, TYPE_SOCKBENCH_LINK);
    dev = DEVICE(&s->link);
    qdev_prop_set_int32(dev, "fd", s->link_fd);
    qdev_prop_set_uint64(dev, "seed", s->seed);
    sysbus_realize(SYS_BUS_DEVICE(dev), &error_fatal);
}

/* Give a device its bus and, if there is one, the link; map it. */
static void place(SockbenchMachineState *s, void *device, hwaddr base, int irq)
{
    SysBusDevice *sbd = SYS_BUS_DEVICE(device);

    if (object_property_find(device, "memory")) {
        object_property_set_link(device, "memory",
                                 OBJECT(get_system_memory()), &error_abort);
    }
    if (has_link(s) && object_property_find(device, "link")) {
        object_property_set_link(device, "link", OBJECT(&s->link),
                                 &error_abort);
    }
    sysbus_realize(sbd, &error_fatal);
    sysbus_mmio_map(sbd, 0, base);
    if (irq >= 0) {
        sysbus_connect_irq(sbd, 0,
                           qdev_get_gpio_in(DEVICE(&s->armv7m), irq));
    }
}

static void set_mac(DeviceState *dev, const char *mac)
{
    Error *err = NULL;

    if (!object_property_set_str(OBJECT(dev), "mac", mac, &err)) {
        error_report_err(err);
        exit(1);
    }
}

/* On the link, or wherever -nic says. */
static void connect_nic(SockbenchMachineState *s, DeviceState *dev)
{
    if (has_link(s)) {
        set_mac(dev, s->mac);
        qdev_prop_set_string(dev, "netdev", SOCKBENCH_LINK_NETDEV);
    } else {
        qemu_configure_nic_device(dev, true, NULL);
    }
}

static void create_nic(SockbenchMachineState *s)
{
    if (g_str_equal(s->nic, TYPE_SOCKBENCH_ETH)) {
        object_initialize_child(OBJECT(s), "eth", &s->eth, TYPE_SOCKBENCH_ETH);
        connect_nic(s, DEVICE(&s->eth));
        place(s, &s->eth, SB_ETH_BASE, SB_ETH_IRQ);
        if (has_link(s)) {
            sockbench_link_set_faults(&s->link, 0, OBJECT(&s->eth));
        }
    } else if (g_str_equal(s->nic, TYPE_LAN9118)) {
        DeviceState *dev = qdev_new(TYPE_LAN9118);

        object_property_add_child(OBJECT(s), "eth", OBJECT(dev));
        connect_nic(s, dev);
        place(s, dev, SB_LAN9118_BASE, SB_LAN9118_IRQ);
        object_unref(OBJECT(dev));
    } else if (!g_str_equal(s->nic, "none")) {
        error_report("nic=%s: the board takes " TYPE_SOCKBENCH_ETH ", "
                     TYPE_LAN9118 " or none", s->nic);
        exit(1);
    }
}

/* Always there; without a link nobody is on the air. */
static void create_wifi(SockbenchMachineState *s)
{
    DeviceState *dev;

    object_initialize_child(OBJECT(s), "wifi", &s->wifi, TYPE_SOCKBENCH_WIFI);
    dev = DEVICE(&s->wifi);
    set_mac(dev, s->wifi_mac);
    qdev_prop_set_uint64(dev, "seed", s->seed);
    place(s, dev, SB_WIFI_BASE, SB_WIFI_IRQ);
}

static void create_can(SockbenchMachineState *s)
{
    DeviceState *dev;

    s->can_bus = CAN_BUS(object_new(TYPE_CAN_BUS));
    object_property_add_child(OBJECT(s), "can-bus", OBJECT(s->can_bus));
    object_unref(OBJECT(s->can_bus));

    object_initialize_child(OBJECT(s), "can", &s->can, TYPE_XILINX_CANFD);
    dev = DEVICE(&s->can);
    qdev_prop_set_uint32(dev, "ext_clk_freq", CAN_STAMP_HZ);
    object_property_set_link(OBJECT(dev), "canfdbus", OBJECT(s->can_bus),
                             &error_abort);
    place(s, dev, SB_CAN_BASE, SB_CAN_IRQ);

    object_initialize_child(OBJECT(s), "can-end", &s->can_end,
                            TYPE_SOCKBENCH_CAN);
    dev = DEVICE(&s->can_end);
    object_property_set_link(OBJECT(dev), "bus", OBJECT(s->can_bus),
                             &error_abort);
    object_property_set_link(OBJECT(dev), "controller", OBJECT(&s->can),
                             &error_abort);
    if (has_link(s)) {
        object_property_set_link(OBJECT(dev), "link", OBJECT(&s->link),
                                 &error_abort);
    }
    sysbus_realize(SYS_BUS_DEVICE(dev), &error_fatal);
}

static void create_small_devices(SockbenchMachineState *s)
{
    DeviceState *dev;

    object_initialize_child(OBJECT(s), "timer", &s->timer,
                            TYPE_SOCKBENCH_TIMER);
    place(s, &s->timer, SB_TIMER_BASE, SB_TIMER_IRQ);

    object_initialize_child(OBJECT(s), "sysctl", &s->sysctl,
                            TYPE_SOCKBENCH_SYSCTL);
    dev = DEVICE(&s->sysctl);
    qdev_prop_set_uint64(dev, "seed", s->seed);
    if (!has_link(s)) {
        qdev_prop_set_chr(dev, "chardev", serial_hd(0));
    }
    qdev_connect_clock_in(dev, "cpuclk", s->cpuclk);
    place(s, &s->sysctl, SB_SYSCTL_BASE, -1);

    object_initialize_child(OBJECT(s), "mailbox", &s->mailbox,
                            TYPE_SOCKBENCH_MAILBOX);
    place(s, &s->mailbox, SB_MAILBOX_BASE, SB_MAILBOX_IRQ);
}

static void sockbench_init(MachineState *machine)
{
    SockbenchMachineState *s = SOCKBENCH_MACHINE(machine);

    if (!machine->kernel_filename && !qtest_enabled()) {
        error_report("the board needs firmware: -kernel FILE.elf");
        exit(1);
    }
    create_memory(s);
    create_cpu(s);
    if (has_link(s)) {
        create_link(s);
    }
    create_small_devices(s);
    create_nic(s);
    create_wifi(s);
    create_can(s);
    armv7m_load_kernel(s->armv7m.cpu, machine->kernel_filename, SB_FLASH_BASE,
                       SB_FLASH_BYTES);
}

/* Properties */

static void get_link_fd(Object *obj, Visitor *v, const char *name,
                        void *opaque, Error **errp)
{
    visit_type_int32(v, name, &SOCKBENCH_MACHINE(obj)->link_fd, errp);
}

static void set_link_fd(Object *obj, Visitor *v, const char *name,
                        void *opaque, Error **errp)
{
    visit_type_int32(v, name, &SOCKBENCH_MACHINE(obj)->link_fd, errp);
}

static void get_seed(Object *obj, Visitor *v, const char *name, void *opaque,
                     Error **errp)
{
    visit_type_uint64(v, name, &SOCKBENCH_MACHINE(obj)->seed, errp);
}

static void set_seed(Object *obj, Visitor *v, const char *name, void *opaque,
                     Error **errp)
{
    visit_type_uint64(v, name, &SOCKBENCH_MACHINE(obj)->seed, errp);
}

static char *get_nic(Object *obj, Error **errp)
{
    return g_strdup(SOCKBENCH_MACHINE(obj)->nic);
}

static void set_nic(Object *obj, const char *value, Error **errp)
{
    SockbenchMachineState *s = SOCKBENCH_MACHINE(obj);

    g_free(s->nic);
    s->nic = g_strdup(value);
}

static char *get_mac(Object *obj, Error **errp)
{
    return g_strdup(SOCKBENCH_MACHINE(obj)->mac);
}

static void set_mac_property(Object *obj, const char *value, Error **errp)
{
    SockbenchMachineState *s = SOCKBENCH_MACHINE(obj);

    g_free(s->mac);
    s->mac = g_strdup(value);
}

static char *get_wifi_mac(Object *obj, Error **errp)
{
    return g_strdup(SOCKBENCH_MACHINE(obj)->wifi_mac);
}

static void set_wifi_mac(Object *obj, const char *value, Error **errp)
{
    SockbenchMachineState *s = SOCKBENCH_MACHINE(obj);

    g_free(s->wifi_mac);
    s->wifi_mac = g_strdup(value);
}

static void sockbench_instance_init(Object *obj)
{
    SockbenchMachineState *s = SOCKBENCH_MACHINE(obj);

    s->link_fd = -1;
    s->nic = g_strdup(TYPE_SOCKBENCH_ETH);
    s->mac = g_strdup(ETH_MAC);
    s->wifi_mac = g_strdup(WIFI_MAC);
}

static void sockbench_finalize(Object *obj)
{
    SockbenchMachineState *s = SOCKBENCH_MACHINE(obj);

    g_free(s->nic);
    g_free(s->mac);
    g_free(s->wifi_mac);
}

static void sockbench_class_init(ObjectClass *oc, void *data)
{
    static const char * const valid_cpu_types[] = {
        ARM_CPU_TYPE_NAME("cortex-m3"),
        ARM_CPU_TYPE_NAME("cortex-m4"),
        ARM_CPU_TYPE_NAME("cortex-m7"),
        NULL
    };
    MachineClass *mc = MACHINE_CLASS(oc);

    mc->desc = "sockbench board for socket firmware (Cortex-M4)";
    mc->init = sockbench_init;
    mc->max_cpus = 1;
    mc->default_cpu_type = ARM_CPU_TYPE_NAME("cortex-m4");
    mc->valid_cpu_types = valid_cpu_types;
    mc->default_ram_size = SB_RAM_BYTES;
    mc->default_ram_id = "sockbench.ram";
    mc->default_nic = TYPE_SOCKBENCH_ETH;
    mc->no_parallel = 1;
    mc->no_floppy = 1;
    mc->no_cdrom = 1;

    object_class_property_add(oc, "link-fd", "int32", get_link_fd, set_link_fd,
                              NULL, NULL);
    object_class_property_set_description(oc, "link-fd",
        "Connected stream socket of the harness (lockstep)");
    object_class_property_add(oc, "seed", "uint64", get_seed, set_seed, NULL,
                              NULL);
    object_class_property_set_description(oc, "seed",
        "What everything random on the board is derived from");
    object_class_property_add_str(oc, "nic", get_nic, set_nic);
    object_class_property_set_description(oc, "nic",
        "Ethernet controller: sockbench-eth (default), lan9118 or none");
    object_class_property_add_str(oc, "mac", get_mac, set_mac_property);
    object_class_property_set_description(oc, "mac",
        "Address of the Ethernet controller on a link");
    object_class_property_add_str(oc, "wifi-mac", get_wifi_mac, set_wifi_mac);
    object_class_property_set_description(oc, "wifi-mac",
        "Address of the wifi NIC");
}

static const TypeInfo sockbench_types[] = {
    {
        .name = TYPE_SOCKBENCH_MACHINE,
        .parent = TYPE_MACHINE,
        .instance_size = sizeof(SockbenchMachineState),
        .instance_init = sockbench_instance_init,
        .instance_finalize = sockbench_finalize,
        .class_init = sockbench_class_init,
    },
};

DEFINE_TYPES(sockbench_types)
