import copy
import math

import numpy as np
import pytest

from data.frames import FrameSize, fit
from gui.practice import drawing
from gui.practice.devices import ensure_application
from gui.practice.drawing import Artist
from gui.practice.figures import pose_of
from gui.practice.match import Match
from gui.practice.pixels import bgr
from gui.practice.state import Action, GoalEvent, MatchState, Phase, Team
from gui.practice.view import (
    PITCH_BOTTOM_PX,
    PITCH_TOP_PX,
    Camera,
    SeenBox,
    ball_rect,
    player_rect,
    visible_objects,
)

SIZE = (1280, 720)
FAR_AWAY = -60.0


@pytest.fixture(scope="module", autouse=True)
def qt():
    ensure_application()


@pytest.fixture(scope="module")
def artist() -> Artist:
    return Artist(SIZE)


def kick_off() -> MatchState:
    return Match("beginner", 60, 1).state


def picture(artist: Artist, state: MatchState, **options) -> np.ndarray:
    image = artist.new_image()
    painter = drawing.QPainter(image)
    artist.draw(painter, state, **options)
    painter.end()
    return bgr(image).astype(int)


def extent(mask: np.ndarray) -> tuple[float, float, float, float]:
    ys, xs = np.nonzero(mask)
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


def overlap(a, b) -> float:
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def corners(box: SeenBox) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where something solid came or went; the faint shadows don't count."""
    return np.abs(before - after).max(axis=2) > 95


@pytest.mark.parametrize(
    ("action", "least"),
    [
        (Action.NONE, 0.7),
        (Action.KICK, 0.6),
        (Action.TACKLE, 0.6),
        (Action.DIVE, 0.6),
        (Action.FALL, 0.6),
        (Action.CELEBRATE, 0.7),
    ],
)
@pytest.mark.parametrize("index", [1, 6, 9])
def test_a_players_box_is_where_he_is_drawn(artist, action, least, index):
    state = kick_off()
    found = []
    for octant in range(8):
        player = state.players[index]
        player.x, player.y = 40.3, 27.1
        player.facing = octant * math.pi / 4
        player.vx, player.run_phase, player.action = 4.0, 0.7 * octant, action
        player.action_age_s = 0.03 * octant
        box = player_rect(Camera.of(state, SIZE), player)
        here = picture(artist, state)
        player.x = FAR_AWAY
        found.append(overlap(extent(changed(picture(artist, state), here)), box))
    assert np.mean(found) >= least
    assert min(found) >= least - 0.15


@pytest.mark.parametrize("height", [0.0, 2.5])
def test_the_balls_box_is_where_it_is_drawn(artist, height):
    state = kick_off()
    state.ball.x, state.ball.y, state.ball.z = 36.2, 30.0, height
    box = ball_rect(Camera.of(state, SIZE), state.ball)
    here = picture(artist, state)
    state.ball.x = FAR_AWAY
    assert overlap(extent(changed(picture(artist, state), here)), box) > 0.75


def test_the_markers_box_is_where_it_is_drawn_over_the_controlled_player(artist):
    state = kick_off()
    state.controlled = 2
    (box,) = [b for b in visible_objects(state, SIZE) if b.class_name == "marker"]
    here = picture(artist, state)
    state.controlled = 4
    mask = changed(picture(artist, state), here)
    mask[:, : int(box.x1) - 30] = mask[:, int(box.x2) + 30 :] = False
    mask[: int(box.y1) - 20] = mask[int(box.y2) + 20 :] = False
    assert overlap(extent(mask), corners(box)) > 0.75


@pytest.mark.parametrize("focus_x", [0.0, 64.0])
def test_a_goals_box_is_where_it_is_drawn(artist, monkeypatch, focus_x):
    state = kick_off()
    state.focus_x = focus_x
    (box,) = [b for b in visible_objects(state, SIZE) if b.class_name == "goal"]
    here = picture(artist, state)
    monkeypatch.setattr(drawing, "paint_goal_behind", lambda *_: None)
    bare = Artist(SIZE)
    monkeypatch.setattr(Artist, "_draw_bodies", lambda *_: None)
    mask = np.abs(picture(bare, state) - here).max(axis=2) > 25
    mask[:, 130:-130] = False  # the goals are at the edges, and no player near them
    assert overlap(extent(mask), corners(box)) > 0.85


@pytest.mark.parametrize("seed", range(8))
def test_the_teams_are_told_apart_by_colour_in_every_kit(seed):
    state = kick_off()
    image = picture(Artist(SIZE, seed=seed), state)
    camera = Camera.of(state, SIZE)
    for player in state.players:
        if player.is_keeper:
            continue
        x1, y1, x2, y2 = map(round, player_rect(camera, player))
        blue, _, red = image[y1 + 10 : y2 - 18, x1 + 4 : x2 - 4].mean(axis=(0, 1))
        if player.team is Team.HOME:
            assert red > blue + 60
        else:
            assert blue > red + 60


def test_keepers_wear_other_colours_than_their_teams_and_each_other(artist):
    state = kick_off()
    shirts = []
    for index in (0, 1, 6, 7):
        player = state.players[index]
        player.x, player.y, player.facing = 32.0, 30.0, math.pi / 2
        x1, y1, x2, _ = map(round, player_rect(Camera.of(state, SIZE), player))
        shirts.append(picture(artist, state)[y1 + 12 : y1 + 26, x1 + 6 : x2 - 6].mean(axis=(0, 1)))
        player.x = FAR_AWAY
    for i, one in enumerate(shirts):
        for other in shirts[:i]:
            assert np.abs(one - other).max() > 60


def test_legs_move_with_the_run_phase_and_rest_when_the_player_stands():
    player = kick_off().players[3]
    player.vx = 5.0
    running = set()
    for k in range(16):
        player.run_phase = k * math.tau / 16
        running.add(pose_of(player).phase)
    assert len(running) == 8
    player.vx = 0.0
    assert pose_of(player).body == "stand"


def test_nothing_lies_over_the_pitch_but_banner_and_power_bar(artist):
    state = kick_off()
    plain = picture(artist, state, legend=False)
    state.score, state.step = [11, 12], 1234
    written = picture(artist, state, legend=True)
    pitch = slice(round(PITCH_TOP_PX) - 10, round(PITCH_BOTTOM_PX) + 10)
    assert not (plain[pitch] != written[pitch]).any()
    assert (plain[: pitch.start] != written[: pitch.start]).any(), "no score board"
    assert (plain[pitch.stop :] != written[pitch.stop :]).any(), "no key legend"


def test_the_power_bar_grows_beneath_the_controlled_player(artist):
    state = kick_off()
    plain = picture(artist, state)
    widths = []
    for power in (0.3, 0.9):
        state.power = power
        mask = np.abs(picture(artist, state) - plain).max(axis=2) > 20
        x, y = Camera.of(state, SIZE).point(*place(state))
        x1, y1, x2, y2 = extent(mask)
        assert x1 <= x <= x2
        assert y < y1 < y2 < y + 30
        bright = picture(artist, state)[y1 + 3].max(axis=1) > 200
        widths.append(bright[x1:x2].sum())
    assert widths[1] > widths[0] * 1.5


def place(state: MatchState) -> tuple[float, float]:
    player = state.players[state.controlled]
    return player.x, player.y


def test_a_goals_banner_has_the_scorers_colour(artist):
    state = kick_off()
    state.phase, state.banner = Phase.GOAL, "GOAL!"
    colours = []
    for team in Team:
        state.events = [GoalEvent(1, team)]
        colours.append(picture(artist, state)[130:190, 500:540].mean(axis=(0, 1)))
    assert colours[Team.HOME][2] > colours[Team.AWAY][2] + 60
    assert colours[Team.AWAY][0] > colours[Team.HOME][0] + 60


def test_grass_and_players_move_together_by_whole_pixels(artist):
    state = kick_off()
    state.focus_x = 30.0
    first = picture(artist, state, legend=False)
    state.focus_x += 10.37 / 26.0
    second = picture(artist, state, legend=False)
    play = slice(105, 690)
    assert any(
        not (second[play, : -shift or None] != first[play, shift:]).any() for shift in (10, 11)
    )


def test_a_small_picture_is_a_large_one_made_smaller(artist):
    state = kick_off()
    large = fit(picture(artist, state).astype(np.uint8), FrameSize(640, 360)).astype(int)
    small = picture(Artist((640, 360)), state)
    play = slice(60, 340)  # the grain of the grass and the crowd are painted for each size
    assert np.abs(large[play] - small[play]).mean() < 6.0


def test_drawing_changes_nothing_and_repeats_itself(artist):
    state = kick_off()
    before = copy.deepcopy(state)
    first = picture(artist, state)
    assert state == before
    assert (picture(Artist(SIZE), state) == first).all()
