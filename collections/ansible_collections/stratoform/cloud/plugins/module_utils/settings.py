# Copyright (c) Stratoform contributors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the cloud is and who is asking: the files and variables the ``cs`` client reads."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.stratoform.cloud.plugins.module_utils.errors import CloudError

DEFAULTS = {"timeout": "10", "method": "post", "expiration": "600"}
NAMES = (
    "endpoint", "key", "secret", "timeout", "method", "expiration",
    "verify", "cert", "cert_key", "dangerous_no_tls_verify", "job_timeout",
)  # fmt: skip
TRUE = ("y", "yes", "t", "true", "on", "1")
FALSE = ("n", "no", "f", "false", "off", "0")


@dataclass(frozen=True)
class Settings:
    """One account on one cloud.

    ``timeout`` (one request), ``expiration`` (life of a signature) and ``job_timeout`` (one
    asynchronous job) are seconds; ``ca_path`` is a bundle that replaces the system's.
    """

    endpoint: str
    key: str = ""
    secret: str = field(default="", repr=False)
    timeout: float = 10
    method: str = "post"
    expiration: int = 600
    job_timeout: float = 600
    validate_certs: bool = True
    ca_path: str | None = None
    cert: str | None = None
    cert_key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def read_settings(params: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from module parameters, then the environment, then the configuration file.

    As in ``cs``, the file is read only when the environment names no endpoint (or when
    CLOUDSTACK_OVERRIDES lists what the environment may replace in it).

    Raises:
        CloudError: nothing names an endpoint, or a value has the wrong form.
    """
    environ = os.environ if environ is None else environ
    chosen = _from_environment(environ)
    overrides = {word.lower() for word in re.split(r"\W+", environ.get("CLOUDSTACK_OVERRIDES", "")) if word}
    file_wanted = overrides or "endpoint" not in chosen or params.get("api_config") or params.get("api_region")
    if file_wanted and not params.get("api_url"):
        from_file = _from_files(params, environ)
        chosen = {**chosen, **from_file, **{name: chosen[name] for name in overrides if name in chosen}}
    chosen.update({name: str(params[option]) for option, name in _OPTIONS.items() if params.get(option) is not None})
    return _settings({**DEFAULTS, **chosen}, params)


_OPTIONS = {
    "api_url": "endpoint",
    "api_key": "key",
    "api_secret": "secret",
    "api_timeout": "timeout",
    "api_http_method": "method",
}


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    found = {name: environ.get("CLOUDSTACK_" + name.upper(), "") for name in NAMES}
    return {name: value for name, value in found.items() if value}


def _from_files(params: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """The section of the configuration files; a later file wins, a named one must exist."""
    named = params.get("api_config") or environ.get("CLOUDSTACK_CONFIG")
    paths = [Path("~/.cloudstack.ini").expanduser(), Path("cloudstack.ini")]
    if named:
        paths.append(Path(named).expanduser())
        if not paths[-1].exists():
            raise CloudError(f"The configuration file {paths[-1]} does not exist.")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        read = parser.read(paths, encoding="utf-8")
    except configparser.Error as error:
        raise CloudError(f"The configuration file cannot be read: {error}") from error
    section = params.get("api_region") or environ.get("CLOUDSTACK_REGION") or "cloudstack"
    if not parser.has_section(section):
        if read and (named or params.get("api_region")):
            raise CloudError("No section [{}] in {}.".format(section, ", ".join(read)))
        return {}
    return {name: value for name, value in parser.items(section) if value}


def _settings(chosen: Mapping[str, str], params: Mapping[str, Any]) -> Settings:
    if not chosen.get("endpoint"):
        raise CloudError(
            "No cloud endpoint is known: set api_url, CLOUDSTACK_ENDPOINT, or endpoint in the file that "
            "CLOUDSTACK_CONFIG names (or ./cloudstack.ini, ~/.cloudstack.ini)."
        )
    if not chosen["endpoint"].startswith(("http://", "https://")):
        raise CloudError("The endpoint {} is not an http or https URL.".format(chosen["endpoint"]))
    if chosen["method"].lower() not in ("get", "post"):
        raise CloudError("The request method must be get or post, not {}.".format(chosen["method"]))
    validate, bundle = _trust(chosen, params)
    return Settings(
        endpoint=chosen["endpoint"],
        key=chosen.get("key", ""),
        secret=chosen.get("secret", ""),
        timeout=_number("timeout", chosen["timeout"]),
        method=chosen["method"].lower(),
        expiration=int(_number("expiration", chosen["expiration"])),
        job_timeout=_number("job_timeout", str(params.get("wait_timeout") or chosen.get("job_timeout") or 600)),
        validate_certs=validate,
        ca_path=bundle,
        cert=chosen.get("cert"),
        cert_key=chosen.get("cert_key"),
        headers={name[len("header_") :]: value for name, value in chosen.items() if name.startswith("header_")},
    )


def _trust(chosen: Mapping[str, str], params: Mapping[str, Any]) -> tuple[bool, str | None]:
    """``verify`` is a truth value or the path of a bundle, as in ``cs``."""
    verify = chosen.get("verify", "").strip()
    bundle = verify if verify and verify.lower() not in TRUE + FALSE else None
    if params.get("validate_certs") is not None:
        return bool(params["validate_certs"]), bundle
    if bundle:
        return True, bundle
    distrusted = verify.lower() in FALSE or chosen.get("dangerous_no_tls_verify", "").lower() in TRUE
    return not distrusted, None


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise CloudError(f"The setting {name} must be a number of seconds, not {text!r}.") from None
