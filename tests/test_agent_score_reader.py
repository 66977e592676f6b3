import base64
import json

import cv2
import numpy as np
import pytest

from agent.score_reader import AWAY_NS, GONE_NS, STEADY_NS, ScoreReader, ScoreWatch
from agent.trial import Score
from data.digit_cutting import cut_digits
from data.errors import ProfileError, UnderstudyError
from data.profile import load_profile
from data.profile_toml import to_toml
from data.score_board import ScoreBoard
from tests.factories import altered_profile

SIZE = 640, 360
OURS, THEIRS = (0.1, 0.05, 0.3, 0.25), (0.35, 0.05, 0.55, 0.25)
ALL = (0.0, 0.05, 1.0, 0.25)


def shown(*texts, noise=0):
    """Draw texts at the left edges of the two areas, or one across."""
    width, height = SIZE
    rng = np.random.default_rng(noise)
    image = rng.integers(20, 60, (height, width, 3)).astype(np.uint8)
    for text, area in zip(texts, (OURS, THEIRS), strict=False):
        where = round(area[0] * width) + 10, round(area[3] * height) - 20
        cv2.putText(image, text, where, cv2.FONT_HERSHEY_DUPLEX, 1.2, (250, 250, 250), 2)
    return image


@pytest.fixture(scope="module")
def board():
    digits = cut_digits(shown("01234"), ALL, "01234") | cut_digits(shown("56789"), ALL, "56789")
    return ScoreBoard(ours=OURS, theirs=THEIRS, width_px=SIZE[0], height_px=SIZE[1], digits=digits)


@pytest.mark.parametrize("score", [(0, 0), (3, 8), (1, 7), (10, 9), (22, 46), (5, 11)])
def test_a_score_is_read_whatever_the_ground(board, score):
    image = shown(*map(str, score), noise=sum(score) + 1)
    assert ScoreReader(board).read(image) == Score(*score)


@pytest.mark.parametrize("scale", [0.75, 1.5, 2.0])
def test_the_window_may_have_another_size(board, scale):
    image = cv2.resize(shown("4", "13"), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    assert ScoreReader(board).read(image) == Score(4, 13)


def test_where_no_number_stands_none_is_read(board):
    reader = ScoreReader(board)
    assert reader.read(shown("4")) is None
    assert reader.read(shown("MENU", "X")) is None
    assert reader.read(np.zeros((8, 8, 3), np.uint8)) is None
    assert reader.read(np.full((360, 640, 3), 255, np.uint8)) is None


def test_an_area_of_which_nothing_is_left_in_a_larger_window_holds_no_number(board):
    thin = board.model_copy(update={"ours": (0.1, 0.1, 0.1006, 0.12)})
    assert ScoreReader(thin).read(np.zeros((1080, 1920, 3), np.uint8)) is None


@pytest.mark.parametrize("shade", [0, 255])
def test_a_digit_is_cut_as_high_as_it_is_and_read_dark_or_light(shade):
    def drawn(*texts):
        return 255 - shown(*texts) if shade == 0 else shown(*texts)

    digits = cut_digits(drawn("01234"), ALL, "01234") | cut_digits(drawn("56789"), ALL, "56789")
    close = {"ours": (*OURS[:3], 0.21), "theirs": (*THEIRS[:3], 0.21)}
    board = ScoreBoard(**close, width_px=SIZE[0], height_px=SIZE[1], digits=digits)
    for digit in digits:
        height = int.from_bytes(board.picture(digit)[20:24], "big")
        assert 25 <= height <= 32, digit
    assert ScoreReader(board).read(drawn("3", "12")) == Score(3, 12)


def test_a_digit_that_claims_to_be_enormous_is_refused_unread(board, monkeypatch):
    data = bytearray(board.picture("0"))
    data[16:20] = (30_000).to_bytes(4, "big")
    forged = board.model_copy(update={"digits": {"0": base64.b64encode(data).decode()}})
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(ProfileError, match="no small PNG"):
        ScoreReader(forged)


@pytest.mark.parametrize("kind", [".jpg", ".bmp", ".tiff", ".webp"])
def test_a_digit_in_another_format_is_refused(board, kind):
    _, data = cv2.imencode(kind, np.zeros((16, 12), np.uint8))
    other = board.model_copy(update={"digits": {"0": base64.b64encode(data).decode()}})
    with pytest.raises(ProfileError, match="no small PNG"):
        ScoreReader(other)


def test_a_digit_that_is_no_picture_is_refused(board):
    broken = board.model_copy(update={"digits": {"0": "AAAA"}})
    with pytest.raises(ProfileError, match="picture of 0"):
        ScoreReader(broken)


def readings(*found):
    """Feed readings a second apart, each held twice as long as needed."""
    watch = ScoreWatch()
    for second, reading in enumerate(found):
        for at_ns in (0, STEADY_NS, 2 * STEADY_NS):
            watch.see(reading and Score(*reading), second * 10**10 + at_ns)
    return watch


@pytest.mark.parametrize(
    ("found", "score", "over"),
    [
        ([], None, False),
        ([None], None, False),
        ([(0, 0)], (0, 0), False),
        ([(0, 0), (1, 0), None, (1, 0), (1, 2)], (1, 2), False),
        ([(2, 1), (3, 1)], (1, 0), False),  # begun in the middle of a match
        ([(0, 0), (2, 0), (0, 0)], (2, 0), True),
        ([(0, 0), (2, 0), (0, 0), (1, 0)], (2, 0), True),
    ],
)
def test_goals_are_those_since_the_first_reading(found, score, over):
    watch = readings(*found)
    assert watch.score == (score and Score(*score))
    assert watch.over is over


def test_what_flickers_is_no_goal():
    watch = ScoreWatch()
    for at_ns in range(0, 10**10, STEADY_NS // 2):
        watch.see(Score(0, 0) if at_ns < 5 * 10**9 or at_ns % 2 == 0 else None, at_ns)
        watch.see(Score(8, 8), at_ns + 1)
    assert watch.score is None


def after(*held):
    """Feed readings, each held for a time in ns, a tenth of a second apart."""
    watch, now_ns = ScoreWatch(), 0
    for reading, held_ns in held:
        until_ns = now_ns + held_ns
        while now_ns <= until_ns:
            watch.see(reading and Score(*reading), now_ns)
            now_ns += 10**8
    return watch


def test_a_score_that_stays_out_of_sight_ends_the_match():
    begun = ((1, 0), 2 * STEADY_NS), ((2, 0), 2 * STEADY_NS)
    assert not after(*begun, (None, GONE_NS - 10**9)).over
    assert not after(*begun, (None, GONE_NS // 2), ((2, 0), 10**9), (None, GONE_NS // 2)).over
    ended = after(*begun, (None, GONE_NS + 10**9), ((3, 3), 2 * STEADY_NS))
    assert ended.over
    assert ended.score == Score(1, 0)


def test_a_match_that_has_not_begun_does_not_end():
    watch = after((None, 2 * GONE_NS))
    assert not watch.over
    assert watch.away


def test_a_score_is_away_when_it_stays_out_of_sight_for_longer_than_a_banner():
    assert not after(((1, 0), 10**9), (None, AWAY_NS - 10**9)).away
    assert after(((1, 0), 10**9), (None, AWAY_NS + 10**9)).away
    assert not after(((1, 0), 10**9), (None, AWAY_NS + 10**9), ((1, 0), 0)).away


def test_digits_are_cut_only_where_as_many_stand_as_are_said():
    with pytest.raises(UnderstudyError, match="has 3 characters, but 5 were found"):
        cut_digits(shown("01234"), ALL, "012")
    with pytest.raises(UnderstudyError, match="no digit"):
        cut_digits(shown("01234"), ALL, ":")


def test_the_command_cuts_digits(run, tmp_path):
    cv2.imwrite(str(tmp_path / "shot.png"), shown("12"))
    words = ["profile", "digits", "shot.png", "--at", "0,18,640,90", "--shows", "12"]
    status, said, _ = run(*words, "--json")
    assert status == 0
    assert set(json.loads(said)["digits"]) == {"1", "2"}
    status, said, _ = run(*words)
    assert status == 0
    assert "[score.digits]" in said
    status, _, told = run(*words[:4], "5,5,1,1", *words[5:])
    assert status == 2
    assert "left,top,right,bottom" in told


def test_a_profile_keeps_its_score_board(board, tmp_path):
    profile = altered_profile(score=json.loads(board.model_dump_json()))
    file = tmp_path / "game.toml"
    file.write_text(to_toml(profile))
    assert load_profile(str(file)) == profile


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ours": [0.5, 0.1, 0.2, 0.3]}, "empty"),
        ({"digits": {"a": ""}}, "digits"),
        ({"digits": {"1": "no base64!"}}, "base64"),
        ({"start": ["nokey"]}, "nokey"),
    ],
)
def test_a_wrong_score_board_is_refused_in_words(board, tmp_path, change, words):
    profile = altered_profile(score=json.loads(board.model_dump_json()))
    text = profile.model_dump_json()
    altered = json.loads(text)
    altered["score"] |= change
    with pytest.raises(ProfileError, match=words):
        type(profile).from_json(json.dumps(altered), source="game")
