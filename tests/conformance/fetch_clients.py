"""Brings the ngine_io.cloudstack collection to var/clients, out of the package that carries it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / "var" / "clients"
COLLECTION = "ansible_collections/ngine_io/"


def fetch() -> None:
    """Downloads the package of clients.txt, checks it, and unpacks the collection."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--only-binary=:all:", "--require-hashes", "-r", HERE / "clients.txt", "-d", folder],
                       check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith(COLLECTION):
                    archive.extract(name, FOLDER)


if __name__ == "__main__":
    fetch()
