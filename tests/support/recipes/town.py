"""The people and firms that the recipes call upon: made over HTTP, the residents once, everybody else as needed."""

import io
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import httpx
import pyotp
from PIL import Image
from pypdf import PdfWriter
from stdnum.cn import ric, uscc

from app.rules.identity.consents import POLICY_VERSIONS, ConsentPurpose
from app.rules.identity.onbehalf import REPRESENTATION_VERSION
from app.rules.jobs.invitations import FINDABLE_VERSION
from demo import steps
from demo.client import Caller, Sandbox
from demo.steps import vacancy_form

AUDITOR = "赖晓伟"
BIRTH_DATE = "1988-03-12"
METRICS_TOKEN = "metrics-for-the-recipes"
WAIT_SECONDS = 30


def id_number(serial: int) -> str:
    """Made up: a real division, the birth date of everybody here, a correct check digit."""
    body = f"350581{BIRTH_DATE.replace('-', '')}{serial:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


@dataclass(frozen=True)
class Values:
    """What people say of themselves. A test that looks for traces puts marks in."""

    name: str = "林小梅"
    phone: str = "13850000001"
    id_number: str = field(default_factory=lambda: id_number(24))
    address: str = "塘后村中心路"
    handler: str = "王大海"
    password: str = "龙眼树下的第三张石凳 2026"
    words: str = "面试时要交300元服装费"
    answer: str = "经核实该岗位收取服装费，已责令退还"
    consent: str = "本人在便民窗口口头同意"
    note: str = "已电话联系本人"


@dataclass
class Firm:
    owner: Caller
    id: str
    version: int


def photograph() -> bytes:
    with io.BytesIO() as out:
        Image.new("RGB", (16, 16), "white").save(out, "PNG")
        return out.getvalue()


def document() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    with io.BytesIO() as out:
        writer.write(out)
        return out.getvalue()


class Town:
    """`bootstrap(role, name)` prints a claim code, as the command line does; `restock(statement)` puts back by SQL what no
    call of the API can make a second time.
    """

    def __init__(
        self,
        url: str,
        sandbox: Sandbox,
        *,
        bootstrap: Callable[[str, str], str],
        restock: Callable[[str], None],
        values: Values | None = None,
    ) -> None:
        self.url = url
        self.sandbox = sandbox
        self.values = values or Values()
        self.bootstrap = bootstrap
        self.restock = restock
        # Told of every answer.
        self.listeners: list[Callable[[httpx.Response], None]] = []
        # Mini-program and name in the sandbox of everybody who ever signed in.
        self.people: list[tuple[str, str]] = []
        self._residents: list[Caller] = []
        self._passing: list[Caller] = []
        self._serial = 0

    def serial(self) -> int:
        self._serial += 1
        return self._serial

    def someone(self, name: str | None = None, app: str = "zhipin") -> Caller:
        """Signed in for the first time."""
        caller = Caller(self.url, self.sandbox, app, name or f"路人{uuid.uuid4().hex[:10]}")
        self._passing.append(caller)
        self.people.append((app, caller.person))
        caller._http.event_hooks["response"] = list(self.listeners)
        caller.login()
        return caller

    def send_home(self) -> None:
        """Everybody but the residents: each of them holds a connection."""
        while self._passing:
            self._passing.pop().close()

    def close(self) -> None:
        self.send_home()
        while self._residents:
            self._residents.pop().close()

    def _resident(self) -> Caller:
        caller = self.someone()
        self._passing.remove(caller)
        self._residents.append(caller)
        return caller

    @cached_property
    def admin(self) -> Caller:
        caller = self._resident()
        caller.post("/roster/claims", code=self.bootstrap("town_admin", steps.ADMIN), name=steps.ADMIN)
        return caller

    @cached_property
    def auditor(self) -> Caller:
        caller = self._resident()
        caller.post("/roster/claims", code=self.bootstrap("auditor", AUDITOR), name=AUDITOR)
        return caller

    def _officer(self, role: str) -> Caller:
        caller = self._resident()
        steps.appoint(self.admin, caller, role, "town", None)
        return caller

    @cached_property
    def officer(self) -> Caller:
        return self._officer("jobs_officer")

    @cached_property
    def second_officer(self) -> Caller:
        return self._officer("jobs_officer")

    @cached_property
    def grid_member(self) -> Caller:
        return self._officer("grid_member")

    @cached_property
    def gigs_officer(self) -> Caller:
        return self._officer("gigs_officer")

    @cached_property
    def points_officer(self) -> Caller:
        return self._officer("points_officer")

    @cached_property
    def training_officer(self) -> Caller:
        return self._officer("training_officer")

    @cached_property
    def trainer(self) -> Caller:
        return self._officer("trainer")

    @cached_property
    def judge(self) -> Caller:
        return self._officer("judge")

    @cached_property
    def case_manager(self) -> Caller:
        return self._officer("case_manager")

    @cached_property
    def mediator(self) -> Caller:
        return self._officer("mediator")

    @cached_property
    def second_points_officer(self) -> Caller:
        return self._officer("points_officer")

    def staff(self) -> tuple[Caller, dict[str, Any]]:
        """A mediator, new in office."""
        caller = self.someone()
        return caller, steps.appoint(self.admin, caller, "mediator", "town", None)

    @cached_property
    def firm(self) -> Firm:
        """Approved, and hiring for ever."""
        firm = self.approved_firm()
        self._passing.remove(firm.owner)
        self._residents.append(firm.owner)
        return firm

    def paper(self, owner: Caller, purpose: str) -> str:
        return str(owner.upload(self.paper_name, self.document, purpose)["file_id"])

    @property
    def paper_name(self) -> str:
        return f"{self.values.name}.pdf"

    @cached_property
    def document(self) -> bytes:
        return document()

    @cached_property
    def photograph(self) -> bytes:
        return photograph()

    def firm_form(self, **changes: Any) -> dict[str, Any]:
        """Without papers, which only a submission needs."""
        body = f"91350581MA{uuid.uuid4().int % 10**7:07d}"
        return {
            "name": f"石狮市测试{uuid.uuid4().hex[:10]}服装有限公司", "kind": "employer",
            "uscc": body + str(uscc.calc_check_digit(body)), "address": "宝盖镇科技园测试路1号",
            "handler": self.values.handler,
        } | changes  # fmt: skip

    def papers(self, owner: Caller) -> dict[str, Any]:
        return {
            "licence_file_id": self.paper(owner, "licence"),
            "authorisation_file_id": self.paper(owner, "authorisation"),
            "authorisation_valid_to": str((datetime.now(UTC) + timedelta(days=300)).date()),
        }

    def draft_firm(self, *, complete: bool = False, **changes: Any) -> Firm:
        owner = self.someone()
        papers = self.papers(owner) if complete else {}
        made = owner.post("/enterprises", **self.firm_form(**papers, **changes))
        return Firm(owner, made["id"], made["version"])

    def submitted_firm(self) -> Firm:
        firm = self.draft_firm(complete=True)
        firm.version = firm.owner.post(f"/enterprises/{firm.id}/submit", expected_version=firm.version)["version"]
        return firm

    def approved_firm(self) -> Firm:
        firm = self.submitted_firm()
        done = self.officer.post(f"/enterprises/{firm.id}/approve", how="upload", expected_version=firm.version)
        firm.version = done["version"]
        return firm

    def suspension(self, *, appealed: bool = False) -> tuple[Firm, dict[str, Any]]:
        firm = self.approved_firm()
        form = {"basis": "网络招聘服务管理规定：发布虚假招聘信息", "evidence": self.values.words}
        row = self.officer.post(f"/enterprises/{firm.id}/suspend", expected_version=firm.version, **form)
        if appealed:
            path = f"/enterprise-suspensions/{row['id']}/appeal"
            row = firm.owner.post(path, text=self.values.words, expected_version=row["version"])
        return firm, row

    def claim(self) -> tuple[Caller, dict[str, Any]]:
        recruiter = self.someone()
        return recruiter, steps.claim_firm(recruiter, steps.FIRM)

    @cached_property
    def _vacancy_form(self) -> dict[str, Any]:
        return vacancy_form(self.firm.owner, self.firm.id)

    def vacancy_form(self, **changes: Any) -> dict[str, Any]:
        return self._vacancy_form | changes

    def vacancy(self, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.firm.owner.post("/vacancies", **self.vacancy_form(**changes))["vacancy"]
        return made

    @cached_property
    def open_vacancy(self) -> dict[str, Any]:
        """With seats for everybody who applies during a run."""
        return self.vacancy(headcount=10_000)

    def consent(self, person: Caller, *purposes: str) -> Caller:
        for purpose in purposes:
            person.put(f"/me/consents/{purpose}", policy_version=POLICY_VERSIONS[ConsentPurpose.of(purpose)])
        return person

    def registered(self) -> Caller:
        """With a seeker's profile, their home sealed in it, and name and birth date."""
        person = self.consent(self.someone(), "service", "personal_recommendation", "exact_location")
        home = {"address": self.values.address, "latitude": 24.7402, "longitude": 118.658, "coord_type": "gcj02"}
        person.put("/me/seeker-profile", wanted=[self._vacancy_form["occupation_code"]], home=home)
        person.put("/me/profile", **self.profile_form(person))
        return person

    @cached_property
    def findable(self) -> Caller:
        """The one seeker who lets firms find them."""
        person = self.registered()
        self._passing.remove(person)
        self._residents.append(person)
        person.give_phone(self.values.phone)
        person.put("/me/findable", findable=True, text_version=FINDABLE_VERSION)
        return person

    def profile_form(self, person: Caller, **changes: Any) -> dict[str, Any]:
        version = person.get("/me")["person"]["version"]
        return {"name": self.values.name, "birth_date": BIRTH_DATE, "expected_version": version} | changes

    def application(self, *, awake: bool = False) -> tuple[Caller, dict[str, Any]]:
        """A seeker with everything an application needs; `awake`: may be told things at night."""
        seeker = self.registered()
        if awake:
            seeker.put("/me/night-messages", wanted=True)
        seeker.give_phone(self.values.phone)
        return seeker, seeker.post_keyed("/applications", vacancy_id=self.open_vacancy["id"], release_contact=True)

    def offer(self, **changes: Any) -> tuple[Caller, dict[str, Any]]:
        """A person and what they offer to a relative: the code is in it."""
        person = self.someone()
        form = {"kind": "relative", "scopes": ["profile", "jobs"], "text_version": REPRESENTATION_VERSION} | changes
        return person, person.post("/representations", **form)

    def relative(self) -> tuple[Caller, Caller, dict[str, Any]]:
        """A person, who acts for them, and the authorisation."""
        person, offered = self.offer()
        agent = self.someone()
        return person, agent, agent.post("/representations/claims", code=offered["code"])

    def console_account(self) -> tuple[Caller, str, pyotp.TOTP]:
        """Opened, and not yet confirmed."""
        person, _ = self.staff()
        username = f"t{uuid.uuid4().hex[:12]}"
        opened = person.post("/me/console-account", username=username, password=self.values.password)
        return person, username, pyotp.TOTP(opened["secret"])

    def two_records(self) -> tuple[str, str, str]:
        """One human in two mini-programs, of which WeChat tells the service only later: both persons and the task."""
        name = f"一人两档{uuid.uuid4().hex[:10]}"
        self.sandbox.post("/_sbx/persons", person=name, no_unionid=True)
        first = self.someone(name)
        self.sandbox.post("/_sbx/persons", person=name, no_unionid=False)
        second = self.someone(name, "linggong")
        self.someone(name)
        tasks = self.admin.get("/tasks", kind="person_merge", limit=100)["items"]
        task = next(task for task in tasks if task["subject_id"] == first.person_id)
        return first.person_id, second.person_id, task["id"]

    def await_(self, look: Callable[[], Any]) -> Any:
        """For what the worker brings about."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not (found := look()):
            assert time.monotonic() < deadline, "后台进程没有办到"
            time.sleep(0.05)
        return found
