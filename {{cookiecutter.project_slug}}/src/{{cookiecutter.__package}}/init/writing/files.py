"""Every text that `init` writes, by its path in the project."""

from ..proposal import Proposal
from .known import render_readme
from .render import render_candidates, render_contract, render_rules, render_source
from .texts import render_plan, render_tests


def render_files(proposal: Proposal, package: str) -> dict[str, str]:
    """Return the owner's files. `package`: the path of the package, as `src/my_product`."""
    return {
        "plan.toml": render_plan(proposal),
        f"{package}/problem/contract.py": render_contract(proposal),
        f"{package}/problem/rules.py": render_rules(proposal),
        f"{package}/problem/candidates.py": render_candidates(proposal),
        f"{package}/problem/sources.py": render_source(proposal.source),
        "tests/problem/test_own_rules.py": render_tests(proposal, package.rpartition("/")[2]),
        "data/README.md": render_readme(proposal),
    }
