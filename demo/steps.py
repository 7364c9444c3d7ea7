"""Steps that the story and `./dev serve` share: the first administrator, an officer, a firm. Over HTTP only."""

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import ExifTags, Image, ImageDraw
from stdnum.cn import uscc

from demo.client import Caller, Sandbox
from demo.stack import Stack

# Names of the public plan: annex 1 (staff) and annex 2 (the firm).
ADMIN = "蔡雷霆"
OFFICER = "蔡文锻"
SECOND_OFFICER = "王锦铭"
FIRM = "福建省石狮市华联服装配件企业有限公司"
# The plan prints no credit code. This one is made up: a real division, an invented body, a correct check digit.
FICTIONAL_BODY = "91350581MA0DEM0XX"
FICTIONAL_NOTE = "演示用的虚构代码，校验位正确；方案未载真实代码"

CAMERA = "DEMO-CAMERA"


def fictional_credit_code(body: str = FICTIONAL_BODY) -> str:
    return body + str(uscc.calc_check_digit(body))


def login(stack: Stack, sandbox: Sandbox, app: str, person: str) -> Caller:
    caller = Caller(stack.api_url, sandbox, app, person)
    caller.login()
    return caller


def claim_first_admin(stack: Stack, admin: Caller) -> str:
    """`sanqu bootstrap` prints the code; the person claims the seeded record with it."""
    code = stack.command("bootstrap", "--staff", ADMIN)
    admin.post("/roster/claims", code=code, name=ADMIN)
    return code


def claim_and_appoint(admin: Caller, person: Caller, name: str, role: str) -> dict[str, Any]:
    """A second member of staff: code from the admin, claim by the person, appointment for the town."""
    record = next(row for row in admin.get("/roster") if row["name"] == name)
    code = admin.post(f"/roster/{record['id']}/claim-codes")["claim_code"]
    person.post("/roster/claims", code=code, name=name)
    return appoint(admin, person, role, "town", None)


def appoint(admin: Caller, person: Caller, role: str, scope_kind: str, scope_id: str | None) -> dict[str, Any]:
    result: dict[str, Any] = admin.post(
        "/appointments",
        person_id=person.person_id,
        role=role,
        scope_kind=scope_kind,
        scope_id=scope_id,
        source="演示：镇党委会议决定",
    )
    return result


def claim_firm(recruiter: Caller, name: str, **papers: Any) -> dict[str, Any]:
    firm = recruiter.get("/enterprises", name=name)[0]
    result: dict[str, Any] = recruiter.post(
        f"/enterprises/{firm['id']}/claims", uscc=fictional_credit_code(), note=FICTIONAL_NOTE, **papers
    )
    return result


def approve_claim(officer: Caller, claim: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = officer.post(
        f"/enterprise-claims/{claim['id']}/approve", expected_version=claim["version"]
    )
    return result


def photograph(words: str) -> bytes:
    """A picture with the camera's data in it, as a phone takes it."""
    picture = Image.new("RGB", (800, 600), "white")
    ImageDraw.Draw(picture).text((60, 60), words, fill="black")
    camera = Image.Exif()
    camera[ExifTags.Base.Make] = CAMERA
    with io.BytesIO() as out:
        picture.save(out, "JPEG", exif=camera)
        return out.getvalue()


def await_file(caller: Caller, file: dict[str, Any]) -> dict[str, Any]:
    """Until WeChat's verdict has come by push."""
    deadline = time.monotonic() + 20
    while file["state"] == "checking" and time.monotonic() < deadline:
        time.sleep(0.2)
        file = caller.get(f"/files/{file['file_id']}")
    return file


def until(look: Callable[[], Any], seconds: float = 30) -> Any:
    """For what the worker brings about."""
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def vacancy_form(recruiter: Caller, firm_id: str) -> dict[str, Any]:
    trade = recruiter.get("/occupations", q="平车工")["items"][0]
    today = datetime.now(UTC).date()
    return {
        "enterprise_id": firm_id, "title": "平车工", "occupation_code": trade["code"], "engagement": "direct",
        "headcount": 1,
        "pay": {"unit": "month", "min_fen": 550000, "max_fen": 800000, "cycle": "monthly"},
        "minutes_per_day": 480, "days_per_month": 26, "shift_pattern": "day",
        "work_start_minute": 480, "work_end_minute": 1050,
        # The address is the plan's; the coordinates are the demo's own.
        "place": {"address": "宝盖镇科技园回兴路188号", "latitude": 24.7265, "longitude": 118.6702, "coord_type": "gcj02"},
        "benefits": ["meals", "social_insurance"], "features": ["noise"], "required_years": 1,
        "required_machines": ["平车"], "duties": "平车缝制服装配件，按样衣和工艺单操作。",
        "requirements": "会操作电脑平车，男女不限。", "valid_until": str(today + timedelta(days=45)),
    }  # fmt: skip
