"""The unit porterd.service on a booted system: its state, its settings, its log."""
import re
import shutil

from support.waiting import until

PORT = 7678
DATA = "/var/lib/porter"
LOG = f"{DATA}/porterd.log"
UNIT_GUARD = 60  # seconds


class Unit:
    def __init__(self, machine):
        self.machine = machine

    def show(self, name):
        return self.machine.run(f"systemctl show --property={name} --value porterd").stdout.strip()

    def wait(self, condition, description):
        try:
            until(condition, description, UNIT_GUARD)
        except AssertionError as error:
            state = self.machine.run("systemctl status --no-pager --full --lines=15 porterd", check=False).stdout
            raise AssertionError(f"{error}\n{state}") from error

    def wait_active(self, port=PORT):
        self.wait(lambda: self.show("ActiveState") == "active" and f":{port} " in self.listeners(),
                  f"it is active and listens on port {port}")

    def listeners(self):
        return self.machine.run("ss -Hltn").stdout

    def log(self):
        log = self.machine.root / LOG[1:]
        return log.read_text(encoding="utf-8") if log.exists() else ""  # missing after a rotation

    def log_has(self, pattern, since=0):
        until(lambda: re.search(pattern, self.log()[since:], re.MULTILINE), f"{pattern} in the log", UNIT_GUARD)

    def drop_in(self, text):
        """Writes the override file of `systemctl edit porterd`; None removes it."""
        folder = self.machine.root / "etc/systemd/system/porterd.service.d"
        shutil.rmtree(folder, ignore_errors=True)
        if text:
            folder.mkdir()
            (folder / "override.conf").write_text(text)
        self.machine.run("systemctl daemon-reload")

    def settings(self, *lines):
        (self.machine.root / "etc/default/porterd").write_text("".join(line + "\n" for line in lines))
