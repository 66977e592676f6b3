from pathlib import Path

import pytest

from recorder.display import VirtualScreen
from tests.docs_check import ROOT, commands_of, documents, headings_of, problem_of, problems_in
from tests.docs_run import failures_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text("def test_one():\n    pass\n")
    (tmp_path / "Makefile").write_text("demo: setup\n\techo\nsetup:\nX := 1\n")
    return tmp_path


def told(project: Path, text: str) -> list[str]:
    (project / "README.md").write_text(text)
    return problems_in(project)


def test_the_documents_hold_what_they_say():
    assert problems_in(ROOT) == []


def test_commands_of_every_kind_are_found_in_the_documents():
    found = [command for file in documents(ROOT) for command in commands_of(file)]
    for begins in ("understudy ", "make ", "python -m tests."):
        assert any(command.text.startswith(begins) for command in found), begins
    assert any(command.in_block for command in found)
    assert not all(command.in_block for command in found)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`understudy dance`", "understudy has no command 'dance'"),
        ("`understudy profile dance`", "understudy profile has no command 'dance'"),
        ("`understudy play runs/me --slow`", "understudy play has no option --slow"),
        ("`understudy --slow`", "understudy has no option --slow"),
        ("`understudy export a.h5 out --to gif`", "--to can't be 'gif'"),
        ("`understudy export FILE OUT --to mp4|gif`", "--to can't be 'gif'"),
        ("`understudy windows a b`", "takes"),
        ("```sh\nunderstudy record\n```", "wants --out"),
        ("```sh\n$ understudy record --out\n```", "--out wants a value"),
        ("```sh\nunderstudy replay\n```", "understudy replay wants"),
        ("```sh\nA=1 understudy dance | less\n```", "'dance'"),
        ("```sh\nunderstudy play runs/me \\\n  --slow\n```", "--slow"),
        ("text\n\n    understudy dance\n", "README.md:3"),
        ("`make tea`", "no target 'tea'"),
        ("`make X`", "no target 'X'"),
        ("`python -m tests.bench.kills --slow 3`", "no option --slow"),
        ("`python -m tests.torchvision_reference --slow`", "no option --slow"),
        ("`python -m tests.nowhere`", "no module tests.nowhere"),
        ("a span `understudy\nplay runs/me --slow` over lines", "--slow"),
        ("[link](docs/gone.md)", "docs/gone.md does not exist"),
        ("![picture](gone.png)", "gone.png does not exist"),
        ("# One\n\n[link](#two)", "no heading #two"),
        ("shown by `tests/test_gone.py`", "tests/test_gone.py does not exist"),
        ("shown by `tests/test_one.py::test_two`", "tests/test_one.py has no test_two"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(project: Path, text: str, wrong: str):
    (problem,) = told(project, text)
    assert problem.startswith("README.md:")
    assert wrong in problem


@pytest.mark.parametrize(
    "text",
    [
        "`understudy` and `understudy/me-v0`, `understudy.py`",
        "`understudy trial RUN --difficulty amateur --matches 40`",
        "`understudy record` in a sentence need not be whole",
        "`understudy train detector ...`",
        "| a | `understudy export FILE OUT --to mp4\\|frames` |",
        "`understudy boxes import FOLDER [--profile NAME]`",
        "```sh\nunderstudy play runs/me --log a.h5   # a comment with --words\n```",
        "```sh\nunderstudy inspect a.h5 && make tea\n```",
        "```text\nunderstanding --nothing\n```",
        "`make demo X=1` and `python -m tests.bench.kills --count 3`",
        "`[no link](gone.md)` and [a site](https://example.org/gone.md)",
        "# One, two\n\n[link](#one-two)",
    ],
)
def test_what_is_right_is_passed_over(project: Path, text: str):
    assert told(project, text) == []


def test_a_document_that_nothing_links_to_is_told(project: Path):
    (project / "docs/lost.md").write_text("# Lost\n")
    assert told(project, "# It\n") == ["docs/lost.md: no other document links to it"]
    assert told(project, "[it](docs/lost.md)") == []


def test_a_block_can_name_several_commands(project: Path):
    (project / "README.md").write_text("```sh\nunderstudy doctor\nmake demo\n```\n")
    found = commands_of(project / "README.md")
    assert [(command.line, command.text) for command in found] == [
        (2, "understudy doctor"),
        (3, "make demo"),
    ]
    assert [problem_of(command, project) for command in found] == [None, None]


def test_headings_are_named_as_github_names_them(project: Path):
    (project / "README.md").write_text("## The whole way: `make demo`\n\n    # a comment\n")
    assert headings_of(project / "README.md") == {"the-whole-way-make-demo"}


def test_quick_commands_are_run_and_those_that_fail_are_told(
    project: Path, virtual_screen: VirtualScreen
):
    quick = "understudy inspect recordings/me-1.h5\nunderstudy profile show nowhere\n"
    slow = "understudy record --out a.h5\nunderstudy inspect FILE\n"
    (project / "README.md").write_text(f"```sh\n{quick}{slow}```\n")
    (problem,) = failures_in(project)
    assert problem.startswith("README.md:3: `understudy profile show nowhere` fails: ")
