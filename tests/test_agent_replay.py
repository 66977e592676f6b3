import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from agent.agreement import Agreement
from agent.decision import DecisionSettings, settings_for
from agent.flight_log import FlightLog
from agent.flown import FlightLogReader
from agent.replay import Replayed, replay
from data.errors import CheckpointError, RecordingError
from data.flight import DecisionRow
from data.reader import Recording
from data.repair import repair
from data.schema import DECISION_AT, DECISION_CLASSES, DECISION_FRESH, TICK_PROBABILITIES
from data.writer import RecordingWriter
from models.features import Stopped
from tests.conftest import Run
from tests.factories import (
    altered_profile,
    capture_facts,
    picture,
    practice_profile,
    write_recording,
)
from tests.fakes import strokes
from tests.flights import toy_flight
from tests.toy_play import toy_run


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flight with a person's take-over and a lost focus in it."""

    def plan(clock, window):
        clock.plan(3010, lambda: setattr(window, "has_focus", False))
        clock.plan(3310, lambda: setattr(window, "has_focus", True))

    path = tmp_path_factory.mktemp("flight") / "log.h5"
    return toy_flight(path, seconds=5.0, human=strokes("w", 1020, 1320), plan=plan)


@pytest.fixture
def log(flown: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(flown, tmp_path / "log.h5"))


def replayed(log: Path, run: Path | None = None, **more) -> Replayed:
    with Recording(log) as recording:
        return replay(FlightLogReader(recording, run), **more)


def change(log: Path, name: str, row: object, value: object) -> None:
    with h5py.File(log, "r+", libver="latest") as file:
        file[name][row] = value


def test_every_decision_comes_out_the_same_to_the_last_bit(log):
    found = replayed(log)
    assert found.same
    assert not found.run_differs
    assert (found.skipped, found.without_picture, found.held) == (0, 0, 0)
    with Recording(log) as recording:
        decisions = recording.decisions()
        assert found.compared == len(decisions) == len(recording.tick_times_ns())
        assert decisions.fresh.sum() == 3  # the start, after the take-over, after the lost focus
        assert len(np.unique(decisions.classes, axis=0)) > 2


@pytest.mark.parametrize(
    "drawn", [DecisionSettings(temperature=2.0), DecisionSettings(stuck_s=0.06)]
)
def test_decisions_that_were_drawn_come_out_the_same(tmp_path, drawn):
    log = toy_flight(tmp_path / "drawn.h5", decision=drawn)
    found = replayed(log)
    assert found.same
    with h5py.File(log, "r+", libver="latest") as file:
        facts = json.loads(file.attrs["flight"])
        file.attrs.modify("flight", json.dumps(facts | {"seed": 4}))
    assert any(head.classes for head in replayed(log).heads.values())


def test_a_log_knows_how_long_the_profile_that_was_played_with_holds_a_key(tmp_path):
    heads = [head.model_dump() | {"min_hold_ms": 1500} for head in practice_profile().heads]
    edited = altered_profile(heads=heads)
    log = toy_flight(tmp_path / "edited.h5", decision=settings_for(edited))
    assert replayed(log).same
    with Recording(log) as recording:
        assert recording.flight_facts is not None
        assert set(recording.flight_facts.decision["min_hold_ms"].values()) == {1500}
        kept = recording.decisions().classes
    with Recording(toy_flight(tmp_path / "plain.h5")) as recording:
        assert not np.array_equal(kept, recording.decisions().classes)


def test_a_fresh_start_that_is_left_out_changes_what_follows(log):
    with Recording(log) as recording:
        rows = np.flatnonzero(recording.decisions().fresh)
    change(log, DECISION_FRESH, int(rows[1]), 0)
    assert not replayed(log).same


def test_a_probability_that_differs_in_its_last_bit_is_told(log):
    with h5py.File(log, "r") as file:
        was = file[TICK_PROBABILITIES][7, 2]
    change(log, TICK_PROBABILITIES, (7, 2), np.nextafter(was, np.float32(2)))
    found = replayed(log)
    assert not found.same
    assert found.heads["movement"].differing == 1
    assert 0 < found.heads["movement"].largest < 1e-6
    assert [(one.number, one.logged) for one in found.first] == [(7, {})]
    assert found.first[0].at_s == pytest.approx(0.35)


def test_another_class_and_other_keys_are_told(log):
    with Recording(log) as recording:
        row = recording.decisions().classes[4].copy()
        names = recording.profile.heads[0].names
    was = names[row[0]]
    row[0] = (row[0] + 1) % len(names)
    change(log, DECISION_CLASSES, 4, row)
    found = replayed(log)
    assert found.heads["movement"].classes == 1
    assert found.first[0].replayed == {"movement": was}
    assert found.first[0].logged == {"movement": names[row[0]]}


def test_the_command_says_the_same_or_exits_with_one(log, run: Run):
    status, said, _ = run("replay", log)
    assert status == 0
    assert "every one the same" in said
    change(log, TICK_PROBABILITIES, (3, 0), 0.5)
    status, said, _ = run("replay", log, "--json")
    assert status == 1
    found = json.loads(said)
    assert found["same"] is False
    assert found["heads"]["movement"]["differing"] == 1
    status, said, _ = run("replay", log)
    assert status == 1
    assert "decision 3" in said


def test_a_run_that_is_gone_is_named(log, run: Run):
    with h5py.File(log, "r+", libver="latest") as file:
        facts = json.loads(file.attrs["flight"])
        file.attrs.modify("flight", json.dumps(facts | {"run": "/nowhere/bot"}))
    status, _, said = run("replay", log)
    assert status == 1
    assert "/nowhere/bot" in said
    assert facts["fingerprint"] in said
    with pytest.raises(CheckpointError, match="is not there"):
        replayed(log, Path("/nowhere/else"))
    assert replayed(log, toy_run()[0].out).same


def test_a_run_that_changed_since_is_told(log, tmp_path, run: Run):
    changed = tmp_path / "changed"
    shutil.copytree(toy_run()[0].out, changed)
    config = json.loads((changed / "config.json").read_text(encoding="utf-8"))
    config["offsets"]["movement"][0] += 1.0
    (changed / "config.json").write_text(json.dumps(config), encoding="utf-8")
    found = replayed(log, changed)
    assert found.run_differs
    assert not found.same
    status, said, _ = run("replay", log, changed)
    assert status == 1
    assert "not, or no longer, the run" in " ".join(said.split())


def test_decisions_before_the_first_fresh_start_are_left_out(log):
    change(log, DECISION_FRESH, 0, 0)
    with Recording(log) as recording:
        first = int(np.flatnonzero(recording.decisions().fresh)[0])
    found = replayed(log)
    assert found.skipped == first > 0
    assert found.same


def test_looking_again_with_two_engines_compares_them(tmp_path):
    log = toy_flight(tmp_path / "short.h5", seconds=1.0)
    found = replayed(log, engine="torch")
    assert found.pictures is not None
    assert found.engines is not None
    assert found.pictures.ticks == found.engines.ticks == found.compared == 20
    assert found.engines.same_share == 1.0
    assert found.engines.apart(100) < 1e-3
    assert found.pictures.apart(100) > found.engines.apart(100)  # the log's eyes were others


def test_a_frame_that_was_left_out_costs_no_decision(tmp_path):
    log = toy_flight(tmp_path / "whole.h5", seconds=1.0)
    with Recording(log) as recording:
        profile, decisions = recording.profile, recording.decisions()
        at_ns, probabilities = recording.tick_times_ns(), recording.probabilities()
        with RecordingWriter(
            tmp_path / "dropped.h5",
            profile=profile,
            facts=capture_facts(),
            head_probabilities=True,
            attributes=recording.flight_facts.to_attributes(),
        ) as writer:
            flight = FlightLog(writer, inline=True)
            for index, row in enumerate(rows_of(recording)):
                if index == 9:
                    writer.append_decision(row)  # as FlightLog does when too many frames wait
                else:
                    flight.decision(
                        recording.frame(index), row, probabilities=probabilities[index],
                        latency_ns=(0, 0, 0, 0, 0),
                    )  # fmt: skip
    assert len(decisions) == len(at_ns) == 20
    found = replayed(tmp_path / "dropped.h5")
    assert found.same
    assert (found.compared, found.without_picture) == (20, 1)


def rows_of(recording: Recording) -> list[DecisionRow]:
    log, heads = recording.decisions(), recording.profile.heads
    return [
        DecisionRow(
            at_ns=int(log.at_ns[i]),
            fresh=bool(log.fresh[i]),
            boxes=log.boxes[log.objects(i)],
            object_classes=log.object_classes[log.objects(i)],
            scores=log.scores[log.objects(i)],
            features=features.astype(np.float16),
            classes={head.name: int(c) for head, c in zip(heads, log.classes[i], strict=True)},
            held=log.held(i),
        )
        for i, features in enumerate(log.features(0, len(log)))
    ]


def test_a_slow_disk_never_costs_what_was_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("agent.flight_log.MOST_WAITING", -1)
    row = DecisionRow(
        at_ns=0, fresh=True, boxes=np.zeros((0, 4), np.float32),
        object_classes=np.zeros(0, np.int64), scores=np.zeros(0, np.float32),
        features=np.ones(3, np.float16), classes={"movement": 1, "action": 0, "sprint": 0},
        held=frozenset({"up"}),
    )  # fmt: skip
    with RecordingWriter(
        tmp_path / "log.h5", profile=practice_profile(), facts=capture_facts(),
        head_probabilities=True,
    ) as writer:  # fmt: skip
        flight = FlightLog(writer, inline=True)
        flight.decision(
            picture(0), row, probabilities=np.zeros(16, np.float32), latency_ns=(1, 2, 3, 4, 5)
        )
        flight.close()
    assert flight.dropped == 1
    with Recording(tmp_path / "log.h5") as recording:
        assert recording.frame_count == 0
        decisions = recording.decisions()
        assert (len(decisions), decisions.held(0)) == (1, {"up"})
        assert decisions.features(0, 1)[0].tolist() == [1, 1, 1]


def test_a_repaired_log_keeps_its_decisions(log, tmp_path):
    part = tmp_path / "left.h5.part"
    shutil.copy(log, part)
    with Recording(log) as recording:
        count = len(recording.decisions())
    found = replayed(repair(part))
    assert found.same
    assert found.compared == count


def test_a_leftover_whose_last_objects_are_missing_ends_before_them(log):
    with h5py.File(log, "r+", libver="latest") as file:
        count = file[DECISION_AT].shape[0]
        file["seen/class"].resize(file["seen/class"].shape[0] - 1, axis=0)
    found = replayed(log)
    assert found.same
    assert found.compared == count - 1


def test_a_log_of_old_says_what_it_lacks(log, tmp_path, run: Run):
    with h5py.File(log, "r+", libver="latest") as file:
        del file["decisions"]
        del file["seen"]
    with Recording(log) as recording:
        assert recording.is_flight_log
        assert not recording.keeps_decisions
        assert len(recording.probabilities()) > 0
    status, _, said = run("replay", log)
    assert status == 1
    assert "does not say what was seen" in said
    plain = write_recording(tmp_path / "plain.h5", frames=2)
    status, _, said = run("replay", plain)
    assert status == 1
    assert "plain.h5" in said


def test_a_trimmed_copy_is_not_said_to_be_the_same(log, run: Run):
    assert run("trim", log, "--from", "1", "--to", "2", "--out", "short.h5")[0] == 0
    status, _, said = run("replay", "short.h5")
    assert status == 1
    assert "holds no decisions to make again" in said
    status, told, _ = run("explain", "short.h5", "--at", "0.9", "--no-map", "--json")
    assert status == 0
    assert json.loads(told)["by"] in ("the policy plays", "a person plays")


def test_damaged_decisions_are_refused(log):
    change(log, DECISION_CLASSES, 0, 99)
    with pytest.raises(RecordingError, match="no class of its profile"):
        replayed(log)


def test_settings_of_a_version_to_come_are_refused(log):
    with h5py.File(log, "r+", libver="latest") as file:
        facts = json.loads(file.attrs["flight"])
        facts["decision"]["telepathy"] = True
        file.attrs.modify("flight", json.dumps(facts))
    with pytest.raises(RecordingError, match="telepathy"):
        replayed(log)


def test_it_can_be_stopped(log):
    with pytest.raises(Stopped, match="stopped at decision 0"):
        replayed(log, stop=lambda: True)


def test_agreement_counts_decisions_and_measures_logits():
    found = Agreement()
    even = {"movement": np.array([0.5, 0.25, 0.25], np.float32)}
    found.add(even, even)
    found.add(even, {"movement": np.array([0.25, 0.5, 0.25], np.float32)})
    assert (found.ticks, found.same, found.other) == (2, 1, {"movement": 1})
    assert found.apart(100) == pytest.approx(np.log(2), abs=1e-6)
    assert found.close_share == 0.5
