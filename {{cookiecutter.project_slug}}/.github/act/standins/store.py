"""What the stand-ins for caches and artefacts do: copy files to and from folders of this machine."""

from __future__ import annotations

import os
import shutil
import sys
from itertools import chain
from pathlib import Path
from urllib.parse import quote, unquote

KEPT_ENTRIES = 5  # of the cache; older ones are removed, as GitHub does above a size


def restore() -> None:
    """Copy the entry with this key into the workspace, or else the newest one whose key begins as asked."""
    key, state = os.environ["KEY"], Path(os.environ["ACT_STATE"])
    entries = _newest_first(state)
    for prefix in (key, *_lines("RESTORE_KEYS")):
        found = [entry for entry in entries if unquote(entry.name).startswith(prefix)]
        if (exact := state / _file_name(key)) in found:
            found = [exact]
        if found:
            shutil.copytree(found[0], Path.cwd(), symlinks=True, dirs_exist_ok=True)
            matched = unquote(found[0].name)
            print(f"restored {matched}")
            with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as output:
                output.write(f"cache-hit={str(matched == key).lower()}\ncache-matched-key={matched}\n")
            return
    print(f"there is no entry {key}")


def save() -> None:
    """Copy files of the workspace to a new entry; an entry never changes."""
    key, state = os.environ["KEY"], Path(os.environ["ACT_STATE"])
    entry, files = state / _file_name(key), [path for line in _lines("FILES") for path in _glob(line)]
    if entry.exists() or not files:
        print(f"::warning::{key}: " + ("there is such an entry already" if files else "there is nothing to save"))
        return
    partial = state / f".{entry.name}"
    for path in files:
        _copy(path, partial / path.relative_to(Path.cwd()))
    os.utime(partial)
    partial.rename(entry)
    for old in _newest_first(state)[KEPT_ENTRIES:]:
        shutil.rmtree(old)


def upload() -> None:
    """Copy files to a new artefact, relative to the deepest folder that has them all."""
    name, lines = os.environ["NAME"], _lines("FILES")
    target = Path(os.environ["ACT_ARTIFACTS"], _file_name(name))
    wanted = [line for line in lines if not line.startswith("!")]
    left_out = {path for line in lines if line.startswith("!") for path in _files(line[1:])}
    files = [path for path in dict.fromkeys(chain(*map(_files, wanted))) if path not in left_out]
    if not files:
        level = os.environ["IF_NO_FILES_FOUND"]
        print(f"::{'notice' if level == 'ignore' else level.replace('warn', 'warning')}::no files found: {wanted}")
        sys.exit(level == "error")
    if target.exists():
        sys.exit(f"::error::there is an artefact {name} already")
    folder = Path(os.path.commonpath([_folder(line) for line in wanted]))
    for path in files:
        _copy(path, target / path.relative_to(folder))
    print(f"{len(files)} files in {target}")


def download() -> None:
    """Copy the files of an artefact, or those of each one to a folder of its own."""
    name, artifacts = os.environ["NAME"], Path(os.environ["ACT_ARTIFACTS"])
    if name and not (artifacts / _file_name(name)).is_dir():
        sys.exit(f"::error::there is no artefact {name}")
    into = Path.cwd() / os.environ["INTO"]
    shutil.copytree(artifacts / _file_name(name) if name else artifacts, into, dirs_exist_ok=True)


def _lines(variable: str) -> list[str]:
    return [line.strip() for line in os.environ[variable].splitlines() if line.strip()]


def _file_name(name: str) -> str:
    return quote(name, safe=" ")


def _newest_first(folder: Path) -> list[Path]:
    entries = [path for path in folder.glob("*") if not path.name.startswith(".")]
    return sorted(entries, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _glob(pattern: str) -> list[Path]:
    return sorted(Path.cwd().glob(pattern.removeprefix("./").rstrip("/")))


def _files(pattern: str) -> list[Path]:
    paths = [inside for path in _glob(pattern) for inside in ([path] if path.is_file() else sorted(path.rglob("*")))]
    hidden = os.environ["INCLUDE_HIDDEN_FILES"] == "true"
    named = ((path, path.relative_to(Path.cwd()).parts) for path in paths if path.is_file())
    return [path for path, parts in named if hidden or not any(part.startswith(".") for part in parts)]


def _folder(pattern: str) -> Path:
    """Return the folder that a pattern is relative to: what is before its first wildcard."""
    parts = Path(pattern).parts
    plain = next((place for place, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
    path = Path.cwd().joinpath(*parts[:plain])
    return path.parent if path.is_file() else path


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


if __name__ == "__main__":
    {"restore": restore, "save": save, "upload": upload, "download": download}[sys.argv[1]]()
