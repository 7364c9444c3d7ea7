"""菜单式培训：证书、公开核验、报表。"""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import HTMLResponse

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.qr import svg_of
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import KeyRequired, Now, Reads, RuntimeDep, Self, Unit, limited, require
from app.routers.routing import KeyedRoute, make_router, public_errors, read_errors, write_errors
from app.routers.workbooks import DOCUMENT, WORKBOOK, document, workbook
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.organisation import EnterpriseNotFoundError
from app.rules.training import certificates as rules
from app.rules.training.classes import ClassNotFoundError
from app.rules.training.courses import TrainingProviderNotFoundError
from app.rules.training.reports import ReportPeriodError
from app.schemas.base import ExpectedVersion
from app.schemas.training.attendance import CertificateList, CertificateRead, RevokeForm, VerifiedRead
from app.schemas.training.reports import FirmReportRead, ProviderReportRead, SubsidyList
from app.services.training import certificates, reports, verify_page
from app.services.training.report_views import (
    certificate_read,
    certificates_read,
    firm_report_read,
    provider_report_read,
    subsidies_read,
    verified_read,
    verify_url,
)

router = make_router("training")
# What people open with a browser stands beside the interface of the mini-programs.
pages = APIRouter(tags=["training"], route_class=KeyedRoute, generate_unique_id_function=lambda route: route.name)
CSP = "default-src 'none'; style-src 'unsafe-inline'"
PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}, "description": "网页"}}
PAGE |= public_errors(rules.CertificateNotFoundError, TooManyRequestsError)
OfficerOf = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.TOWN)]
SecondOfficer = Annotated[Actor, require(Permission.TRAINING_MANAGE, Reach.SECOND)]
TrainerOf = Annotated[
    Actor, require(Permission.SELF, Reach.UNSEEN, (Permission.TRAINING_TEACH, Reach.SCOPE), (Permission.TRAINING_MANAGE, Reach.TOWN)),
]  # fmt: skip
Holder = Annotated[Actor, require(Permission.SELF, Reach.SELF, (Permission.TRAINING_MANAGE, Reach.TOWN))]
Firm = Annotated[Actor, require(Permission.TRAINING_ENTER, Reach.FIRM)]
Number = Annotated[
    str,
    Path(min_length=5, max_length=40, pattern="^[0-9A-Za-z -]+$", description="证书上的编号，大小写、空格、横线都可以"),
]
Since = Annotated[date, Query(description="开课日期从")]
Until = Annotated[date, Query(description="开课日期到")]
CHANGE_ERRORS = (
    IdempotencyKeyMissingError, rules.CertificateNotFoundError, rules.CertificateStateError, rules.OwnCertificateError,
    StaleError,
)  # fmt: skip


@router.post(
    "/training/classes/{class_id}/certificates", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, ClassNotFoundError, rules.ClassNotCompletedError, rules.NoCertificateError,
        rules.CertificateNameError,
    ),
)  # fmt: skip
async def issue_certificates(
    actor: OfficerOf, class_id: UUID, session: Unit, runtime: RuntimeDep, now: Now
) -> CertificateList:
    """给合格而还没有证书的人发证；本人同意的，技能随即写入求职和零工登记。"""
    found = await certificates.issue(session, actor, class_id, now=now)
    return certificates_read(found, actor, now, runtime.settings.public_base_url)


@router.get("/training/classes/{class_id}/certificates", responses=read_errors(ClassNotFoundError))
async def list_class_certificates(
    actor: TrainerOf, class_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> CertificateList:
    """一个班的证书；培训专员和本班教师。"""
    found = await certificates.of_class(session, actor, class_id)
    return certificates_read(found, actor, now, runtime.settings.public_base_url)


@router.get("/training/my-certificates", responses=read_errors())
async def list_my_certificates(actor: Self, session: Reads, runtime: RuntimeDep, now: Now) -> CertificateList:
    """我的证书，新的在前。"""
    found = await certificates.list_mine(session, actor)
    return certificates_read(found, actor, now, runtime.settings.public_base_url)


@router.get("/training/certificates/{certificate_id}", responses=read_errors(rules.CertificateNotFoundError))
async def get_certificate(
    actor: Holder, certificate_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> CertificateRead:
    """一张证书：持有人和培训专员。"""
    held = await certificates.look(session, actor, certificate_id)
    return certificate_read(held, actor, now, runtime.settings.public_base_url)


@router.get(
    "/training/certificates/{certificate_id}/paper.pdf", response_class=Response,
    dependencies=[limited(RateKind.SHEET)],
    responses=DOCUMENT | read_errors(rules.CertificateNotFoundError, TooManyRequestsError),
)  # fmt: skip
async def print_certificate(actor: Holder, certificate_id: UUID, session: Reads, runtime: RuntimeDep) -> Response:
    """证书（PDF），有编号和核验二维码。"""
    held = await certificates.look(session, actor, certificate_id)
    url = verify_url(runtime.settings.public_base_url, held.row.number)
    return document(await certificates.paper(runtime, held, url=url, qr=svg_of(url)), f"certificate-{held.row.number}")


@router.post(
    "/training/certificates/{certificate_id}/revoke", dependencies=[KeyRequired],
    responses=write_errors(*CHANGE_ERRORS),
)  # fmt: skip
async def revoke_certificate(
    actor: SecondOfficer, certificate_id: UUID, form: RevokeForm, session: Unit, runtime: RuntimeDep, now: Now
) -> CertificateRead:
    """撤销证书，写明理由；写入登记的技能和所得积分一并收回。"""
    done = await certificates.revoke(
        session, actor, certificate_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return certificate_read(done, actor, now, runtime.settings.public_base_url)


@router.post(
    "/training/certificates/{certificate_id}/exchange", dependencies=[KeyRequired],
    responses=write_errors(*CHANGE_ERRORS, rules.CertificateNameError),
)  # fmt: skip
async def exchange_certificate(
    actor: SecondOfficer, certificate_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> CertificateRead:
    """按现在的姓名换发新证，旧号核验时显示“已换发”。"""
    done = await certificates.exchange(session, actor, certificate_id, expected_version=form.expected_version, now=now)
    return certificate_read(done, actor, now, runtime.settings.public_base_url)


@router.get(
    "/training/verify/{number}", dependencies=[limited(RateKind.VERIFY)],
    responses=public_errors(rules.CertificateNotFoundError, TooManyRequestsError),
)  # fmt: skip
async def verify_certificate(number: Number, session: Reads, now: Now) -> VerifiedRead:
    """公开核验：凭编号看证书是否有效、持有人姓名（隐去部分）。"""
    return verified_read(await certificates.verify(session, number), now)


@pages.get("/verify/{number}", response_class=Response, dependencies=[limited(RateKind.VERIFY)], responses=PAGE)
async def show_verification(number: Number, session: Reads, now: Now) -> HTMLResponse:
    """证书二维码打开的网页：是否有效、持有人姓名（隐去部分）；没有这个编号时（404）也是网页。"""
    status, page = await verify_page.page_of(session, number, now=now)
    return HTMLResponse(page, status, headers={"Content-Security-Policy": CSP, "Cache-Control": "no-store"})


@router.get("/training/subsidies", responses=read_errors())
async def list_training_subsidies(actor: Self, session: Reads) -> SubsidyList:
    """培训补贴的标准，逐条有来源和起止日期。"""
    del actor
    return subsidies_read(await reports.list_subsidies(session))


@router.get("/training/firms/{enterprise_id}/report", responses=read_errors(EnterpriseNotFoundError, ReportPeriodError))
async def get_firm_training_report(
    actor: Firm, enterprise_id: UUID, session: Reads, since: Since, until: Until
) -> FirmReportRead:
    """本企业报名的人学得怎样；个人自行报名的不在其中。"""
    period = reports.period_of(since, until)
    lines = await reports.of_firm(session, actor, enterprise_id, period)
    return firm_report_read(enterprise_id, period, lines)


@router.get(
    "/training/firms/{enterprise_id}/report.xlsx", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=WORKBOOK | read_errors(EnterpriseNotFoundError, ReportPeriodError, TooManyRequestsError),
)  # fmt: skip
async def export_firm_training_report(
    actor: Firm, enterprise_id: UUID, session: Reads, runtime: RuntimeDep, since: Since, until: Until
) -> Response:
    """本企业的培训情况（Excel）。"""
    period = reports.period_of(since, until)
    return workbook(await reports.firm_sheet(runtime, session, actor, enterprise_id, period), "training")


@router.get(
    "/training/providers/{provider_id}/report", responses=read_errors(TrainingProviderNotFoundError, ReportPeriodError)
)
async def get_provider_report(
    actor: OfficerOf, provider_id: UUID, session: Reads, since: Since, until: Until
) -> ProviderReportRead:
    """一个机构的班次、学时、合格率、每人每学时成本和补贴上限。"""
    period = reports.period_of(since, until)
    provider, lines = await reports.of_provider(session, actor, provider_id, period)
    return provider_report_read(provider, period, lines)


@router.get(
    "/training/providers/{provider_id}/report.xlsx", response_class=Response, dependencies=[limited(RateKind.SHEET)],
    responses=WORKBOOK | read_errors(TrainingProviderNotFoundError, ReportPeriodError, TooManyRequestsError),
)  # fmt: skip
async def export_provider_report(
    actor: OfficerOf, provider_id: UUID, session: Reads, runtime: RuntimeDep, since: Since, until: Until
) -> Response:
    """一个机构的培训情况（Excel）。"""
    period = reports.period_of(since, until)
    return workbook(await reports.provider_sheet(runtime, session, actor, provider_id, period), "training-provider")
