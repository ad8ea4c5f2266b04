"""Drawings (SVG) for those who cannot show them: mail programs, and pages that preview a link."""

import resvg_py


def png(drawing: bytes, *, width: int) -> bytes:
    """The drawing as PNG, `width` pixels wide and as high as that makes it."""
    return bytes(resvg_py.svg_to_bytes(svg_string=drawing.decode("utf-8-sig"), width=width))
