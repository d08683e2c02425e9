"""The base of the tests that talk to a server: one server for a class, an own address for each visitor."""
import itertools
import unittest

from .server import Server

PASSWORD = "plum velvet orbit 41"
OTHER_PASSWORD = "seven quiet lanterns drift"


class Account:
    def __init__(self, name, password, granted, address):
        self.name, self.password, self.address = name, password, address
        self.token, self.session = granted.token, granted.session


class ServerCase(unittest.TestCase):
    """Failed tries are counted by address and by account, so each visitor comes from an address of its own in 127.0.0.0/8,
    and each test makes accounts of its own."""

    options = ()
    _numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options)
        cls.addClassCleanup(cls.server.remove)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        self.server.assert_well()

    @classmethod
    def fresh_address(cls):
        number = next(cls._numbers)
        return f"127.{1 + number // 60000}.{number // 250 % 240}.{1 + number % 250}"

    def visitor(self, address=None, server=None, tls=False):
        """A connection that has said nothing yet."""
        connection = (server or self.server).connect(address or self.fresh_address())
        self.addCleanup(lambda: connection.close())  # its socket then, which TLS replaces
        return connection.secure() if tls else connection

    def fresh_name(self):
        return f"visitor {next(self._numbers)}"

    def account(self, name=None, password=PASSWORD, server=None):
        """A registered account; the connection that made it is gone."""
        name = name or self.fresh_name()
        connection = self.visitor(server=server)
        account = Account(name, password, connection.enter("register", name, password), connection.address)
        connection.close()
        return account

    def logged_in(self, account, address=None, server=None):
        """A new session of the account: its connection, with what was granted in it."""
        connection = self.visitor(address, server)
        connection.granted = connection.enter("login", account.name, account.password)
        return connection

    def resumed(self, account, address=None, server=None):
        connection = self.visitor(address, server)
        connection.granted = connection.enter("resume", account.token)
        return connection
