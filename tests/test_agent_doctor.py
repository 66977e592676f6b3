import errno
import json
import os
import shutil
import signal

import pytest
from rich.console import Console

from agent.doctor import desktop as doctor_desktop
from agent.doctor import machine as doctor_machine
from agent.doctor.commands import row
from agent.doctor.health import Check, Checked, Finding, answer
from data.errors import DisplayError
from tests.doctor_checks import a_check

PROMISED = {"name", "ok", "found", "advice"}


@pytest.fixture
def no_engine(monkeypatch):
    monkeypatch.setattr(doctor_machine, "check_engine", lambda wanted: Finding(True, "left out"))


def checks_in(said: str) -> dict[str, dict]:
    return {check["name"]: check for check in json.loads(said)["checks"]}


# --- the command ---


def test_a_sound_desktop_passes_and_every_check_keeps_the_promised_form(run, desk):
    status, said, errors = run("doctor", "--json", "--rate", 1)
    checks = checks_in(said)
    assert status == 0, errors + said
    assert errors == ""
    assert all(check.keys() >= PROMISED for check in checks.values())
    assert all(check["ok"] or check["advice"] for check in checks.values())
    assert checks["key presses"]["found"].startswith("20 of 20 presses arrived")
    assert checks["detector"]["ok"]
    assert not checks["game"]["ok"]  # no match is on, and that is no reason to fail
    assert desk.down() == set()


@pytest.mark.usefixtures("no_engine")
def test_without_a_display_it_says_so_in_one_line_and_still_checks_the_rest(run, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    status, said, errors = run("doctor", "--json")
    checks = checks_in(said)
    assert status == 1
    assert errors.startswith("understudy: not ready: desktop.")
    assert errors.count("\n") == 1
    assert "DISPLAY is not set" in checks["desktop"]["found"]
    assert checks["key presses"]["found"] == "not tested; see desktop"
    assert checks["disk"]["ok"]
    assert checks["PyTorch"]["ok"]
    status, said, errors = run("doctor")
    assert status == 1
    assert "DISPLAY is not set" in said
    assert "Run this on a desktop" in said
    assert "ready" not in said


def test_a_check_that_falls_over_is_a_finding_and_the_others_still_run(
    run, monkeypatch, tmp_path, virtual_screen
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(doctor_machine, "check_engine", lambda wanted: 1 / 0)
    status, said, errors = run("doctor", "--json", "--rate", 1)
    checks = checks_in(said)
    assert status == 1
    assert "not ready: detector." in errors
    assert "ZeroDivisionError" in checks["detector"]["found"]
    assert "Traceback" not in said + errors
    assert "Traceback" in next(tmp_path.rglob("faults.log")).read_text()
    assert checks["disk"]["ok"]


def test_ctrl_c_ends_it_before_the_next_check(run, monkeypatch, virtual_screen):
    monkeypatch.setattr(doctor_desktop, "check_system", lambda: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr(doctor_desktop, "check_session", lambda: pytest.fail("went on"))
    status, _, errors = run("doctor")
    assert status == 130
    assert errors == ""


@pytest.mark.usefixtures("no_engine")
def test_a_private_screen_is_opened_where_there_is_no_other(run, monkeypatch):
    if not all(map(shutil.which, ("Xvfb", "openbox"))):
        pytest.skip("Xvfb or openbox not installed")
    monkeypatch.delenv("DISPLAY", raising=False)
    status, said, errors = run("doctor", "--private", "--rate", 1)
    assert status == 0, errors + said
    assert "20 of 20 presses arrived" in said
    assert "This computer is ready" in said
    assert "DISPLAY" not in os.environ


def test_a_wrong_profile_or_rate_is_refused_before_anything_is_tried(run):
    assert run("doctor", "--profile", "gone")[0] == 1
    assert run("doctor", "--rate", 0)[0] == 2


# --- how checks are run and shown ---


def test_an_error_of_ours_is_parted_into_what_was_found_and_what_to_do():
    def fails():
        raise DisplayError("no display: DISPLAY is not set. Run this on a desktop, or so.")

    checked = answer(a_check(fails), [])
    assert checked.failed
    assert checked.finding.found == "no display: DISPLAY is not set"
    assert checked.finding.advice == "Run this on a desktop, or so."


def test_a_device_that_goes_away_is_no_fault_of_the_program():
    def fails():
        raise OSError(errno.EIO, "Input/output error")

    finding = answer(a_check(fails), []).finding
    assert not finding.ok
    assert "Input/output error" in finding.found
    assert "fault" not in finding.found


def test_only_essential_checks_that_were_tried_can_fail():
    amiss = Finding(False, "amiss", "Mend it.")
    desktop = Checked(Check("desktop", "looking", lambda: amiss), amiss)
    assert desktop.failed
    assert not answer(a_check(lambda: amiss, essential=False), []).failed
    untested = answer(a_check(lambda: pytest.fail("tried"), needs="desktop"), [desktop])
    assert not untested.failed
    assert not untested.finding.ok


@pytest.mark.parametrize("width", [80, 100])
def test_rows_fit_the_terminal_and_keep_every_word(width):
    finding = Finding(False, "something long is amiss here, " * 8, "Do this and that. " * 9)
    console = Console(width=width, soft_wrap=True)
    with console.capture() as shown:
        console.print(row(Checked(a_check(lambda: finding), finding), ascii_only=False))
    lines = shown.get().splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("✗ engine")
    assert shown.get().split().count("that.") == 9


@pytest.mark.parametrize(
    ("finding", "essential", "mark"),
    [
        (Finding(True, "well"), True, "+"),
        (Finding(False, "amiss", "Mend it."), True, "x"),
        (Finding(False, "amiss", "Mend it."), False, "!"),
    ],
)
def test_marks_are_plain_where_the_terminal_knows_no_others(finding, essential, mark):
    check = a_check(lambda: finding, essential=essential)
    console = Console(width=80)
    with console.capture() as shown:
        console.print(row(Checked(check, finding), ascii_only=True))
    assert shown.get().startswith(f"{mark} engine")
    assert shown.get().isascii()
