import numpy as np
import pytest

from agent.trial import Score, TrialReport, TrialStopped, bootstrap_mean, run_trial


def test_the_interval_holds_the_mean_and_narrows_with_more_matches():
    values = [0, 1, 2, 3] * 5
    few, many = bootstrap_mean(values), bootstrap_mean(values * 20)
    assert few.low < few.mean == 1.5 < few.high
    assert many.high - many.low < 0.4 * (few.high - few.low)


def test_the_interval_covers_the_true_mean_about_nineteen_times_in_twenty():
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        found = bootstrap_mean(random.poisson(2.0, 30).tolist())
        covered += found.low <= 2.0 <= found.high
    assert 87 <= covered <= 99


def test_a_trial_plays_consecutive_seeds_and_reports_as_promised():
    seen = []

    def play_matches(seeds, on_match):
        scores = [Score(seed % 3, 1) for seed in seeds]
        for score in scores:
            on_match(score)
        return scores

    report = run_trial(
        play_matches, player="coach", difficulty="beginner", matches=6, seed=9, on_match=seen.append
    )
    assert len(seen) == 6
    printed = report.to_json()
    assert printed["matches"] == 6
    assert printed["goals_for"]["mean"] == 1.0
    assert printed["goals_against"] == {"mean": 1.0, "ci95": [1.0, 1.0]}
    assert printed["goal_difference"]["mean"] == 0.0


def test_a_trial_that_was_stopped_tells_what_was_over_by_then():
    stopped = TrialStopped("stopped", [Score(2, 1), Score(0, 0)], matches=5, asked=True)
    assert str(stopped) == "the trial ended after 2 of 5 matches (2:1, 0:0): stopped."
    report = TrialReport("runs/me", "as the game was set", stopped.scores, stopped=stopped.why)
    printed = report.to_json()
    assert (printed["matches"], printed["scores"]) == (2, [[2, 1], [0, 0]])
    assert printed["stopped"] == "stopped"
    nothing = TrialStopped(
        "the window lies outside the screen. Move it back.", [], matches=5, asked=False
    )
    assert str(nothing) == (
        "the trial ended after 0 of 5 matches: the window lies outside the screen. Move it back."
    )


def test_no_matches_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        run_trial(lambda *_: [], player="idle", difficulty="beginner", matches=0, seed=0)
    with pytest.raises(ValueError, match="at least one"):
        _ = TrialReport("idle", "beginner", ()).goals_for
