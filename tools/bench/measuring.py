"""Shared by the benchmarks: programs of a release side by side, measured alternately."""
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "build/release/bin"
SERVER_CPU, LOAD_CPU = "0", "1"
START_GUARD = 30  # seconds


def build(*more):
    targets = ["program_porterd", "program_porter-bench", "raw_echo", "naive_echo", *more]
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", *targets], cwd=ROOT, check=True,
                   stdout=sys.stderr)


class Server:
    """A server on its CPU, until the end of the with block. The last argument of its command is the port file."""

    def __init__(self, name, folder, *command, cpus=SERVER_CPU):
        self.name, self.folder, self.port_file = name, folder, folder / f"{name.replace(' ', '-')}-port"
        self.command = ["taskset", "-c", cpus, *map(str, command), str(self.port_file)]
        if not pathlib.Path(command[0]).exists():
            sys.exit(f"{command[0]} is missing: run this without --no-build")

    def __enter__(self):
        begun = time.monotonic()
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        while not (self.port_file.exists() and self.port_file.read_text().endswith("\n")):
            if self.process.poll() is not None or time.monotonic() > begun + START_GUARD:
                self.__exit__()
                sys.exit(f"{self.name} does not listen")
            time.sleep(0.005)
        self.start_up = time.monotonic() - begun
        self.port = int(self.port_file.read_text())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.port_file.unlink(missing_ok=True)


def porterd(folder, *options, name="porterd", program=PROGRAMS / "porterd", access="open", threads=1, data=None,
            cpus=SERVER_CPU):
    """A porterd with a data folder of its own, without limits for one address, because the load has one address."""
    return Server(name, folder, program, "--no-input", "--port", 0, "--access", access,
                  "--threads", threads, "--max-connections-per-address", 0, "--max-registrations-per-address", 0,
                  *options, "--data-dir", data or folder / f"{name}-data",
                  "--port-file", cpus=cpus)


def raw_echo(folder, threads=1, cpus=SERVER_CPU):
    return Server("raw_echo", folder, PROGRAMS / "raw_echo", "--threads", threads, cpus=cpus)


def measure(server, mode, *options):
    """One measurement by porter-bench, from its --json. Ends the program if there were errors."""
    command = ["taskset", "-c", LOAD_CPU, PROGRAMS / "porter-bench", mode, "127.0.0.1", server.port, *options,
               "--server-pid", server.process.pid, "--json"]
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"a measurement of {server.name} failed, see above: there is no table without it")
    return json.loads(done.stdout)["runs"][0]


def alternating(rounds, names):
    """The order of each round. It alternates, so that a machine that gets slower or faster favours none of them."""
    return [names if round_ % 2 == 0 else names[::-1] for round_ in range(rounds)]


def summary(values, form="{:.2f}"):
    """The median; of several values also the least and the greatest."""
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))} to {form.format(max(values))})"


def progress(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr)


def require_two_cpus():
    """Ends the program if it may not use two CPUs."""
    if len(os.sched_getaffinity(0) & {int(SERVER_CPU), int(LOAD_CPU)}) < 2:
        sys.exit("needs the CPUs 0 and 1, one for the server and one for the load")


def conditions(was_built):
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=False).stdout.strip() or "unknown"
    build = f"commit {commit}" if was_built else "build/release as it was found"
    return f"{datetime.date.today()}, {build}, {os.cpu_count()} CPUs, Linux {os.uname().release}"
