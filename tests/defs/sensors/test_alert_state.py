"""What is told, and that each cause is told once."""

from hypothesis import given
from hypothesis import strategies as st

from cce_etl.defs.sensors.alert_state import MESSAGE_LINES, Cause, message, news, signature


def _causes(keys: str) -> list[Cause]:
    return [Cause(key, f"{key} is wrong", f"{key} is well") for key in keys]


def test_a_new_cause_is_told_and_then_no_more_while_it_lasts() -> None:
    first = news({}, _causes("ab"))
    assert first.lines == ["a is wrong", "b is wrong"]
    assert news(first.told, _causes("ba")).lines == []


def test_an_end_is_told_once_and_the_cause_again_only_after_it() -> None:
    told = news({}, _causes("a")).told
    over = news(told, [])
    assert over.lines == ["a is well"]
    assert news(over.told, []).lines == []
    assert news(over.told, _causes("a")).lines == ["a is wrong"]


@given(st.lists(st.sets(st.sampled_from("abcd")), max_size=12))
def test_beginnings_and_ends_of_each_cause_alternate(ticks: list[set[str]]) -> None:
    told: dict[str, str] = {}
    lines: list[str] = []
    for present in ticks:
        found = news(told, _causes("".join(sorted(present))))
        told = found.told
        lines += found.lines
    for key in "abcd":
        own = [line for line in lines if line.startswith(key)]
        assert own == [f"{key} is wrong", f"{key} is well"] * (len(own) // 2) + [f"{key} is wrong"] * (len(own) % 2)
        assert (key in told) == (len(own) % 2 == 1)


def test_a_message_has_the_first_lines_and_counts_the_rest() -> None:
    assert message(["one", "two"]) == "cce-etl: one\ncce-etl: two"
    many = message([str(number) for number in range(MESSAGE_LINES + 3)]).splitlines()
    assert (len(many), many[-1]) == (MESSAGE_LINES + 1, "cce-etl: and 3 more")


def test_a_reason_is_the_same_on_another_night() -> None:
    tonight = signature("3 of 12 jobs failed in run 0f3a9c51de77, PID 4711")
    assert tonight == signature("120 of 400 jobs failed in run 77bb01aac9d2, PID 1")
    assert tonight != signature("The token was refused.")
