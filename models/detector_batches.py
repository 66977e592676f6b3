"""What each step of a training sees: the same, wherever it begins and whoever shares it."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from data.errors import UnderstudyError
from models.detector_data import Batch, LabelledFrame, make_batch
from models.detector_recipe import DetectorTrainingSettings
from models.distributed import World
from models.ssd import Detector

_ORDER, _PIECE = 0, 1  # two kinds of random streams


class Batches:
    """Frames in shuffled passes, cut at random.

    Every piece that is ever cut has a number, and its random stream follows from that number
    alone. So nothing has to be saved to go on, and two processes cut what one would have cut.
    """

    def __init__(
        self,
        train: Sequence[LabelledFrame],
        detector: Detector,
        settings: DetectorTrainingSettings,
        world: World,
    ) -> None:
        """Check that every process gets a share.

        Raises:
            UnderstudyError: There are more processes than pictures in the smallest batch.
        """
        self.train, self.detector, self.settings, self.world = train, detector, settings, world
        whole, crop = detector.settings.size, settings.crop
        share = crop[0] * crop[1] / (whole[0] * whole[1])
        self.whole_count = max(2, round(settings.batch * share))
        smallest = min(settings.batch, self.whole_count)
        if smallest < world.size:
            raise UnderstudyError(
                f"{world.size} processes can't share a batch of {smallest} whole frames. "
                f"Use a --batch of at least {int(world.size / min(1.0, share)) + 1}, or fewer."
            )

    def at(self, step: int) -> Batch:
        """Make this process's share of a step's batch; steps count from 0."""
        every = self.settings.whole_every
        whole = (step + 1) % every == 0
        count = self.whole_count if whole else self.settings.batch
        before = step // every * self.whole_count + (step - step // every) * self.settings.batch
        numbers = self.world.share(range(before, before + count))
        return make_batch(
            [self._frame(number) for number in numbers],
            self.detector,
            size=self.detector.settings.size if whole else self.settings.crop,
            randoms=[self._random(_PIECE, number) for number in numbers],
            zoom_out=self.settings.zoom_out,
        )

    def ahead(self, steps: range, *, workers: int) -> Iterator[Batch]:
        """Make the batches of many steps, some ahead of time on so many threads; 0 makes none."""
        if not workers:
            yield from map(self.at, steps)
            return
        with ThreadPoolExecutor(workers, thread_name_prefix="batches") as pool:
            waiting: deque[Future[Batch]] = deque()
            for step in steps:
                waiting.append(pool.submit(self.at, step))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _frame(self, number: int) -> LabelledFrame:
        turn, place = divmod(number, len(self.train))
        return self.train[int(_order(self.settings.seed, turn, len(self.train))[place])]

    def _random(self, kind: int, number: int) -> np.random.Generator:
        return np.random.default_rng((self.settings.seed, kind, number))


@lru_cache(maxsize=4)
def _order(seed: int, turn: int, count: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng((seed, _ORDER, turn)).permutation(count)
