"""Two profiles: one that starts by itself, one that refuses to start half configured."""

import base64
import json
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.core.settings import SANDBOX_APPS, SANDBOX_BASE, WECHAT_BASE, KeyRing, Settings, WrongSettingsError

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(1, 33))).decode()
COMPLETE = {
    "profile": "production",
    "database_url": "postgresql+asyncpg://sanqu@db/sanqu",
    "token_keys": f"t1:{KEY}",
    "field_keys": f"f2:{KEY},f1:{OTHER_KEY}",
    "index_key": KEY,
    "wechat_zhipin_appid": "wx0000000000000001",
    "wechat_zhipin_secret": "a-real-secret",
    "wechat_linggong_appid": "wx0000000000000002",
    "wechat_linggong_secret": "another-real-secret",
    "wechat_zhipin_push_token": "a-push-token",
    "wechat_zhipin_push_aes_key": "a" * 43,
    "wechat_linggong_push_token": "another-push-token",
    "wechat_linggong_push_aes_key": "b" * 43,
    "public_base_url": "https://api.example.cn",
}


@pytest.fixture(autouse=True)
def no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*COMPLETE, "wechat_api_base", "data_dir"]:
        monkeypatch.delenv(f"SANQU_{name.upper()}", raising=False)


def test_a_complete_production_starts_and_writes_no_keys(tmp_path: Path) -> None:
    settings = Settings(**COMPLETE, data_dir=tmp_path)
    assert settings.wechat_api_base == WECHAT_BASE
    assert not settings.uses_sandbox
    assert settings.wechat_credentials()["linggong"] == ("wx0000000000000002", "another-real-secret")
    assert settings.field_ring.current == "f2"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [name for name in COMPLETE if name not in {"profile", "database_url"}])
def test_production_names_what_is_missing(name: str) -> None:
    with pytest.raises(WrongSettingsError, match=f"SANQU_{name.upper()}$"):
        Settings(**{**COMPLETE, name: ""})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"database_url": ""}, "PostgreSQL"),
        ({"database_url": "sqlite+aiosqlite:///x.sqlite3"}, "PostgreSQL"),
        ({"wechat_api_base": "http://api.weixin.qq.com"}, "https"),
        ({"wechat_api_base": SANDBOX_BASE}, "https"),
        ({"public_base_url": "http://api.example.cn"}, "https"),
        ({"wechat_zhipin_push_aes_key": "a" * 42}, "43"),
        ({"wechat_zhipin_secret": SANDBOX_APPS["zhipin"][1]}, "沙箱"),
        ({"wechat_linggong_secret": SANDBOX_APPS["linggong"][1]}, "沙箱"),
        ({"token_keys": KEY}, "密钥"),
        ({"token_keys": "t1:"}, "密钥"),
        ({"token_keys": f"t1:{KEY[:20]}"}, "密钥"),
        ({"token_keys": "t1:这不是base64"}, "密钥"),
        ({"field_keys": f"f1:{KEY},"}, "密钥"),
        ({"field_keys": f"f1:{KEY},f1:{OTHER_KEY}"}, "密钥"),
        ({"field_keys": f"f1:{KEY}!"}, "密钥"),
        ({"index_key": "short"}, "密钥"),
    ],
)
def test_production_refuses(change: dict[str, str], says: str) -> None:
    with pytest.raises(WrongSettingsError, match=says):
        Settings(**COMPLETE | change)


def test_a_refusal_never_shows_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANQU_TOKEN_KEYS", f"t1:{KEY}")
    monkeypatch.setenv("SANQU_PORT", "many")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert KEY not in str(refused.value)
    monkeypatch.delenv("SANQU_PORT")
    assert KEY not in repr(Settings(**COMPLETE))


def test_embedded_needs_nothing(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.is_sqlite
    assert settings.uses_sandbox
    assert settings.wechat_api_base == SANDBOX_BASE
    assert settings.wechat_credentials() == SANDBOX_APPS
    keys = tmp_path / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]
    before = keys.read_bytes()
    again = Settings(data_dir=tmp_path)
    assert keys.read_bytes() == before
    assert again.token_ring.keys == settings.token_ring.keys
    assert again.index_secret == settings.index_secret
    assert len({settings.index_secret, settings.token_ring.keys["t1"], settings.field_ring.keys["f1"]}) == 3


@pytest.mark.parametrize("given", ["token_keys", "field_keys", "index_key"])
def test_embedded_generates_only_what_is_not_given(tmp_path: Path, given: str) -> None:
    settings = Settings(data_dir=tmp_path, **{given: COMPLETE[given]})
    kept = json.loads((tmp_path / "keys.json").read_text())
    for name in ("token_keys", "field_keys", "index_key"):
        expected = COMPLETE[name] if name == given else kept[name]
        assert getattr(settings, name).get_secret_value() == expected
    assert len(settings.index_secret) == 32


def test_other_data_other_keys(tmp_path: Path) -> None:
    first, second = Settings(data_dir=tmp_path / "a"), Settings(data_dir=tmp_path / "b")
    assert first.token_ring.keys != second.token_ring.keys


START = """
import sys
from pathlib import Path
from app.core.settings import Settings
print("ready", flush=True)
sys.stdin.readline()
settings = Settings(data_dir=Path(sys.argv[1]))
print(settings.token_keys.get_secret_value(), settings.field_keys.get_secret_value(), settings.index_key.get_secret_value())
"""


def test_three_processes_that_start_together_share_the_keys(tmp_path: Path) -> None:
    target = tmp_path / "var"
    processes = [
        subprocess.Popen([sys.executable, "-c", START, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert all(process.returncode == 0 for process in processes)
    assert len(printed) == 1
    assert printed != {""}
    assert [path.name for path in target.iterdir()] == ["keys.json"]


def test_many_threads_that_start_together_share_the_keys(tmp_path: Path) -> None:
    """The same process may read its settings twice at once; a process id does not tell the two apart."""
    barrier = threading.Barrier(8)
    seen: list[bytes] = []

    def start() -> None:
        barrier.wait()
        seen.append(Settings(data_dir=tmp_path).index_secret)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


def test_ring_takes_the_first_as_current() -> None:
    ring = KeyRing(f" k2:{KEY} , k1:{OTHER_KEY} ")
    assert ring.current == "k2"
    assert ring.keys == {"k2": bytes(range(32)), "k1": bytes(range(1, 33))}
