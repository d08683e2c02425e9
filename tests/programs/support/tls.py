"""Keys for servers of the tests, and what a client is to see of them; none of it is Porter's own code."""
import base64
import hashlib
import ssl
import subprocess


class Identity:
    """A new key with a certificate of its own for localhost, valid where somebody trusts it."""

    def __init__(self, folder, name, hosts="DNS:localhost"):
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.crt"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-keyout", self.key, "-out", self.certificate, "-subj", "/CN=porter test",
                      "-addext", f"subjectAltName={hosts}")
        public = self._openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")
        digest = base64.b64encode(hashlib.sha256(public).digest()).decode()
        self.fingerprint = "SHA256:" + digest.rstrip("=")

    @staticmethod
    def _openssl(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout

    def context(self, protocols=("porter/1",), newest=ssl.TLSVersion.TLSv1_3):
        """A server's side with this key."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version, made.maximum_version = ssl.TLSVersion.TLSv1_2, newest
        made.load_cert_chain(self.certificate, self.key)
        if protocols:
            made.set_alpn_protocols(list(protocols))
        return made
