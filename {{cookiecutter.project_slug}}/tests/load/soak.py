"""Load a product for a long time and measure its memory: memory that requests do not give back is a leak.

The resident memory is sampled all the while. After the first third, in which caches fill, its growth
is the median of the slopes between all pairs of samples, which single jumps do not move, with its
95 % interval (`scipy.stats.theilslopes`; Sen, "Estimates of the regression coefficient based on
Kendall's tau", JASA 1968). The whole interval has to be under the plan's limit.
"""

import argparse
import contextlib
import sys
import threading
import time
from pathlib import Path

import psutil
from run import PROJECT, load, out, product
from scipy.stats import theilslopes

from {{ cookiecutter.__package }}.core.plan import load_plan

EVERY = 0.25
MINIMUM_SAMPLES = 30


def main():
    """Run the soak and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rate", type=float, help="requests a second, instead of the plan's")
    parser.add_argument("--plan", type=Path, default=PROJECT / "plan.toml")
    given = parser.parse_args()
    speed = load_plan(given.plan).speed
    with product() as running:
        grown = soak(running.url, running.pid, given.rate or speed.requests_per_second, given.seconds)
    return report(grown, speed.max_leak_bytes)


def soak(url, process, rate, seconds):
    """Return the growth of a loaded process in bytes per request: lower bound, slope, upper bound."""
    with watched(process) as samples:
        figures = load(url, rate, seconds)
    elapsed = figures["last_request_timestamp"] - figures["start_time"]
    return growth(samples, figures["num_requests"] / elapsed)


@contextlib.contextmanager
def watched(process):
    """Yield a list that fills with the time in seconds and the resident bytes of a process."""
    samples, done = [], threading.Event()

    def sample():
        while not done.wait(EVERY):
            samples.append((time.monotonic(), psutil.Process(process).memory_info().rss))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def growth(samples, rate):
    """Return the lower bound, the slope and the upper bound of memory over requests, in bytes, or None."""
    settled = samples[len(samples) // 3 :]
    if len(settled) < MINIMUM_SAMPLES:
        return None
    times, sizes = zip(*settled, strict=True)
    slope, _, low, high = theilslopes(sizes, times, 0.95)
    return low / rate, slope / rate, high / rate


def report(grown, limit):
    """Print the growth and return the exit code; an inconclusive measurement fails."""
    if grown is None:
        out.print(
            f"too short to measure: at least {MINIMUM_SAMPLES * EVERY * 1.5:.0f} seconds, with --seconds", style="red"
        )
        return 1
    low, slope, high = grown
    found = f"memory grows by {slope:.0f} bytes a request (95 % interval {low:.0f} to {high:.0f})"
    if high < limit:
        out.print(f"{found}; at most {limit:g} in plan.toml", style="green")
        return 0
    reason = f"over the {limit:g}" if low >= limit else f"too uncertain for the {limit:g}"
    advice = "" if low >= limit else "; run it longer, with --seconds"
    out.print(f"{found}: {reason} in plan.toml{advice}", style="red")
    return 1


if __name__ == "__main__":
    sys.exit(main())
