"""A small town for API tests: people, staff, an approved firm, open vacancies, made through the API itself."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from app.core.clock import FixedClock, china_date
from app.core.crypto import Crypto
from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.roles import Role, ScopeKind
from app.services.identity import staff
from demo.client import Sandbox
from demo.steps import ADMIN, FIRM, OFFICER, fictional_credit_code

V1 = "/api/v1"


@dataclass
class Someone:
    """A signed-in person: calls carry their token."""

    world: "World"
    name: str
    app: str
    token: str
    id: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def call(self, method: str, path: str, *, key: str | None = None, **kwargs: Any) -> httpx.Response:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return await self.world.api.request(method, V1 + path, headers=headers, **kwargs)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.call("GET", path, params=query)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        return await self.call("POST", path, json=body, key=key)

    async def put(self, path: str, body: Any, *, key: str | None = None) -> httpx.Response:
        return await self.call("PUT", path, json=body, key=key)


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def refused(answer: httpx.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The answer is this refusal, in the one error format, in Chinese, and names the field."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert set(body) == {"code", "message", "params", "fields", "retryable", "request_id"}
    assert any("一" <= c <= "龥" for c in body["message"])
    if field is not None:
        assert field in [issue["path"] for issue in body["fields"]], body["fields"]
    return body


@dataclass
class World:
    api: httpx.AsyncClient
    sandbox: Sandbox
    clock: FixedClock
    staff: dict[str, Someone] = field(default_factory=dict)
    # Registered and ready seekers that nobody has used yet.
    ready: list[Someone] = field(default_factory=list)

    @property
    def runtime(self) -> Any:
        return self.api.app.state.runtime  # type: ignore[attr-defined]

    @property
    def crypto(self) -> Crypto:
        return self.runtime.crypto

    @property
    def anonymous(self) -> Someone:
        return Someone(self, "nobody", "zhipin", "", "")

    async def person(self, name: str | None = None, app: str = "zhipin") -> Someone:
        name = name or f"p{uuid.uuid4().hex[:8]}"
        code = self.sandbox.login_code(app, name)
        answer = ok(await self.api.post(f"{V1}/auth/wechat/login", json={"app": app, "code": code}))
        return Someone(self, name, app, answer["access_token"], answer["person_id"])

    async def admin(self) -> Someone:
        if "admin" not in self.staff:
            person = await self.person()
            async with self.runtime.db.unit_of_work() as session:
                code = await staff.bootstrap(session, staff_name=ADMIN, now=self.clock.now())
            ok(await person.post("/roster/claims", {"code": code, "name": ADMIN}))
            self.staff["admin"] = person
        return self.staff["admin"]

    async def officer(self) -> Someone:
        if "officer" not in self.staff:
            admin, person = await self.admin(), await self.person()
            await self.claim_record(admin, person, OFFICER)
            await self.appoint(person, Role.JOBS_OFFICER)
            self.staff["officer"] = person
        return self.staff["officer"]

    async def claim_record(self, admin: Someone, person: Someone, name: str) -> str:
        record = next(row for row in ok(await admin.get("/roster")) if row["name"] == name)
        code = ok(await admin.post(f"/roster/{record['id']}/claim-codes"))["claim_code"]
        ok(await person.post("/roster/claims", {"code": code, "name": name}))
        return str(record["id"])

    async def appoint(
        self, person: Someone, role: Role, scope: ScopeKind = ScopeKind.TOWN, scope_id: str | None = None
    ) -> dict[str, Any]:
        admin = await self.admin()
        form = {"person_id": person.id, "role": role, "scope_kind": scope, "scope_id": scope_id, "source": "测试任命"}
        return ok(await admin.post("/appointments", form))

    async def firm(self, name: str = FIRM, body: str = "91350581MA0DEM0XX") -> tuple[Someone, str]:
        """A recruiter and the id of the approved firm."""
        recruiter, officer = await self.person(), await self.officer()
        firm = ok(await recruiter.get("/enterprises", name=name))[0]
        claim = ok(await recruiter.post(f"/enterprises/{firm['id']}/claims", {"uscc": fictional_credit_code(body)}))
        ok(await officer.post(f"/enterprise-claims/{claim['id']}/approve", {"expected_version": 1}))
        return recruiter, firm["id"]

    async def occupation(self, word: str = "平车工") -> str:
        return str(ok(await self.api.get(f"{V1}/occupations", params={"q": word}))["items"][0]["code"])

    async def vacancy_form(self, firm_id: str, **changes: Any) -> dict[str, Any]:
        valid_until = china_date(self.clock.now()) + timedelta(days=30)
        return {
            "enterprise_id": firm_id, "title": "平车工", "occupation_code": await self.occupation(),
            "engagement": "direct", "headcount": 2,
            "pay": {"unit": "month", "min_fen": 550000, "max_fen": 800000, "cycle": "monthly"},
            "minutes_per_day": 480, "days_per_month": 26, "shift_pattern": "day",
            "place": {"address": "宝盖镇科技园回兴路188号", "latitude": 24.7265, "longitude": 118.6702,
                      "coord_type": "gcj02"},
            "benefits": ["meals"], "duties": "平车缝制服装配件，按工艺单操作。", "requirements": "男女不限。",
            "valid_until": str(valid_until),
        } | changes  # fmt: skip

    async def vacancy(self, recruiter: Someone, firm_id: str, **changes: Any) -> dict[str, Any]:
        form = await self.vacancy_form(firm_id, **changes)
        vacancy: dict[str, Any] = ok(await recruiter.post("/vacancies", form))["vacancy"]
        if "SBX_" not in form["duties"] and form.get("submit", True):
            assert vacancy["state"] == "published", vacancy["review_note"]
        return vacancy

    async def seeker(self, *, ready: bool = True, **profile: Any) -> Someone:
        """A registered seeker; `ready` also has name, birth date and phone."""
        if self.ready and ready and not profile:
            return self.ready.pop()
        person = await self.person()
        for missing in ok(await person.get("/me"))["missing_consents"]:
            await self.consent(person, missing["purpose"])
        if profile.get("home"):
            await self.consent(person, "exact_location")
        ok(await person.put("/me/seeker-profile", {"wanted": [await self.occupation()]} | profile))
        if ready:
            form = {"name": "林小梅", "birth_date": "1988-03-12", "expected_version": 1}
            ok(await person.put("/me/profile", form))
            code = self.sandbox.phone_code("zhipin", person.name, "13850000001")
            ok(await person.post("/me/phone", {"code": code}))
        return person

    async def consent(self, person: Someone, purpose: str) -> None:
        form = {"policy_version": POLICY_VERSIONS[ConsentPurpose.of(purpose)]}
        ok(await person.put(f"/me/consents/{purpose}", form))

    async def apply(self, seeker: Someone, vacancy_id: str) -> dict[str, Any]:
        form = {"vacancy_id": vacancy_id, "release_contact": True}
        return ok(await seeker.post("/applications", form, key=uuid.uuid4().hex))
