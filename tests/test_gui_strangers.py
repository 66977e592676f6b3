"""Files, names and window titles that someone chose who means harm."""

import json
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QObject, QPoint, Qt, QUrl, pyqtSlot
from PyQt6.QtGui import QDesktopServices, QImage
from PyQt6.QtWidgets import QLabel, QWidget

from data.errors import CheckpointError
from data.frames import FrameSize
from gui.jobs.corrections import policy_run
from gui.jobs.line import How
from gui.jobs.stock import find_runs
from gui.jobs.train import read_pictures
from gui.label.session import Session, read_session, session_path, write_session
from gui.library.marks import remarks_of, set_note
from gui.page import open_folder, plain_tip, words
from gui.play.kept_score import kept_score, score_path
from gui.runs_on_disk import complete_runs, read_run
from gui.train.begun import Begun
from gui.train.choices import PolicyChoices
from gui.train.report_view import ReportBrowser
from gui.train.runs import list_runs, looks_of
from models.run_files import MOST_CONFIG_BYTES

DEEP = "[" * 200_000
ON_LINK = QPoint(60, 14)
HUGE = "1" + "0" * 400  # Python makes an integer of it, and no float


def red_picture(path: Path) -> Path:
    image = np.zeros((40, 60, 3), np.uint8)
    image[:] = (0, 0, 255)
    assert cv2.imwrite(str(path), image)
    return path


def red_pixels(widget: QWidget) -> int:
    widget.resize(400, 200)
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    assert bits is not None
    pixels = np.frombuffer(bits.asarray(image.sizeInBytes()), np.uint8).reshape(-1, 4)
    return int(((pixels[:, 2] > 200) & (pixels[:, 1] < 60) & (pixels[:, 0] < 60)).sum())


def policy_folder(folder: Path, config: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"weights")
    (folder / "config.json").write_text(config)
    return folder


@pytest.mark.parametrize("text", [DEEP, "[]", "{}", '{"x": 1' + "0" * 5000 + "}", "\xff"])
def test_a_hostile_file_beside_a_recording_or_a_run_counts_as_none(tmp_path: Path, text: str):
    data = text.encode("latin-1")
    for name in ("library.json", "begun.json", "metrics.jsonl", "me.h5.boxes.json"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "checkpoint.safetensors").touch()
    score_path(tmp_path, "amateur").write_bytes(data)
    assert not any(remark.note for remark in remarks_of(tmp_path).values())
    assert looks_of(tmp_path) == ()
    assert kept_score(tmp_path, "amateur") is None
    with pytest.raises(CheckpointError, match="Begin anew"):
        Begun.read(tmp_path)
    session = read_session(
        tmp_path / "me.h5.boxes.json",
        recording="it",
        frame_count=10,
        size=FrameSize(64, 32),
    )
    assert session is None


def test_one_hostile_run_hides_no_other(tmp_path: Path):
    Begun("policy", "practice", (), (), PolicyChoices()).write(tmp_path / "good")
    policy_folder(tmp_path / "deep", DEEP)
    (tmp_path / "deep/begun.json").write_text(DEEP)
    Begun("policy", "practice", (), (), PolicyChoices()).write(tmp_path / "late")
    begun = (tmp_path / "late/begun.json").read_text()
    (tmp_path / "late/begun.json").write_text(begun.replace("0.0", HUGE, 1))
    head = {"classes": {"run": {"f1": 0.5, "support": float("inf")}}}
    scores = {"kind": "policy", "evaluation": {"heads": {"a": head}}}
    policy_folder(tmp_path / "endless", json.dumps(scores))
    assert {entry.name for entry in list_runs(tmp_path)} == {"good", "endless"}
    assert [run.name for run in find_runs(tmp_path)] == []


@pytest.mark.parametrize(
    "text", [" " * (MOST_CONFIG_BYTES + 1), DEEP, "[]", "{}", '{"kind": "ghost"}', '{"kind": []}']
)
def test_a_run_that_says_what_cant_be_is_told_in_a_line_and_left_out(tmp_path: Path, text: str):
    folder = policy_folder(tmp_path / "theirs", text)
    with pytest.raises(CheckpointError, match="theirs: what it says of itself") as caught:
        read_run(folder)
    assert "\n" not in str(caught.value)
    assert complete_runs(tmp_path) == []


def test_numbers_without_end_are_no_score_and_no_boxes(tmp_path: Path):
    policy_folder(tmp_path / "run", "{}")
    trained = (tmp_path / "run/checkpoint.safetensors").stat().st_mtime_ns
    goals = {"mean": 1, "ci95": [0, 1]}
    bot = {"matches": float("inf"), "scored": goals, "conceded": goals}
    told = {"trained": trained, "matches": 20, "seconds": 60.0, "seed": 1000, "bot": bot}
    score_path(tmp_path / "run", "amateur").write_text(json.dumps(told | {"coach": bot}))
    assert kept_score(tmp_path / "run", "amateur") is None
    path = session_path(tmp_path / "me.h5")
    path.write_text('{"version": 1, "recording": "it", "frames": [Infinity]}')
    size = FrameSize(64, 32)
    assert read_session(path, recording="it", frame_count=9, size=size) is None


@pytest.mark.timeout(30)
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path):
    for name in ("library.json", "begun.json", "metrics.jsonl"):
        os.mkfifo(tmp_path / name)
    assert remarks_of(tmp_path) == {}
    assert looks_of(tmp_path) == ()
    with pytest.raises(CheckpointError, match="no plain file"):
        Begun.read(tmp_path)
    assert policy_run(tmp_path) is None


def test_a_link_left_in_the_way_does_not_choose_what_is_written_over(tmp_path: Path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("library.json.part", "me.h5.boxes.json.part"):
        (folder / name).symlink_to(precious)
    set_note(folder, "me.h5", "$(run this)")
    write_session(session_path(folder / "me.h5"), Session("it"))
    assert precious.read_text() == "precious"
    assert remarks_of(folder)["me.h5"].note == "$(run this)"
    assert not (folder / "library.json").is_symlink()
    assert session_path(folder / "me.h5").is_file()


def test_a_text_from_elsewhere_opens_no_file(qtbot, tmp_path: Path):
    html = f'A title <img src="{red_picture(tmp_path / "red.png")}">'
    careless, careful = QLabel(html), words(html)
    for label in (careless, careful):
        qtbot.addWidget(label)
    assert red_pixels(careless) > 1000  # what would happen
    assert red_pixels(careful) == 0
    assert careful.text() == html
    assert plain_tip("a title & a half") == "a title & a half"
    assert "<img" not in plain_tip(html)
    assert "&lt;img" in plain_tip(html)


REPORTS = (
    '<img src="{0}">',
    '<img src="file://{0}">',
    "![a]({0})",
    "![a](file://{0})",
    "![a](red.png)",
    '<link rel="stylesheet" href="{1}">\n\ntext',
    '<table bgcolor="#ff0000"><tr><td>text text</td></tr></table>',
)


@pytest.mark.parametrize("report", REPORTS)
def test_a_report_shows_only_the_pictures_it_was_given(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: str
):
    monkeypatch.chdir(tmp_path)
    sheet = tmp_path / "sheet.css"
    sheet.write_text("p { background: #ff0000; }")
    browser = ReportBrowser()
    qtbot.addWidget(browser)
    browser.show_text(report.format(red_picture(tmp_path / "red.png"), sheet))
    browser.add_picture("red.png", b"no picture")
    assert red_pixels(browser) == 0


def test_a_report_shows_a_picture_that_it_was_given(qtbot, tmp_path: Path):
    browser = ReportBrowser()
    qtbot.addWidget(browser)
    browser.show_text("![a](red.png)")
    browser.add_picture("red.png", red_picture(tmp_path / "red.png").read_bytes())
    browser.resize(400, 200)
    browser.show()
    qtbot.waitUntil(lambda: red_pixels(browser) > 1000)


def test_a_link_in_a_report_leads_nowhere(qtbot, tmp_path: Path):
    browser = ReportBrowser()
    qtbot.addWidget(browser)
    browser.resize(400, 200)
    browser.show()
    target = tmp_path / "other.md"
    target.write_text("another file")
    browser.show_text(f"[{'a link ' * 8}]({target.as_uri()})")
    with _Opened() as opened:
        qtbot.mouseClick(browser.viewport(), Qt.MouseButton.LeftButton, pos=ON_LINK)
    assert browser.anchorAt(ON_LINK) == target.as_uri()  # so the link was under the pointer
    assert browser.toPlainText().startswith("a link")
    assert opened.urls == []


def test_nesting_without_end_does_no_harm(qtbot):
    browser = ReportBrowser()
    qtbot.addWidget(browser)
    for text in (
        ">" * 20_000,
        "<table><tr><td>" * 5_000,
        "\n".join(" " * n + "- x" for n in range(500)),
    ):
        browser.show_text(text)
        assert not browser.grab().isNull()


def test_a_picture_that_claims_to_be_enormous_is_passed_over(qtbot, studio, tmp_path: Path):
    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )
    paths = [bomb, tmp_path / "gone.png", red_picture(tmp_path / "red.png")]
    told, worker = [], studio.worker(read_pictures, paths)
    worker.told.connect(told.append)
    with qtbot.waitSignal(worker.ended, timeout=60_000) as ended:
        worker.start()
    assert ended.args[0].how is How.DONE
    assert [each.name for each in told] == ["red.png"]


class _Opened(QObject):
    """Takes what would be opened by the desktop."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    @pyqtSlot(QUrl)
    def take(self, url: QUrl) -> None:
        self.urls.append(url.toLocalFile())

    def __enter__(self) -> "_Opened":
        QDesktopServices.setUrlHandler("file", self.take)
        return self

    def __exit__(self, *_: object) -> None:
        QDesktopServices.unsetUrlHandler("file")


def test_a_folder_that_could_be_a_program_is_not_opened_itself(qapp, tmp_path: Path):
    with _Opened() as opened:
        open_folder(tmp_path / "run-1")
        open_folder(tmp_path / "run.app")
    assert opened.urls == [str(tmp_path / "run-1"), str(tmp_path)]
