"""The unit porterd of the operators' pages as a process, so that a page's commands run without systemd and packages:
stand-ins for systemctl, apt-get and sudo, which do what the pages expect of them."""
import os
import pathlib
import re
import shutil

from .server import PORTER, PORTERCTL, PORTERD

SAMPLE = pathlib.Path(__file__).resolve().parents[3] / "tools/packaging/porterd.toml"
# $MACHINE has the folders data and etc of one machine, and what this script keeps: pid, port and console.
SYSTEMCTL = r"""#!/usr/bin/env bash
set -euo pipefail
log=$MACHINE/data/porterd.log

lines() {
    local count
    count=$(grep -c "$1" "$log" 2>/dev/null) || true
    echo "${count:-0}"
}

is_running() {
    local state
    [[ -e $MACHINE/pid ]] && state=$(cut -d ' ' -f 3 "/proc/$(<"$MACHINE/pid")/stat" 2>/dev/null) && [[ $state != Z ]]
}

start() {
    ! is_running || return 0
    local before
    before=$(lines ' listening ')
    rm -f "$MACHINE/port"
    STATE_DIRECTORY=$MACHINE/data PORTERD_CONFIG=$MACHINE/etc/porterd.toml setsid porterd --no-input --strict-port \
        --port "$PORT" --port-file "$MACHINE/port" >>"$MACHINE/console" 2>&1 </dev/null &
    echo $! >"$MACHINE/pid"
    until [[ -e $MACHINE/port ]] && (($(lines ' listening ') > before)); do
        is_running || { cat "$MACHINE/console" >&2; exit 1; }
        sleep 0.1
    done
}

stop() {
    ! is_running || kill "$(<"$MACHINE/pid")"
    while is_running; do sleep 0.1; done
    rm -f "$MACHINE/pid"  # its number may be that of another process later
}

# Returns when the reload is done, as for a person who looks at the log afterwards.
reload() {
    local before
    before=$(lines 'tls_key_\(not_\)\?reloaded')
    kill -s HUP "$(<"$MACHINE/pid")"
    until (($(lines 'tls_key_\(not_\)\?reloaded') > before)); do
        is_running || exit 1
        sleep 0.1
    done
}

case "$1 $2" in
    'start porterd') start ;;
    'stop porterd') stop ;;
    'restart porterd') stop && start ;;
    'reload porterd') reload ;;
    'status porterd') is_running ;;
    'disable porterd') ;;
    *)
        echo "systemctl: what the pages do not use: $*" >&2
        exit 64
        ;;
esac
"""
# A package restarts its service.
APT_GET = """#!/bin/sh
[ "$1" = install ] && exec systemctl restart porterd
"""
SUDO = """#!/bin/sh
[ "$1" != -u ] || shift 2
exec "$@"
"""


class Machines:
    """The machines of a page: each has a data folder and a configuration of its own, and all have the same port."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, str(port)
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name, text in (("systemctl", SYSTEMCTL), ("apt-get", APT_GET), ("sudo", SUDO)):
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        self.programs = {str(pathlib.Path(program).parent) for program in (PORTERD, PORTER, PORTERCTL)}
        (folder / "backups").mkdir()
        self.use("old")

    def use(self, name):
        """The machine of the commands from now on; a new one has the folders and the configuration of the package."""
        self.machine = self.folder / name
        if not self.machine.exists():
            (self.machine / "etc").mkdir(parents=True)
            (self.machine / "data").mkdir(mode=0o700)
            shutil.copy(SAMPLE, self.machine / "etc")

    def environment(self):
        return {"MACHINE": str(self.machine), "PORT": self.port,
                "PATH": os.pathsep.join([str(self.bin), *self.programs, os.environ["PATH"]])}

    def own_paths(self, commands):
        """The commands with the paths, the owner and the port of this test."""
        for written, own in (("/var/lib/porter", self.machine / "data"), ("/etc/porter", self.machine / "etc"),
                             ("/var/backups/porter", self.folder / "backups"), (" -o porter -g porter", ""),
                             ("porter:porter", f"{os.getuid()}:{os.getgid()}")):
            commands = commands.replace(written, str(own))
        return re.sub(r"\b7678\b", self.port, commands)

    def consoles(self):
        return "".join(file.read_text() for file in self.folder.glob("*/console"))
