"""Say which settings are not given, and what is used in their place. Nothing fails: the defaults are whole."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from github import notice


class Setting(NamedTuple):
    """A secret of the repository, and what happens without it."""

    name: str
    without: str


SETTINGS = (
    Setting("APP_LAKE_URL", "the lake is a file that is carried from run to run in the cache"),
    Setting("APP_LEDGER_URL", "the ledger is a file in the cache, so that no decision of a deployed product is seen"),
    Setting("APP_MODELS_URL", "models are published to a folder in the cache, which no deployed product follows"),
    Setting("MLFLOW_TRACKING_URI", "the registry is a file in the cache"),
)


def named(given: dict[str, str]) -> list[Setting]:
    """Return the settings that this job passes on."""
    return [setting for setting in SETTINGS if setting.name in given]


def missing(given: dict[str, str]) -> list[Setting]:
    """Return those of them that nobody has given."""
    return [setting for setting in named(given) if not given[setting.name].strip()]


if __name__ == "__main__":
    environment = dict(os.environ)
    lacking = missing(environment)
    for setting in lacking:
        notice(f"{setting.name} is not set: {setting.without}. See docs/pipelines.md.")
    total = len(named(environment))
    sys.stdout.write(f"{total - len(lacking)} of {total} settings that this job passes on are given\n")
