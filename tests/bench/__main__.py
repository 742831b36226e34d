"""``make bench``: measures the service on simulated hosts and on this machine's libvirt; writes docs/benchmarks.md.

``python -m tests.bench <part> ...`` measures these parts only and leaves the other sections as they are.
"""

from __future__ import annotations

import platform
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from stratoform.config import home
from tests.bench import deploys, lists, real, simulated

REPORT = home() / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`. {when}, on {machine}.
Single runs; expect 30 % more or less on a machine that does other things too.
"""
PARTS: Mapping[str, tuple[str, Callable[[Path], str]]] = {
    "simulated": ("The service on simulated hosts", simulated.measure),
    "deploys": ("Deployments on the simulator", deploys.measure),
    "lists": ("Lists with 25,000 of everything", lists.measure),
    "real": ("This machine's libvirt, real guests", real.measure),
}
"""Name of a part to the title of its section and what measures it: takes an empty folder, gives Markdown."""


def machine() -> str:
    """What was measured on."""
    cpu = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    cores = Path("/proc/cpuinfo").read_text().count("processor\t")
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 2**20
    return f"{cores} cores ({cpu}), {memory} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def sections(report: str) -> dict[str, str]:
    """Title to text of the sections of a report."""
    found = re.split(r"^## (.*)\n", report, flags=re.MULTILINE)[1:]
    return {title: text.strip() + "\n" for title, text in zip(found[::2], found[1::2], strict=True)}


def main(wanted: list[str]) -> int:
    """Measures the parts wanted (none: all); returns 0."""
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        return 2
    kept = sections(REPORT.read_text()) if wanted and REPORT.exists() else {}
    for name in wanted or PARTS:
        title, measure = PARTS[name]
        print(f"-- {title}", flush=True)
        with tempfile.TemporaryDirectory(prefix="stratoform-bench-") as folder:
            kept[title] = measure(Path(folder))
        print(kept[title], flush=True)
        order = [title for title, _ in PARTS.values()]
        body = [f"## {title}\n\n{kept[title]}"
                for title in sorted(kept, key=lambda t: order.index(t) if t in order else len(order))]
        head = HEAD.format(when=datetime.now(UTC).strftime("%Y-%m-%d"), machine=machine())
        REPORT.write_text("\n".join([head, *body]))  # after each part: one that fails loses no other's numbers
    print(f"written to {REPORT.relative_to(home())}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
