"""Documents: what the font lacks is written as its number, never as an empty box."""

import io
from typing import Any

import pytest
from pypdf import PdfReader

from app.core.pdf import DOCUMENTS, has_glyph, legible, render
from app.core.qr import svg_of

# A private character, and one that no script has.
LACKING = "\ue123"


def test_rare_characters_of_names_are_there() -> None:
    assert all(has_glyph(sign) for sign in "䶮㛃𬱖龘𰻞林·（）＝×①")
    assert not has_glyph(LACKING)


def test_what_is_lacking_is_written_as_its_number() -> None:
    data: Any = {"name": f"林{LACKING}", "rows": [["平车", LACKING]], "number": 3}
    assert legible(data) == {"name": "林[U+E123]", "rows": [["平车", "[U+E123]"]], "number": 3}


@pytest.mark.parametrize("template", sorted(path.stem for path in DOCUMENTS.glob("*.typ")))
def test_markup_in_the_data_is_text(template: str) -> None:
    """Nothing that a person types is taken for a command of the typesetter."""
    words = '#read("/etc/passwd") $x^2$ *粗* _斜_ <标签> \\ // 注'
    data: Any = {
        "title": "标题", "subtitle": words, "note": words,
        "facts": [["姓名", words]], "lines": [["1", "2026-01-01", "获得积分", words, "+1", "1"]],
        "settlements": [{"facts": [["姓名", words], ["企业", words]], "lines": [["", "", words, "1.00"]], "due": "1.00", "paid": "0.00"}],
        "name": words, "course": words, "class": words, "brand": words, "hours": "24", "score": "", "number": "BGPX",
        "version": "1", "made": "2026年", "parties": [{"side": "申请人", "name": words}], "responsibility": words,
        "content": words, "manner": words, "effect": words, "waiting": words,
        "terms": [{"number": "1", "party": words, "to": "—", "what": words, "amount": "1.00", "due": "2026年"}],
        "signatures": [{"kind": "当事人", "name": words, "way": "本人", "at": "2026年"}],
        "parts": [{"title": words, "lines": [words, words]}, {"title": words, "lines": []}],
        "issued": "2026年", "valid": "长期", "place": "宝盖镇", "state": words, "url": "https://x.example", "qr": svg_of("x"),
    }  # fmt: skip
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(render(template, data))).pages)
    assert "".join(text.split()).count("".join(words.split())) >= 4
