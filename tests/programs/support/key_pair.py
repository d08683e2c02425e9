"""Keys and certificates for the servers of the tests, made by openssl and not by Porter's own code."""
import base64
import datetime
import hashlib
import ssl
import subprocess


class KeyPair:
    """A new key with a self-signed certificate for localhost."""

    def __init__(self, folder, name, hosts="DNS:localhost"):
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.crt"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-keyout", self.key, "-out", self.certificate, "-subj", "/CN=porter test",
                      "-addext", f"subjectAltName={hosts}")
        self.fingerprint = self.fingerprint_of(self.certificate)

    @classmethod
    def signed_by(cls, authority, folder, name, hosts="DNS:localhost", days=2, extensions=()):
        """A new key with a certificate signed by the authority, another KeyPair. Without hosts the certificate has no
        subjectAltName, and its subject is CN=localhost."""
        pair = cls.__new__(cls)
        pair.key, pair.certificate = folder / f"{name}.key", folder / f"{name}.crt"
        request, more = folder / f"{name}.csr", folder / f"{name}.ext"
        cls._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", pair.key,
                     "-out", request, "-subj", "/CN=localhost")
        lines = [f"subjectAltName={hosts}"] if hosts else ["basicConstraints=CA:FALSE"]
        more.write_text("\n".join([*lines, *extensions]) + "\n")
        cls._openssl("x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", authority.key,
                     "-CAcreateserial", *cls._validity(days), "-extfile", more, "-out", pair.certificate)
        pair.key.chmod(0o600)
        pair.fingerprint = cls.fingerprint_of(pair.certificate)
        return pair

    @classmethod
    def _validity(cls, days):
        """OpenSSL up to 3.3 makes an expired certificate by a negative number of days, later ones by two dates."""
        if days >= 0 or b"-not_after" not in cls._x509_help():
            return ["-days", days]
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        dates = (time.strftime("%Y%m%d%H%M%SZ") for time in (end - datetime.timedelta(days=1), end))
        return [word for pair in zip(("-not_before", "-not_after"), dates) for word in pair]

    @staticmethod
    def _x509_help():
        done = subprocess.run(["openssl", "x509", "-help"], check=False, capture_output=True)
        return done.stdout + done.stderr

    @staticmethod
    def _openssl(*arguments, stdin=b""):
        return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, input=stdin).stdout

    @classmethod
    def fingerprint_of(cls, certificate):
        public = cls._openssl("x509", "-in", certificate, "-noout", "-pubkey")
        encoded = cls._openssl("pkey", "-pubin", "-outform", "DER", stdin=public)
        return "SHA256:" + base64.b64encode(hashlib.sha256(encoded).digest()).decode().rstrip("=")

    def context(self, protocols=("porter/1",), newest=ssl.TLSVersion.TLSv1_3):
        """An SSLContext of a server with this key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, newest
        context.load_cert_chain(self.certificate, self.key)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context
