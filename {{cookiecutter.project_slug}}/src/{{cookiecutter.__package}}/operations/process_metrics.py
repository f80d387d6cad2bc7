"""Process metrics: memory, processor time and start of a product, whether it is one process or several."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector
from prometheus_client.multiprocess import mark_process_dead

MEMORY, STARTED, OPEN_FILES = "process_resident_memory_bytes", "process_start_time_seconds", "process_open_fds"
PROCESSOR = "process_cpu_seconds"


class ProcessMetrics:
    """Gauges under the names of the client library, whose own collector has no sum of several processes.

    Of several processes, memory and open files are those of all that live, and the start is the latest one. Only
    Linux says what a process uses; elsewhere nothing is exported.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._collector = ProcessCollector(registry=None)
        if not self._read():
            return
        gauge: Any = {"registry": registry}
        self._gauges = {
            MEMORY: Gauge(MEMORY, "Resident memory", multiprocess_mode="livesum", **gauge),
            OPEN_FILES: Gauge(OPEN_FILES, "Open files", multiprocess_mode="livesum", **gauge),
            STARTED: Gauge(STARTED, "Start, in seconds since 1970", multiprocess_mode="livemax", **gauge),
        }
        self._processor = Counter(PROCESSOR, "Processor time", registry=registry)
        self._counted = 0.0
        self()

    def __call__(self) -> None:
        """Bring every metric up to date."""
        found = self._read()
        for name in found.keys() & {MEMORY, OPEN_FILES, STARTED}:
            self._gauges[name].set(found[name])
        if PROCESSOR in found:
            self._processor.inc(max(0.0, found[PROCESSOR] - self._counted))
            self._counted = found[PROCESSOR]

    def _read(self) -> dict[str, float]:
        return {metric.name: metric.samples[0].value for metric in self._collector.collect()}


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
