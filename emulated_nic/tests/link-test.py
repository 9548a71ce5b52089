#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the link of a running board: what qtest, which stops the CPU, can't.

Reset and its trace, the end of either side, malformed replies, panic, the
debugger's stop, other NIC models, and real time with QEMU's own network.
"""

import json
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

from board import (
    EXIT,
    FAULT,
    FRAME,
    HELLO,
    HERE,
    MBOX,
    MESSAGE,
    MILLISECOND,
    PANIC,
    QUIT,
    RESET,
    SECOND,
    STOP,
    TX,
    WAKE,
    Board,
    build_firmware,
)

QEMU = pathlib.Path()
FOLDER = tempfile.TemporaryDirectory()
ELF = pathlib.Path()

BROADCAST = b"\xff" * 6
PEER = b"\x02\x00\x00\x00\x00\x02"
SAMPLE = BROADCAST + PEER + b"\x88\xb5" + bytes(46)


def reset(seed):
    return (0, RESET, struct.pack("<Q", seed))


def scenario(board):
    """Use everything once, from a fresh board on; the last message is unanswered."""
    _, _, now, _ = board.boot()
    board.reply(now + SECOND, (now + MILLISECOND, FRAME, SAMPLE),
                (now + MILLISECOND, MESSAGE, b"echo"))
    answers = [board.receive()]
    board.reply(answers[0][2] + SECOND)
    answers.append(board.receive())
    now = answers[1][2]
    board.reply(now + 70 * MILLISECOND, (now + 5, MESSAGE, b"Console"))
    _, _, now, _ = board.until(MBOX)
    board.reply(now + 70 * MILLISECOND)
    answers.append(board.receive())
    return [answer[0] for answer in answers]


class Reset(unittest.TestCase):
    def test_a_reset_board_is_as_a_fresh_one(self):
        with Board(QEMU, ELF, seed=9) as board:
            kinds = scenario(board)
            self.assertEqual(sorted(kinds), [TX, MBOX, WAKE])
            fresh = board.hash.hexdigest()
            for _ in range(50):
                board.reply(board.now + SECOND, reset(9))
                scenario(board)
                self.assertEqual(board.hash.hexdigest(), fresh)

    def test_the_seed_of_a_reset_is_the_next_runs(self):
        with Board(QEMU, ELF, seed=1) as board:
            scenario(board)
            first = board.hash.hexdigest()
            board.reply(board.now + SECOND, reset(2))
            scenario(board)
            second = board.hash.hexdigest()
            board.reply(board.now + SECOND, reset(1))
            scenario(board)
            self.assertNotEqual(first, second)
            self.assertEqual(board.hash.hexdigest(), first)

    def test_reset_in_any_state_gives_the_same_trace(self):
        with Board(QEMU, ELF) as board:
            scenario(board)
            fresh = board.hash.hexdigest()
            for what in (b"Panic", b"Xit", b"Hang"):
                board.reply(board.now + SECOND, (0, MESSAGE, what))
                kind, *_ = board.receive()
                self.assertEqual(kind, {b"P": PANIC, b"X": EXIT, b"H": WAKE}[what[:1]])
                # Not at once, but from the timer, while the CPU is off or hangs.
                board.reply(board.now + SECOND, (board.now + 12345, *reset(1)[1:]))
                scenario(board)
                self.assertEqual(board.hash.hexdigest(), fresh)

    def test_scheduled_events_are_forgotten(self):
        with Board(QEMU, ELF) as board:
            board.boot()
            board.reply(board.now + SECOND, reset(1), (board.now + MILLISECOND, MESSAGE, b"late"))
            board.boot()
            board.reply(board.now + SECOND)
            self.assertEqual(board.receive()[0], WAKE)


class Ends(unittest.TestCase):
    def test_quit_is_status_0(self):
        with Board(QEMU, ELF) as board:
            board.boot()
            board.reply(SECOND, (0, QUIT, b""))
            self.assertEqual(board.process.wait(5), 0)
            self.assertEqual(board.stderr(), "")

    def test_a_closed_link_ends_qemu_while_it_owes_nothing(self):
        with Board(QEMU, ELF) as board:
            board.boot()
            board.reply(board.now + SECOND)
            board.receive()
            board.link.close()
            self.assertEqual(board.process.wait(5), 1)
            self.assertEqual(board.stderr(), "")

    def test_a_closed_link_ends_qemu_while_the_guest_hangs(self):
        with Board(QEMU, ELF) as board:
            board.boot()
            # No wake-up within reach: nothing but the socket can tell it.
            board.reply(2**62, (0, MESSAGE, b"Hang"))
            board.link.close()
            self.assertEqual(board.process.wait(5), 1)

    def test_a_killed_harness_leaves_no_qemu(self):
        harness = textwrap.dedent(f"""
            import sys, time
            sys.path.insert(0, {str(HERE)!r})
            from board import Board
            board = Board({str(QEMU)!r}, {str(ELF)!r})
            board.boot()
            # A copy of the link stays open elsewhere: only the death is a sign.
            board.reply(2**62, (0, 1, b"Hang"))
            print(board.process.pid, flush=True)
            time.sleep(60)
        """)
        parent = subprocess.Popen([sys.executable, "-c", harness], stdout=subprocess.PIPE, text=True)
        pidfd = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        parent.stdout.close()
        # A pidfd is readable when its process has ended.
        ended, _, _ = select.select([pidfd], [], [], 1)
        os.close(pidfd)
        self.assertTrue(ended, "QEMU lives on, a second after its harness died")

    def test_sigterm_ends_a_hanging_board(self):
        with Board(QEMU, ELF) as board:
            board.boot()
            board.reply(2**62, (0, MESSAGE, b"Hang"))
            board.process.send_signal(signal.SIGTERM)
            self.assertEqual(board.process.wait(5), 0)


class Malformed(unittest.TestCase):
    def refuse(self, raw, reason):
        with Board(QEMU, ELF) as board:
            board.boot()
            board.link.sendall(raw)
            self.assertEqual(board.process.wait(5), 1)
            lines = board.stderr().splitlines()
            self.assertEqual(len(lines), 1, lines)
            self.assertIn("malformed reply", lines[0])
            self.assertIn(reason, lines[0])

    def event(self, kind, payload, size=None):
        body = struct.pack("<QHH", SECOND, 1, 0)
        body += struct.pack("<QBBHI", 0, kind, 0, 0, len(payload) if size is None else size)
        body += payload
        return struct.pack("<I", len(body)) + body

    def test_lengths(self):
        self.refuse(struct.pack("<IQ", 11, 0), "impossible length")
        self.refuse(struct.pack("<IQ", 2**31, 0), "impossible length")

    def test_bytes_left_over(self):
        self.refuse(struct.pack("<IQHHB", 13, SECOND, 0, 0, 0), "bytes after its last event")
        self.refuse(struct.pack("<IQHH", 12, SECOND, 0, 0) * 2, "bytes after its end")

    def test_a_cut_event(self):
        self.refuse(struct.pack("<IQHH", 12, SECOND, 1, 0), "within an event")
        self.refuse(self.event(MESSAGE, b"abc", size=4), "longer than the reply")
        self.refuse(self.event(MESSAGE, b"", size=2**32 - 1), "longer than the reply")

    def test_an_unknown_kind(self):
        self.refuse(self.event(6, b""), "unknown event")

    def test_impossible_sizes(self):
        for kind, size in ((FRAME, 0), (FRAME, 65536), (MESSAGE, 131073), (FAULT, 11),
                           (RESET, 7), (STOP, 1), (QUIT, 1)):
            with self.subTest(kind=kind, size=size):
                self.refuse(self.event(kind, bytes(size)), "impossible size")

    def test_a_wake_up_that_never_comes(self):
        self.refuse(struct.pack("<IQHH", 12, 2**64 - 1, 0, 0), "not finite")

    def test_the_largest_sizes_pass(self):
        with Board(QEMU, ELF) as board:
            board.boot()
            board.reply(board.now + SECOND, (0, FRAME, BROADCAST + bytes(65529)))
            self.assertEqual(board.receive()[0], WAKE)


class Time(unittest.TestCase):
    def test_events_happen_on_the_next_instruction_boundary(self):
        for shift in (0, 2, 3, 6):
            with self.subTest(shift=shift), Board(QEMU, ELF, shift=shift) as board:
                board.boot()
                self.assertEqual(board.hello, (1, shift, 1))
                for delay in (1, 777, 12345, 999_999, 7 * SECOND + 1):
                    due = board.now + delay
                    board.reply(due)
                    kind, _, at, _ = board.receive()
                    self.assertEqual(kind, WAKE)
                    self.assertTrue(0 <= at - due < 2**shift, (delay, at - due))

    def test_sleeping_long_costs_nothing(self):
        with Board(QEMU, ELF) as board:
            board.boot()
            board.reply(board.now + SECOND, (0, MESSAGE, b"Panic"))
            board.receive()
            started = time.monotonic()
            board.reply(10**6 * SECOND)
            self.assertEqual(board.receive()[2], 10**6 * SECOND)
            self.assertLess(time.monotonic() - started, 5)

    def test_a_debuggers_stops_do_not_move_time(self):
        def trace(disturb):
            with tempfile.TemporaryDirectory() as folder:
                path = f"{folder}/monitor"
                options = ["-chardev", f"socket,id=qmp,path={path},server=on,wait=off",
                           "-mon", "chardev=qmp,mode=control"]
                with Board(QEMU, ELF, options=options) as board, \
                        socket.socket(socket.AF_UNIX) as monitor:
                    board.boot()
                    monitor.connect(path)
                    monitor.settimeout(30)
                    lines = monitor.makefile("r")
                    for number in range(200):
                        due = board.now + 1_234_567
                        events = [(due - 700, FRAME, SAMPLE)]
                        stops = disturb and number % 10 == 0
                        if stops:
                            events.insert(0, (board.now + 5000, STOP, b""))
                        board.reply(due, *events)
                        if stops:
                            self.wait_for_the_stop(monitor, lines, first=number == 0)
                            self.ask(monitor, lines, "cont")
                        self.assertIn(board.receive()[0], (TX, WAKE))
                    lines.close()
                    return board.hash.hexdigest()
        self.assertEqual(trace(False), trace(True))

    def ask(self, monitor, lines, execute):
        """Return what a QMP command returns, past any events."""
        monitor.sendall(json.dumps({"execute": execute}).encode())
        while "return" not in (answer := json.loads(lines.readline())):
            self.assertNotIn("error", answer)
        return answer["return"]

    def wait_for_the_stop(self, monitor, lines, *, first):
        """
        A "cont" that overtook the stop it is meant for would clear the request, but
        not what QEMU has told the CPU already, which then would never run again.
        """
        if first:
            self.assertIn("QMP", json.loads(lines.readline()))
            self.ask(monitor, lines, "qmp_capabilities")
        while self.ask(monitor, lines, "query-status")["status"] != "paused":
            pass


class Wire(unittest.TestCase):
    def test_link_faults_work_with_every_nic(self):
        down, up = struct.pack("<III", 1, 1, 0), struct.pack("<III", 2, 1, 0)
        for nic in ("sockbench-eth", "lan9118"):
            # Before the firmware, which knows one of them only, has executed anything.
            with self.subTest(nic=nic), Board(QEMU, ELF, machine=f",nic={nic}") as board:
                self.assertEqual(board.receive()[0], HELLO)
                board.reply(SECOND, (0, FAULT, down), (0, FRAME, SAMPLE), (0, FAULT, up))
                board.receive()
                self.assertEqual(board.drops, [(2, FRAME)])

    def test_a_nic_of_qemus_own_works_on_the_link(self):
        with tempfile.TemporaryDirectory() as folder:
            elf = build_firmware(folder, "lan9118")
            with Board(QEMU, elf, machine=",nic=lan9118") as board:
                board.boot()
                for size in (60, 61, 777, 1514):
                    frame = (SAMPLE * 30)[:size]
                    board.reply(board.now + SECOND, (board.now + MILLISECOND, FRAME, frame))
                    kind, _, _, answer = board.receive()
                    self.assertEqual((kind, answer), (TX, frame))

    def test_a_board_without_a_nic_drops_frames(self):
        with Board(QEMU, ELF, machine=",nic=none") as board:
            self.assertEqual(board.receive()[0], HELLO)
            board.reply(SECOND, (0, FRAME, SAMPLE))
            board.receive()
            self.assertEqual(board.drops, [(4, FRAME)])


class CommandLine(unittest.TestCase):
    def refused(self, *options):
        done = subprocess.run([QEMU, "-display", "none", "-nodefaults", *options],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10,
                              check=False)
        self.assertEqual(done.returncode, 1, done)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def test_mistakes_are_told_in_one_line(self):
        link, _keep = socket.socketpair()
        os.set_inheritable(link.fileno(), True)
        self.addCleanup(link.close)
        self.addCleanup(_keep.close)
        kernel = ["-kernel", str(ELF)]
        self.assertIn("-kernel", self.refused("-M", "sockbench"))
        self.assertIn("soldered", self.refused("-M", "sockbench", "-m", "8M", *kernel))
        self.assertIn("nic=e1000", self.refused("-M", "sockbench,nic=e1000", *kernel))
        self.assertIn("not an open socket", self.refused("-M", "sockbench,link-fd=99", *kernel))

    def test_a_link_needs_the_instruction_clock(self):
        for icount in ([], ["-icount", "shift=3"], ["-icount", "shift=auto"]):
            ours, theirs = socket.socketpair()
            with self.subTest(icount=icount), ours, theirs:
                done = subprocess.run(
                    [QEMU, "-M", f"sockbench,link-fd={theirs.fileno()}", "-display", "none",
                     "-nodefaults", "-kernel", ELF, *icount], pass_fds=[theirs.fileno()],
                    capture_output=True, text=True, timeout=10, check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn("link-fd needs -icount", done.stderr)


class RealTime(unittest.TestCase):
    """Without a link the board is an ordinary machine, in real time."""

    def start(self, *options):
        """Return (QEMU, the far end of its NIC, that of its monitor as a file)."""
        wire, nic = socket.socketpair()
        control, monitor = socket.socketpair()
        self.addCleanup(wire.close)
        with nic, monitor, control:
            process = subprocess.Popen(
                [QEMU, "-M", "sockbench", "-display", "none", "-serial", "none", "-monitor", "none",
                 "-nic", f"socket,fd={nic.fileno()},model=sockbench-eth",
                 "-chardev", f"socket,id=qmp,fd={monitor.fileno()}",
                 "-mon", "chardev=qmp,mode=control", "-kernel", ELF, *options],
                pass_fds=[nic.fileno(), monitor.fileno()], stdin=subprocess.DEVNULL)
            lines = control.makefile("rw")
        self.addCleanup(lines.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, wire, lines

    def command(self, lines, execute, **arguments):
        lines.write(json.dumps({"execute": execute, "arguments": arguments}))
        lines.flush()

    def ask(self, wire):
        """Return (now, ticks) as the firmware sees them; until it listens, frames are lost."""
        wire.settimeout(0.1)
        for _ in range(100):
            wire.sendall(struct.pack(">I", len(SAMPLE)) + SAMPLE)
            try:
                answer = wire.recv(4 + 60)
            except TimeoutError:
                continue
            if answer[4:10] == PEER:
                return struct.unpack_from("<QI", answer, 4 + 20)
        self.fail("no answer")

    def test_frames_cross_an_ordinary_back_end(self):
        _, wire, _ = self.start()
        before, _ = self.ask(wire)
        after, _ = self.ask(wire)
        self.assertGreater(after, before)

    def test_the_user_mode_network_offers_a_lease(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [QEMU, "-M", "sockbench", "-display", "none", "-serial", "none", "-monitor", "none",
                 "-nic", "user,model=sockbench-eth,restrict=on,dhcpstart=10.0.2.77",
                 "-kernel", build_firmware(folder, "lease")], stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual((done.returncode, done.stderr), (77, ""))

    def test_a_board_goes_on_in_another_process(self):
        with tempfile.TemporaryDirectory() as folder:
            process, wire, control = self.start()
            now, before = self.ask(wire)
            self.command(control, "qmp_capabilities")
            self.command(control, "migrate-set-capabilities",
                         capabilities=[{"capability": "events", "state": True}])
            self.command(control, "migrate", uri=f"file:{folder}/state")
            self.assertTrue(any('"completed"' in line for line in control))
            process.kill()
            _, wire, _ = self.start("-incoming", f"file:{folder}/state")
            later, ticks = self.ask(wire)
            # Its clock, its memory, its rings and its timer went on from where they were.
            self.assertGreater(later, now)
            self.assertGreaterEqual(ticks, before)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: link-test.py QEMU [unittest options]")
    QEMU = pathlib.Path(sys.argv.pop(1)).resolve()
    ELF = build_firmware(FOLDER.name)
    unittest.main()
