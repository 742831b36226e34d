"""The guest that decides between KVM and emulation."""

from __future__ import annotations

import importlib
import subprocess
import time
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.lab


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The probe's module, which lives in the collection."""
    monkeypatch.syspath_prepend(str(CHECKOUT / "collections"))
    module = importlib.import_module("ansible_collections.stratoform.cloud.plugins.module_utils.node.kvm_probe")
    monkeypatch.setattr(module, "DEVICE", "/dev/null")  # present on every machine
    return module


def with_accelerator(module: ModuleType, monkeypatch: pytest.MonkeyPatch, name: str, cpu: str) -> None:
    real = module._command

    def command(program: str, disk: str) -> list[str]:
        return [{"kvm": name, "host": cpu}.get(word, word) for word in real(program, disk)]

    monkeypatch.setattr(module, "_command", command)


def test_the_guest_runs_where_the_processor_works(probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with_accelerator(probe, monkeypatch, "tcg", "max")
    assert probe.probe(limit_s=20).kind == "kvm"


def test_a_guest_that_does_not_start_means_emulation(probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    with_accelerator(probe, monkeypatch, "no-such-accelerator", "max")
    verdict = probe.probe()
    assert verdict.kind == "qemu"
    assert "no-such-accelerator" in verdict.reason


def test_a_hanging_guest_means_emulation_and_is_ended(probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_command", lambda _program, _disk: ["sleep", "7531"])
    started = time.monotonic()
    verdict = probe.probe(limit_s=0.5)
    assert (verdict.kind, "hung" in verdict.reason) == ("qemu", True)
    assert time.monotonic() - started < 5
    running = subprocess.run(["ps", "-e", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 7531" not in running


def test_without_the_device_nothing_is_started(probe: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "DEVICE", "/nonexistent")
    monkeypatch.setattr(probe, "_command", lambda *_: pytest.fail("a guest was started"))
    assert probe.probe() == ("qemu", "/nonexistent does not exist")
