"""Every Molecule scenario, each on test hosts of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(path.parent.name for path in CHECKOUT.glob("molecule/*/converge.yml"))
LIMIT_S = 600  # cold, it builds the root file system of the hosts first

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and containers need root")]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_scenario_passes(scenario: str) -> None:
    done = subprocess.run(
        [CHECKOUT / "tests" / "lab" / "run_molecule.sh", scenario],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
