/*
 * FullMAC wifi NIC of the sockbench board.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * QEMU interface:
 *  + sysbus MMIO region 0: the MAC's registers and, from SB_WIFI_RADIO on, the
 *    radio's
 *  + sysbus IRQ 0: high while either half has an unmasked cause
 *  + QOM property "memory": what both DMA engines reach
 *  + QOM property "link": the air; without one nobody is on it
 *  + QOM property "seed": of what is random, where there is no link
 *  + QOM property "mac": its address
 *  + QOM child "ethernet": its MAC, a sockbench-eth without a PHY
 *  + net client "wifi0": the MAC's peer, which is nobody else's
 *  + interface TYPE_SOCKBENCH_PORT: what comes from the air
 *  + interface TYPE_SOCKBENCH_FAULTS: its fault table, and its MAC's
 */

#ifndef HW_SOCKBENCH_WIFI_H
#define HW_SOCKBENCH_WIFI_H

#include "qemu/timer.h"
#include "hw/registerfields.h"
#include "hw/sysbus.h"
#include "net/net.h"
#include "qom/object.h"
#include "regs/board.h"
#include "regs/wifi.h"
#include "sockbench-eth.h"
#include "sockbench-link.h"
#include "sockbench-wifi-authenticator.h"
#include "sockbench-wifi-ccmp.h"
#include "sockbench-wifi-eapol.h"
#include "sockbench-wifi-frames.h"
#include "sockbench-wifi-supplicant.h"

#define TYPE_SOCKBENCH_WIFI "sockbench-wifi"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchWifiState, SOCKBENCH_WIFI)

#define SOCKBENCH_WIFI_NETDEV     "wifi0"
#define SOCKBENCH_WIFI_REGS       (A_WIFI_STAT_TX_BLOCKED / 4 + 1)
#define SOCKBENCH_WIFI_COMMAND_NS (20 * SCALE_US)
#define SOCKBENCH_WIFI_VERSION    0x0100u

#define WIFI_CHANNELS        13u
#define WIFI_AP_STATIONS     8u    /* of a soft AP, associated */
#define WIFI_AP_ENTRIES      16u   /* of a soft AP, authenticated */
#define WIFI_AP_KEPT         16u   /* frames for stations that doze */
#define WIFI_BEACONS_MAX     128u  /* senders of beacons on the air */
#define WIFI_BEACON_BYTES    1024u
#define WIFI_SCAN_NETWORKS   255u  /* that one scan reports */
#define WIFI_NEVER           INT64_MAX
#define WIFI_NO_SEQUENCE     UINT32_MAX

/* A beacon interval is counted in time units (802.11-2020 3.1). */
#define WIFI_TU_NS           (1024 * (int64_t)SCALE_US)

/* A data frame with CCMP and the longest header. */
#define WIFI_FRAME_BYTES     2400u

/* Fault numbers; 3 to 9 are the MAC's. */
enum {
    WIFI_FAULT_RADIO_OFF = 1,
    WIFI_FAULT_RADIO_ON = 2,
    WIFI_FAULT_LOST_IRQ = 20,
    WIFI_FAULT_COMMAND_STUCK = 21,
    WIFI_FAULT_EVENT_LOST = 22,
    WIFI_FAULT_EVENT_DMA = 23,
    WIFI_FAULT_DIED = 24,
    WIFI_FAULT_DEAF = 25,
    WIFI_FAULTS
};

/* What the radio waits for; of those due at once the first comes first. */
typedef enum WifiTimer {
    WIFI_TIMER_COMMAND,
    WIFI_TIMER_SCAN_BEACON,  /* the next beacon a scan hears */
    WIFI_TIMER_SCAN_DWELL,
    WIFI_TIMER_PHASE,        /* AUTH, ASSOC, a step of the handshake */
    WIFI_TIMER_JOIN,         /* all of it */
    WIFI_TIMER_BEACON,       /* a beacon of our AP that has to be looked at */
    WIFI_TIMER_CHANNEL,      /* our AP moves */
    WIFI_TIMER_LOSS,         /* our AP has not been heard for too long */
    WIFI_TIMER_AP_GROUP,     /* of a soft AP: kept frames follow a beacon */
    WIFI_TIMER_AP,           /* the handshake of each of its stations */
    WIFI_TIMERS = WIFI_TIMER_AP + WIFI_AP_ENTRIES
} WifiTimer;

/* Beacons on the air, as their sender declared them. */
typedef struct WifiBeacons {
    bool used;
    uint8_t bssid[6];
    uint8_t channel;
    int8_t dbm;
    int64_t first;           /* on the virtual clock */
    int64_t since;           /* declared at; none before that is heard */
    int64_t interval;        /* ns */
    uint32_t size;
    uint8_t frame[WIFI_BEACON_BYTES];
} WifiBeacons;

/* A frame from the air; of a declared beacon its template. */
typedef struct WifiHeard {
    const uint8_t *frame;    /* without FCS */
    uint32_t size;
    WifiHeader header;
    int8_t dbm;
    int64_t at;
} WifiHeard;

/* What becomes a wifi_event; both pointers may be NULL. */
typedef struct WifiEvent {
    uint8_t type;
    uint8_t flags;
    uint16_t status;
    uint16_t reason;
    uint16_t data_bytes;
    const uint8_t *address;
    const void *data;
} WifiEvent;

typedef enum WifiScanKind {
    WIFI_SCAN_NONE,
    WIFI_SCAN_REPORT,        /* SCAN: results are events */
    WIFI_SCAN_SEARCH,        /* of a join: the station looks at them */
} WifiScanKind;

typedef struct WifiScanHeard {
    uint8_t bssid[6];
    bool named;              /* not, or no longer, hidden */
} WifiScanHeard;

typedef struct WifiScan {
    uint8_t kind;
    bool passive;
    uint8_t channel;
    uint16_t channels;
    WifiSsid ssid;           /* empty: any */
    int64_t dwell;           /* ns */
    int64_t from;            /* beacons before have been heard, or not */
    int64_t until;           /* the end of this dwell */
    uint8_t heard_count;
    WifiScanHeard heard[WIFI_SCAN_NETWORKS];
} WifiScan;

typedef struct WifiStation {
    uint8_t state;           /* WIFI_STATION_* */
    bool associated;         /* with `ap` */
    bool roaming;
    bool reassociating;      /* the new AP has been asked */
    uint8_t security;        /* of CONNECT, as what follows */
    WifiSsid ssid;
    uint8_t wanted_bssid[6]; /* or all 0 */
    bool heard_name;
    bool found;
    uint8_t attempts;
    WifiNetwork target;
    WifiNetwork ap;
    uint16_t aid;
    uint32_t last_sequence;  /* of the AP, for duplicates */

    bool away;               /* off the AP's channel; it thinks that we doze */
    bool muted;              /* the AP moves, and wants silence till then */
    uint8_t next_channel;
    bool beacon_is_new;      /* what the AP declared was not yet looked at */
    bool probing;
    uint8_t probes;
    int64_t last_heard;      /* beacon or probe response of the AP */
    int64_t listening_since; /* beacons before have been counted */

    bool power_save;
    bool polling;            /* awake for a frame that was asked for */
    bool group_awake;        /* and for those of the group */
    int64_t awake_until;     /* after sending */
} WifiStation;

/* The station's. */
typedef struct WifiKeys {
    uint8_t pmk[WIFI_PMK_BYTES];
    WifiKey pairwise;
    WifiKey group[WIFI_GROUP_KEYS];
    bool confirmed;             /* the AP has used them */
} WifiKeys;

/* Of the soft AP; its AID is its index and one. */
typedef struct WifiApStation {
    SockbenchWifiState *nic;
    bool known;              /* authenticated */
    bool associated;
    bool authorized;         /* keys are there, data may pass */
    bool dozes;
    uint8_t mac[6];
    int8_t dbm;
    uint32_t came;           /* after so many others */
    uint32_t last_sequence;  /* for duplicates */
    WifiKey key;
    WifiAuthenticator authenticator;
} WifiApStation;

/* A frame for a station that dozes. */
typedef struct WifiApKept {
    uint8_t aid;             /* or 0: for the group */
    uint32_t size;
    uint8_t ethernet[WIFI_FRAME_BYTES];
} WifiApKept;

typedef struct WifiAp {
    bool up;
    uint8_t limit;           /* of stations */
    WifiBss bss;
    int64_t first;           /* beacon, on the virtual clock */
    uint32_t came;
    uint8_t pmk[WIFI_PMK_BYTES];
    WifiKey group;
    uint8_t kept_count;
    WifiApKept kept[WIFI_AP_KEPT];
    WifiApStation stations[WIFI_AP_ENTRIES];
} WifiAp;

struct SockbenchWifiState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    MemoryRegion window;
    MemoryRegion radio;
    qemu_irq irq;
    MemoryRegion *memory;
    AddressSpace as;
    SockbenchLinkState *link;
    uint64_t seed;
    SockbenchEthState mac;
    NetClientState *nc;      /* the MAC's peer */

    uint32_t regs[SOCKBENCH_WIFI_REGS];
    QEMUTimer *timer;
    int64_t deadline[WIFI_TIMERS];
    int64_t due;             /* the one being met, or WIFI_NEVER */
    uint64_t random;         /* state of the generator */
    bool mac_irq;
    bool irq_lost;           /* until the next cause */
    bool busy;
    bool failed;             /* the NIC's processor died */
    bool radio_off;
    uint8_t channel;         /* the radio is tuned to */
    uint16_t sequence;       /* of the next frame sent */

    WifiBeacons beacons[WIFI_BEACONS_MAX];
    WifiScan scan;
    WifiStation station;
    WifiKeys keys;
    WifiSupplicant supplicant;
    WifiAp ap;

    uint32_t fault_count[WIFI_FAULTS];
    uint32_t fault_arg[WIFI_FAULTS];
};

/* sockbench-wifi.c */
void sockbench_wifi_raise(SockbenchWifiState *s, uint32_t bits);
void sockbench_wifi_set_carrier(SockbenchWifiState *s, bool up);
void sockbench_wifi_die(SockbenchWifiState *s);
void sockbench_wifi_refused(hwaddr offset, uint32_t value);
uint32_t sockbench_wifi_caps(void);

/* sockbench-wifi-time.c */
int64_t sockbench_wifi_now(SockbenchWifiState *s);
void sockbench_wifi_arm(SockbenchWifiState *s, WifiTimer which, int64_t at);
void sockbench_wifi_arm_after(SockbenchWifiState *s, WifiTimer which,
                              int64_t ns);
void sockbench_wifi_disarm(SockbenchWifiState *s, WifiTimer which);
void sockbench_wifi_disarm_all(SockbenchWifiState *s);
void sockbench_wifi_meet_deadlines(SockbenchWifiState *s);
void sockbench_wifi_time_init(SockbenchWifiState *s);
void sockbench_wifi_random_bytes(void *opaque, uint8_t *bytes, uint32_t size);
void sockbench_wifi_random_reset(SockbenchWifiState *s);

/* sockbench-wifi-vmstate.c */
extern const VMStateDescription sockbench_wifi_vmstate;

/* sockbench-wifi-command.c */
void sockbench_wifi_command_begins(SockbenchWifiState *s, uint32_t value);
void sockbench_wifi_command_ends(SockbenchWifiState *s);

/* sockbench-wifi-event.c */
void sockbench_wifi_event(SockbenchWifiState *s, const WifiEvent *event);

/* sockbench-wifi-air.c */
const uint8_t *sockbench_wifi_own(SockbenchWifiState *s);
void sockbench_wifi_send(SockbenchWifiState *s, uint8_t *frame, uint32_t size);
void sockbench_wifi_declare(SockbenchWifiState *s, uint8_t channel,
                            const uint8_t *beacon, uint32_t size,
                            int64_t first, uint32_t interval_us);
void sockbench_wifi_declare_no_more(SockbenchWifiState *s);
int64_t sockbench_wifi_beacon_next(const WifiBeacons *b, int64_t from);
int64_t sockbench_wifi_beacon_last(const WifiBeacons *b, int64_t before);
WifiBeacons *sockbench_wifi_beacons_of(SockbenchWifiState *s,
                                       const uint8_t *bssid);
void sockbench_wifi_rx_count(SockbenchWifiState *s, unsigned int counter);
bool sockbench_wifi_is_duplicate(SockbenchWifiState *s, uint32_t *last,
                                 const WifiHeader *header);
void sockbench_wifi_hear(SockbenchWifiState *s, const uint8_t *frame,
                         uint32_t size, int8_t dbm);
uint8_t sockbench_wifi_air_deliver(Object *obj, const uint8_t *data,
                                   uint32_t size);
void sockbench_wifi_tune(SockbenchWifiState *s, uint8_t channel);
void sockbench_wifi_air_set_radio(SockbenchWifiState *s, bool on);
void sockbench_wifi_air_fault_armed(SockbenchWifiState *s);
void sockbench_wifi_air_reset(SockbenchWifiState *s);

/* sockbench-wifi-scan.c */
bool sockbench_wifi_scan_reports(SockbenchWifiState *s);
bool sockbench_wifi_scan_may(SockbenchWifiState *s);
void sockbench_wifi_scan_hears(SockbenchWifiState *s,
                               const WifiNetwork *network);
void sockbench_wifi_scan_beacon_due(SockbenchWifiState *s);
void sockbench_wifi_scan_dwell_ends(SockbenchWifiState *s);
void sockbench_wifi_scan_air_changed(SockbenchWifiState *s);
void sockbench_wifi_scan(SockbenchWifiState *s, const struct wifi_scan *p);
void sockbench_wifi_scan_stop(SockbenchWifiState *s);
void sockbench_wifi_search(SockbenchWifiState *s, const WifiSsid *ssid,
                           uint8_t channel);
void sockbench_wifi_search_stop(SockbenchWifiState *s);
void sockbench_wifi_scan_reset(SockbenchWifiState *s);

/* sockbench-wifi-station.c */
uint8_t sockbench_wifi_station_state(SockbenchWifiState *s);
bool sockbench_wifi_from_our_ap(SockbenchWifiState *s, const uint8_t *sender);
void sockbench_wifi_station_enter(SockbenchWifiState *s, uint8_t state);
void sockbench_wifi_station_connected(SockbenchWifiState *s);
void sockbench_wifi_station_forget(SockbenchWifiState *s);
void sockbench_wifi_say_deauth(SockbenchWifiState *s, const WifiNetwork *ap,
                               uint16_t reason);
void sockbench_wifi_link_down(SockbenchWifiState *s, uint16_t reason,
                              uint8_t flags);
void sockbench_wifi_station_hear(SockbenchWifiState *s,
                                 const WifiHeard *heard);
void sockbench_wifi_connect(SockbenchWifiState *s,
                            const struct wifi_connect *p);
bool sockbench_wifi_may_roam(SockbenchWifiState *s);
void sockbench_wifi_roam(SockbenchWifiState *s, const uint8_t *bssid,
                         uint8_t channel);
void sockbench_wifi_disconnect(SockbenchWifiState *s, uint16_t reason);
void sockbench_wifi_get_link(SockbenchWifiState *s, struct wifi_link *r);
void sockbench_wifi_station_reset(SockbenchWifiState *s);

/* sockbench-wifi-join.c */
bool sockbench_wifi_in_handshake(const WifiStation *st);
void sockbench_wifi_join_begins(SockbenchWifiState *s, uint8_t channel);
void sockbench_wifi_search_hears(SockbenchWifiState *s,
                                 const WifiNetwork *network);
void sockbench_wifi_search_ends(SockbenchWifiState *s);
void sockbench_wifi_join_hear_auth(SockbenchWifiState *s,
                                   const WifiHeard *heard);
void sockbench_wifi_join_hear_assoc(SockbenchWifiState *s,
                                    const WifiHeard *heard);
void sockbench_wifi_phase_due(SockbenchWifiState *s);
void sockbench_wifi_join_due(SockbenchWifiState *s);
void sockbench_wifi_handshake_goes_on(SockbenchWifiState *s);
void sockbench_wifi_handshake_fails(SockbenchWifiState *s, uint16_t reason);
void sockbench_wifi_tell_join(SockbenchWifiState *s, uint16_t status,
                              uint16_t reason, uint8_t flags);
void sockbench_wifi_join_over(SockbenchWifiState *s);
void sockbench_wifi_join_fail(SockbenchWifiState *s, uint16_t status,
                              uint16_t reason, uint8_t flags);

/* sockbench-wifi-loss.c */
void sockbench_wifi_loss_settle(SockbenchWifiState *s);
void sockbench_wifi_loss_update(SockbenchWifiState *s);
void sockbench_wifi_loss_restart(SockbenchWifiState *s);
void sockbench_wifi_loss_suspend(SockbenchWifiState *s);
void sockbench_wifi_loss_forget(SockbenchWifiState *s);
void sockbench_wifi_loss_declared(SockbenchWifiState *s, const uint8_t *bssid);
void sockbench_wifi_loss_due(SockbenchWifiState *s);
void sockbench_wifi_loss_sign_of_life(SockbenchWifiState *s,
                                      const WifiHeard *heard);
void sockbench_wifi_loss_hear_network(SockbenchWifiState *s,
                                      const WifiHeard *heard);
void sockbench_wifi_loss_beacon_due(SockbenchWifiState *s);
void sockbench_wifi_loss_channel_due(SockbenchWifiState *s);
void sockbench_wifi_loss_hear_action(SockbenchWifiState *s,
                                     const WifiHeard *heard);
/* sockbench-wifi-mac.c */
NetClientState *sockbench_wifi_data_client(SockbenchWifiState *s);
void sockbench_wifi_data_flush(SockbenchWifiState *s);
void sockbench_wifi_data_purge(SockbenchWifiState *s);
void sockbench_wifi_data_to_mac(SockbenchWifiState *s, const uint8_t *ethernet,
                                uint32_t size);
void sockbench_wifi_data_hear(SockbenchWifiState *s, const WifiHeard *heard);

/* sockbench-wifi-keys.c */
void sockbench_wifi_keys_send(SockbenchWifiState *s, uint8_t *frame,
                              uint32_t size);
uint32_t sockbench_wifi_keys_open(SockbenchWifiState *s,
                                  const WifiHeard *heard, uint8_t *plain);
void sockbench_wifi_keys_hear(SockbenchWifiState *s, const uint8_t *eapol,
                              uint32_t size, bool encrypted);
bool sockbench_wifi_keys_allow(SockbenchWifiState *s, bool encrypted);
uint32_t sockbench_wifi_open(SockbenchWifiState *s, WifiKey *key,
                             const WifiHeard *heard, uint8_t *plain);
uint32_t sockbench_wifi_put_eapol(SockbenchWifiState *s, uint8_t *ethernet,
                                  const uint8_t *to, const uint8_t *eapol,
                                  uint32_t bytes);
void sockbench_wifi_eapol_ignored(SockbenchWifiState *s, const uint8_t *from,
                                  WifiEapolBad why);
void sockbench_wifi_pmk(uint8_t pmk[WIFI_PMK_BYTES], const WifiSsid *ssid,
                        uint8_t kind, const uint8_t *key, uint8_t size);
void sockbench_wifi_keys_init(SockbenchWifiState *s);
void sockbench_wifi_keys_begin(SockbenchWifiState *s);
void sockbench_wifi_keys_forget(SockbenchWifiState *s);

/* sockbench-wifi-power.c */
void sockbench_wifi_leave_home(SockbenchWifiState *s, uint8_t channel);
void sockbench_wifi_return_home(SockbenchWifiState *s);
void sockbench_wifi_send_on(SockbenchWifiState *s, uint8_t channel,
                            uint8_t *frame, uint32_t size);
void sockbench_wifi_set_power_save(SockbenchWifiState *s, bool on);
void sockbench_wifi_power_begin(SockbenchWifiState *s);
uint8_t sockbench_wifi_power_sends(SockbenchWifiState *s);
bool sockbench_wifi_power_wants(SockbenchWifiState *s, const WifiBeacons *b);
void sockbench_wifi_power_hear_beacon(SockbenchWifiState *s,
                                      const WifiHeard *heard);
bool sockbench_wifi_power_hears(SockbenchWifiState *s, const WifiHeard *heard);

/* sockbench-wifi-ap.c */
bool sockbench_wifi_ap_is_up(SockbenchWifiState *s);
void sockbench_wifi_ap_show(SockbenchWifiState *s);
void sockbench_wifi_ap_say(SockbenchWifiState *s, uint8_t *frame,
                           uint32_t size);
void sockbench_wifi_ap_send_off(SockbenchWifiState *s, const uint8_t *to,
                                uint8_t fc, uint16_t reason);
WifiApStation *sockbench_wifi_ap_station(SockbenchWifiState *s,
                                         const uint8_t *mac);
unsigned int sockbench_wifi_ap_associated(SockbenchWifiState *s);
void sockbench_wifi_ap_part(SockbenchWifiState *s, WifiApStation *station,
                            uint16_t reason);
void sockbench_wifi_ap_forget(SockbenchWifiState *s, WifiApStation *station,
                              uint16_t reason);
void sockbench_wifi_ap_dismiss(SockbenchWifiState *s, WifiApStation *station,
                               uint16_t reason);
void sockbench_wifi_ap_start(SockbenchWifiState *s, const struct wifi_ap *p);
void sockbench_wifi_ap_stop(SockbenchWifiState *s);
bool sockbench_wifi_ap_deauth(SockbenchWifiState *s, const uint8_t *mac,
                              uint16_t reason);
unsigned int sockbench_wifi_ap_stations(SockbenchWifiState *s,
                                        struct wifi_ap_station *r);
void sockbench_wifi_ap_vanish(SockbenchWifiState *s);
void sockbench_wifi_ap_reset(SockbenchWifiState *s);

/* sockbench-wifi-ap-join.c */
void sockbench_wifi_ap_handshake_due(SockbenchWifiState *s,
                                     unsigned int index);
void sockbench_wifi_ap_hear(SockbenchWifiState *s, const WifiHeard *heard);
void sockbench_wifi_ap_rebuke(SockbenchWifiState *s, const uint8_t *sender);
void sockbench_wifi_ap_init(SockbenchWifiState *s);

/* sockbench-wifi-ap-data.c */
uint32_t sockbench_wifi_ap_waiting(SockbenchWifiState *s);
void sockbench_wifi_ap_wakes(SockbenchWifiState *s, WifiApStation *station,
                             bool deliver);
void sockbench_wifi_ap_group_due(SockbenchWifiState *s);
void sockbench_wifi_ap_send(SockbenchWifiState *s, const uint8_t *ethernet,
                            uint32_t size);
void sockbench_wifi_ap_send_eapol(SockbenchWifiState *s, WifiApStation *to,
                                  const uint8_t *eapol, uint32_t bytes);
void sockbench_wifi_ap_hear_data(SockbenchWifiState *s,
                                 const WifiHeard *heard);

/* sockbench-wifi-fault.c */
bool sockbench_wifi_fault_arm(Object *obj, uint32_t fault, uint32_t count,
                              uint32_t arg);
bool sockbench_wifi_fault_takes(SockbenchWifiState *s, unsigned int fault);
bool sockbench_wifi_fault_takes_type(SockbenchWifiState *s, unsigned int fault,
                                     uint32_t type);

#endif
