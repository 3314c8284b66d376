"""Reading XML from strangers: no DOCTYPE, no entities, bounded depth, so nothing can expand or reach out."""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from api.exchange.feature import FileUnreadable

MAX_DEPTH = 16


def read_xml(data: bytes) -> Element:
    """The root element.

    Raises:
        FileUnreadable: it is no XML, has a DOCTYPE, or nests too deep.
    """
    builder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise FileUnreadable(f"The XML nests deeper than {MAX_DEPTH} elements. Send the file as it was exported.")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as exc:
        raise FileUnreadable(f"The file is no XML ({exc}). Send it as ASAP or ImageScope saved it.") from exc
    return builder.close()


def _refuse_doctype(*_: object) -> NoReturn:
    raise FileUnreadable("The XML has a DOCTYPE, which annotation files never need. Remove it and try again.")


def number(element: Element, name: str) -> float:
    """The number in an attribute.

    Raises:
        FileUnreadable: it is missing or no number.
    """
    text = element.get(name, "")
    try:
        return float(text.replace(",", "."))
    except ValueError as exc:
        raise FileUnreadable(f"<{element.tag}> has {name}=“{text[:40]}”, which is no number.") from exc
