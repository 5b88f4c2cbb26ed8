"""README's examples run, and print what their comments say; links lead somewhere."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def run(source):
    exec(compile(source, "README.md", "exec"), {"__name__": "readme"})


def promised(source):
    """The comments behind the prints of an example, in order: `print(x)  # 3.0`."""
    return re.findall(r"^print\(.*\)  # (.*)$", source, flags=re.MULTILINE)


def test_readme_has_three_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("source", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_prints_what_it_promises(source, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    run(source)

    assert promised(source)
    assert capsys.readouterr().out.splitlines() == promised(source)


def test_a_wrong_promise_would_be_noticed(capsys):
    source = "print(1 + 1)  # 3\n"

    run(source)

    assert capsys.readouterr().out.splitlines() != promised(source)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_exist(page):
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")) if "://" not in link]

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_commands_and_extras_in_readme_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    dev = (ROOT / "dev.py").read_text(encoding="utf-8")

    assert all(f"def {command}(" in dev for command in re.findall(r"dev\.py (\w+)", README))
    assert {e for names in re.findall(r"wengert\[([\w,]+)\]", README) for e in names.split(",")} <= extras.keys()
