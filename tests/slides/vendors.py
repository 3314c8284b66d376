"""Slides with label and macro, written as scanners of other makers write them, as far as OpenSlide asks for it."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from tests.slides.made import Pixels

WIDTH, HEIGHT = 640, 480


def ramp(width: int, height: int, blue: int) -> Pixels:
    y, x = np.mgrid[0:height, 0:width]
    parts = [x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), np.full((height, width), blue)]
    return np.stack(parts, axis=2).astype(np.uint8)


def jpeg(pixels: Pixels, *, restarts: bool = False) -> bytes:
    out = io.BytesIO()
    rows = {"restart_marker_rows": 1} if restarts else {}
    Image.fromarray(pixels).save(out, "jpeg", quality=95, subsampling=0, **rows)
    return out.getvalue()


LABEL = jpeg(np.random.default_rng(1).integers(0, 255, (80, 100, 3), np.uint8))
MACRO = jpeg(np.random.default_rng(2).integers(0, 255, (100, 300, 3), np.uint8))
MAP = jpeg(np.random.default_rng(3).integers(0, 255, (50, 60, 3), np.uint8))


def write_ndpi(path: Path) -> None:
    """Hamamatsu NDPI: links of 8 bytes, the macro image with lens -1, the map with lens -2."""
    pictures = [(20.0, jpeg(ramp(WIDTH, HEIGHT, 40))), (-1.0, MACRO), (5.0, jpeg(ramp(160, 120, 40))), (-2.0, MAP)]
    out = bytearray(b"II*\0" + bytes(8))
    link = 4
    for lens, data in pictures:
        width, height = Image.open(io.BytesIO(data)).size
        at = _appended(out, data)
        bits = _appended(out, struct.pack("<3H", 8, 8, 8))
        maker = _appended(out, b"Hamamatsu\0")
        entries = [
            (256, 4, 1, width),
            (257, 4, 1, height),
            (258, 3, 3, bits),
            (259, 3, 1, 7),
            (262, 3, 1, 6),
            (271, 2, 10, maker),
            (273, 4, 1, at),
            (277, 3, 1, 3),
            (278, 4, 1, height),
            (279, 4, 1, len(data)),
            (65420, 4, 1, 1),
            (65421, 11, 1, struct.unpack("<I", struct.pack("<f", lens))[0]),
            (65424, 9, 1, 0),
        ]
        directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        start = _appended(out, directory + bytes(8 + 4 * len(entries)))
        out[link : link + 8] = struct.pack("<Q", start)
        link = start + len(directory)
    path.write_bytes(out)


def _appended(out: bytearray, data: bytes) -> int:
    at = len(out)
    out += data + bytes(len(data) % 2)
    return at


def write_philips(path: Path, *, in_xml: bool) -> None:
    """Philips TIFF: label and macro in the XML of the first directory, or in directories of their own."""
    label, macro = (base64.b64encode(data).decode() if in_xml else "" for data in (LABEL, MACRO))
    xml = _philips_xml(label, macro)
    with tifffile.TiffWriter(path) as tiff:
        for number, downsample in enumerate((1, 2)):
            tiff.write(
                ramp(1024 // downsample, 512 // downsample, 40),
                tile=(256, 256),
                photometric="ycbcr",
                compression="jpeg",
                compressionargs={"level": 95},
                subfiletype=1 if number else 0,
                software="Philips DP v1.0",
                description=f"level={number}" if number else xml,
                metadata=None,
            )
        if not in_xml:
            for name, data in (("Macro", MACRO), ("Label", LABEL)):
                pixels = np.asarray(Image.open(io.BytesIO(data)))
                tiff.write(
                    iter([data]),
                    shape=pixels.shape,
                    dtype=np.uint8,
                    rowsperstrip=pixels.shape[0],
                    photometric="ycbcr",
                    compression="jpeg",
                    subsampling=(1, 1),
                    subfiletype=1,
                    description=name,
                    software="Philips DP v1.0",
                    metadata=None,
                )


BARCODE = base64.b64encode(b"S26-0042 Jane Doe").decode()


def _philips_xml(label: str, macro: str) -> str:
    def attribute(name: str, content: str, kind: str = "IString") -> str:
        return f'<Attribute Name="{name}" Group="0x301D" Element="0x1000" PMSVR="{kind}">{content}</Attribute>'

    def data_object(kind: str, content: str) -> str:
        return f'<DataObject ObjectType="{kind}">{content}</DataObject>'

    def array(name: str, content: str) -> str:
        return attribute(name, f"<Array>{content}</Array>", "IDataObjectArray")

    levels = "".join(
        data_object(
            "PixelDataRepresentation",
            attribute("DICOM_PIXEL_SPACING", f"&quot;{spacing}&quot; &quot;{spacing}&quot;", "IDoubleArray")
            + attribute("PIIM_PIXEL_DATA_REPRESENTATION_NUMBER", str(number), "IUInt16"),
        )
        for number, spacing in enumerate((0.00025, 0.0005))
    )
    images = data_object(
        "DPScannedImage",
        attribute("PIM_DP_IMAGE_TYPE", "WSI") + array("PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE", levels),
    )
    for kind, data in (("LABELIMAGE", label), ("MACROIMAGE", macro)):
        if data:
            content = attribute("PIM_DP_IMAGE_TYPE", kind) + attribute("PIM_DP_IMAGE_DATA", data)
            images += data_object("DPScannedImage", content)
    everything = attribute("DICOM_MANUFACTURER", "PHILIPS") + attribute("PIM_DP_UFS_BARCODE", BARCODE)
    body = data_object("DPUfsImport", everything + array("PIM_DP_SCANNED_IMAGES", images))
    return f'<?xml version="1.0" encoding="UTF-8" ?>{body}'


def write_vms(path: Path) -> None:
    """Hamamatsu VMS in an archive, with a picture beside it that no line names."""
    lines = [
        "[Virtual Microscope Specimen]",
        "NoLayers=1",
        "NoJpegColumns=1",
        "NoJpegRows=1",
        "ImageFile=case.jpg",
        "MapFile=case_map2.jpg",
        "MacroImage=case_macro.jpg",
        "SourceLens=20",
        "PhysicalWidth=100",
        "PhysicalHeight=100",
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("scan/case.vms", "\r\n".join(lines) + "\r\n")
        archive.writestr("scan/case.jpg", jpeg(ramp(WIDTH, HEIGHT, 40), restarts=True))
        archive.writestr("scan/case_map2.jpg", jpeg(ramp(160, 120, 40), restarts=True))
        archive.writestr("scan/case_macro.jpg", MACRO)
        archive.writestr("scan/photo_of_label.jpg", LABEL)
