"""What is weak in a trained policy, in words, and what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data.moments import length
from data.profile import GameProfile, Head
from models.evaluation import Evaluation, HeadEvaluation
from models.policy_metrics import ClassScore, KeyScore, alone, changed_ticks, confusion_of
from models.policy_store import Passage

_FEW = 20  # presses of a class learned from; with fewer each one is learned by heart
_POOR = 0.3  # of F1
_FEW_HELD_OUT = 20  # ticks of a class; below, its F1 is an accident
_ENOUGH = 10  # presses of a key, to say anything of its timing
_LATE_MS = 25.0  # half a tick at 20 Hz
_TOO_OFTEN, _TOO_SELDOM = 1.6, 0.6  # presses, as a share of the person's
_MIXED = 0.05  # of the ticks of two classes
_STALE = 0.6  # of the changed ticks; policies that play hold the old keys at 0.3 to 0.5 of them
_COPIED = 0.03  # of macro-F1
_SURER = 0.05
_HOLD_SHARE, _HOLD_MS = 0.3, 50.0
_BEHIND = 0.01  # of F1; less is noise
_MOST = 12  # sentences; nobody reads more


@dataclass(frozen=True, slots=True)
class Practised:
    """What there was to learn from."""

    seconds: float
    """Of play that counts."""
    times: dict[str, dict[str, int]]
    """For each head and class, how often the person went over to it."""
    mirror: dict[str, dict[str, str]]
    """For each head and class, the class as whose mirror image it was learned, too; empty where
    nothing was learned from flipped."""


@dataclass(frozen=True, slots=True)
class _Said:
    weight: float
    """About how much macro-F1 it costs."""
    text: str


def practised(passages: Sequence[Passage], profile: GameProfile, *, mirrored: bool) -> Practised:
    """Count what the person did in some passages, learned from flipped as well or not."""
    ticks = sum(int(passage.counts.sum()) for passage in passages)
    times: dict[str, dict[str, int]] = {}
    for head in profile.heads:
        counts = np.zeros(len(head.names), dtype=np.int64)
        for passage in passages:
            labels = passage.classes[head.name]
            begun = changed_ticks(labels) & passage.counts
            counts += np.bincount(labels[begun], minlength=len(counts))
        times[head.name] = dict(zip(head.names, counts.tolist(), strict=True))
    mirror = {}
    for head in profile.heads if mirrored else ():
        images = profile.mirrored_classes(head)
        mirror[head.name] = {n: head.names[i] for n, i in zip(head.names, images, strict=True)}
    return Practised(ticks / profile.capture.rate_hz, times, mirror)


def weaknesses(
    profile: GameProfile, evaluation: Evaluation | None, practised: Practised | None
) -> tuple[str, ...]:
    """Say what is weak and what to do, the most important first; nothing when nothing is."""
    said: list[_Said] = []
    for head in profile.heads:
        judged = None if evaluation is None else evaluation.heads[head.name]
        if practised is not None:
            said += _of_practice(head, judged, practised)
        if judged is not None:
            said += _of_classes(head, judged, practised)
            said += _of_rivals(head, judged)
            said += _of_mixing(head, judged)
            said += _of_changes(head, judged)
            said += _of_sureness(head, judged)
            said += _of_counts(head, judged)
            said += _of_timing(head, judged)
            said += _of_holds(head, judged)
    said.sort(key=lambda one: -one.weight)
    return tuple(one.text for one in said[:_MOST])


def _of_practice(
    head: Head, judged: HeadEvaluation | None, practised: Practised
) -> Iterator[_Said]:
    for name, times in practised.times[head.name].items():
        if name == head.names[head.none_index] or times >= _FEW:
            continue
        score = None if judged is None else judged.score.classes[name]
        image = practised.mirror.get(head.name, {}).get(name, name)
        if times == 0 and practised.times[head.name][image]:
            yield _Said(
                0.001,
                f"{head.name}: nobody ever pressed `{name}`. What the policy knows of it is the "
                f"mirror image of `{image}`.",
            )
            continue
        if times == 0 and (score is None or not score.support):
            yield _Said(
                0.001,
                f"{head.name}: nobody ever pressed `{name}`, so the policy never will. If the "
                "game needs it, record play that uses it.",
            )
            continue
        lost = 1.0 - (score.f1 or 0.0) if score is not None and score.support else 0.5
        count = f"only {times} time{'' if times == 1 else 's'}" if times else "never"
        found = ""
        if score is not None and score.support:
            found = f" It finds {_share_found(score)} of the ticks held out that ask for it."
        yield _Said(
            lost / len(head.names) + 0.02,
            f"{head.name}: `{name}` was pressed {count} in {length(practised.seconds)} "
            f"of play learned from. Record more moments that call for it.{found}",
        )


def _of_classes(head: Head, judged: HeadEvaluation, practised: Practised | None) -> Iterator[_Said]:
    table = confusion_of(head, judged.runs)
    wrong = table.copy()
    np.fill_diagonal(wrong, 0)
    for index, (name, score) in enumerate(judged.score.classes.items()):
        decided = int(table[:, index].sum())
        if not score.support or (practised and 0 < practised.times[head.name][name] < _FEW):
            continue  # of rare presses it is said that they are rare
        if score.support < _FEW_HELD_OUT:
            yield _Said(
                0.002,
                f"{head.name}: `{name}` was held for {score.support} ticks of the held-out play "
                "only, too few to judge it. Hold out more recordings.",
            )
        elif (score.f1 or 0.0) < _POOR:
            instead = head.names[int(wrong[index].argmax())]
            told = (
                f"it never decides on `{name}`, which the person held for {score.support} ticks"
                if not decided
                else f"of the {score.support} ticks of `{name}` it finds {_share_found(score)}, "
                f"and of the {decided} on which it decides on it "
                f"{100 * (score.precision or 0.0):.0f}% are right"
            )
            yield _Said(
                (1.0 - (score.f1 or 0.0)) / len(head.names),
                f"{head.name}: {told}; it mostly takes `{instead}` there. Record more of it.",
            )


def _share_found(score: ClassScore) -> str:
    return f"{100 * (score.recall or 0.0):.0f}%"


def _of_rivals(head: Head, judged: HeadEvaluation) -> Iterator[_Said]:
    rivals = {"majority": "always the commonest class", "neighbours": "looking up similar ticks"}
    behind: dict[str, float] = {}
    told = []
    for name, score in judged.score.classes.items():
        own = score.f1 or 0.0
        better = {
            rival: theirs.classes[name].f1 or 0.0
            for rival, theirs in judged.baselines.items()
            if rival in rivals and (theirs.classes[name].f1 or 0.0) > own + _BEHIND
        }
        if score.support and better:
            best = max(better, key=lambda rival: better[rival])
            behind[name] = better[best] - own
            told.append(f"`{name}` {own:.2f}, {rivals[best]} {better[best]:.2f}")
    if not behind:
        return
    advice = "Train longer (--passes), or record more."
    if set(behind) == {head.names[head.none_index]}:
        advice = "It presses something at moments when nothing is to be pressed: record more play."
    yield _Said(
        sum(behind.values()) / len(head.names) + 0.01,
        f"{head.name}: its F1 is below that of a policy that knows little: {'; '.join(told)}. "
        f"{advice}",
    )


def _of_mixing(head: Head, judged: HeadEvaluation) -> Iterator[_Said]:
    table = confusion_of(head, judged.runs)
    mixed = table + table.T
    np.fill_diagonal(mixed, 0)
    a, b = divmod(int(mixed.argmax()), len(mixed))
    ticks = int(table[a].sum() + table[b].sum())
    share = int(mixed[a, b]) / max(1, ticks)
    if share < _MIXED or (head.none_index in (a, b) and len(head.names) == 2):
        return
    first, second = (a, b) if table[a, b] >= table[b, a] else (b, a)
    yield _Said(
        share * 2 / len(head.names),
        f"{head.name}: `{head.names[first]}` and `{head.names[second]}` are mixed up most: "
        f"{int(mixed[a, b])} of their {ticks} ticks, {int(table[first, second])} of them "
        f"`{head.names[first]}` taken for `{head.names[second]}`.",
    )


def _of_changes(head: Head, judged: HeadEvaluation) -> Iterator[_Said]:
    stale = judged.score.stale_share
    if stale is not None and stale > _STALE:
        yield _Said(
            0.3 * stale,
            f"{head.name}: at {100 * stale:.0f}% of the ticks at which the person changed the keys "
            "it still holds the old ones: it rather copies than decides. Record more play with "
            "many changes.",
        )
    told, own = judged.told, judged.score
    if told is not None and (told.macro_f1 or 0.0) > (own.macro_f1 or 0.0) + _COPIED:
        yield _Said(
            (told.macro_f1 or 0.0) - (own.macro_f1 or 0.0),
            f"{head.name}: told the person's last keys its macro-F1 is {told.macro_f1 or 0.0:.2f}, "
            f"told its own, as in play, {own.macro_f1 or 0.0:.2f}: it leans on copying. Train "
            "without --previous-keys.",
        )


def _of_sureness(head: Head, judged: HeadEvaluation) -> Iterator[_Said]:
    told = judged.score.calibration
    if told is not None and abs(told.sureness) > _SURER:
        sure = sum(one.ticks * one.sure for one in told.bins) / sum(one.ticks for one in told.bins)
        word = "surer" if told.sureness > 0 else "less sure"
        yield _Said(
            0.05 * told.ece,
            f"{head.name}: it is {word} than it should be: {100 * sure:.0f}% on average, and right "
            f"at {100 * (sure - told.sureness):.0f}% of the ticks. Its probabilities rank the "
            "classes, but don't take them at their word.",
        )


def _of_counts(head: Head, judged: HeadEvaluation) -> Iterator[_Said]:
    often, seldom = [], []
    for key, score in _used_keys(judged):
        told = f"{_named(head, key)} {score.pressed} times, the person {score.wanted}"
        if score.pressed > _TOO_OFTEN * score.wanted:
            often.append(told)
        elif 0 < score.pressed < _TOO_SELDOM * score.wanted:
            seldom.append(told)
    if often:
        yield _Said(
            0.03 * len(often),
            f"{head.name}: too often it presses {'; '.join(often)}. Record more play in which "
            "that is not to be pressed, or raise the head's min_hold_ms.",
        )
    if seldom:
        yield _Said(
            0.03 * len(seldom),
            f"{head.name}: too seldom it presses {'; '.join(seldom)}. Record more moments that "
            "call for it.",
        )


def _of_timing(head: Head, judged: HeadEvaluation) -> Iterator[_Said]:
    timed = [
        (_named(head, key), score.late_ms, score.near)
        for key, score in _used_keys(judged)
        if score.late_ms is not None and score.near >= _ENOUGH
    ]
    mean_ms = sum(late_ms * near for _, late_ms, near in timed) / max(
        1, sum(near for _, _, near in timed)
    )
    for sign, word, advice in ((1, "late", "smaller"), (-1, "early", "larger")):
        off = [(name, sign * late_ms) for name, late_ms, _ in timed if sign * late_ms >= _LATE_MS]
        if off:
            told = _listed([f"{name} {late_ms:.0f} ms" for name, late_ms in off])
            # A shift moves all keys alike: it is no help where others are off the other way.
            helps = sign * mean_ms >= _LATE_MS / 2
            yield _Said(
                sum(late_ms for _, late_ms in off) / 2000.0,
                f"{head.name}: it presses {told} {word} on average."
                + (f" Try a {advice} --shift-ms." if helps else ""),
            )


def _of_holds(head: Head, judged: HeadEvaluation) -> Iterator[_Said]:
    for sign, advice in ((1, ""), (-1, " The head's min_hold_ms in the profile can help.")):
        told = []
        for key, score in _used_keys(judged):
            theirs, ours = score.wanted_hold_ms, score.pressed_hold_ms
            if theirs is None or ours is None or score.pressed < _ENOUGH:
                continue
            if sign * (ours - theirs) >= max(_HOLD_MS, _HOLD_SHARE * theirs):
                told.append(f"{_named(head, key)} for {ours:.0f} ms, the person for {theirs:.0f}")
        if told:
            word = "longer" if sign > 0 else "shorter"
            yield _Said(
                0.01 * len(told),
                f"{head.name}: it holds keys {word} (medians): {'; '.join(told)}.{advice}",
            )


def _used_keys(judged: HeadEvaluation) -> list[tuple[str, KeyScore]]:
    return [(key, one) for key, one in judged.score.keys.items() if one.wanted >= _ENOUGH]


def _named(head: Head, key: str) -> str:
    """Name a key, and what it does alone where that is another word."""
    name = alone(head, key)
    return f"`{key}`" if name in (key, None) else f"`{key}` ({name})"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
