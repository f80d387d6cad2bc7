"""What a person should know of a table before a model learns from it, and what becomes of its columns."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..table import Finding, Profile
from .arrays import draw_sample
from .copies import find_copies
from .groups import find_groups, find_times
from .identifiers import check_key, choose_key, find_constant, find_identifier, find_text
from .identities import find_identities
from .leaks import find_leaks
from .missingness import find_missingness
from .people import find_personal, find_protected
from .rows import find_repeats
from .targets import find_target_limits, refuse_target
from .wording import join


def find(
    profiles: Sequence[Profile],
    target: str,
    *,
    key: str | None = None,
    protected: Sequence[str] = (),
    personal: Sequence[str] = (),
    time: str | None = None,
    kept: Sequence[str] = (),
) -> list[Finding]:
    """Return all findings of a table, or only the one for which it is refused.

    `key`: the column that identifies a row; without one, the best candidate. `protected` and `personal`: columns
    that were marked by a person, about which nothing is asked. `time`: the column that says when a row was made.
    `kept`: columns that a person wants to keep, whatever is found.
    """
    named = {profile.name: profile for profile in profiles}
    label = named[target]
    if refused := refuse_target(label):
        return [refused]
    key = choose_key(profiles, key, target)
    found = [check_key(named[key])] if key else []
    if any(finding.consequence == "refused" for finding in found):
        return found
    others = [profile for profile in profiles if profile.name not in (target, key, *personal)]
    useless = [finding for profile in others if (finding := _find_useless(profile, is_time=profile.name == time))]
    found += _keep(useless, kept)
    inputs = [profile for profile in _without_left_out(others, found) if profile.name not in protected]
    found += _keep(_find_in_sample(inputs, label), kept)
    inputs = _without_left_out(inputs, found)
    if not inputs:
        reasons = join(f"{', '.join(finding.columns)} ({finding.kind})" for finding in found if finding.kind != "key")
        left = f"no column is left to learn from{f': {reasons}' if reasons else ''}; add one, or use one with --keep"
        return [Finding("inputs", (), left, "refused")]
    found += [finding for profile in inputs if (finding := find_protected(profile))]
    found += find_groups(others, target)
    found += find_times(inputs, label, time)
    found += find_repeats(inputs, label)
    return [*found, *find_target_limits(label, len(inputs))]


def _find_useless(profile: Profile, *, is_time: bool) -> Finding | None:
    """Return the first reason why one column by itself is of no use for a model, or must not be."""
    if is_time:
        return find_constant(profile)
    return find_constant(profile) or find_personal(profile) or find_identifier(profile) or find_text(profile)


def _find_in_sample(inputs: Sequence[Profile], label: Profile) -> list[Finding]:
    """Return leaks and copies: what models of rows with an answer show, on a sample of a long table."""
    known = np.flatnonzero(label.values.is_valid().to_numpy(zero_copy_only=False))
    target, *sample = draw_sample([label, *inputs], known)
    used = len(target.values)
    seen = f"{used:,} rows" if used == len(known) else f"a sample of {used:,} of {len(known):,} rows"
    found: list[Finding] = []
    for search in (find_missingness, find_leaks, find_identities):
        found += search(_without_left_out(sample, found), target, seen)
    return [*found, *find_copies(_without_left_out(sample, found), seen)]


def _keep(found: Sequence[Finding], kept: Sequence[str]) -> list[Finding]:
    """Return the findings, of which those on columns that a person keeps have no consequence."""
    return [replace(each, consequence="kept") if set(each.columns) <= set(kept) else each for each in found]


def _without_left_out(profiles: Sequence[Profile], found: Sequence[Finding]) -> list[Profile]:
    gone = {column for finding in found if finding.consequence == "left out" for column in finding.columns}
    return [profile for profile in profiles if profile.name not in gone]
