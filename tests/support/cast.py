"""A town in which every role is held by somebody, and rows that are one's own, a colleague's, another's and gone."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core.ids import new_id
from app.models.common import Call, ContentReview, File, FileUse, Notice, Report, Task
from app.models.gigs import WorkerProfile
from app.models.jobs import (
    Application,
    Fair,
    SeekerProfile,
    Vacancy,
)
from app.models.organisation import Enterprise, EnterpriseClaim, EnterpriseSuspension
from app.models.points import PointsSite
from app.rules.common.content import ContentKind
from app.rules.common.files import FileKind, FilePurpose, FileState
from app.rules.common.notices import NoticeKind
from app.rules.common.reports import ReportReason, ReportSubject
from app.rules.common.tasks import TASK_PERMISSIONS, TaskKind
from app.rules.identity.access import Relation
from app.rules.identity.apps import ClientApp
from app.rules.identity.roles import FIRM_ROLES, ROLE_PERMISSIONS, Role, ScopeKind
from app.rules.jobs.fairs import FairKind, FairState
from app.services.common.files import READERS
from demo.steps import fictional_credit_code
from tests.factories.world import Someone, World, ok
from tests.support.api import NOBODY
from tests.support.identity import auditor
from tests.support.jobs import OTHER_BODY, OTHER_FIRM, set_columns

OWN, SAME, OTHER, GONE = Relation.OWN, Relation.SAME_FIRM, Relation.OTHER, Relation.DELETED
# What goes into the path, and what is no part of it into the body.
Aim = dict[str, str]
Rows = dict[Relation, Aim]
# Offices that are for the whole town in the cast and, for what reaches only as far as an office, for one area here.
PARTIAL = {
    Role.JOBS_OFFICER: ScopeKind.AREA, Role.GIGS_OFFICER: ScopeKind.AREA, Role.CASE_MANAGER: ScopeKind.AREA,
    Role.GRID_LEADER: ScopeKind.GRID, Role.GRID_MEMBER: ScopeKind.GRID, Role.POINTS_OFFICER: ScopeKind.AREA,
    Role.POINTS_CLERK: ScopeKind.SITE, Role.TRAINER: ScopeKind.CLASS, Role.JUDGE: ScopeKind.COMPETITION,
}  # fmt: skip


@dataclass
class Cast:
    world: World
    firm: str
    rival: str
    colleague: Someone
    stranger: Someone
    area: str
    elsewhere: str
    grid: str
    far_grid: str
    site: str = ""
    far_site: str = ""
    klass: str = ""
    far_class: str = ""
    contest: str = ""
    far_contest: str = ""
    people: dict[Role | None, Someone] = field(default_factory=dict)
    partial: dict[Role | None, Someone] = field(default_factory=dict)
    _made: dict[Any, Any] = field(default_factory=dict)

    async def add(self, make: type[Any], **values: Any) -> str:
        """One row, as an act of somebody's would have left it."""
        now = self.world.clock.now()
        if "updated_at" in make.model_fields:
            values["updated_at"] = now
        row = make(created_at=now, **values)
        async with self.world.runtime.db.unit_of_work() as session:
            session.add(row)
        return str(row.id)

    async def once(self, what: Any, make: Callable[[], Awaitable[Any]]) -> Any:
        if what not in self._made:
            self._made[what] = await make()
        return self._made[what]

    async def notice(self, person: Someone) -> str:
        return await self.add(
            Notice, person_id=UUID(person.id), kind=NoticeKind.ACCOUNT, title="测试", body="测试", page="pages/me/index"
        )


async def assemble(world: World) -> Cast:
    colleague, firm = await world.firm()
    stranger, rival = await world.firm(OTHER_FIRM, OTHER_BODY)
    areas = ok(await world.anonymous.get("/areas"))
    grids = ok(await (await world.admin()).get("/grids"))
    grid = next(row["id"] for row in grids if row["area_name"] == areas[0]["name"])
    far = next(row["id"] for row in grids if row["area_name"] == areas[1]["name"])
    cast = Cast(world, firm, rival, colleague, stranger, areas[0]["id"], areas[1]["id"], grid, far)
    cast.people = {None: await world.person(), Role.TOWN_ADMIN: await world.admin(), Role.AUDITOR: await auditor(world)}
    for role in Role:
        if role not in cast.people:
            cast.people[role] = await world.person()
            scope = (ScopeKind.ENTERPRISE, firm) if role in FIRM_ROLES else (ScopeKind.TOWN, None)
            await world.appoint(cast.people[role], role, *scope)
    cast.site, cast.far_site = [
        await cast.add(PointsSite, name=name, address="测试路1号", hours="每天")
        for name in ("本兑换点", "另一个兑换点")
    ]
    from tests.support.cast_training import a_class, a_contest  # it is made of this module's rows

    cast.klass, cast.far_class = await a_class(cast), await a_class(cast)
    cast.contest, cast.far_contest = await a_contest(cast), await a_contest(cast)
    parts = {
        ScopeKind.AREA: cast.area, ScopeKind.GRID: grid, ScopeKind.SITE: cast.site, ScopeKind.CLASS: cast.klass,
        ScopeKind.COMPETITION: cast.contest,
    }  # fmt: skip
    for role, kind in PARTIAL.items():
        cast.partial[role] = await world.person()
        await world.appoint(cast.partial[role], role, kind, parts[kind])
    return cast


def rows(name: str, own: str | None, same: str | None, other: str | None, gone: str = NOBODY) -> Rows:
    found = {OWN: own, SAME: same, OTHER: other, GONE: gone}
    return {relation: {name: value} for relation, value in found.items() if value is not None}


async def no_row(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del cast, someone, role
    return {OTHER: {}}


async def firms(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    return rows("enterprise_id", cast.firm, cast.firm, cast.rival)


async def vacancies(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own: which the caller has posted themselves, in the firm of their colleagues."""
    posted = await cast.once("posted", lambda: cast.world.vacancy(cast.colleague, cast.firm))
    others = await cast.once("others", lambda: cast.world.vacancy(cast.stranger, cast.rival))

    async def of_their_own() -> Any:
        made = await cast.world.vacancy(cast.colleague, cast.firm)
        await set_columns(cast.world, Vacancy, made["id"], posted_by=UUID(someone.id))
        return made

    mine = await cast.once(("mine", role), of_their_own)
    return rows("vacancy_id", mine["id"], posted["id"], others["id"])


async def applications(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    seeker = await cast.once("seeker", cast.world.seeker)
    aimed = await vacancies(cast, someone, role)

    async def apply(vacancy_id: str) -> str:
        made = await cast.once(("applied", vacancy_id), lambda: cast.world.apply(seeker, vacancy_id))
        return str(made["id"])

    own, same, other = [await apply(aimed[relation]["vacancy_id"]) for relation in (OWN, SAME, OTHER)]
    return rows("application_id", own, same, other)


async def versions(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own is the one on which the caller has applied, at another firm."""
    aimed = await vacancies(cast, someone, role)
    applied = await cast.once("applied for", lambda: cast.world.vacancy(cast.stranger, cast.rival))

    async def apply() -> str:
        return await cast.add(
            Application, person_id=UUID(someone.id), vacancy_id=UUID(applied["id"]), vacancy_content_version=1,
            contact_released=False, moved_at=cast.world.clock.now(),
        )  # fmt: skip

    await cast.once(("applied for", someone.id), apply)
    aims = {OWN: {"vacancy_id": applied["id"]}} | {relation: aimed[relation] for relation in (SAME, OTHER, GONE)}
    return {relation: aim | {"number": "1"} for relation, aim in aims.items()}


async def files(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Uploaded by the caller; lying with a matter of their office, else with the firm's papers; lying with nothing."""
    held = frozenset() if role is None else ROLE_PERMISSIONS[role]
    matter = next((kind for kind, permission in READERS.items() if permission in held), "enterprise")

    async def upload(owner: Someone) -> str:
        return await cast.add(
            File, owner_id=UUID(owner.id), app=ClientApp.ZHIPIN, purpose=FilePurpose.EVIDENCE, kind=FileKind.PDF,
            state=FileState.READY, media_type="application/pdf", size=1,
        )  # fmt: skip

    async def of_matter() -> str:
        file_id = await upload(cast.stranger)
        async with cast.world.runtime.db.unit_of_work() as session:
            session.add(FileUse(file_id=UUID(file_id), subject_kind=matter, subject_id=UUID(cast.firm)))
        return file_id

    own = await cast.once(("file", someone.id), lambda: upload(someone))
    other = await cast.once("file of another", lambda: upload(cast.stranger))
    return rows("file_id", own, await cast.once(("file of", matter), of_matter), other)


async def suspensions(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role

    def make(firm: str) -> Callable[[], Awaitable[str]]:
        row_id = new_id()
        evidence = cast.world.crypto.seal("enterprise_suspension", "evidence", row_id, "测试事实")
        return lambda: cast.add(
            EnterpriseSuspension, id=row_id, enterprise_id=UUID(firm), basis="测试依据第一条", evidence_sealed=evidence,
            suspended_by=UUID(cast.stranger.id),
        )  # fmt: skip

    own = await cast.once(("suspended", cast.firm), make(cast.firm))
    other = await cast.once(("suspended", cast.rival), make(cast.rival))
    return rows("suspension_id", own, own, other)


async def members(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """The firm of the path, and whose right in it: a rival's member is in neither."""
    del role
    admin = cast.people[Role.TOWN_ADMIN]

    async def right_of(person: Someone) -> str:
        held = ok(await admin.get("/appointments", person_id=person.id))["items"]
        return next((str(row["id"]) for row in held if row["scope_kind"] == "enterprise"), NOBODY)

    mine, theirs = await right_of(someone), await right_of(cast.colleague)
    other = {"enterprise_id": cast.rival, "appointment_id": await right_of(cast.stranger)}
    return {
        OWN: {"enterprise_id": cast.firm, "appointment_id": mine},
        SAME: {"enterprise_id": cast.firm, "appointment_id": theirs},
        OTHER: other,
        GONE: {"enterprise_id": cast.firm, "appointment_id": other["appointment_id"]},
    }


async def claims(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    async def by(person: Someone) -> str:
        values = {"enterprise_id": UUID(cast.firm), "person_id": UUID(person.id), "uscc": fictional_credit_code()}
        made = await cast.once(("claim", person.id), lambda: cast.add(EnterpriseClaim, **values))
        return str(made)

    return rows("claim_id", await by(someone), await by(cast.colleague), await by(cast.stranger))


async def registrations(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """A firm that the caller has registered themselves."""

    async def register() -> str:
        return await cast.add(Enterprise, name=f"测试企业{someone.id}", registered_by=UUID(someone.id))

    own = await cast.once(("registered", role), register)
    return rows("enterprise_id", own, cast.firm, cast.rival)


async def reviews(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del role

    async def by(person: Someone) -> str:
        return await cast.add(
            ContentReview, kind=ContentKind.TEXT, subject_kind="test", subject_id=new_id(), author_id=UUID(person.id),
            held_because="测试",
        )  # fmt: skip

    return rows("review_id", await by(someone), await by(cast.colleague), await by(cast.stranger))


async def reports(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del role
    now = cast.world.clock.now()

    async def by(person: Someone) -> str:
        return await cast.add(
            Report, reporter_id=UUID(person.id), subject_kind=ReportSubject.VACANCY, subject_id=new_id(),
            reason=ReportReason.FALSE, first_due_at=now, due_at=now + timedelta(days=5),
        )  # fmt: skip

    return rows("report_id", await by(someone), await by(cast.colleague), await by(cast.stranger))


async def people(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del role
    return rows("person_id", someone.id, cast.colleague.id, cast.stranger.id)


async def merges(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    async def about(person: Someone) -> str:
        values = {"kind": TaskKind.PERSON_MERGE, "subject_id": UUID(person.id), "title": "核对"}
        return str(await cast.once(("merge", person.id), lambda: cast.add(Task, **values)))

    del role
    return rows("task_id", await about(someone), await about(cast.colleague), await about(cast.stranger))


async def tasks(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own are those of one's office; an office without any has none."""
    del someone
    held = frozenset() if role is None else ROLE_PERMISSIONS[role]
    mine = [kind for kind, permission in TASK_PERMISSIONS.items() if permission in held]
    others = [kind for kind, permission in TASK_PERMISSIONS.items() if permission not in held]

    async def make(kind: TaskKind) -> str:
        return await cast.add(Task, kind=kind, subject_id=new_id(), title="测试")

    own = await make(mine[0]) if mine else None
    return rows("task_id", own, own, await make(others[0]))


async def calls(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    firm_call = role is Role.DISPATCHER
    kind = ScopeKind.ENTERPRISE if firm_call else ScopeKind.AREA

    async def make(scope_id: str, person: Someone) -> str:
        notice = UUID(await cast.notice(person))
        values = {"notice_id": notice, "person_id": UUID(person.id), "scope_kind": kind, "scope_id": UUID(scope_id)}
        return await cast.add(Call, **values)

    near, far = (cast.firm, cast.rival) if firm_call else (cast.area, cast.elsewhere)
    return rows(
        "call_id", await make(near, someone), await make(near, cast.colleague), await make(far, cast.stranger)
    )  # fmt: skip


async def neighbours(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Who lives in the office's area, who elsewhere, and who has left altogether."""
    del role

    async def living(area: str, person: Someone) -> str:
        values = {"person_id": UUID(person.id), "home_area_id": UUID(area)}
        await cast.once(("home", person.id), lambda: cast.add(SeekerProfile, **values))
        return person.id

    async def left() -> str:
        person = await cast.world.person()
        await living(cast.area, person)
        ok(await person.post("/me/deletion", {"confirm": "注销"}))
        return person.id

    own, same = await living(cast.area, someone), await living(cast.area, cast.colleague)
    return rows("person_id", own, same, await living(cast.elsewhere, cast.stranger), await cast.once("left", left))


async def notices(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del role
    return rows(
        "notice_id", await cast.notice(someone), await cast.notice(cast.colleague), await cast.notice(cast.stranger)
    )  # fmt: skip


async def open_vacancies(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """For somebody who is registered as a seeker."""
    values = {"person_id": UUID(someone.id), "home_area_id": UUID(cast.area)}
    await cast.once(("home", someone.id), lambda: cast.add(SeekerProfile, **values))
    return await vacancies(cast, someone, role)


async def open_fairs(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    del someone, role
    return rows(
        "fair_id", *[await cast.once("fair", lambda: _fair(cast))] * 2, await cast.once("rival", lambda: _fair(cast))
    )


async def fairs(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Own is the fair for which the partial office was given; a part of the town gives no fair."""
    aims = await open_fairs(cast, someone, role)
    if role is Role.JOBS_OFFICER:
        office = (Role.JOBS_OFFICER, ScopeKind.FAIR, aims[OWN]["fair_id"])
        await cast.once("fair office", lambda: cast.world.appoint(someone, *office))
    return aims


async def worker_papers(cast: Cast, someone: Someone, role: Role | None) -> Rows:
    """Registrations with papers of minors: one's own, a colleague's, a stranger's."""
    del role

    async def of(person: Someone) -> str:
        paper = await cast.add(
            File, owner_id=UUID(person.id), app=ClientApp.LINGGONG, purpose=FilePurpose.MINOR_PAPER, kind=FileKind.PDF,
            state=FileState.READY, media_type="application/pdf", size=1, bound=True,
        )  # fmt: skip
        return await cast.add(
            WorkerProfile, person_id=UUID(person.id), minor_registration_file_id=UUID(paper),
            minor_health_file_id=UUID(paper),
        )  # fmt: skip

    async def papers(person: Someone) -> str:
        return str(await cast.once(("worker", person.id), lambda: of(person)))

    return rows("worker_id", await papers(someone), await papers(cast.colleague), await papers(cast.stranger))


async def _fair(cast: Cast) -> str:
    soon = cast.world.clock.now() + timedelta(days=2)
    return await cast.add(
        Fair, title="测试招聘会", kind=FairKind.ONSITE, state=FairState.PUBLISHED, starts_at=soon,
        ends_at=soon + timedelta(hours=7), place_address="测试路1号", capacity=10,
    )  # fmt: skip


def of_the_town(name: str, path: str) -> Callable[[Cast, Someone, Role | None], Awaitable[Rows]]:
    """A row of a list that belongs to the town: it is nobody's own."""

    async def found(cast: Cast, someone: Someone, role: Role | None) -> Rows:
        del someone, role
        lister = cast.people[Role.JOBS_OFFICER if "wages" in path else Role.TOWN_ADMIN]
        listed = ok(await lister.get(path))
        row = (listed if isinstance(listed, list) else listed["items"])[-1]
        return rows(name, row["id"], row["id"], row["id"])

    return found


def a_key() -> str:
    return uuid.uuid4().hex
