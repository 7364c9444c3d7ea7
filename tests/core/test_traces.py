"""The scan of the canary test finds what is there, however it is written, and nothing else."""

import base64
import json
import random
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.traces import Marks, forms_of, packed

VALUES = ("欧阳鹿鸣", "13977264815", "塘后村鹿鸣巷七十三号", "350581198803127397", "tok+en/=_-鹿")
noise = random.Random(7).randbytes  # noqa: S311  # the same on every run


@pytest.mark.parametrize("value", VALUES)
def test_every_way_of_writing_is_found_inside_other_bytes(value: str) -> None:
    marks = Marks([("值", value)])
    for way, forms in forms_of(value).items():
        for form in forms:
            assert marks.find(noise(1001) + form + noise(77)), way
    for before in range(3):
        for text in (value.encode(), value.encode("gb18030"), value.encode("utf-16-le")):
            longer = b"abc"[:before] + text + b"xyz"
            for coded in (base64.b64encode(longer), base64.urlsafe_b64encode(longer)):
                assert marks.find(noise(50) + coded) == {"值（base64）"}
    for written in (
        json.dumps({"name": value}), quote(f"q={value}&x"), quote(value).lower() if value.isascii() else quote(value),
        "".join(f"&#{ord(c)};" for c in value), f"…{value}…", repr(value.encode()), value.encode().hex(),
    ):  # fmt: skip
        assert marks.find(noise(33) + written.encode() + noise(3)), written
    assert "值（utf-8），gzip" in marks.find(noise(500) + packed(f"回答：{value}。" * 9) + noise(20))


def test_nothing_is_found_where_nothing_is() -> None:
    marks = Marks([(value, value) for value in VALUES])
    assert len(marks) > 60
    assert marks.find(noise(3_000_000)) == set()
    assert marks.find("欧阳先生住在塘后村，电话 13977264814，另有 139****4815".encode()) == set()


def test_names_and_contents_of_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "13977264815.pdf").write_bytes(b"nothing")
    (tmp_path / "b.log").write_text("手机号 13977264815 已登记")
    (tmp_path / "c.log").write_text("手机号 139****4815 已登记")
    marks = Marks([("手机号", "13977264815")])
    assert marks.find_in_files(tmp_path) == {
        "a/13977264815.pdf": {"手机号（utf-8）"}, "b.log": {"手机号（utf-8）"},
    }  # fmt: skip
