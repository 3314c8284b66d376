"""What a slide's reader keeps of the newest events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.collaboration import recent
from api.collaboration.log import EventKind, LoggedEvent
from api.collaboration.recent import RecentEvents


def event(seq: int, annotations: int = 1) -> LoggedEvent:
    return LoggedEvent(seq, EventKind.ANNOTATIONS, None, "c", str(seq), {"annotations": [{}] * annotations}, None)


@given(start=st.integers(0, 5), count=st.integers(0, 12), asked=st.integers(-2, 20))
def test_it_answers_with_all_that_was_read_after_a_seq_or_not_at_all(start: int, count: int, asked: int) -> None:
    kept = RecentEvents(start)
    for seq in range(start + 1, start + count + 1):
        kept.add(event(seq))
    answer = kept.after(asked)
    if start <= asked <= start + count:
        assert [one.seq for one in answer or ()] == list(range(asked + 1, start + count + 1))
        assert answer is not None
    else:
        assert answer is None


def test_the_oldest_go_when_there_are_too_many() -> None:
    kept = RecentEvents(0)
    for seq in range(1, recent.MAX_EVENTS + 4):
        kept.add(event(seq))
    assert kept.after(2) is None
    assert len(kept.after(3) or ()) == recent.MAX_EVENTS


def test_large_events_make_it_shorter_and_the_newest_always_stays() -> None:
    kept = RecentEvents(0)
    for seq in range(1, 4):
        kept.add(event(seq, recent.MAX_ANNOTATIONS // 2))
    assert (kept.after(0), len(kept.after(1) or ())) == (None, 2)
    kept.add(event(4, recent.MAX_ANNOTATIONS + 1))
    assert ([one.seq for one in kept.after(3) or ()], kept.after(2)) == ([4], None)


def test_a_leap_of_the_log_forgets_everything() -> None:
    kept = RecentEvents(0)
    kept.add(event(1))
    kept.skip_to(9)
    assert (kept.last, kept.after(0), kept.after(9)) == (9, None, ())
