"""A recording's summary as people read it: one screen, small bars, the problems last."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from data.inspection.summary import HOLD_BINS, HOLD_EDGES_MS, Captured, Summary
from data.moments import length, moment

_BARS = " ▁▂▃▄▅▆▇█"
_SPANS_TOLD = 12
_HOLES_TOLD = 6
SPAN_NAMES = {
    "paused": "paused",
    "focus_lost": "focus lost",
    "takeover": "take-over",
    "discarded": "discarded",
    "covered": "window covered",
    "moved": "window moved",
    "resized": "window resized",
    "standstill": "picture stood still",
    "rate_lost": "rate lost",
}
_DONE = {
    "trim": "trimmed from",
    "merge": "merged from",
    "suggest": "boxes suggested, from",
}


def bar(counts: Sequence[float]) -> str:
    """Draw numbers as a row of small bars, the largest full; what is above zero shows."""
    most = max(counts, default=0) or 1
    last = len(_BARS) - 1
    return "".join(_BARS[max(1, round(last * n / most)) if n > 0 else 0] for n in counts)


def view(name: str, summary: Summary) -> RenderableType:
    """Return what `understudy inspect` shows of one recording."""
    parts: list[RenderableType] = [_heading(name, summary), _facts(summary)]
    if summary.play_frames:
        parts.append(_heads(summary))
        if any(summary.keys.values()):
            parts.append(_keys(summary))
    parts.append(_problems(summary.problems))
    return Group(*parts)


def _heading(name: str, summary: Summary) -> Text:
    told = Text.assemble((name, "bold"), "  ")
    facts = [
        f"{length(summary.seconds)} of play",
        f"{summary.frames} frames",
        f"{summary.bytes / 1e6:.1f} MB",
    ]
    if summary.bytes_per_hour:
        facts.append(f"{summary.bytes_per_hour / 1e9:.2f} GB an hour")
    return told.append(", ".join(facts))


def _facts(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, text in _rows(summary):
        table.add_row(f"  {label}", escape(text))
    return table


def _rows(summary: Summary) -> Iterable[tuple[str, str]]:
    captured = summary.captured
    yield "captured", _source(captured)
    yield "", f"keys {' '.join(captured.keys)}, no others; only while the game had the focus"
    if captured.started_at:
        begun = captured.started_at[:16].replace("T", " ")
        yield "begun", f"{begun} on {captured.platform}"
    if captured.session:
        yield "session", f"{captured.session}, part {captured.part_of_session}"
    if captured.repaired or captured.edited:
        done = ["repaired"] if captured.repaired else []
        for step in captured.edited:
            sources = step.get("sources")
            names = sources if isinstance(sources, list) else [step.get("source", "?")]
            did = str(step.get("did", "?"))
            done.append(f"{_DONE.get(did, f'{did} from')} {', '.join(map(str, names))}")
        yield "since", "; ".join(done)
    if summary.play_frames < summary.frames:
        yield "play", f"{summary.play_frames} frames; the rest was discarded"
    if summary.rate_hz:
        yield (
            "rhythm",
            f"{summary.rate_hz:.2f} Hz; jitter p50 {summary.jitter_ms['p50']:.2f} ms, "
            f"p99 {summary.jitter_ms['p99']:.2f} ms",
        )
    yield "dropped", _dropped(summary)
    if any(summary.boxes.values()):
        yield "boxes", ", ".join(f"{name} {count}" for name, count in summary.boxes.items())
    for index, text in enumerate(_spans(summary)):
        yield "" if index else "spans", text


def _source(captured: Captured) -> str:
    left, top, width, height = captured.window
    title = f"“{captured.window_title}”, " if captured.window_title else ""
    stored = f"{captured.stored[0]}x{captured.stored[1]} at {captured.rate_hz:g} Hz"
    return f"{title}{width}x{height} at {left},{top} ({captured.source}), stored as {stored}"


def _dropped(summary: Summary) -> str:
    if not summary.dropped:
        return "none"
    told = f"{summary.dropped} ({100 * summary.dropped / max(1, summary.frames):.2f}%)"
    holes = sorted(summary.holes, key=lambda hole: hole.frames, reverse=True)[:_HOLES_TOLD]
    where = [
        f"{hole.frames} at {moment(hole.start_s)}"
        + (f"-{moment(hole.start_s + hole.seconds)}" if hole.seconds >= 1 else "")
        for hole in sorted(holes, key=lambda hole: hole.start_s)
    ]
    if len(summary.holes) > len(where):
        where.append(f"and at {len(summary.holes) - len(where)} more places")
    return f"{told}: {', '.join(where)}" if where else told


def _spans(summary: Summary) -> list[str]:
    told = [
        f"{moment(span.start_s):>5}  {SPAN_NAMES.get(span.kind, span.kind)}, {length(span.seconds)}"
        for span in summary.spans
    ]
    if len(told) <= _SPANS_TOLD:
        return told
    return [*told[: _SPANS_TOLD - 1], f"       and {len(told) - _SPANS_TOLD + 1} more (--json)"]


def _heads(summary: Summary) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for head, classes in summary.heads.items():
        shares = ", ".join(
            f"{name} {_percent(count, summary.play_frames)}"
            for name, count in classes.items()
            if count
        )
        table.add_row(f"  {head}", f"▕{bar(list(classes.values()))}▏", shares)
    return table


def _percent(count: int, of: int) -> str:
    share = 100 * count / of
    return f"{share:.0f}%" if share >= 1 else f"{share:.1f}%"


def _keys(summary: Summary) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("  key", no_wrap=True)
    table.add_column("presses", justify="right")
    table.add_column("held", justify="right")
    table.add_column(f"holds up to {' '.join(map(str, HOLD_EDGES_MS))} more ms", no_wrap=True)
    widths = [len(str(edge)) + 1 for edge in HOLD_EDGES_MS] + [4]
    for key, presses in summary.keys.items():
        if not presses:
            continue
        counts = [summary.holds_ms[key][name] for name in HOLD_BINS]
        bars = "".join(
            (glyph * (width - 1)).ljust(width)
            for glyph, width in zip(bar(counts), widths, strict=True)
        )
        table.add_row(
            f"  {escape(key)}", str(presses), f"{summary.held_s[key]:.1f} s",
            Text(" " * len("holds up to ") + bars, style="cyan"),
        )  # fmt: skip
    return table


def _problems(problems: Sequence[str]) -> Text:
    if not problems:
        return Text("  ✓ nothing wrong with it", style="green")
    lines = [Text.assemble(("  ! ", "bold yellow"), problem) for problem in problems]
    return Text("\n").join(lines)
