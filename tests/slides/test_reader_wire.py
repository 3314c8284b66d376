"""The messages to and from a reader, also from one that can't be trusted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.slides.reader_wire import MAX_HEAD_BYTES, Message, MessageBuffer, decode_head, encode, head_length

text = st.text(st.characters(codec="utf-8"))
bodies = st.dictionaries(text, st.one_of(st.integers(-(2**63), 2**63), text, st.none(), st.booleans()))


@given(bodies, st.lists(st.binary(max_size=50), max_size=4))
def test_a_message_arrives_as_it_was_sent(body: dict[str, object], blobs: list[bytes]) -> None:
    stream = b"".join(encode(Message(body, blobs)))
    end = 4 + head_length(stream[:4])
    received, lengths = decode_head(stream[4:end])
    assert received == body
    assert lengths == [len(blob) for blob in blobs]
    assert stream[end:] == b"".join(blobs)


@given(st.lists(st.tuples(bodies, st.lists(st.binary(max_size=50), max_size=4)), max_size=3), st.data())
def test_messages_are_put_together_from_any_pieces(
    sent: list[tuple[dict[str, object], list[bytes]]], data: st.DataObject
) -> None:
    buffer = MessageBuffer()
    for body, blobs in sent:
        stream = b"".join(encode(Message(body, blobs)))
        received = None
        while stream:
            assert received is None
            length = data.draw(st.integers(1, len(stream)))
            received, stream = buffer.feed(stream[:length]), stream[length:]
        assert received == Message(body, blobs)


def test_bytes_nobody_asked_for_are_no_message() -> None:
    with pytest.raises(ValueError, match="3 bytes too many after a message"):
        MessageBuffer().feed(b"".join(encode(Message({}, [b"x"]))) + b"abc")


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
    with pytest.raises(ValueError, match=r"not a head|unexpected|empty document|invalid literal"):
        decode_head(head)
