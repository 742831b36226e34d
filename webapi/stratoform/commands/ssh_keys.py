"""SSH key pairs: the public halves that machines are given."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_public_key,
)
from sqlalchemy import ColumnElement

from stratoform.model.compute import SshKeyPair

from .frame.answer import One
from .frame.base import EVERYONE
from .frame.owned import OwnedList, Owner
from .frame.params import Raw, Text, refuse
from .views.offerings import NEW_SSH_KEY_PAIR, SSH_KEY_PAIR, SSH_KEY_PAIRS

KINDS: Final = (
    "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
)
SMALLEST_RSA: Final = 1024
"""Bits; OpenSSH itself refuses smaller ones (sshd_config(5), RequiredRSASize)."""
NEW_RSA: Final = 2048
"""Bits of keys made here. RSA in PEM, as the reference makes them: clients decrypt passwords with it."""


def public_key(text: str) -> str:
    """The key on one line, checked: kind, base64 text, comment.

    Raises:
        ApiError: it is no public key, a private one, several, or of a kind or size not taken.
    """
    if "PRIVATE KEY" in text:
        raise refuse("publickey", "this is a private key; give the public one (.pub), and replace this pair: it was "
                                  "sent to a place where it does not belong")
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        raise refuse("publickey", f"it takes one key on one line, this has {len(lines)} lines")
    kind, _, rest = lines[0].strip().partition(" ")
    blob, _, comment = rest.strip().partition(" ")
    if kind not in KINDS:
        raise refuse("publickey", f"it must begin with one of {', '.join(KINDS)}")
    try:
        key = load_ssh_public_key(f"{kind} {blob}".encode("ascii"))
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise refuse("publickey", f"what follows {kind} is no such key") from None
    if isinstance(key, RSAPublicKey) and key.key_size < SMALLEST_RSA:
        raise refuse("publickey", f"an RSA key of {key.key_size} bits is too weak; at least {SMALLEST_RSA} are needed")
    comment = "".join(c for c in comment.strip() if c.isprintable())
    return f"{kind} {blob} {comment}".strip()


def fingerprint(key: str) -> str:
    """MD5 of the key's blob in hexadecimal pairs joined by colons (RFC 4716, section 4)."""
    digest = hashlib.md5(base64.b64decode(key.split()[1]), usedforsecurity=False).hexdigest()
    return ":".join(digest[at:at + 2] for at in range(0, len(digest), 2))


class _NewKeyPair(Owner):
    """What both commands that add a key pair do."""

    def added(self, name: str, key: str) -> SshKeyPair:
        """The pair, recorded for its owner.

        Raises:
            ApiError: the owner has a pair of that name.
        """
        owner = self.owner()
        if self.context.live(SshKeyPair, SshKeyPair.account_id == owner.id, SshKeyPair.name == name) is not None:
            raise refuse("name", f"a key pair named '{name}' exists already")
        pair = SshKeyPair(name=name, account_id=owner.id, domain_id=owner.domain_id, public_key=key,
                          fingerprint=fingerprint(key))
        self.session.add(pair)
        return pair


class RegisterSSHKeyPair(_NewKeyPair, roles=EVERYONE, event="REGISTER.SSH.KEYPAIR", view=SSH_KEY_PAIR):
    """Registers the public key of a pair made elsewhere."""

    name_ = Text("Name of the pair; unique in its account.").required
    publickey = Raw("The public key in OpenSSH's form: kind, base64 text, comment.", length=5120).required

    def run(self) -> SshKeyPair:
        """See Command.run."""
        return self.added(self.name_, public_key(self.publickey))


class CreateSSHKeyPair(_NewKeyPair, roles=EVERYONE, event="REGISTER.SSH.KEYPAIR", view=NEW_SSH_KEY_PAIR):
    """Makes a key pair, keeps its public key and shows the private one this once."""

    name_ = Text("Name of the pair; unique in its account.").required

    def run(self) -> One:
        """See Command.run."""
        private = generate_private_key(public_exponent=65537, key_size=NEW_RSA)
        public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        pair = self.added(self.name_, public)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
        return One(NEW_SSH_KEY_PAIR.key, {"privatekey": pem, "name": pair.name, "fingerprint": pair.fingerprint})


class ListSSHKeyPairs(OwnedList, roles=EVERYONE, view=SSH_KEY_PAIRS):
    """Lists key pairs."""

    keyword_columns = (SshKeyPair.name, SshKeyPair.fingerprint)

    name_ = Text("Only the pair of this name.")
    fingerprint = Text("Only the pair of this fingerprint.")

    def conditions(self) -> list[ColumnElement[bool]]:
        """See ListCommand.conditions."""
        filters = {"name": SshKeyPair.name, "fingerprint": SshKeyPair.fingerprint}
        return [SshKeyPair.removed.is_(None), *self.owned_conditions(SshKeyPair), *self.matching(filters)]


class DeleteSSHKeyPair(Owner, roles=EVERYONE):
    """Deletes a key pair; machines that have its key keep it."""

    name_ = Text("Name of the pair.").required

    def run(self) -> None:
        """See Command.run."""
        owner = self.owner()
        pair = self.context.live(SshKeyPair, SshKeyPair.account_id == owner.id, SshKeyPair.name == self.name_)
        if pair is None:
            raise refuse("name", f"account '{owner.name}' has no key pair named '{self.name_}'")
        self.session.delete(pair)  # the name is free again; nothing refers to the row

