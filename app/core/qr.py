"""QR codes as SVG, for documents and pages (ISO/IEC 18004, error correction M)."""

import io

import segno


def svg_of(text: str) -> str:
    """Black on white with the quiet zone of four modules."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", scale=4, border=4, light="white", svgns=True)
    return out.getvalue().decode()
