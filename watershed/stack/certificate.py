"""The certificate with which the parts of the S3 server know each other.

There is one, and whoever holds its key belongs to this stack. It has signed itself, so that no other one is trusted,
and it does not expire: a stack that stood for a year starts as any other.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from watershed.stack.home import Home, write_private

LIFETIME = timedelta(days=36_500)


class Certificate(NamedTuple):
    """Paths of two PEM files, mode 600."""

    certificate: str
    key: str


def read_certificate(home: Home) -> Certificate:
    """This stack's certificate, made at first use."""
    certificate, key = home.secret_file("s3_certificate.pem"), home.secret_file("s3_key.pem")
    if not certificate.exists():  # written last
        private = ec.generate_private_key(ec.SECP256R1())
        unencrypted = serialization.NoEncryption()
        text = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
        write_private(key, text.decode())
        write_private(certificate, sign_certificate(private).public_bytes(serialization.Encoding.PEM).decode())
    return Certificate(str(certificate), str(key))


def sign_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Good for servers and clients at 127.0.0.1, and for nothing that would have to be signed by it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "watershed")])
    now = datetime.now(UTC)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
    return builder.add_extension(usage, critical=False).sign(key, hashes.SHA256())
