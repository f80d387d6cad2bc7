"""Files are written all together or not at all, edits are kept, and what goes is kept in a folder."""

from pathlib import Path

import pytest

from {{ cookiecutter.__package }}.init.writing import apply

FILES = {"plan.toml": "new plan\n", "src/p/problem/contract.py": "new\ncontract\n", "data/README.md": "new\n"}


@pytest.fixture
def root(tmp_path):
    """Return a project with the files of the example, and with stores."""
    for path, text in {
        "plan.toml": "old plan\n",
        "src/p/problem/contract.py": "old\ncontract\n",
        "data/medical_expenses.csv": "a\n1\n",
        "tests/problem/learned/test_bias.py": "old\n",
        "tests/problem/learned/test_own_models.py": "for any problem\n",
        "var/ledger.db": "decisions",
        "var/models/versions/1": "model",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def read(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(root, files=FILES):
    stale, stores = apply.find_stale(root, files), apply.find_stores(root / "var")
    apply.write(root, files, stale, stores, root / "var" / "replaced" / "now")


def test_everything_is_written_and_what_goes_is_kept(root):
    before = read(root)
    write(root)
    after = read(root)
    assert {path: after[path] for path in FILES} == FILES
    kept = {path.removeprefix("var/replaced/now/"): text for path, text in after.items() if "replaced" in path}
    assert kept == {path: text for path, text in before.items() if "own_models" not in path}
    assert set(after) - set(FILES) == {
        "tests/problem/learned/test_own_models.py",
        *(f"var/replaced/now/{path}" for path in kept),
    }


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("step", range(18))
def test_interruption_leaves_the_project_as_it_was(root, monkeypatch, kind, step):
    """Every call that changes a file is interrupted in turn."""
    steps = iter(range(100))

    def interrupt(function):
        def call(*given, **named):
            if next(steps) == step:
                raise kind
            return function(*given, **named)

        return call

    before = read(root)
    table = root.parent / "table.csv"
    table.write_text("a\n", encoding="utf-8")
    with monkeypatch.context() as patched:
        for owner, name in (
            (apply.shutil, "copyfile"),
            (apply.shutil, "copy2"),
            (apply.shutil, "move"),
            (Path, "write_text"),
            (Path, "replace"),
        ):
            patched.setattr(owner, name, interrupt(getattr(owner, name)))
        with pytest.raises(kind):
            write(root, {"data/table.csv": table, **FILES})
    assert read(root) == before


def test_edit_is_found_and_shown(root):
    write(root)
    record = {"files": {path: apply.digest(text) for path, text in FILES.items()}}
    newer = {**FILES, "plan.toml": "newer plan\n"}
    assert apply.find_edits(root, newer, record) == []
    assert apply.find_changes(root, newer) == ["plan.toml"]
    (root / "plan.toml").write_text("my plan\n", encoding="utf-8")
    (root / "data/README.md").write_bytes(b"new\r\n")  # only the ends of lines differ
    assert apply.find_edits(root, newer, record) == ["plan.toml"]
    assert list(apply.compare(root, newer, ["plan.toml"]))[-2:] == ["-my plan", "+newer plan"]


def test_edit_that_says_what_is_proposed_is_none(root):
    write(root)
    record = {"files": {"plan.toml": apply.digest("another\n")}}
    assert apply.find_edits(root, FILES, record) == []


def test_record_is_read_again(root):
    assert apply.read_record(root) == {}
    text = apply.make_record(FILES, {"files": {"a": "1"}}, target="what", descriptions={"x": "Size"})
    write(root, {**FILES, apply.RECORD: text})
    assert apply.read_record(root)["target"] == "what"
    assert apply.read_record(root)["descriptions"] == {"x": "Size"}
    assert apply.read_record(root)["files"]["a"] == "1"
    assert apply.find_edits(root, FILES, apply.read_record(root)) == []


def test_typed_descriptions_are_of_the_same_table_and_target_only(root):
    """Another table may have a column of the same name that means something else."""
    assert apply.read_descriptions(root, "data/table.csv", "what") == {}
    text = apply.make_record(FILES, {}, table="data/table.csv", target="what", descriptions={"x": "Size"})
    write(root, {**FILES, apply.RECORD: text})
    assert apply.read_descriptions(root, "data/table.csv", "what") == {"x": "Size"}
    assert apply.read_descriptions(root, "data/table.csv", "other") == {}
    assert apply.read_descriptions(root, "data/other.csv", "what") == {}
