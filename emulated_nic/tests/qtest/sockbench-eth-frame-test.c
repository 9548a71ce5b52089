/*
 * QTests of sockbench-eth: address filter, checksum offload, faults.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-ring.h"

/* Frames with right checksums, computed by hand of another implementation. */
#include "sockbench-frames.h"

/* Address filter */

static uint32_t offer(const char *address)
{
    uint8_t frame[60] = { };
    uint32_t before = eth_get(A_ETH_STAT_RX_FRAMES);
    uint32_t filtered = eth_get(A_ETH_STAT_RX_FILTERED);
    uint32_t passed;

    g_assert_cmpint(sscanf(address, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &frame[0],
                           &frame[1], &frame[2], &frame[3], &frame[4],
                           &frame[5]), ==, 6);
    rx_frame_in(sizeof(frame), frame);
    passed = eth_get(A_ETH_STAT_RX_FRAMES) - before;
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_FILTERED), ==,
                     filtered + !passed);
    eth_set(A_ETH_RX_TAIL, (eth_get(A_ETH_RX_HEAD) + RING - 1) % RING);
    return passed;
}

static void test_filter_unicast(void)
{
    bench_start("");
    rings_start(0);
    g_assert_cmpuint(offer("02:00:00:00:00:01"), ==, 1);
    g_assert_cmpuint(offer("02:00:00:00:00:02"), ==, 0);
    g_assert_cmpuint(offer("00:00:00:00:00:01"), ==, 0);
    eth_set(A_ETH_MAC_LO, 0x44332212);
    eth_set(A_ETH_MAC_HI, 0x6655);
    g_assert_cmpuint(offer("12:22:33:44:55:66"), ==, 1);
    g_assert_cmpuint(offer("02:00:00:00:00:01"), ==, 0);
    eth_set(A_ETH_CTRL, eth_get(A_ETH_CTRL) | R_ETH_CTRL_PROMISC_MASK);
    g_assert_cmpuint(offer("02:00:00:00:00:01"), ==, 1);
    bench_stop();
}

static void test_filter_broadcast(void)
{
    bench_start("");
    rings_start(0);
    g_assert_cmpuint(offer("ff:ff:ff:ff:ff:ff"), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_BROADCAST), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_MULTICAST), ==, 0);
    rings_start(R_ETH_CTRL_NO_BROADCAST_MASK);
    g_assert_cmpuint(offer("ff:ff:ff:ff:ff:ff"), ==, 0);
    /* Neither "all multicast" nor the hash lets it in by the back door. */
    eth_set(A_ETH_MCAST_LO, 0xffffffff);
    eth_set(A_ETH_MCAST_HI, 0xffffffff);
    rings_start(R_ETH_CTRL_NO_BROADCAST_MASK | R_ETH_CTRL_ALLMULTI_MASK);
    g_assert_cmpuint(offer("ff:ff:ff:ff:ff:ff"), ==, 0);
    rings_start(R_ETH_CTRL_NO_BROADCAST_MASK | R_ETH_CTRL_PROMISC_MASK);
    g_assert_cmpuint(offer("ff:ff:ff:ff:ff:ff"), ==, 1);
    bench_stop();
}

/* The datasheet's two examples: bits 9 and 40. */
static void test_filter_multicast(void)
{
    bench_start("");
    rings_start(0);
    g_assert_cmpuint(offer("01:00:5e:00:00:01"), ==, 0);
    eth_set(A_ETH_MCAST_LO, ~(1u << 9));
    eth_set(A_ETH_MCAST_HI, 0xffffffff);
    g_assert_cmpuint(offer("01:00:5e:00:00:01"), ==, 0);
    eth_set(A_ETH_MCAST_LO, 1u << 9);
    eth_set(A_ETH_MCAST_HI, 0);
    g_assert_cmpuint(offer("01:00:5e:00:00:01"), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_MULTICAST), ==, 1);
    g_assert_cmphex(rx_result(0) & (SB_ETH_RX_MULTICAST | SB_ETH_RX_BROADCAST),
                    ==, SB_ETH_RX_MULTICAST);
    g_assert_cmpuint(offer("33:33:00:00:00:01"), ==, 0);
    eth_set(A_ETH_MCAST_HI, 1u << (40 - 32));
    g_assert_cmpuint(offer("33:33:00:00:00:01"), ==, 1);

    eth_set(A_ETH_MCAST_LO, 0);
    eth_set(A_ETH_MCAST_HI, 0);
    g_assert_cmpuint(offer("33:33:00:00:00:01"), ==, 0);
    rings_start(R_ETH_CTRL_ALLMULTI_MASK);
    g_assert_cmpuint(offer("33:33:00:00:00:01"), ==, 1);
    g_assert_cmpuint(offer("02:00:00:00:00:02"), ==, 0);
    bench_stop();
}

/* Checksums */

#define IP_OK  SB_ETH_RX_CSUM_IP_OK
#define IP_BAD SB_ETH_RX_CSUM_IP_BAD
#define L4_OK  SB_ETH_RX_CSUM_L4_OK
#define L4_BAD SB_ETH_RX_CSUM_L4_BAD

static uint32_t checked(const uint8_t *frame, uint32_t size)
{
    int at = eth_get(A_ETH_RX_HEAD);
    uint8_t copy[2048];

    memcpy(copy, frame, size);
    rx_frame_in(size, copy);
    eth_set(A_ETH_RX_TAIL, at);
    return rx_result(at) & (IP_OK | IP_BAD | L4_OK | L4_BAD);
}

static void test_rx_checksums(void)
{
    uint8_t frame[2048];
    int i;

    bench_start("");
    rings_start(R_ETH_CTRL_PROMISC_MASK | R_ETH_CTRL_RX_CSUM_MASK);
    for (i = 0; i < ARRAY_SIZE(sample_frames); i++) {
        const SampleFrame *f = &sample_frames[i];
        uint32_t ip = f->ip_csum ? IP_OK : 0;
        uint32_t l4 = f->l4_csum ? L4_OK : 0;
        uint32_t bad = eth_get(A_ETH_STAT_RX_CSUM_BAD);

        g_test_message("%s", f->name);
        g_assert_cmphex(checked(f->bytes, f->size), ==, ip | l4);
        g_assert_cmpuint(eth_get(A_ETH_STAT_RX_CSUM_BAD), ==, bad);
        if (f->ip_csum) {
            memcpy(frame, f->bytes, f->size);
            frame[f->ip_csum] ^= 1;
            g_assert_cmphex(checked(frame, f->size), ==, IP_BAD | l4);
            g_assert_cmpuint(eth_get(A_ETH_STAT_RX_CSUM_BAD), ==, ++bad);
        }
        if (f->l4_csum) {
            memcpy(frame, f->bytes, f->size);
            frame[f->l4_csum + 1] ^= 0x80;
            g_assert_cmphex(checked(frame, f->size), ==, ip | L4_BAD);
            g_assert_cmpuint(eth_get(A_ETH_STAT_RX_CSUM_BAD), ==, ++bad);
            /* The end of the data is covered, too. */
            memcpy(frame, f->bytes, f->size);
            frame[f->end - 1] ^= 0x10;
            g_assert_cmphex(checked(frame, f->size), ==, ip | L4_BAD);
        }
    }

    /* Nothing is reported without CTRL.RX_CSUM. */
    rings_start(R_ETH_CTRL_PROMISC_MASK);
    g_assert_cmphex(checked(sample_frames[0].bytes, sample_frames[0].size), ==,
                    0);
    bench_stop();
}

/* Lengths that disagree with the frame: there is nothing to check. */
static void test_rx_checksum_nonsense(void)
{
    const SampleFrame *f = &sample_frames[0];
    uint8_t frame[2048];
    uint32_t size;

    bench_start("");
    rings_start(R_ETH_CTRL_PROMISC_MASK | R_ETH_CTRL_RX_CSUM_MASK);
    for (size = 60; size < f->end; size++) {
        g_assert_cmphex(checked(f->bytes, size), ==, 0);
    }
    memcpy(frame, f->bytes, f->size);
    frame[14] = 0x44;
    g_assert_cmphex(checked(frame, f->size), ==, 0);
    frame[14] = 0x65;
    g_assert_cmphex(checked(frame, f->size), ==, 0);
    bench_stop();
}

static const Message *sent(const uint8_t *frame, uint32_t size,
                           uint32_t requests)
{
    uint32_t at = eth_get(A_ETH_TX_HEAD);

    memwrite(BUFFERS, frame, size);
    tx_put(at, BUFFERS, size, SB_ETH_TX_LAST | requests);
    eth_set(A_ETH_TX_TAIL, (at + 1) % RING);
    return bench_only(LINK_TX);
}

static void test_tx_checksums(void)
{
    uint8_t frame[2048];
    const Message *m;
    int i;

    bench_start("");
    rings_start(0);
    for (i = 0; i < ARRAY_SIZE(sample_frames); i++) {
        const SampleFrame *f = &sample_frames[i];

        g_test_message("%s", f->name);
        memcpy(frame, f->bytes, f->size);
        if (f->ip_csum) {
            stw_be_p(frame + f->ip_csum, 0x1234);
        }
        if (f->l4_csum) {
            stw_be_p(frame + f->l4_csum, 0x5678);
        }
        /* What nobody asked for is left alone. */
        m = sent(frame, f->size, 0);
        g_assert_cmpmem(m->data, m->size, frame, f->size);

        /* A datagram that has none may get one, others keep what they have. */
        m = sent(frame, f->size, SB_ETH_TX_CSUM_IP | SB_ETH_TX_CSUM_L4);
        if (!g_str_equal(f->name, "ipv4 udp without a checksum")) {
            g_assert_cmpmem(m->data, m->size, f->bytes, f->size);
        }

        m = sent(frame, f->size, SB_ETH_TX_CSUM_IP);
        if (f->l4_csum) {
            stw_be_p(m->data + f->l4_csum, lduw_be_p(f->bytes + f->l4_csum));
        }
        g_assert_cmpmem(m->data, m->size, f->bytes, f->size);
    }
    bench_stop();
}

/* A UDP checksum that comes out as zero is sent as all ones. */
static void test_tx_checksum_zero(void)
{
    const SampleFrame *f = &sample_frames[1];
    uint8_t frame[2048];
    uint32_t sum;
    const Message *m;

    bench_start("");
    rings_start(0);
    g_assert_cmpstr(f->name, ==, "ipv4 udp");
    memcpy(frame, f->bytes, f->size);
    /* Adding the checksum to two bytes of data makes the new one zero. */
    sum = lduw_be_p(frame + f->l4_csum) + lduw_be_p(frame + f->l4_csum + 2);
    stw_be_p(frame + f->l4_csum + 2, (sum & 0xffff) + (sum >> 16));
    m = sent(frame, f->size, SB_ETH_TX_CSUM_L4);
    g_assert_cmphex(lduw_be_p(m->data + f->l4_csum), ==, 0xffff);
    bench_stop();
}

/* Faults */

static void test_fault_lost_interrupt(void)
{
    bench_start("");
    rings_start(0);
    eth_set(A_ETH_INT_MASK, 0xff);
    bench_fault(3, 1, 0);
    rx_frame_in(60, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 2);
    g_assert_false(board_irq(SB_ETH_IRQ));
    rx_frame_in(60, NULL);
    g_assert_true(board_irq(SB_ETH_IRQ));
    eth_set(A_ETH_INT_STATUS, 0xff);

    /* Of one kind only; others pass and use nothing up. */
    bench_fault(3, 1, 0x10);
    eth_set(A_ETH_RX_TAIL, 1);
    rx_frame_in(60, NULL);
    g_assert_true(board_irq(SB_ETH_IRQ));
    eth_set(A_ETH_INT_STATUS, 0xff);
    rx_frame_in(10, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x10);
    g_assert_false(board_irq(SB_ETH_IRQ));
    /* A driver that looks by itself and clears it has recovered. */
    eth_set(A_ETH_INT_STATUS, 0x10);
    rx_frame_in(10, NULL);
    g_assert_true(board_irq(SB_ETH_IRQ));
    bench_stop();
}

static void test_fault_tx_stuck(void)
{
    bench_start("");
    rings_start(0);
    bench_fault(4, 1, 0);
    tx_put(0, BUFFERS, 60, SB_ETH_TX_LAST | SB_ETH_TX_IRQ);
    tx_put(1, BUFFERS, 60, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 1);
    eth_set(A_ETH_TX_TAIL, 2);
    bench_quiet();
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_RX_ENABLE_MASK);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    g_assert_cmpint(bench_count(), ==, 2);
    bench_forget();

    /* CTRL.RESET helps, too. */
    bench_fault(4, 1, 0);
    tx_put(2, BUFFERS, 60, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 3);
    bench_quiet();
    eth_set(A_ETH_CTRL, R_ETH_CTRL_RESET_MASK);
    rings_start(0);
    tx_put(0, BUFFERS, 60, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 1);
    bench_only(LINK_TX);
    bench_stop();
}

static void test_fault_tx_dma(void)
{
    int i;

    bench_start("");
    rings_start(0);
    bench_fault(5, 2, 0);
    for (i = 0; i < 3; i++) {
        tx_put(i, BUFFERS, 60, SB_ETH_TX_LAST);
    }
    eth_set(A_ETH_TX_TAIL, 3);
    bench_only(LINK_TX);
    g_assert_cmphex(tx_result(0), ==, SB_ETH_DONE | SB_ETH_TX_RES_ERROR);
    g_assert_cmphex(tx_result(1), ==, SB_ETH_DONE | SB_ETH_TX_RES_ERROR);
    g_assert_cmphex(tx_result(2), ==, SB_ETH_DONE);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 8);

    bench_fault(5, 1, 1);
    tx_put(3, BUFFERS, 60, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 0);
    bench_quiet();
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x48);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, R_ETH_CTRL_RX_ENABLE_MASK);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    bench_only(LINK_TX);
    bench_stop();
}

static void test_fault_rx_dma(void)
{
    bench_start("");
    rings_start(0);
    bench_fault(6, 1, 0);
    rx_frame_in(60, NULL);
    rx_frame_in(60, NULL);
    g_assert_cmphex(rx_result(0), ==, RX_WHOLE | SB_ETH_RX_RES_ERROR);
    g_assert_cmphex(rx_result(1), ==, RX_WHOLE | SB_ETH_RX_BROADCAST | 60);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_DMA), ==, 1);

    bench_fault(6, 1, 1);
    rx_frame_in(60, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS) & 0x40, ==, 0x40);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, R_ETH_CTRL_TX_ENABLE_MASK);
    bench_stop();
}

static void test_fault_rx_overrun(void)
{
    bench_start("");
    rings_start(0);
    bench_fault(7, 1, 0);
    /* A frame that is not for us does not use it up. */
    g_assert_cmpuint(offer("02:00:00:00:00:02"), ==, 0);
    rx_frame_in(60, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_NOBUF), ==, 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 4);
    g_assert_cmpuint(eth_get(A_ETH_RX_HEAD), ==, 0);
    rx_frame_in(60, NULL);
    g_assert_cmpuint(eth_get(A_ETH_RX_HEAD), ==, 1);
    bench_stop();
}

static void test_fault_checksums(void)
{
    const SampleFrame *f = &sample_frames[0];
    const Message *m;

    bench_start("");
    rings_start(R_ETH_CTRL_PROMISC_MASK | R_ETH_CTRL_RX_CSUM_MASK);
    bench_fault(8, 1, 0);
    rx_frame_in(60, NULL);
    eth_set(A_ETH_RX_TAIL, 0);
    g_assert_cmphex(checked(f->bytes, f->size), ==, IP_BAD | L4_BAD);
    g_assert_cmphex(checked(f->bytes, f->size), ==, IP_OK | L4_OK);

    bench_fault(9, 1, 0);
    m = sent(f->bytes, f->size, 0);
    g_assert_cmpmem(m->data, m->size, f->bytes, f->size);
    m = sent(f->bytes, f->size, SB_ETH_TX_CSUM_L4);
    g_assert_cmphex(lduw_be_p(m->data + f->l4_csum), !=,
                    lduw_be_p(f->bytes + f->l4_csum));
    stw_be_p(m->data + f->l4_csum, lduw_be_p(f->bytes + f->l4_csum));
    g_assert_cmpmem(m->data, m->size, f->bytes, f->size);
    m = sent(f->bytes, f->size, SB_ETH_TX_CSUM_L4);
    g_assert_cmpmem(m->data, m->size, f->bytes, f->size);
    bench_stop();
}

static void test_fault_management(void)
{
    const uint32_t start = R_ETH_MDIO_CTRL_START_MASK | 1 << 5;

    bench_start("");
    bench_fault(11, 1, 0);
    eth_set(A_ETH_MDIO_CTRL, start | 2);
    clock_step(SECOND_NS);
    g_assert_cmphex(eth_get(A_ETH_MDIO_CTRL), ==, start | 2);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_RESET_MASK);
    eth_set(A_ETH_MDIO_CTRL, start | 2);
    clock_step(2000);
    g_assert_cmphex(eth_get(A_ETH_MDIO_DATA), ==, 0x5342);

    /* The next negotiation stalls, the one after it does not. */
    bench_fault(10, 1, 0);
    bench_fault(1, 0, 0);
    bench_fault(2, 0, 0);
    clock_step(SECOND_NS);
    g_assert_cmphex(eth_get(A_ETH_STATUS) & 1, ==, 0);
    bench_fault(1, 0, 0);
    bench_fault(2, 0, 0);
    clock_step(2000000);
    g_assert_cmphex(eth_get(A_ETH_STATUS) & 1, ==, 1);
    bench_stop();
}

/* For ever, until disarmed; CTRL.RESET is no cure, a board reset is. */
static void test_fault_count(void)
{
    int i;

    bench_start("");
    rings_start(0);
    bench_fault(7, UINT32_MAX, 0);
    for (i = 0; i < 10; i++) {
        rx_frame_in(60, NULL);
    }
    eth_set(A_ETH_CTRL, R_ETH_CTRL_RESET_MASK);
    rings_start(0);
    rx_frame_in(60, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_NOBUF), ==, 1);
    bench_fault(7, 0, 0);
    rx_frame_in(60, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_NOBUF), ==, 1);

    bench_fault(7, UINT32_MAX, 0);
    bench_reset(1);
    bench_forget();
    rings_start(0);
    rx_frame_in(60, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_FRAMES), ==, 1);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sockbench/filter/unicast", test_filter_unicast);
    qtest_add_func("/sockbench/filter/broadcast", test_filter_broadcast);
    qtest_add_func("/sockbench/filter/multicast", test_filter_multicast);
    qtest_add_func("/sockbench/csum/rx", test_rx_checksums);
    qtest_add_func("/sockbench/csum/nonsense", test_rx_checksum_nonsense);
    qtest_add_func("/sockbench/csum/tx", test_tx_checksums);
    qtest_add_func("/sockbench/csum/zero", test_tx_checksum_zero);
    qtest_add_func("/sockbench/fault/lost-irq", test_fault_lost_interrupt);
    qtest_add_func("/sockbench/fault/tx-stuck", test_fault_tx_stuck);
    qtest_add_func("/sockbench/fault/tx-dma", test_fault_tx_dma);
    qtest_add_func("/sockbench/fault/rx-dma", test_fault_rx_dma);
    qtest_add_func("/sockbench/fault/rx-overrun", test_fault_rx_overrun);
    qtest_add_func("/sockbench/fault/checksums", test_fault_checksums);
    qtest_add_func("/sockbench/fault/management", test_fault_management);
    qtest_add_func("/sockbench/fault/count", test_fault_count);
    return g_test_run();
}
