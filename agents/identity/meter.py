"""The meter: a classifier learns some sessions of every subject and says who moves in others. How often is it right?

Sessions are never split: windows of one session are alike, and a classifier that had seen some of them would know the session again, not
the subject. Accuracies are means over subjects, so that chance is one over their number whatever the classifier prefers, and however
many sessions each has. Intervals of 95 % come from drawing sessions anew (bootstrap). All sessions are judged by what was learnt from the
others, which ties them together: where there is nothing to find, nine intervals in ten hold chance, and one or two in a hundred lie above
it. Subjects shuffled among sessions show what the meter says where nothing can be found.
"""

from dataclasses import dataclass, field

import numpy as np

from avatarium.agents.identity import classifier
from avatarium.agents.identity.features import windows
from avatarium.agents.recordings.recording import Recording
from avatarium.worlds.core.errors import UserError

WINDOW_S = 10.0
FOLDS = 5
DRAWS, SHUFFLES = 1000, 20
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Rate:
    """A share of right answers with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Measurement:
    """How well subjects can be told apart."""

    subjects: int
    sessions: int
    windows: int
    window_s: float
    per_window: Rate
    per_session: Rate
    """The same where the windows of a session vote, each by its probabilities."""
    shuffled: float
    """Accuracy per session where subjects are shuffled among sessions: about chance, or the meter is wrong."""
    confusion: np.ndarray  # float64 [K, K]: of the sessions of each subject (rows), the share told for each (columns)
    names: tuple[str, ...]

    @property
    def chance(self) -> float:
        """What guessing gives."""
        return 1.0 / self.subjects

    @property
    def gives_away(self) -> bool:
        """Whether subjects are told apart better than by chance: the interval, per session, lies above it."""
        return self.per_session.low > self.chance


@dataclass
class Sessions:
    """Windows of sessions, gathered one recording after the other; the recordings themselves are not kept."""

    window_s: float = WINDOW_S
    _rows: dict[tuple[str, str], list[np.ndarray]] = field(default_factory=dict)

    def add(self, told: Recording) -> None:
        """Take in what a subject did in a session, or in a part of it."""
        found = windows(told, self.window_s)
        if len(found):
            self._rows.setdefault((told.subject, told.session), []).append(found)

    def table(self) -> tuple[list[tuple[str, str]], list[np.ndarray]]:
        """Subject and session, and the windows [W, F], of all sessions of subjects that have two or more, subject by subject."""
        count: dict[str, int] = {}
        for subject, _ in self._rows:
            count[subject] = count.get(subject, 0) + 1
        keys = sorted(key for key in self._rows if count[key[0]] > 1)
        return keys, [np.concatenate(self._rows[key]) for key in keys]


def measure(sessions: Sessions, seed: int = 0, what: str = "these recordings") -> Measurement:
    """How well the subjects of ``sessions`` can be told apart; the same seed gives the same answer.

    Raises UserError unless two subjects have two sessions each, and where not everybody was recorded the same way.
    """
    keys, rows = sessions.table()
    names = tuple(dict.fromkeys(subject for subject, _ in keys))
    if len(names) < 2:
        raise UserError(f"nobody can be told from anybody else in {what}: it takes two sessions or more of two subjects or more")
    if len({part.shape[1] for part in rows}) > 1:
        raise UserError(f"not everybody was recorded the same way in {what}: measure each world, role and kind of file alone")
    subjects = np.array([names.index(subject) for subject, _ in keys])
    rng = np.random.default_rng(seed)
    right, share, answers = _tested(rows, subjects, len(names), rng)
    member = subjects == np.arange(len(names))[:, None]
    confusion = np.array([np.bincount(answers[mine], minlength=len(names)) / mine.sum() for mine in member])
    shuffled = [_shuffled(rows, subjects, len(names), rng) for _ in range(SHUFFLES)]
    return Measurement(
        subjects=len(names),
        sessions=len(keys),
        windows=sum(map(len, rows)),
        window_s=sessions.window_s,
        per_window=_rate(share, np.array([len(part) for part in rows], float), member, rng),
        per_session=_rate(right, np.ones(len(rows)), member, rng),
        shuffled=float(np.mean(shuffled)),
        confusion=confusion,
        names=names,
    )


def measured(sessions: Sessions, seed: int = 0, what: str = "these recordings") -> Measurement | str:
    """What ``measure`` gives, or the sentence that says why it gives nothing."""
    try:
        return measure(sessions, seed, what)
    except UserError as refusal:
        return str(refusal)


def _tested(
    rows: list[np.ndarray], subjects: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By session: whether the subject was told, the share of its windows that were, and who was told. Every session is tested once."""
    fold = np.zeros(len(rows), int)
    for k in range(count):  # the sessions of each subject lie in different folds, so that every subject is always learnt
        mine = rng.permutation(np.flatnonzero(subjects == k))
        fold[mine] = np.arange(len(mine)) % FOLDS
    right, share = np.zeros((2, len(rows)))
    answers = np.zeros(len(rows), int)
    for f in range(FOLDS):
        learnt, tested = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        if not len(tested):
            continue
        known = np.concatenate([rows[s] for s in learnt])
        fitted = classifier.fit(known, np.repeat(subjects[learnt], [len(rows[s]) for s in learnt]), count)
        for s in tested:
            scores = fitted.scores(rows[s])
            share[s] = (scores.argmax(axis=1) == subjects[s]).mean()
            answers[s] = scores.sum(axis=0).argmax()
            right[s] = answers[s] == subjects[s]
    return right, share, answers


def _shuffled(rows: list[np.ndarray], subjects: np.ndarray, count: int, rng: np.random.Generator) -> float:
    """Accuracy per session where subjects are shuffled among sessions."""
    dealt = rng.permutation(subjects)
    right, _, _ = _tested(rows, dealt, count, rng)
    return float(np.mean([right[dealt == k].mean() for k in range(count)]))


def _rate(right: np.ndarray, weight: np.ndarray, member: np.ndarray, rng: np.random.Generator) -> Rate:
    """The mean over subjects of the weighted mean of ``right`` over their sessions, and its interval."""

    def averaged(drawn: np.ndarray) -> np.ndarray:
        """For how often [..., S] each session was drawn; subjects of whom none was are left out."""
        total = (drawn * weight) @ member.T
        hits = (drawn * weight * right) @ member.T
        return np.asarray((hits / np.maximum(total, 1e-12)).sum(axis=-1) / (total > 0).sum(axis=-1))

    sessions = len(right)
    drawn = rng.multinomial(sessions, np.full(sessions, 1 / sessions), DRAWS).astype(float)
    low, high = np.percentile(averaged(drawn), INTERVAL)
    return Rate(float(averaged(np.ones(sessions))), float(low), float(high))
