import numpy as np
import torch
from torch import Tensor

from models.object_encoder import ObjectEncoder, TokenLayout
from models.tokens import Tokenizer
from tests.factories import practice_profile
from tests.toy_play import toy_demonstration

LAYOUT = TokenLayout(own=3, slots=4, numbers=5)
ROSE = 2
TOKENS = LAYOUT.stop + ROSE


def encoder(*, plain: bool = True) -> ObjectEncoder:
    """Make one; without `plain`, it hears of the slots only what goes through the small network."""
    torch.manual_seed(0)
    made = ObjectEncoder(LAYOUT, tokens=TOKENS, embed=12, width=8)
    if not plain:
        slots = slice(LAYOUT.own, LAYOUT.stop)
        with torch.no_grad():
            made.questions[0].weight[:, slots] = 0.0
            first = made.join[0].in_features - TOKENS
            made.join[0].weight[:, first + slots.start : first + slots.stop] = 0.0
    return made


def frames(*present: int) -> Tensor:
    """Three frames of two sequences, in which those slots are filled."""
    torch.manual_seed(1)
    tokens = torch.randn(2, 3, TOKENS)
    slots = slots_of(tokens)
    slots[..., 0] = 0.0
    slots[..., list(present), 0] = 1.0
    slots *= slots[..., :1]
    return tokens


def slots_of(tokens: Tensor) -> Tensor:
    """The slots as a view, `(B, T, slots, numbers)`."""
    return tokens[..., LAYOUT.own : LAYOUT.stop].unflatten(-1, (LAYOUT.slots, LAYOUT.numbers))


def swapped(tokens: Tensor, a: int, b: int) -> Tensor:
    other = tokens.clone()
    slots_of(other)[..., [a, b], :] = slots_of(tokens)[..., [b, a], :]
    return other


def test_a_frame_becomes_a_vector_of_the_width_asked_for():
    assert encoder()(frames(0, 2)).shape == (2, 3, 12)


def test_each_frame_is_encoded_for_itself():
    made, tokens = encoder(), frames(0, 1, 3)
    torch.testing.assert_close(made(tokens)[1:, 2:], made(tokens[1:, 2:]))


def test_which_slot_an_object_is_in_matters_only_through_its_place():
    made, tokens = encoder(plain=False), frames(0, 1, 2)
    assert not torch.allclose(made(swapped(tokens, 0, 1)), made(tokens), atol=1e-4)
    with torch.no_grad():
        made.place[1] = made.place[0]
    torch.testing.assert_close(made(swapped(tokens, 0, 1)), made(tokens))
    assert not torch.allclose(made(swapped(tokens, 0, 2)), made(tokens), atol=1e-4)


def test_an_absent_slot_changes_nothing_whatever_stands_in_it():
    made, tokens = encoder(plain=False), frames(0, 2)
    other = tokens.clone()
    slots_of(other)[..., [1, 3], 1:] = 7.0
    torch.testing.assert_close(made(other), made(tokens))
    with torch.no_grad():
        made.place[1] += 5.0
    torch.testing.assert_close(made(other), made(tokens))
    slots_of(other)[..., 1, 0] = 1.0
    assert not torch.allclose(made(other), made(tokens), atol=1e-4)


def test_a_frame_with_no_object_at_all_is_encoded():
    tokens = frames()
    tokens.requires_grad_(True)
    found = encoder()(tokens)
    found.sum().backward()
    assert bool(found.isfinite().all())
    assert bool(tokens.grad.isfinite().all())


def test_the_gradient_reaches_every_weight_and_no_place_of_an_absent_slot():
    made = encoder()
    made(frames(0, 2)).square().sum().backward()
    for name, weight in made.named_parameters():
        assert float(weight.grad.abs().sum()) > 0, name
    reached = made.place.grad.abs().sum(dim=1) > 0
    assert reached.tolist() == [True, False, True, False]


def test_an_object_is_known_in_a_slot_in_which_it_was_never_seen():
    """Learn in slot 0 alone to say how far aside an object is; then show it in slot 3."""
    made = encoder(plain=False)
    with torch.no_grad():
        made.place[:] = 0.0
    made.place.requires_grad_(False)
    says = torch.nn.Linear(12, 1)
    optimiser = torch.optim.Adam([*made.parameters(), *says.parameters()], lr=1e-2)
    random = torch.Generator().manual_seed(0)

    def shown(slot: int) -> tuple[Tensor, Tensor]:
        tokens = torch.zeros(64, 1, TOKENS)
        aside = torch.rand(64, 1, generator=random) * 2 - 1
        slots_of(tokens)[..., slot, 0] = 1.0
        slots_of(tokens)[..., slot, 1] = aside
        return tokens, aside

    for _ in range(150):
        tokens, aside = shown(0)
        optimiser.zero_grad()
        (says(made(tokens))[..., 0] - aside).square().mean().backward()
        # What hears the slots without the small network stays silent.
        first = made.join[0].in_features - TOKENS
        made.join[0].weight.grad[:, first:] = 0.0
        made.questions[0].weight.grad.zero_()
        optimiser.step()
    tokens, aside = shown(3)
    error = float((says(made(tokens))[..., 0] - aside).detach().square().mean())
    assert error < 0.05 * float(aside.square().mean())


def test_the_tokenizer_says_where_its_slots_lie():
    profile = practice_profile()
    tokenizer = Tokenizer(profile, profile.capture.size)
    layout = tokenizer.layout
    demonstration = toy_demonstration(ticks=5)
    vectors = tokenizer.describe(tokenizer.rows(demonstration.seen.part(0, 5).sights()))
    slots = vectors[:, layout.own : layout.stop].reshape(5, layout.slots, layout.numbers)
    names = np.array(tokenizer.names[layout.own : layout.stop]).reshape(layout.slots, -1)
    assert [name.split(".")[1] for name in names[:, 0]] == ["present"] * layout.slots
    assert len({name.split(".")[0] for name in names[3]}) == 1
    assert set(np.unique(slots[..., 0])) == {0.0, 1.0}
    assert not slots[slots[..., 0] == 0].any()
    assert "present" not in " ".join(tokenizer.names[layout.stop :])
