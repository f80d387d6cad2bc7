"""Process metrics: memory and start of a product, whether it is one process or several."""

import contextlib
import os
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.multiprocess import mark_process_dead

# names of the client library, and what several processes have together: memory of all that live, and the latest start
MODES = {"process_resident_memory_bytes": "livesum", "process_start_time_seconds": "livemax"}


class ProcessMetrics:
    """Gauges in place of the client library's, which are of one process; only on Linux, which says what it uses."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._collector = ProcessCollector(registry=None)
        self._gauges: dict[str, Gauge] = {}
        for name, value in self._read().items():
            text = "Of all processes of the product"
            self._gauges[name] = Gauge(name, text, registry=registry, multiprocess_mode=MODES[name])  # type: ignore[arg-type]
            self._gauges[name].set(value)

    def __call__(self) -> None:
        """Bring every gauge up to date."""
        for name, value in self._read().items():
            self._gauges[name].set(value)

    def _read(self) -> dict[str, float]:
        found = self._collector.collect()
        return {metric.name: metric.samples[0].value for metric in found if metric.name in MODES}


def forget_dead_processes(folder: str) -> None:
    """Remove the gauges of processes that have ended: the client library would add up their last values for ever."""
    if sys.platform == "win32":  # there, signal 0 is no question but Ctrl-C
        return
    pids = {int(path.stem.rpartition("_")[2]) for path in Path(folder).glob("gauge_live*_*.db")}
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            with contextlib.suppress(FileNotFoundError):  # another worker was faster
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
