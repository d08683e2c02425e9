"""porterctl as root acts as the owner of the database (docs/porterctl.md, as root)."""
import os
import pathlib
import tempfile
import unittest

from support.case import PASSWORD
from support.server import PORTERCTL, PORTERD, Server, run

OWNER = 65534


@unittest.skipUnless(os.geteuid() == 0, "only root can act for another user")
class AsRoot(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        client = self.server.connect()
        client.get_access("register", "Alice", PASSWORD)
        client.close()
        self.server.kill()  # leaves the write-ahead log
        for path in (self.server.folder, self.server.data, *self.server.data.iterdir()):
            os.chown(path, OWNER, OWNER)
        self.root_folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))

    def ctl(self, *arguments, code=0):
        done = run(PORTERCTL, *arguments, "--data-dir", self.server.data, home=self.root_folder)
        self.assertEqual(done.returncode, code, done.err)
        return done

    def test_every_file_keeps_its_owner(self):
        password = self.root_folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o600)
        backup = self.server.data / "backup.db"
        for command in (("accounts", "list"), ("accounts", "add", "Bob", "--password-file", password),
                        ("accounts", "disable", "Bob"), ("sessions", "prune"), ("db", "check"), ("db", "migrate"),
                        ("db", "backup", backup), ("db", "restore", "--yes", backup), ("accounts", "enable", "Bob")):
            self.ctl(*command)
            others = [file.name for file in self.server.data.iterdir()
                      if (file.stat().st_uid, file.stat().st_gid) != (OWNER, OWNER)]
            self.assertEqual(others, [], command)
        self.assertIn("Bob", self.ctl("accounts", "list").out)

    def test_a_backup_to_a_folder_of_root_is_rejected(self):
        said = self.ctl("db", "backup", self.root_folder / "backup.db", code=73).err
        self.assertRegex(said, r"porterctl acts as \S.*, the owner of the database: name a file that")
        self.assertEqual(list(self.root_folder.iterdir()), [])

    def test_a_backup_that_the_owner_cannot_read_is_rejected(self):
        backup = self.server.folder / "backup.db"
        self.ctl("db", "backup", backup)
        os.chown(backup, 0, 0)
        hidden = self.root_folder / "backup.db"
        hidden.write_bytes(backup.read_bytes())
        for file in (backup, hidden):
            said = self.ctl("db", "restore", "--yes", file, code=74).err
            self.assertRegex(said,
                             rf"cannot open {file}: .*Permission denied \(porterctl acts as \S.*: name a file that")

    def test_a_login_that_fails_as_the_owner_says_so(self):
        said = self.ctl("db", "move", "--yes", "--to", "postgresql://owner@db.example/porter", code=78).err
        if "built without PostgreSQL" not in said:
            self.assertRegex(said, r"porterctl acts as (\S+), the owner of the database: "
                                   r"PGPASSFILE and the files in the URL must be readable by \1\)\n")

    def test_a_database_of_root_in_the_folder_of_the_owner_is_rejected(self):
        os.chown(self.server.database, 0, 0)
        self.assertRegex(self.ctl("accounts", "list", code=78).err, r"belongs to root and its folder to \S+: chown ")

    def test_porterd_as_root_is_rejected(self):
        done = run(PORTERD, "--port", "0", "--data-dir", self.server.data, home=self.root_folder)
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.err, r"it belongs to another user: run it as that user, sudo -u \S+ porterd")


if __name__ == "__main__":
    unittest.main()
