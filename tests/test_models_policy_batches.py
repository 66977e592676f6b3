import pytest
import torch

from data.errors import UnderstudyError
from models.augmentation import AugmentationSettings
from models.demonstrations import labelled
from models.distributed import World
from models.policy_batches import Streams
from models.policy_store import passages_of
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import toy_demonstration

PROFILE = practice_profile()
TOKENIZER = Tokenizer(PROFILE, PROFILE.capture.size)


@pytest.fixture(scope="module")
def passages():
    played = [toy_demonstration(seed, 90) for seed in range(2)]
    pairs = [(one, labelled(one, PROFILE, shift_ms=100)) for one in played]
    return passages_of(pairs, TOKENIZER, copies=1, augmentation=AugmentationSettings())


def streams(passages, *, count=5, world=None, seed=0):
    return Streams(
        passages,
        TOKENIZER,
        PROFILE,
        streams=count,
        window=12,
        windows_in_stretch=2,
        mirror=True,
        use_features=True,
        seed=seed,
        world=world,
    )


def assert_same(one, two):
    for a, b in (
        (one.tokens, two.tokens),
        (one.features, two.features),
        (one.weights, two.weights),
        (one.fresh, two.fresh),
        *((one.classes[name], two.classes[name]) for name in one.classes),
    ):
        assert torch.equal(a, b)


def test_windows_skipped_are_those_that_would_have_been_read(passages):
    read, skipped = streams(passages), streams(passages)
    for _ in range(7):
        read.next()
    skipped.skip(7)
    assert_same(read.next(), skipped.next())


def test_windows_read_ahead_are_the_same(passages):
    plain = streams(passages)
    found = list(streams(passages).ahead(4))
    assert len(found) == 4
    for batch in found:
        assert_same(batch, plain.next())
    assert list(streams(passages).ahead(0)) == []


def test_processes_together_read_what_one_reads(passages):
    whole = streams(passages)
    shares = [streams(passages, world=World(rank, 2)) for rank in range(2)]
    assert sorted(stream for share in shares for stream in share.mine) == list(range(5))
    for _ in range(4):
        batch, parts = whole.next(), [share.next() for share in shares]
        for share, part in zip(shares, parts, strict=True):
            mine = list(share.mine)
            assert torch.equal(part.tokens, batch.tokens[mine])
            assert torch.equal(part.fresh, batch.fresh[mine])
            assert torch.equal(part.classes["movement"], batch.classes["movement"][mine])


def test_another_seed_reads_elsewhere(passages):
    assert not torch.equal(streams(passages).next().tokens, streams(passages, seed=1).next().tokens)


def test_more_processes_than_streams_are_refused(passages):
    with pytest.raises(UnderstudyError, match="3 processes can't share 2 streams"):
        streams(passages, count=2, world=World(0, 3))
