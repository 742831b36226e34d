"""A directory server of the tests' own (OpenLDAP), on loopback ports, ended by its process id."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.mariadb import free_port

BASE = "dc=example,dc=org"
SEARCHER, SEARCHER_PASSWORD = f"cn=searcher,{BASE}", "search-secret"

_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
maxsize 16777216
suffix "{base}"
rootdn "cn=manager,{base}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{searcher}" read by * none
"""

_ENTRIES = """
dn: {base}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {searcher}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: searcher
userPassword: {secret}

dn: ou=sales,{base}
objectClass: organizationalUnit
ou: sales

dn: ou=shipping,{base}
objectClass: organizationalUnit
ou: shipping
{people}
dn: cn=cloud,{base}
objectClass: groupOfUniqueNames
cn: cloud
uniqueMember: uid=anna,ou=sales,{base}
uniqueMember: uid=bert,ou=shipping,{base}
"""

_PERSON = """
dn: uid={uid},ou={unit},{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {first} {last}
givenName: {first}
sn: {last}
mail: {uid}@example.org
userPassword: {uid}'s secret
"""

PEOPLE = (("anna", "sales", "Anna", "Alt"), ("bert", "shipping", "Bert", "Baum"), ("carl", "sales", "Carl", "Croy"),
          ("odd)(uid=*", "sales", "Odd", "One"))


@dataclass(frozen=True)
class Directory:
    """A running server: ``port`` speaks LDAP and StartTLS, ``tls_port`` TLS from the first byte."""

    port: int
    tls_port: int
    ca_file: str


@contextmanager
def server(folder: Path) -> Iterator[Directory]:
    """Runs a server with its data in the folder."""
    (folder / "data").mkdir(mode=0o700)
    _certificates(folder)
    config, entries = folder / "slapd.conf", folder / "entries.ldif"
    config.write_text(_CONFIG.format(folder=folder, base=BASE, searcher=SEARCHER))
    people = "".join(_PERSON.format(uid=uid, unit=unit, first=first, last=last, base=BASE)
                     for uid, unit, first, last in PEOPLE)
    entries.write_text(_ENTRIES.format(base=BASE, searcher=SEARCHER, secret=SEARCHER_PASSWORD, people=people))
    binary = folder / "slapd"  # under its own path, distributions confine it to its own folders
    shutil.copy(shutil.which("slapd") or "/usr/sbin/slapd", binary)
    load = folder / "slapadd"
    load.symlink_to(binary)
    subprocess.run([load, "-f", config, "-l", entries], check=True, capture_output=True, timeout=60)
    port, tls_port = free_port(), free_port()
    with (folder / "slapd.log").open("wb") as log:
        process = subprocess.Popen(
            [binary, "-d", "0", "-f", config, "-h", f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"],
            stdout=log, stderr=log)
    try:
        _wait_for(port)
        yield Directory(port, tls_port, str(folder / "ca.pem"))
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(port: int) -> None:
    limit = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
        else:
            return


def _certificates(folder: Path) -> None:
    """An authority, and a certificate of localhost signed by it."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The tests' authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    present = dt.datetime.now(dt.UTC)

    def made(name: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool) -> bytes:
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(authority).public_key(public)
            .serial_number(x509.random_serial_number()).not_valid_before(present - dt.timedelta(hours=1))
            .not_valid_after(present + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
                           critical=False)
        )
        if ca:
            builder = builder.add_extension(x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False),
                critical=True)
        else:
            names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    (folder / "ca.pem").write_bytes(made(authority, authority_key.public_key(), ca=True))
    (folder / "server.pem").write_bytes(made(subject, key.public_key(), ca=False))
    (folder / "server.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
