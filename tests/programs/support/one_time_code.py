"""One-time codes of RFC 6238, from the otpauth:// URI of porterd, as an authenticator makes them."""
import base64
import hashlib
import hmac
import time
import urllib.parse

STEP = 30


def secret_of(uri):
    """The secret in base32."""
    return urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)["secret"][0]


def one_time_code(uri, step=0):
    """The code of now, or of a step before or after it."""
    counter = int(time.time()) // STEP + step
    digest = hmac.digest(base64.b32decode(secret_of(uri)), counter.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset:offset + 4], 'big') & 0x7fffffff) % 10 ** 6:06}"
