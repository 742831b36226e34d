"""SSH key pairs."""

from __future__ import annotations

import hashlib
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from tests.conftest import Service
from tests.support.client import Client, Refused

ED25519 = ed25519.Ed25519PrivateKey.generate()


def line(private: object) -> str:
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def md5(public: str) -> str:
    return hashlib.md5(b64decode(public.split()[1]), usedforsecurity=False).hexdigest()


def test_every_common_kind_is_registered_with_its_fingerprint(api: Client) -> None:
    keys = {
        "rsa": rsa.generate_private_key(65537, 2048), "ed25519": ED25519,
        "p256": ec.generate_private_key(ec.SECP256R1()), "p521": ec.generate_private_key(ec.SECP521R1()),
    }
    for name, key in keys.items():
        pair = api.one("registerSSHKeyPair", name=name, publickey=f"  {line(key)} ann@example.org\n")
        assert pair["fingerprint"].replace(":", "") == md5(line(key))
        assert len(pair["fingerprint"]) == 47
        assert "privatekey" not in pair
    assert [pair["name"] for pair in api.items("listSSHKeyPairs")] == list(keys)


def test_a_new_pair_shows_its_private_key_once(api: Client) -> None:
    pair = api("createSSHKeyPair", name="mine")["keypair"]
    assert pair["privatekey"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    private = load_pem_private_key(pair["privatekey"].encode(), None)
    assert md5(line(private)) == pair["fingerprint"].replace(":", "")
    assert api("listSSHKeyPairs")["sshkeypair"] == [{"name": "mine", "fingerprint": pair["fingerprint"]}]


def test_what_is_no_public_key_is_refused(api: Client) -> None:
    pem = ED25519.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    good = line(ED25519)
    other = line(rsa.generate_private_key(65537, 2048)).replace("ssh-rsa", "ssh-ed25519", 1)
    weak = rsa.RSAPublicNumbers(65537, (1 << 767) + 1).public_key()
    for given, why in (
        ("garbage", "it must begin with one of ssh-rsa"),
        (pem, "this is a private key"),
        (f"{good}\n{good}", "this has 2 lines"),
        ("ssh-ed25519 AAAA", "what follows ssh-ed25519 is no such key"),
        ("ssh-ed25519 ünicode", "what follows ssh-ed25519 is no such key"),
        ("ssh-rsa", "what follows ssh-rsa is no such key"),
        (other, "is no such key"),
        (weak.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(), "an RSA key of 768 bits is too weak"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACB", "it must begin with one of"),
        (f'command="reboot" {good}', "it must begin with one of"),
        (f"{good} {'x' * 6000}", "at most 5120 characters"),
        ("", "what follows|must begin|missing|0 lines"),
    ):
        with pytest.raises(Refused, match=why) as refusal:
            api("registerSSHKeyPair", name="bad", publickey=given)
        assert refusal.value.code == 431
        assert "PRIVATE" not in refusal.value.text
    assert api.items("listSSHKeyPairs") == []


def test_names_are_unique_in_an_account_and_free_again(service: Service, api: Client) -> None:
    ann = service.user("ann")
    for client in (api, ann):
        client("registerSSHKeyPair", name="key", publickey=line(ED25519))
        with pytest.raises(Refused, match="a key pair named 'key' exists already"):
            client("createSSHKeyPair", name="key")
    assert ann("deleteSSHKeyPair", name="key") == {"success": "true"}
    with pytest.raises(Refused, match="account 'ann' has no key pair named 'key'"):
        ann("deleteSSHKeyPair", name="key")
    ann("registerSSHKeyPair", name="key", publickey=line(ED25519))
    assert len(api.items("listSSHKeyPairs", listall=True)) == 2


def test_only_administrators_act_for_others(service: Service, api: Client) -> None:
    ann, bob = service.user("ann"), service.user("bob")
    api("registerSSHKeyPair", name="hers", publickey=line(ED25519), account="ann", domainid=root(service))
    assert [pair["name"] for pair in ann.items("listSSHKeyPairs")] == ["hers"]
    assert bob.items("listSSHKeyPairs", listall=True) == []
    assert api.items("listSSHKeyPairs") == []
    assert len(api.items("listSSHKeyPairs", account="ann", domainid=root(service))) == 1
    with pytest.raises(Refused, match="or you may not act for it"):
        bob("deleteSSHKeyPair", name="hers", account="ann", domainid=root(service))


def test_lists_filter(api: Client) -> None:
    api("registerSSHKeyPair", name="one", publickey=line(ED25519))
    other = api("createSSHKeyPair", name="two")["keypair"]
    for filters in ({"name": "two"}, {"keyword": "TW"}, {"fingerprint": other["fingerprint"]}):
        assert [pair["name"] for pair in api.items("listSSHKeyPairs", **filters)] == ["two"]


def root(service: Service) -> str:
    from stratoform.model.tenancy import Domain  # noqa: PLC0415 - no command shows domains yet

    with service.cloud.db.read() as session:
        return str(session.query(Domain).filter(Domain.path == "/").one().uuid)
