import json
import signal
from collections.abc import Callable, Iterator

import pytest

from data.profile import load_profile
from recorder import key_learning
from recorder.key_learning import learn_keys, usable_keys
from recorder.keyboard import PynputKeys
from recorder.pacing import MonotonicClock
from recorder.window import find_window
from tests.fakes import FakeClock, FakeKeys, FakeWindow, strokes, wait_until

Wait = Iterator[Callable[[], bool]]
MOVEMENT = load_profile("practice").head("movement").classes


class Person:
    """Plays a script of real key strokes, one step each time that the learner reports."""

    def __init__(self, script: Wait) -> None:
        self._script = script
        self._until: Callable[[], bool] = lambda: True
        self.done = False

    def __call__(self, heard) -> None:
        self.heard = heard
        while not self.done and self._until():
            self._until = next(self._script, None) or self._finish()

    def _finish(self):
        self.done = True
        return lambda: True

    def sees(self, key: str) -> Callable[[], bool]:
        return lambda: key in self.heard.held


@pytest.fixture
def game(desk):
    """A game's window with the focus."""
    shown = desk.window("Tiny Game - level 1", size=(640, 360))
    window = find_window("Tiny Game", timeout_s=10)
    window.activate()
    wait_until(lambda: window.state().focused, "the game has the focus")
    yield window
    window.close()
    shown.destroy()
    desk.display.sync()


@pytest.fixture
def played_by(monkeypatch):
    """Let a person play while the command listens."""

    def played_by(script: Callable[[], Wait]) -> Person:
        person = Person(script())

        def learn(*, on_heard, **more):
            def tell(heard):
                on_heard(heard)
                person(heard)

            return learn_keys(on_heard=tell, **more)

        monkeypatch.setattr(key_learning, "learn_keys", learn)
        return person

    return played_by


def test_the_keys_of_a_moment_of_play_become_a_profile(desk, game, played_by, run, tmp_path):
    def script():
        yield lambda: person.heard.focused
        for key in ("up", "left", "right", "down", "d", "s"):
            desk.press(key)
            yield person.sees(key)
            desk.release(key)
            yield lambda: not person.heard.held
        for pair in (("up", "right"), ("left", "right")):
            for key in pair:
                desk.press(key)
                yield person.sees(key)
            for key in pair:
                desk.release(key)
            yield lambda: not person.heard.held
        desk.tap("f10")

    person = played_by(script)
    status, said, told = run("profile", "new", "tiny", "--title", "Tiny Game", "--yes")
    assert status == 0, told
    profile = load_profile(str(tmp_path / "tiny.toml"))
    assert {head.name: head.classes for head in profile.heads} == {
        "movement": MOVEMENT,
        "action": {"none": (), "d": ("d",), "s": ("s",)},
    }
    assert (profile.title, profile.capture.width_px) == ("Tiny Game", 480)
    assert profile.capture.height_px == 270
    assert "1x 0." in said
    assert not list(tmp_path.glob("*.part"))


def test_keys_typed_into_another_window_are_not_learned(desk, game, played_by, run, tmp_path):
    desk.window("Letters", at=(760, 500))
    other = find_window("Letters", timeout_s=10)

    def script():
        other.activate()
        yield lambda: other.state().focused and not person.heard.focused
        for key in "secret":
            desk.tap(key)
        desk.press("p")  # still held when the focus comes back
        game.activate()
        yield lambda: person.heard.focused
        desk.release("p")
        desk.press("d")
        yield person.sees("d")
        desk.release("d")
        yield lambda: not person.heard.held
        other.activate()
        yield lambda: not person.heard.focused
        desk.tap("x")
        desk.tap("f10")

    person = played_by(script)
    assert run("profile", "new", "tiny", "--title", "Tiny Game", "--yes")[0] == 0
    other.close()
    assert load_profile(str(tmp_path / "tiny.toml")).keys == ("d",)
    assert person.heard.use.presses == {"d": 1}


def test_ctrl_c_while_listening_leaves_nothing(desk, game, played_by, run, tmp_path):
    def script():
        yield lambda: person.heard.focused
        desk.tap("d")
        signal.raise_signal(signal.SIGINT)

    person = played_by(script)
    assert run("profile", "new", "tiny", "--title", "Tiny Game", "--yes")[0] == 130
    assert not list(tmp_path.iterdir())


def test_no_key_at_all_is_refused_with_what_to_do(desk, game, played_by, run, tmp_path):
    def script():
        yield lambda: person.heard.focused
        desk.tap("f10")

    person = played_by(script)
    status, _, told = run("profile", "new", "tiny", "--title", "Tiny Game", "--yes")
    assert status == 1
    assert "no key was pressed while 'Tiny Game - level 1' had the focus" in told
    assert not list(tmp_path.iterdir())


def test_what_was_pressed_before_the_focus_was_seen_is_not_learned():
    clock = FakeClock()
    window = FakeWindow(has_focus=False)
    keys = FakeKeys(clock, strokes("s", 20, 30) + strokes("d", 120, 140) + strokes("f10", 300))
    clock.plan(60, lambda: setattr(window, "has_focus", True))
    heard = learn_keys(keys=keys, window=window, clock=clock, stop=lambda: False)
    assert heard.use.presses == {"d": 1}
    assert clock.now_ns() == 300_000_000


def test_a_key_counts_as_held_only_while_the_game_has_the_focus():
    clock, window = FakeClock(), FakeWindow()
    clock.plan(500, lambda: setattr(window, "has_focus", False))
    clock.plan(1000, lambda: setattr(window, "has_focus", True))
    keys = FakeKeys(clock, strokes("d", 100, 1500))
    heard = learn_keys(keys=keys, window=window, clock=clock, stop=lambda: False, seconds=2.0)
    assert heard.use.held_ns("d") == 400_000_000


@pytest.mark.parametrize("ending", ["closed", "stopped", "time"])
def test_listening_ends_with_the_window_the_time_or_a_wish(ending):
    clock = FakeClock()
    window, wishes = FakeWindow(), []
    if ending == "closed":
        clock.plan(2000, lambda: setattr(window, "closed", True))
    if ending == "stopped":
        clock.plan(2000, lambda: wishes.append(1))
    heard = learn_keys(
        keys=FakeKeys(clock, strokes("d", 100)),
        window=window,
        clock=clock,
        stop=lambda: bool(wishes),
        seconds=2.0 if ending == "time" else None,
    )
    assert clock.now_ns() == 2_000_000_000
    assert heard.use.presses == {"d": 1}
    assert 1.8e9 < heard.use.held_ns("d") <= 1.9e9


def test_keys_without_a_name_are_told_and_not_learned(desk, game):
    with_media = PynputKeys(usable_keys(), MonotonicClock(), unnamed=True)
    try:
        with_media._on_press(with_media_key(), False)
        desk.tap("d")
        found = []
        wait_until(lambda: found.extend(with_media.drain()) or len(found) >= 3, "three events")
    finally:
        with_media.close()
    assert [event.key for event in found] == ["media_next", "d", "d"]


def with_media_key():
    from pynput.keyboard import Key

    return Key.media_next


def test_a_key_that_cannot_be_used_is_listed():
    clock = FakeClock()
    keys = FakeKeys(clock, strokes("media_next", 60, 80) + strokes("d", 70, 90))
    heard = learn_keys(keys=keys, window=FakeWindow(), clock=clock, stop=lambda: False, seconds=0.5)
    assert heard.unusable == ("media_next",)
    assert heard.use.presses == {"d": 1}


def test_the_keys_of_the_layout_can_be_used_each_under_its_plain_name(virtual_screen):
    keys = usable_keys()
    assert {"d", "1", ";", "left", "ctrl_l", "f12", "space"} <= keys
    assert not keys & {"!", "D", " ", ""}


def test_without_a_display_the_keys_are_named(run, tmp_path, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    words = ("profile", "new", "tux", "--title", "^Tux", "--size", "480x360", "--rate", 30)
    keys = "up,down,left,right,ctrl_l=kick,shift_l=pass"
    assert run(*words, "--keys", keys, "--out", "my/tux.toml")[0] == 0
    made = load_profile(str(tmp_path / "my/tux.toml"))
    shipped = load_profile("tuxfootball")
    assert {h.name: h.classes for h in made.heads} == {h.name: h.classes for h in shipped.heads}
    assert (made.capture.height_px, made.capture.rate_hz) == (360, 30)
    status, _, told = run("profile", "new", "x", "--keys", "d")
    assert (status, told.count("\n")) == (1, 1)
    assert "no display" in told


def test_a_person_may_name_what_keys_do_or_refuse(run, tmp_path, monkeypatch):
    answers = iter(["r", "shoot", "shoot", "pass", "y", "n"])
    monkeypatch.setattr("typer.prompt", lambda question, default: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    words = ("profile", "new", "tiny", "--title", "^Tiny", "--keys", "left,right,d,s")
    status, _, told = run(*words)
    assert status == 0
    assert "two keys are called 'shoot'" in told
    made = load_profile(str(tmp_path / "tiny.toml"))
    assert made.head("action").classes == {"none": (), "shoot": ("d",), "pass": ("s",)}
    assert run(*words, "--out", "b.toml")[0] == 1
    assert not (tmp_path / "b.toml").exists()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("My Game",), 1, "can't be the name"),
        (("practice",), 1, "ships with Understudy"),
        (("tiny", "--keys", "lefft", "--title", "x"), 1, "did you mean 'left'?"),
        (("tiny", "--keys", "d", "--title", "("), 1, "'(': not a regular expression"),
        (("tiny", "--title", "("), 1, "'(': not a regular expression"),
        (
            ("tiny", "--keys", "d", "--title", "x", "--rate", "19.5", "--size", "481x3"),
            1,
            "capture",
        ),
        (("tiny", "--keys", "d", "--title", "x", "--out", "/proc/x.toml"), 1, "/proc/x.toml"),
        (("tiny", "--keys", "d", "--title", "x", "--size", "big"), 2, "480x270"),
        (("there", "--keys", "d", "--title", "x"), 1, "--force"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(run, tmp_path, words, status, said):
    (tmp_path / "there.toml").write_text("precious", encoding="utf-8")
    found = run("profile", "new", *words)
    assert found[0] == status
    assert said in found[2]
    assert [file.name for file in tmp_path.iterdir()] == ["there.toml"]
    assert (tmp_path / "there.toml").read_text(encoding="utf-8") == "precious"


def test_check_lists_every_problem_and_fails(run, tmp_path):
    text = 'name = "a"\ntitle = ".*"\nx = 1\n[[heads]]\nname = "m"\nclasses = { none = [] }\n'
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    status, said, told = run("profile", "check", "a.toml")
    assert status == 1
    assert "x: no such field" in said
    assert "heads[m].classes: needs at least 2 entries; 1 are given." in said
    assert told.startswith("understudy: a.toml: ")
    assert told.count("\n") == 1
    status, said, _ = run("profile", "check", "a.toml", "--json")
    assert status == 1
    assert not json.loads(said)["sound"]
    assert len(json.loads(said)["problems"]) == 2


def test_check_notes_what_the_desktop_lacks(desk, game, run, tmp_path):
    text = 'name = "a"\ntitle = "{}"\n[[heads]]\nname = "m"\nclasses = {{ none = [], x = ["ж"] }}\n'
    (tmp_path / "a.toml").write_text(text.format("^FIFA"), encoding="utf-8")
    (tmp_path / "b.toml").write_text(text.format("^Tiny").replace("ж", "x"), encoding="utf-8")
    notes = json.loads(run("profile", "check", "a.toml", "--json")[1])["notes"]
    assert "no key ж" in notes[0]
    assert "no open window's title matches '^FIFA' now" in notes[1]
    assert "'Tiny Game - level 1'" in notes[1]
    assert json.loads(run("profile", "check", "b.toml", "--json")[1])["notes"] == []


def test_a_key_let_go_while_the_focus_came_and_went_is_held_no_longer():
    clock, window = FakeClock(), FakeWindow()
    keys = FakeKeys(clock, [*strokes("w", 500, 970), *strokes("d", 1500, 1600)])
    clock.plan(1000, lambda: setattr(window, "absences", 1))
    heard = learn_keys(keys=keys, window=window, clock=clock, stop=lambda: False, seconds=3.0)
    held_s = {frozenset(chord): ns / 1e9 for chord, ns in heard.use.chord_ns.items()}
    assert held_s[frozenset({"w"})] == pytest.approx(0.5, abs=0.1)
    assert frozenset({"w", "d"}) not in held_s
