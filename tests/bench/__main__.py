"""``make bench``: measures the service on simulated hosts and on this machine's libvirt; writes docs/benchmarks.md."""

from __future__ import annotations

import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from stratoform.config import home
from tests.bench import real, simulated

REPORT = home() / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`. {when}, on {machine}.
Single runs; expect 30 % more or less on a machine that does other things too.
"""


def machine() -> str:
    """What was measured on."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 2**20
    return f"{cores} cores ({cpu}), {memory} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def main() -> int:
    """Measures everything; returns 0."""
    parts = [HEAD.format(when=datetime.now(UTC).strftime("%Y-%m-%d"), machine=machine())]
    for title, measure in (
        ("The service on simulated hosts", simulated.measure), ("This machine's libvirt, real guests", real.measure),
    ):
        print(f"-- {title}", flush=True)
        with tempfile.TemporaryDirectory(prefix="stratoform-bench-") as folder:
            text = measure(Path(folder))
        print(text, flush=True)
        parts.append(f"## {title}\n\n{text}")
    REPORT.write_text("\n".join(parts))
    print(f"written to {REPORT.relative_to(home())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
