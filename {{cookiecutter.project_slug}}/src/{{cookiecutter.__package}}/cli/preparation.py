"""Preparation: what a product needs on its first day."""

import contextlib

from filelock import FileLock

from ..core.problem import rules_tags
from ..stores.models import SERVED, digest_of, dump_model
from .composition import Project
from .main import wheels


def prepare(project: Project) -> None:
    """Make what a product needs on its first day: a training table, models, and a ledger that opens."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # of a read-only project, whose stores are elsewhere
            project.settings.var.mkdir(parents=True, exist_ok=True)
            # first starts of one project wait for each other
            stack.enter_context(FileLock(project.settings.var / "prepare.lock"))
        for wheel in wheels():  # its module may define prepare(project)
            if hasattr(wheel, "prepare"):
                wheel.prepare(project)
        if not is_prepared(project):  # without a registry, the rules are published under every alias of serving
            content, tags = dump_model(project.problem.rules.fit()), rules_tags(project.problem)
            version, digest = tags["rules"], digest_of(content)
            project.models.add(version, content)
            for alias in SERVED:
                project.models.publish(alias, name="rules", version=version, digest=digest, tags=tags)
        with project.ledger():
            pass


def is_prepared(project: Project) -> bool:
    """Return whether the rules, as they are now, and a champion are published."""
    fallback = project.models.entry("fallback") or {"tags": {}}
    are_current = fallback["tags"].items() >= rules_tags(project.problem).items()
    return are_current and project.models.entry("champion") is not None
