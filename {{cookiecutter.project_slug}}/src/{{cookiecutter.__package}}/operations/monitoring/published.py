"""Published models: those that answered the decisions of a window, loaded by their labels."""

from collections.abc import Iterable

from ...core.errors import UserError
from ...core.problem import Problem
from ...core.result import GateResult
from ...stores.models import Models, StoredModel, digest_of, load_entry

ALIASES = ("champion", "fallback", "challenger")


def load_published(
    models: Models, labels: Iterable[str], problem: Problem
) -> tuple[dict[str, StoredModel], StoredModel, list[GateResult]]:
    """Return models by label, the champion, and what keeps one from answering; the rules stand in for a champion.

    Raises UserError: neither champion nor rules can be used.
    """
    found, faults, by_alias = {}, [], {}
    for alias in ALIASES:
        try:
            entry = models.entry(alias)
            stored = models.load(alias, entry) if entry else None
        except UserError as error:
            faults.append(GateResult(f"model.{alias}", "fail", f"the {alias} cannot answer: {error}"))
            continue
        if stored and stored.tags.get("contract") == problem.fingerprint:
            found[stored.label] = by_alias[alias] = stored
        elif stored:
            reason = f"{stored.label} was made for another contract"
            faults.append(GateResult(f"model.{alias}", "fail", f"the {alias} cannot answer: {reason}"))
    for label in sorted({*labels} - found.keys()):
        if stored := _load_version(models, label, problem):
            found[label] = stored
    champion = by_alias.get("champion") or by_alias.get("fallback")
    if champion is None:
        raise UserError(f"no model is published in {models.where} that can answer; run `run --prepare`")
    return found, champion, faults


def _load_version(models: Models, label: str, problem: Problem) -> StoredModel | None:
    """Return a version that no alias names any more; None if its file is gone, or it needs another contract."""
    name, _, version = label.rpartition(":")
    content = models.content(version)
    entry = {"name": name, "version": version, "digest": digest_of(content), "tags": {}}
    try:
        stored = load_entry("model", entry, content)
        example = {column.name: [column.example] for column in problem.inputs}
        problem.objective.predict(stored.model, example)
    except Exception:  # noqa: BLE001  # an old model may raise anything under a newer contract
        return None
    return stored
