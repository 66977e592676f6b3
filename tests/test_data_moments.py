import pytest

from data.moments import length, moment, moment_to_tenth, parse_moment, parse_stretch


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90.5", 90.5),
        ("1:30", 90),
        ("0:05.25", 5.25),
        ("1:02:30", 3750),
        ("75:0", 4500),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, seconds: float):
    assert parse_moment(text) == seconds


@pytest.mark.parametrize("text", ["", "1:75", "1:60:00", "-5", "1:2:3:4", "soon", "1e5", "nan"])
def test_what_is_no_moment_is_refused_with_an_example(text: str):
    with pytest.raises(ValueError, match="1:30"):
        parse_moment(text)


def test_a_stretch_has_two_ends_in_order():
    assert parse_stretch("2:00-2:30") == (120, 150)
    with pytest.raises(ValueError, match="2:00-2:30"):
        parse_stretch("120")
    with pytest.raises(ValueError, match="doesn't end"):
        parse_stretch("3:00-2:30")


def test_a_moment_to_the_tenth_never_runs_over():
    told = [moment_to_tenth(s) for s in (0, 2.5, 10.3, 38.06, 38.96, 59.99, 3750.25)]
    assert told == ["0:00.0", "0:02.5", "0:10.3", "0:38.0", "0:38.9", "0:59.9", "1:02:30.2"]


def test_moments_and_lengths_are_written_for_people():
    assert [moment(s) for s in (0, 59.99, 90, 3750)] == ["0:00", "0:59", "1:30", "1:02:30"]
    assert [length(s) for s in (0.42, 12.3, 59.4, 185, 3600)] == [
        "0.4 s", "12 s", "59 s", "3:05 min", "1:00:00 h",
    ]  # fmt: skip
