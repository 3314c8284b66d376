"""The messages to and from a reader, also from one that can't be trusted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.slides.reader_wire import MAX_HEAD_BYTES, Message, decode_head, encode, head_length

bodies = st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.none(), st.booleans()))


@given(bodies, st.lists(st.binary(max_size=50), max_size=4))
def test_a_message_arrives_as_it_was_sent(body: dict[str, object], blobs: list[bytes]) -> None:
    stream = b"".join(encode(Message(body, blobs)))
    end = 4 + head_length(stream[:4])
    received, lengths = decode_head(stream[4:end])
    assert received == body
    assert lengths == [len(blob) for blob in blobs]
    assert stream[end:] == b"".join(blobs)


def test_a_head_over_the_limit() -> None:
    with pytest.raises(ValueError, match="over the limit"):
        head_length((MAX_HEAD_BYTES + 1).to_bytes(4, "little"))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"body": 1, "blobs": []}',
        b'{"body": {}, "blobs": [-1]}',
        b'{"body": {}, "blobs": ["x"]}',
        b'{"body": {}, "blobs": null}',
        json.dumps({"body": {}, "blobs": [1 << 40]}).encode(),
    ],
)
def test_a_head_that_lies(head: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a head|Expecting value|invalid literal"):
        decode_head(head)
