#!/usr/bin/env python3
"""What a call costs, in Tandem as a B2BUA with its media anchored, and in Kamailio as a proxy.

    benches/signalling.py [--tandem target/release/tandem] [--calls 3000] [--rate 100] [--rounds 3]

SIPp calls through each system to SIPp, with the same scenario at the same rate, turn about in one
run. CPU time is the kernel's count for all threads and processes of the system, before and after.
No RTP flows: benches/rtp_load measures that. A peer that is not installed is left out and said so.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
SCENARIOS = REPOSITORY / "sipp-scenarios"
NUMBER = "+74950000090"
EXTENSION = "1090"
# Where the demo's trunk calls from, and is trusted by address; moved to a free port.
DEMO_TRUNK_PORT = 5070
RTP_PORTS = "20000-29999"
START_LIMIT_S = 20
HOLD_MS = 500
# What happens after a call (its CDR) belongs to its cost.
SETTLE_S = 1.5
# A rate is clean if at most this share of calls failed or needed a retransmission.
CLEAN_SHARE = 0.001


def main():
    options = arguments()
    require("sipp")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ports = free_ports()
        systems = [Tandem(folder, ports, options.tandem), Kamailio(folder, ports)]
        systems = [it for it in systems if it.is_there()]
        if not systems:
            sys.exit("nothing to measure: run `make build`, or apt-get install kamailio")
        costs = measure_costs(systems, options, folder)
        rates = {it.name: clean_rate(it, options, folder) for it in systems}
        idle = {it.name: idle_call_kb(it, options, folder) for it in systems if it.anchors_calls}
    report(costs, rates, idle, options)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tandem", type=pathlib.Path, default=REPOSITORY / "target/release/tandem")
    parser.add_argument("--calls", type=int, default=3000, help="calls a round")
    parser.add_argument("--rate", type=int, default=100, help="calls a second for the CPU cost")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", default="200,400,800", help="calls a second to try")
    parser.add_argument("--idle-calls", type=int, default=1000)
    return parser.parse_args()


def measure_costs(systems, options, folder):
    """CPU ms a call of each system, one figure a round, rounds turn about."""
    costs = {it.name: [] for it in systems}
    for number in range(1, options.rounds + 1):
        for system in systems:
            with running(system, folder):
                call(system, folder, 100, options.rate)  # Warm-up: pages, caches, allocator.
                before = system.cpu_ms()
                failed = call(system, folder, options.calls, options.rate).failed
                time.sleep(SETTLE_S)
                cost = (system.cpu_ms() - before) / options.calls
            if failed:
                sys.exit(f"{system.name}: {failed} of {options.calls} calls failed at {options.rate}/s")
            costs[system.name].append(cost)
            print(f"round {number}: {system.name}: {cost:.3f} ms CPU a call", flush=True)
    return costs


def clean_rate(system, options, folder):
    """The highest of the rates that the system takes with next to no failure or retransmission."""
    best = 0
    for rate in map(int, options.rates.split(",")):
        with running(system, folder):
            result = call(system, folder, rate * 5, rate)
        bad = result.failed + result.retransmissions
        print(f"{system.name}: {rate}/s: {result.failed} failed, "
              f"{result.retransmissions} retransmissions", flush=True)
        if bad > rate * 5 * CLEAN_SHARE:
            break
        best = rate
    return best


def idle_call_kb(system, options, folder):
    """Resident memory that an answered call adds, in kB."""
    calls = options.idle_calls
    with running(system, folder):
        call(system, folder, 100, 100)
        before = system.rss_kb()
        hold_s = calls // 100 + 10
        caller = start_caller(system, folder, calls, 100, hold_s * 1000)
        time.sleep(calls / 100 + 3)  # All are up; none has ended.
        grown = system.rss_kb() - before
        if caller.wait() != 0:
            sys.exit(f"{system.name}: idle calls failed, see SIPp's screen above")
    return grown / calls


def report(costs, rates, idle, options):
    print(f"\n| system | CPU ms a call at {options.rate}/s | clean calls/s (of {options.rates}) "
          "| kB an idle answered call |\n|---|---|---|---|")
    for name, cost in costs.items():
        memory = f"{idle[name]:.1f}" if name in idle else "–"
        print(f"| {name} | {statistics.median(cost):.3f} ({min(cost):.3f}–{max(cost):.3f}) "
              f"| {rates[name]} | {memory} |")
    if len(costs) == 2:
        ours, theirs = (statistics.median(it) for it in costs.values())
        print(f"\nratio of CPU a call, Tandem : Kamailio = {ours / theirs:.2f} (goal: at most 1.00)")
    else:
        print("\nno ratio: only " + ", ".join(costs) + " was there")


class System:
    """Something that SIPp can call through."""

    anchors_calls = False
    register_scenario = "register.xml"

    def __init__(self, folder, ports):
        self.folder = folder
        self.port, self.trunk_port, self.callee_port, self.http_port = ports
        self.process = None

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_ms(self):
        """User and system time of the process and its children, all threads."""
        tick_ms = 1000 / os.sysconf("SC_CLK_TCK")
        return sum(sum(map(int, stat_fields(pid)[11:13])) for pid in self.pids()) * tick_ms

    def rss_kb(self):
        page_kb = os.sysconf("SC_PAGE_SIZE") / 1024
        return sum(int(stat_fields(pid)[21]) for pid in self.pids()) * page_kb

    def pids(self):
        """The process and its descendants."""
        pids = [self.process.pid]
        for pid in pids:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
            pids.extend(map(int, children.read_text().split()))
        return pids

    def spawn(self, command):
        log = open(self.folder / f"{self.name}.log", "ab")
        self.process = subprocess.Popen(command, cwd=REPOSITORY, stdout=log, stderr=log)


class Tandem(System):
    name = "Tandem"
    anchors_calls = True

    def __init__(self, folder, ports, binary):
        super().__init__(folder, ports)
        self.binary = binary.resolve()
        self.data = folder / "data"
        self.config = folder / "tandem.toml"

    def is_there(self):
        if self.binary.exists():
            return True
        print(f"{self.binary} is not there, so Tandem is left out: run `make build`")
        return False

    def start(self):
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir()
        subprocess.run([self.binary, "demo", "--data", self.data], cwd=REPOSITORY, check=True,
                       stdout=subprocess.DEVNULL)
        demo = (REPOSITORY / "docs/config.demo.toml").read_text()
        self.config.write_text(demo.replace(str(DEMO_TRUNK_PORT), str(self.trunk_port)))
        self.spawn([self.binary, "serve", "--config", self.config, "--data", self.data,
                    "--sip-port", str(self.port), "--http-port", str(self.http_port),
                    "--rtp-ports", RTP_PORTS, "--log-level", "warn"])
        wait_until("Tandem is ready", self.is_ready)

    def is_ready(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/readyz").status == 200
        return False


class Kamailio(System):
    name = "Kamailio"
    register_scenario = "register-trusted.xml"

    def is_there(self):
        if shutil.which("kamailio", path=SYSTEM_PATH):
            return True
        print("kamailio is not installed, so its ratio is left out: apt-get install kamailio")
        return False

    def start(self):
        self.spawn([shutil.which("kamailio", path=SYSTEM_PATH), "-f", REPOSITORY / "benches/kamailio.cfg",
                    "-DD", "-E", "-m", "256", "-A", f"SIP_PORT={self.port}",
                    "-P", self.folder / "kamailio.pid", "-Y", self.folder])
        wait_until("Kamailio is ready", lambda: answers_options(self.port))


class Result:
    """What SIPp counted."""

    def __init__(self, statistics_file):
        names, *rows = [line.split(";") for line in statistics_file.read_text().splitlines()]
        last = dict(zip(names, rows[-1]))
        self.failed = int(last["FailedCall(C)"])
        self.retransmissions = int(last["Retransmissions(C)"])


@contextlib.contextmanager
def running(system, folder):
    """The system, started afresh, with a callee registered at it."""
    system.start()
    callee = None
    try:
        subprocess.run(
            sipp(system.register_scenario, system.callee_port, system, EXTENSION, "expires", "600")
            + ["-m", "1", "-timeout", "10s", "-timeout_error"],
            cwd=folder, check=True, stdout=subprocess.DEVNULL)
        callee = subprocess.Popen(
            ["sipp", "-sf", SCENARIOS / "uas.xml", "-i", "127.0.0.1", "-p", str(system.callee_port),
             "-nostdin", "-mp", "6200"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield
    finally:
        if callee:
            callee.kill()
            callee.wait()
        system.stop()


def call(system, folder, calls, rate):
    """Plays `calls` calls at `rate` a second to their end."""
    statistics_file = folder / "statistics.csv"
    statistics_file.unlink(missing_ok=True)
    start_caller(system, folder, calls, rate, HOLD_MS,
                 ["-trace_stat", "-stf", str(statistics_file), "-fd", "1"]).wait()
    return Result(statistics_file)


def start_caller(system, folder, calls, rate, hold_ms, more=()):
    return subprocess.Popen(
        sipp("load-uac.xml", system.trunk_port, system, NUMBER, "caller", "+79160000000")
        + ["-m", str(calls), "-r", str(rate), "-l", str(calls), "-d", str(hold_ms),
           "-mp", "6000", "-timeout", f"{calls // rate + hold_ms // 1000 + 60}s", *more],
        cwd=folder, stdout=subprocess.DEVNULL)


def sipp(scenario, port, system, service, key, value):
    return ["sipp", f"127.0.0.1:{system.port}", "-sf", str(SCENARIOS / scenario),
            "-i", "127.0.0.1", "-p", str(port), "-s", service, "-key", key, value,
            "-au", service, "-ap", f"demo-{service}", "-auth_uri", f"127.0.0.1:{system.port}",
            "-nostdin"]


def free_ports():
    """Four ports of loopback that are free for UDP and TCP."""
    with contextlib.ExitStack() as held:
        ports = []
        while len(ports) < 4:
            udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            with contextlib.suppress(OSError):
                tcp.bind(("127.0.0.1", port))
                ports.append(port)
        return ports


def answers_options(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        probe.connect(("127.0.0.1", port))
        own_port = probe.getsockname()[1]
        request = (f"OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n"
                   f"Via: SIP/2.0/UDP 127.0.0.1:{own_port};branch=z9hG4bKprobe{time.monotonic_ns()}\r\n"
                   "From: <sip:probe@127.0.0.1>;tag=1\r\nTo: <sip:probe@127.0.0.1>\r\n"
                   f"Call-ID: {time.monotonic_ns()}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
                   "Content-Length: 0\r\n\r\n")
        with contextlib.suppress(OSError):
            probe.send(request.encode())
            return bool(probe.recv(2000))
    return False


def wait_until(what, condition):
    deadline = time.monotonic() + START_LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"{what}: not within {START_LIMIT_S} s")
        time.sleep(0.05)


def stat_fields(pid):
    """/proc/PID/stat after the name, which may hold spaces: field 0 is the state."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()


def require(program):
    if not shutil.which(program):
        sys.exit(f"{program} is missing: run scripts/install-debian.sh bench")


SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin"

if __name__ == "__main__":
    main()
