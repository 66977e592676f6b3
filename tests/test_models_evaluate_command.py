import json

from tests.toy_play import toy_run


def test_scores_are_told_as_one_object_and_a_report_is_written(run, tmp_path):
    report, paths, _ = toy_run()
    status, said, _ = run("evaluate", report.out, paths[0], "--json", "--report", "judged")
    assert status == 0
    found = json.loads(said)
    assert set(found["heads"]) == {"movement", "action", "sprint"}
    text = (tmp_path / "judged" / "report.md").read_text()
    assert f"- judged on: {paths[0].name}" in text
    assert (tmp_path / "judged" / "piano_roll.png").is_file()
    assert not (tmp_path / "judged" / "curves.png").exists()  # nothing was trained


def test_a_report_is_never_overwritten_unasked(run, tmp_path):
    report, paths, _ = toy_run()
    (tmp_path / "judged").mkdir()
    (tmp_path / "judged" / "report.md").write_text("mine")
    words = ("evaluate", report.out, paths[0], "--report", "judged")
    status, _, wrong = run(*words)
    assert status == 1
    assert "--force" in wrong
    assert (tmp_path / "judged" / "report.md").read_text() == "mine"
    status, said, _ = run(*words, "--force")
    assert status == 0
    assert "judged/report.md" in said
    assert "neighbours" in said  # the table names every baseline
    assert (tmp_path / "judged" / "report.md").read_text() != "mine"
