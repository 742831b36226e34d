"""The files and variables of ``cs``, and what overrides what."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError
from ansible_collections.stratoform.cloud.plugins.module_utils.settings import read_settings

INI = """\
[cloudstack]
endpoint = http://file/api
key = filekey
secret = per%cent
timeout = 30
method = get
header_x-trace = on
[other]
endpoint = https://other/api
verify = /etc/ca.pem
job_timeout = 77
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a working directory without configuration."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ini(tmp_path: Path) -> str:
    """A configuration file."""
    path = tmp_path / "cloud.ini"
    path.write_text(INI)
    return str(path)


def test_the_named_file_is_read(ini: str) -> None:
    """A percent sign is a percent sign."""
    settings = read_settings({}, {"CLOUDSTACK_CONFIG": ini})
    assert (settings.endpoint, settings.key, settings.secret) == ("http://file/api", "filekey", "per%cent")
    assert (settings.timeout, settings.method, settings.headers) == (30, "get", {"x-trace": "on"})


@pytest.mark.parametrize("name", ["cloudstack.ini", ".cloudstack.ini"])
def test_the_usual_places_are_read(nowhere: Path, name: str) -> None:
    """Working directory and home."""
    (nowhere / name).write_text(INI)
    assert read_settings({}, {}).endpoint == "http://file/api"


def test_a_region_is_a_section(ini: str) -> None:
    """By variable or by option."""
    by_variable = read_settings({}, {"CLOUDSTACK_CONFIG": ini, "CLOUDSTACK_REGION": "other"})
    assert by_variable == read_settings({"api_config": ini, "api_region": "other"}, {})
    assert (by_variable.ca_path, by_variable.job_timeout) == ("/etc/ca.pem", 77)


def test_an_endpoint_in_the_environment_makes_the_file_needless(ini: str) -> None:
    """As in ``cs``."""
    environ = {"CLOUDSTACK_CONFIG": ini, "CLOUDSTACK_ENDPOINT": "http://env/api", "CLOUDSTACK_KEY": "envkey"}
    settings = read_settings({}, environ)
    assert (settings.endpoint, settings.key, settings.secret) == ("http://env/api", "envkey", "")


def test_overrides_lay_the_environment_over_the_file(ini: str) -> None:
    """Only the named ones."""
    environ = {"CLOUDSTACK_KEY": "k", "CLOUDSTACK_TIMEOUT": "5", "CLOUDSTACK_OVERRIDES": "key"}
    settings = read_settings({}, {**environ, "CLOUDSTACK_CONFIG": ini})
    assert (settings.key, settings.timeout) == ("k", 30)


def test_options_override_everything(ini: str) -> None:
    """And leave the rest."""
    settings = read_settings({"api_key": "mine", "api_timeout": 3, "wait_timeout": 9}, {"CLOUDSTACK_CONFIG": ini})
    assert (settings.key, settings.timeout, settings.job_timeout) == ("mine", 3, 9)
    assert settings.endpoint == "http://file/api"


@pytest.mark.parametrize(
    ("params", "environ", "sentence"),
    [
        ({}, {}, "No cloud endpoint is known"),
        ({}, {"CLOUDSTACK_CONFIG": "/nowhere.ini"}, "/nowhere.ini does not exist"),
        ({"api_url": "ftp://x"}, {}, "not an http or https URL"),
        ({"api_url": "http://x"}, {"CLOUDSTACK_TIMEOUT": "soon"}, "timeout must be a number of seconds, not 'soon'"),
        ({"api_url": "http://x"}, {"CLOUDSTACK_METHOD": "put"}, "must be get or post, not put"),
    ],
)
def test_what_is_wrong_is_named(params: dict[str, str], environ: dict[str, str], sentence: str) -> None:
    """One sentence each."""
    with pytest.raises(CloudError, match=sentence):
        read_settings(params, environ)


@pytest.mark.parametrize(("value", "validates"), [("", True), ("true", True), ("false", False), ("0", False)])
def test_certificates_are_checked_unless_told_otherwise(value: str, validates: bool) -> None:
    """``verify`` of the file or the environment."""
    environ = {"CLOUDSTACK_ENDPOINT": "https://x", "CLOUDSTACK_VERIFY": value}
    assert read_settings({}, environ).validate_certs is validates
    assert read_settings({"validate_certs": not validates}, environ).validate_certs is not validates
