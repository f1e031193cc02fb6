import tomllib
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "venv"
nox.options.error_on_external_run = True
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "typing", "imports", "tests"]

ROOT = Path(__file__).parent


def _install(session: nox.Session, extra: str, *arguments: str) -> None:
    """Install the project with one extra, except into the environment that nox itself runs in."""
    if not isinstance(session.virtualenv, nox.virtualenv.PassthroughEnv):
        session.install("-e", f".[{extra}]", *arguments)


@nox.session
def lint(session: nox.Session) -> None:
    """Check format and style."""
    _install(session, "dev")
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types inside the package, and from outside as a user's checker sees it."""
    _install(session, "dev")
    session.run("mypy")
    session.run("pyright", "--project", "pyproject.toml")
    session.run("pyright", "--verifytypes", "agora_chat_async", "--ignoreexternal")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that imports run one way."""
    _install(session, "dev")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests."""
    _install(session, "test")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def tests_lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = Path(session.create_tmp()) / "lowest.txt"
    lowest.write_text("".join(f"{line}\n" for line in map(_lowest, project["dependencies"])))
    _install(session, "test", "-c", str(lowest))
    session.run("python", "-m", "pytest", *session.posargs)


def _lowest(dependency: str) -> str:
    requirement = Requirement(dependency)
    (bound,) = (spec.version for spec in requirement.specifier if spec.operator == ">=")
    return f"{requirement.name}=={bound}"


@nox.session
def kills(session: nox.Session) -> None:
    """Kill imports of 100,000 rows at random moments and before every step, resume them, and count the users."""
    _install(session, "test")
    session.run("python", "-m", "pytest", "-s", "tests/faults/kills.py", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Load a session for 10 minutes while everything goes wrong; `-- --seconds 60 --seed 2` for other runs."""
    _install(session, "test")
    session.run("python", "-W", "error", "tests/soak.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure and compare, about 15 minutes; arguments after `--` go to the benchmarks."""
    _install(session, "bench")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Run the demonstration against the local emulator."""
    _install(session, "all")
    session.run("agora-chat", "demo", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Look up known vulnerabilities of what the project installs."""
    _install(session, "all")
    session.install("pip-audit")
    session.run("pip-audit", "--skip-editable")
