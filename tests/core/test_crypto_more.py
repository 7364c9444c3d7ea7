"""Both suites, the layout that stored values have for ever, keys by name, and the key file that processes follow."""

import base64
import json
import stat
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from hypothesis import given
from hypothesis import strategies as st

from app.core.crypto import Crypto, FollowedRing, SealBrokenError, ring_of
from app.core.settings import KeyRing, Settings, WrongSettingsError
from app.services.identity.rotation import add_key, drop_old_keys, sealed_columns

Suite = Literal["aes", "sm4"]
SUITES: tuple[Suite, ...] = ("aes", "sm4")
NUMBERS: dict[Suite, int] = {"aes": 1, "sm4": 2}
OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()
ROW = UUID("019abcde-0000-7000-8000-000000000001")
PLACE = ("person", "name", ROW)
NAME = "林小梅"
# Sealed once, by this very code, in the place above with the key `k1`: what lies in a town's database and its backups.
STORED: dict[Suite, str] = {
    "aes": "01026b311c7b570922260cf24dadfdf5a65dce1427b788b6105cfaa6d8df11d2af204137759426e361",
    "sm4": "02026b317e04a53a1cf9864524669e147516a653628244630cf781aefe4768106e18202f2ad6b5ca6a",
}


def crypto(suite: Suite, ring: str = f"k1:{OLD}", index: bytes = b"i" * 32) -> Crypto:
    return Crypto(KeyRing(ring), index, suite=suite)


@pytest.mark.parametrize("suite", SUITES)
def test_what_was_stored_opens_for_ever_whatever_is_written_now(suite: Suite) -> None:
    stored = bytes.fromhex(STORED[suite])
    assert len(stored) == 2 + len("k1") + 12 + len(NAME.encode()) + 16
    for now_written in SUITES:
        assert crypto(now_written, f"k2:{NEW},k1:{OLD}").open_text(*PLACE, stored) == NAME


@given(st.binary(max_size=300), st.sampled_from(SUITES))
def test_the_head_names_suite_and_key(plain: bytes, suite: Suite) -> None:
    one = crypto(suite, f"钥2:{NEW},k1:{OLD}")
    sealed = one.seal(*PLACE, plain)
    name = "钥2".encode()
    assert sealed[: 2 + len(name)] == bytes([NUMBERS[suite], len(name)]) + name == one.mark("钥2")
    assert len(sealed) == 2 + len(name) + 12 + len(plain) + 16
    assert all(each.open(*PLACE, sealed) == plain for each in (one, crypto("aes", f"钥2:{NEW}")))


def test_sm4_is_the_national_standards_gcm() -> None:
    """Opened by hand: nonce, then ciphertext and tag, under 128 bits of their own, bound to the place."""
    stored = bytes.fromhex(STORED["sm4"])
    nonce, body, tag = stored[4:16], stored[16:-16], stored[-16:]
    key = bytes.fromhex("f394dcadbe19bb58b340594c7f04d30c")
    opener = Cipher(SM4(key), modes.GCM(nonce, tag)).decryptor()
    opener.authenticate_additional_data(f"person.name.{ROW}".encode())
    assert (opener.update(body) + opener.finalize()).decode() == NAME


def broken(opener: Crypto, sealed: bytes, place: tuple[str, str, UUID] = PLACE) -> None:
    with pytest.raises(SealBrokenError) as refused:
        opener.open(*place, sealed)
    assert str(refused.value) == f"{place[0]}.{place[1]} does not open"


@pytest.mark.parametrize("suite", SUITES)
def test_it_opens_in_its_place_with_its_key_and_whole(suite: Suite) -> None:
    one = crypto(suite)
    sealed = one.seal(*PLACE, NAME)
    assert one.open_text(*PLACE, sealed) == NAME
    for elsewhere in (("person", "name", uuid4()), ("person", "phone", ROW), ("report", "name", ROW)):
        broken(one, sealed, elsewhere)
    broken(crypto(suite, f"k1:{NEW}"), sealed)
    broken(crypto(suite, f"k2:{OLD}"), sealed)
    for length in range(len(sealed)):
        broken(one, sealed[:length])
    broken(one, sealed + b"\0")
    for at in range(len(sealed)):
        for bit in (1, 128):
            broken(one, sealed[:at] + bytes([sealed[at] ^ bit]) + sealed[at + 1 :])


@pytest.mark.parametrize("suite", SUITES)
def test_the_other_suites_name_in_front_does_not_help(suite: Suite) -> None:
    sealed = crypto(suite).seal(*PLACE, NAME)
    for number in set(range(256)) - {NUMBERS[suite]}:
        broken(crypto(suite), bytes([number]) + sealed[1:])


def test_uses_of_the_index_secret_are_apart() -> None:
    """Hashes by purpose, keys by purpose, and neither from the other; no field key and no suite plays a part."""
    purposes = ("phone", "id_number", "address", "sign_in", "audit", "refresh", "links", "console")
    one = crypto("aes")
    values = {one.keyed_hash(purpose, "13850000001") for purpose in purposes}
    keys = {one.derived_key(purpose) for purpose in purposes}
    assert (len(values), len(keys)) == (len(purposes), len(purposes))
    assert not values & {key.hex() for key in keys}
    assert {len(key) for key in keys} == {32}
    # A town's look-ups and its audit chain live by these for ever.
    assert one.keyed_hash("phone", "13850000001") == "71ea8587fdb45b29d0ede611ab99bafc82233cc65fe093ed436324e7e6a1d453"
    assert one.derived_key("audit").hex() == "ccdd00cc701e6e94f62dd4a3a9ecf79ba286ad5cf7b73f92d12d967c875df454"
    other = crypto("sm4", f"k2:{NEW}")
    assert other.keyed_hash("phone", "13850000001") == one.keyed_hash("phone", "13850000001")
    assert other.derived_key("audit") == one.derived_key("audit")
    assert crypto("aes", index=b"j" * 32).derived_key("audit") != one.derived_key("audit")


def test_a_process_follows_the_key_file_as_soon_as_it_meets_an_unknown_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    keys = tmp_path / "keys.json"
    before = json.loads(keys.read_text())
    running, rotating = (Crypto(ring_of(settings), settings.index_secret) for _ in range(2))
    old = running.seal(*PLACE, "旧")
    assert running.current_key_id == "f1"
    assert (add_key(keys), add_key(keys)) == ("f2", "f3")
    after = json.loads(keys.read_text())
    assert [part.split(":")[0] for part in after["field_keys"].split(",")] == ["f3", "f2", "f1"]
    assert {name: after[name] for name in ("token_keys", "index_key")} == {
        name: before[name] for name in ("token_keys", "index_key")
    }
    # Nobody but the owner reads it, and nothing is left beside it.
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [keys]
    new = Crypto(FollowedRing(keys), settings.index_secret).seal(*PLACE, "新")
    assert (running.open_text(*PLACE, new), running.current_key_id) == ("新", "f3")
    assert running.open_text(*PLACE, old) == "旧"
    assert drop_old_keys(keys) == ["f2", "f1"]
    # A restart knows the new key alone; a running one hears of it when it next looks.
    restarted = Crypto(ring_of(Settings(data_dir=tmp_path)), settings.index_secret)
    assert restarted.open_text(*PLACE, new) == "新"
    broken(restarted, old)
    assert rotating.open_text(*PLACE, new) == "新"
    broken(rotating, old)


def test_a_file_of_keys_with_other_names_gets_one_more(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"field_keys": f"main:{OLD}"}))
    assert add_key(keys) == "f1"
    assert KeyRing(json.loads(keys.read_text())["field_keys"]).current == "f1"
    assert drop_old_keys(keys) == ["main"]
    assert drop_old_keys(keys) == []


def test_a_broken_key_file_stops_the_rotation_before_anything_is_written(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(broken_text := json.dumps({"field_keys": "f1:short"}))
    with pytest.raises(WrongSettingsError, match="密钥"):
        add_key(keys)
    assert keys.read_text() == broken_text
    assert list(tmp_path.iterdir()) == [keys]


def test_every_column_that_is_named_sealed_is_marked_so() -> None:
    """What rotation does not know of would not open any more once the old key is gone."""
    marked = {f"{sealed.table.name}.{sealed.column.name}" for sealed in sealed_columns()}
    labels = {f"{sealed.table.name}.{sealed.column.name}": sealed.label for sealed in sealed_columns()}
    by_name = {
        f"{table.name}.{column.name}"
        for table in next(sealed_columns()).table.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert by_name <= marked
    assert marked - by_name == {"idempotency_record.response", "app_token.token"}
    assert all(place.split(".")[1] in {label, f"{label}_sealed"} for place, label in labels.items())
