"""Base class of the tests that connect to porterd: one server for each class, a source address for each client."""
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
    """Failed logins count for an address and for an account. So each client connects from its own address in
    127.0.0.0/8, and each test registers its own accounts."""

    options = ()  # of the server
    environment = None  # additional variables of the server
    _numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options, env=cls.environment)
        cls.addClassCleanup(cls.server.remove)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def tearDown(self):
        self.server.assert_healthy()

    @classmethod
    def fresh_address(cls):
        number = next(cls._numbers)
        return f"127.{1 + number // 60000}.{number // 250 % 240}.{1 + number % 250}"

    def fresh_name(self):
        return f"user {next(self._numbers)}"

    def connect(self, address=None, server=None, tls=False):
        """A new connection, with nothing sent but a TLS handshake if tls is set."""
        connection = (server or self.server).connect(address or self.fresh_address())
        self.addCleanup(lambda: connection.close())  # late bound: start_tls() replaces the socket
        return connection.start_tls() if tls else connection

    def start_access_phase(self, address=None, server=None):
        """A connection after hello and welcome."""
        client = self.connect(address, server)
        client.welcome = client.hello()
        return client

    def connect_with_access(self, address=None):
        """A connection that a server in open access has granted access."""
        client = self.start_access_phase(address)
        client.expect("granted", via="open", name="")
        return client

    def account(self, name=None, password=PASSWORD, server=None):
        """Registers an account, and closes the connection that registered it."""
        name = name or self.fresh_name()
        connection = self.connect(server=server)
        account = Account(name, password, connection.get_access("register", name, password), connection.address)
        connection.close()
        return account

    def log_in(self, account, address=None, server=None):
        """A connection with a new session of the account; `granted` is the server's message."""
        connection = self.connect(address, server)
        connection.granted = connection.get_access("login", account.name, account.password)
        return connection

    def resume(self, account, address=None, server=None):
        """A connection with the session that the account got at registration; `granted` is the server's message."""
        connection = self.connect(address, server)
        connection.granted = connection.get_access("resume", account.token)
        return connection

    def denial_code(self, kind, *values):
        """The code with which the server denies this access request."""
        client = self.start_access_phase()
        client.send(kind, *values)
        return client.expect("denied").code
