import colorsys

import numpy as np
import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QColor, QImage, QPainter

from gui.practice.devices import ensure_application
from gui.practice.drawing import Artist
from gui.practice.kits import look_of
from gui.practice.match import Match
from gui.practice.pixels import bgr
from gui.practice.state import MatchState
from gui.practice.view import SeenBox
from gui.practice.visibility import Layer, visible_share

SIZE = (960, 540)
FAR_AWAY = -60.0


@pytest.fixture(scope="module", autouse=True)
def qt():
    ensure_application()


@pytest.fixture(scope="module")
def artist() -> Artist:
    return Artist(SIZE)


def play() -> MatchState:
    """Return a moment of play with one opponent in the middle and nobody near him."""
    match = Match("beginner", 60, 1)
    while match.state.banner:
        match.advance(frozenset())
    state = match.state
    for player in state.players:
        player.x = FAR_AWAY
    state.players[-2].x, state.players[-2].y = state.focus_x, 30.0
    return state


def plate(width: int, height: int, alpha: int) -> QImage:
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(255, 255, 255, alpha))
    return image


def picture(artist: Artist, state: MatchState) -> np.ndarray:
    image = artist.new_image()
    painter = QPainter(image)
    artist.draw(painter, state)
    painter.end()
    return bgr(image).astype(int)


def ball_in(boxes: list[SeenBox]) -> SeenBox:
    (found,) = [box for box in boxes if box.class_name == "ball"]
    return found


def test_only_later_layers_cover_and_what_is_half_transparent_covers_half():
    below = Layer(QPoint(100, 100), plate(10, 10, 255))
    over = [
        Layer(QPoint(105, 95), plate(50, 50, 255)),
        Layer(QPoint(80, 90), plate(25, 50, 128)),
        Layer(QPoint(110, 100), plate(9, 9, 255)),
    ]
    assert visible_share([below], 0) == 1.0
    assert visible_share([below, over[0]], 0) == pytest.approx(1 - 5 * 10 / 100)
    assert visible_share([below, *over], 0) == pytest.approx(0.25, abs=0.002)
    assert visible_share([over[0], below], 1) == 1.0
    assert visible_share([below, over[2]], 0) == 1.0, "side by side"


@pytest.mark.parametrize("aside_m", [0.0, 0.25, 0.4, 0.5, 0.65])
def test_the_share_is_that_of_the_balls_pixels_left_in_the_picture(artist, monkeypatch, aside_m):
    monkeypatch.setattr(Artist, "_draw_shadows", lambda *_: None)
    state = play()
    rival, ball = state.players[-2], state.ball

    def ink(x: float, y: float) -> float:
        ball.x, ball.y, ball.z = x, y, 0.0
        there = picture(artist, state)
        ball.x = FAR_AWAY
        missing = np.abs(there - picture(artist, state)).sum()
        ball.x = x
        return float(missing)

    bare = ink(rival.x + 3.0, rival.y - 0.4)
    left = ink(rival.x + aside_m, rival.y - 0.4)
    assert ball_in(artist.seen(state)).visible == pytest.approx(left / bare, abs=0.15)
    ball.y = rival.y + 0.4
    assert ball_in(artist.seen(state)).visible == 1.0, "before him"


def test_a_balls_box_encloses_its_pixels_wherever_it_lies(artist, monkeypatch):
    monkeypatch.setattr(Artist, "_draw_shadows", lambda *_: None)
    state = play()
    for step in range(7):
        state.ball.x, state.ball.y = state.focus_x - 4 + 0.013 * step, 20 + 0.017 * step
        box = ball_in(artist.seen(state))
        there = picture(artist, state)
        x, state.ball.x = state.ball.x, FAR_AWAY
        ys, xs = np.nonzero(np.abs(there - picture(artist, state)).max(axis=2) > 12)
        state.ball.x = x
        assert (xs.min() - box.x1, ys.min() - box.y1) == pytest.approx((0, 0), abs=1)
        assert (xs.max() + 1 - box.x2, ys.max() + 1 - box.y2) == pytest.approx((0, 0), abs=1)


def test_banners_and_panels_cover_what_lies_under_them(artist):
    state = play()
    state.players[-2].y = 5.0
    shown = [box.visible for box in artist.seen(state) if box.class_name == "opponent"]
    under = [
        box.visible for box in artist.seen(state, banner="GOAL") if box.class_name == "opponent"
    ]
    assert shown == [1.0]
    assert under[0] < 0.6
    state.players[-2].y = 16.0
    panel = artist.seen(state, panel=("PAUSED", ("> resume", "quit")))
    assert [box.visible < 0.2 for box in panel if box.class_name == "opponent"] == [True]


@pytest.mark.parametrize("ours", [True, False])
def test_kits_made_up_by_number_keep_our_colours_warm_and_theirs_cold(ours):
    kits = {
        number: look_of(seed=1, ours=ours, keeper=False, number=4, kits=number).kit
        for number in range(40)
    }
    assert len(set(kits.values())) == 40
    for kit in kits.values():
        red, green, blue = (int(kit.shirt[i : i + 2], 16) / 255 for i in (1, 3, 5))
        hue = 360 * colorsys.rgb_to_hls(red, green, blue)[0]
        assert (hue < 20 or hue > 335) if ours else 190 < hue < 250
    keeper = look_of(seed=1, ours=ours, keeper=True, number=1, kits=3)
    assert keeper.kit == look_of(seed=1, ours=ours, keeper=True, number=1).kit
