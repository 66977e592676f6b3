"""The demo's report as one page that opens in any browser."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from models.policy_metrics import SCORES

WIDE = ("piano_roll", "mistakes", "calibration", "curves")
PLAYERS = ("bot", "coach", "random", "idle")
_COLOURS = {"bot": "#e3202c", "coach": "#1f5fe0", "random": "#8a8f98", "idle": "#c3c7ce"}
_BASELINES = {
    "majority": "always the commonest",
    "repeat": "repeating the last keys",
    "neighbours": "looking up similar moments",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #667; --line: #d8dbe0; --card: #fff;
  --page: #f3f5f4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #9aa0a8; --line: #3a3f45;
  --card: #1f2327; --page: #15181b; } }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { margin: 0; font-size: 2rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.25rem; }
p.lead { font-size: 1.15rem; margin: .4rem 0 1.4rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1rem 1.25rem; overflow-x: auto; }
video, section img { width: 100%; border-radius: 8px; display: block; }
section img { max-width: 40rem; margin: 0 auto; } section img.wide { max-width: none; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
td:first-child, th:first-child { text-align: left; } th { color: var(--soft); font-weight: 600; }
svg text { fill: var(--ink); font: 14px system-ui, sans-serif; }
.soft { color: var(--soft); }
"""


def write_report(folder: Path, report: Mapping[str, Any], *, pictures: Sequence[Path]) -> Path:
    """Write `report.json` and `report.html` into the demo's folder; return the page's path.

    Args:
        folder: Where `play.mp4` and the pictures lie too.
        report: What `report.json` holds.
        pictures: Files inside the folder to show, in order; their names become captions.
    """
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sections = [
        ("The bot at play", _film(folder)),
        (_goals_title(report), _goals_chart(report) + _goals_table(report)),
        ("What it predicts on a recording it never saw", _evaluation_table(report["evaluation"])),
        ("Live", _live_table(report["live"])),
        ("Where the time went", _steps_table(report["steps"])),
    ]
    sections += [(_caption(path), _picture(folder, path)) for path in pictures]
    body = "".join(f"<h2>{escape(name)}</h2><section>{html}</section>" for name, html in sections)
    page = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>Understudy: the demo</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>Understudy</h1><p class='lead'>{escape(headline(report))}</p>{body}"
        f"<p class='soft'>{escape(_provenance(report))}</p></main></body></html>\n"
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def headline(report: Mapping[str, Any]) -> str:
    """Say in one sentence how the bot did."""
    bot, coach = report["bot"]["goals_for"]["mean"], report["coach"]["goals_for"]["mean"]
    share = f" ({100 * bot / coach:.0f}% of its teacher's {coach:.1f})" if coach else ""
    minutes = report["recorded_minutes"]
    watched = f"{minutes:.0f} minutes" if minutes >= 2 else f"{60 * minutes:.0f} seconds"
    return (
        f"After watching {watched} of play, the bot scores "
        f"{bot:.1f} goals a match{share}, from the screen alone."
    )


def _provenance(report: Mapping[str, Any]) -> str:
    machine = report["machine"]
    return (
        f"Policy trained on this run's own recordings; detector: {report['detector']}. "
        f"Opponents: {report['difficulty']}. {machine['cores']} CPU cores, {machine['gpu']}. "
        f"Whole run: {report['total_seconds'] / 60:.1f} minutes"
        + (f", set-up {report['setup_seconds'] / 60:.1f} more" if "setup_seconds" in report else "")
        + "."
    )


def _film(folder: Path) -> str:
    if not (folder / "play.mp4").exists():
        return "<p>No film was made.</p>"
    return "<video src='play.mp4' controls muted loop autoplay playsinline></video>"


def _goals_title(report: Mapping[str, Any]) -> str:
    return f"Goals in matches of {report['match_seconds']:g} seconds"


def _interval(found: Mapping[str, Any]) -> str:
    low, high = found["ci95"]
    return f"{found['mean']:.2f} <span class='soft'>[{low:.2f}, {high:.2f}]</span>"


def _goals_chart(report: Mapping[str, Any]) -> str:
    top = max(report[name]["goals_for"]["ci95"][1] for name in PLAYERS) or 1.0
    width, row, left = 760, 40, 90
    scale = (width - left - 70) / top
    parts = []
    for index, name in enumerate(PLAYERS):
        goals = report[name]["goals_for"]
        y, (low, high) = index * row + 6, goals["ci95"]
        x = left + goals["mean"] * scale
        parts.append(
            f"<text x='0' y='{y + 19}'>{name}</text>"
            f"<rect x='{left}' y='{y}' width='{max(1.0, x - left):.1f}' height='26' rx='4' "
            f"fill='{_COLOURS[name]}'/>"
            f"<line x1='{left + low * scale:.1f}' x2='{left + high * scale:.1f}' y1='{y + 13}' "
            f"y2='{y + 13}' stroke='currentColor' stroke-width='2'/>"
            f"<text x='{left + high * scale + 8:.1f}' y='{y + 19}'>{goals['mean']:.2f}</text>"
        )
    height = row * len(PLAYERS)
    label = "Goals scored a match by each player, with 95% intervals"
    return (
        f"<svg viewBox='0 0 {width} {height}' width='100%' role='img' aria-label='{label}'>"
        + "".join(parts)
        + "</svg>"
    )


def _goals_table(report: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            str(report[name]["matches"]),
            _interval(report[name]["goals_for"]),
            _interval(report[name]["goals_against"]),
            _interval(report[name]["goal_difference"]),
        ]
        for name in PLAYERS
    ]
    return _table(["", "matches", "goals for", "goals against", "difference"], rows)


def _evaluation_table(evaluation: Mapping[str, Any]) -> str:
    rows = []
    for head, found in evaluation["heads"].items():
        told = [(head, found)]
        told += [(f"{head}: {_BASELINES[name]}", b) for name, b in found["baselines"].items()]
        for name, scores in told:
            rows.append([escape(name), *(_number(scores.get(key)) for key in SCORES)])
    note = (
        "<p class='soft'>Repeating is told the person's true keys of the tick before. It scores "
        "high and can't play: it never changes a key by itself, as its last column says.</p>"
    )
    return _table(["", *(key.replace("_", " ") for key in SCORES)], rows) + note


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _live_table(live: Mapping[str, Any]) -> str:
    names = {
        "rate_hz": "decisions a second",
        "p50_ms": "screen to key, half of them within (ms)",
        "p99_ms": "screen to key, 99% within (ms)",
        "late_ticks": "late ticks",
        "ticks": "ticks",
        "score": "score in the window",
    }
    rows = [
        [text, f"{live[key]:.1f}" if isinstance(live[key], float) else escape(str(live[key]))]
        for key, text in names.items()
        if key in live
    ]
    return _table(["through the real window, with real keys", ""], rows)


def _steps_table(steps: Mapping[str, float]) -> str:
    rows = [[escape(name), f"{seconds:.0f} s"] for name, seconds in steps.items()]
    return _table(["step", "wall time"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{text}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _caption(path: Path) -> str:
    return path.stem.replace("_", " ").replace("-", " ").capitalize()


def _picture(folder: Path, path: Path) -> str:
    source = escape(path.relative_to(folder).as_posix())
    wide = " class='wide'" if path.stem in WIDE else ""
    return f"<img src='{source}' alt='{escape(_caption(path))}'{wide}>"
