"""Areas, enterprises, liaison: states, transitions, errors. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

import stdnum.exceptions
from stdnum.cn import uscc

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class AreaKind(Labelled):
    PARK = "park", "园区"
    VILLAGE = "village", "村（社区）"


class EnterpriseKind(Labelled):
    EMPLOYER = "employer", "用人单位"
    AGENCY = "agency", "人力资源服务机构"


class EnterpriseState(Labelled):
    """`draft` also means: known from a public roster, nobody has shown its papers yet."""

    DRAFT = "draft", "待认领"
    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "已退回"
    APPROVED = "approved", "已核验"
    SUSPENDED = "suspended", "已暂停"


E = EnterpriseState
ENTERPRISE_NEXT: dict[EnterpriseState, frozenset[EnterpriseState]] = {
    # A seeded firm is approved through the claim of its recruiter, without a form of its own.
    E.DRAFT: frozenset({E.SUBMITTED, E.APPROVED}),
    E.SUBMITTED: frozenset({E.APPROVED, E.RETURNED}),
    E.RETURNED: frozenset({E.SUBMITTED}),
    E.APPROVED: frozenset({E.SUSPENDED}),
    E.SUSPENDED: frozenset({E.APPROVED}),
}
# The firm's own form can be changed while nobody relies on it.
ENTERPRISE_EDITABLE = frozenset({E.DRAFT, E.RETURNED})


class VerifiedHow(Labelled):
    COUNTER = "counter", "窗口核对原件"
    UPLOAD = "upload", "核对上传的证照"


class LicenceKind(Labelled):
    """人力资源市场暂行条例 第十八条; 劳动合同法 第五十七条."""

    HR_SERVICE = "hr_service", "人力资源服务许可证"
    LABOUR_DISPATCH = "labour_dispatch", "劳务派遣经营许可证"


class SuspensionState(Labelled):
    IN_FORCE = "in_force", "暂停中"
    APPEALED = "appealed", "已申诉"
    UPHELD = "upheld", "申诉后维持"
    LIFTED = "lifted", "已恢复"


SUSPENSION_NEXT: dict[SuspensionState, frozenset[SuspensionState]] = {
    SuspensionState.IN_FORCE: frozenset({SuspensionState.APPEALED, SuspensionState.LIFTED}),
    SuspensionState.APPEALED: frozenset({SuspensionState.UPHELD, SuspensionState.LIFTED}),
    SuspensionState.UPHELD: frozenset({SuspensionState.LIFTED}),
    SuspensionState.LIFTED: frozenset(),
}
# identity design: review within 1 working day; a house clock of the same length for an appeal's first look.
REVIEW_WORKDAYS = 1
APPEAL_WORKDAYS = 5
# Papers are looked at again after a year, or when they end if that is earlier.
VERIFIED_FOR_DAYS = 365
REMIND_DAYS_AHEAD = 30
INVITE_DAYS = 7


class EnterpriseClaimState(Labelled):
    SUBMITTED = "submitted", "待审核"
    APPROVED = "approved", "已通过"
    RETURNED = "returned", "已退回"


# What files of a claim belong to.
CLAIM_PAPERS = "enterprise_claim"
CLAIM_NEXT: dict[EnterpriseClaimState, frozenset[EnterpriseClaimState]] = {
    EnterpriseClaimState.SUBMITTED: frozenset({EnterpriseClaimState.APPROVED, EnterpriseClaimState.RETURNED}),
    EnterpriseClaimState.APPROVED: frozenset(),
    # A returned claim is not reopened: the claimant mends and submits a new one.
    EnterpriseClaimState.RETURNED: frozenset(),
}


class CivicBodyKind(Labelled):
    """What stands behind a party organisation that is not a firm."""

    JOINT_BRANCH = "joint_branch", "企业联合支部"
    PARK = "park", "文创园区"
    SOCIAL_ORGANISATION = "social_organisation", "社会组织"


class TaskForceRole(Labelled):
    LEADER = "leader", "组长"
    EXECUTIVE_DEPUTY = "executive_deputy", "常务副组长"
    DEPUTY = "deputy", "副组长"
    MEMBER = "member", "组员"


class LiaisonRole(Labelled):
    LEADER = "leader", "挂钩领导"
    CADRE = "cadre", "挂钩干部"
    PARTY_AFFAIRS = "party_affairs", "党务"


class LiaisonState(Labelled):
    """Nothing is invented: a blank cell is `unknown` until a person of the town confirms who it is."""

    PRINTED = "printed", "名单所载"
    UNKNOWN = "unknown", "名单空白"
    CONFIRMED = "confirmed", "已确认"


class PlanItemKind(Labelled):
    COURSE_BRAND = "course_brand", "培训品牌"
    COMPETITION = "competition", "技能竞赛"
    SERVICE_TEAM = "service_team", "特色服务队"
    SERVICE_BRAND = "service_brand", "服务品牌"
    PARTNER = "partner", "合作单位"
    ENTERPRISE_NEED = "enterprise_need", "企业需求"
    EMPLOYEE_NEED = "employee_need", "员工需求"
    VILLAGER_NEED = "villager_need", "村民需求"
    OTHER_NEED = "other_need", "其他人员需求"


def check_credit_code(code: str) -> str:
    """统一社会信用代码: 18 characters with check digit (GB 32100-2015). Returns the compact upper-case form."""
    try:
        compact: str = uscc.validate(code)
    except stdnum.exceptions.InvalidLength as exc:
        raise CreditCodeLengthError(length=len(code.strip())) from exc
    except stdnum.exceptions.InvalidChecksum as exc:
        raise CreditCodeChecksumError from exc
    except stdnum.exceptions.ValidationError as exc:
        raise CreditCodeFormatError from exc
    return compact


def check_enterprise_transition(current: EnterpriseState, target: EnterpriseState) -> None:
    if target not in ENTERPRISE_NEXT[current]:
        raise EnterpriseStateError(current=current.label, target=target.label)


def check_suspension_transition(current: SuspensionState, target: SuspensionState) -> None:
    if target not in SUSPENSION_NEXT[current]:
        raise SuspensionStateError(current=current.label, target=target.label)


def verified_label(how: VerifiedHow, on: date, until: date | None, licences: Sequence[tuple[LicenceKind, str]]) -> str:
    """The words beside every posting, e.g. 已核验（核对上传的证照，2026-11-25，有效至2027-11-25）."""
    end = "" if until is None else f"，有效至{until}"
    shown = "".join(f"；{kind.label} {number}" for kind, number in licences)
    return f"已核验（{how.label}，{on}{end}）{shown}"


def verified_until(on: date, *papers_end: date | None) -> date:
    """A year after the look at the papers, or the earliest day on which one of them ends."""
    ends = [end for end in papers_end if end is not None]
    return min([on + timedelta(days=VERIFIED_FOR_DAYS), *ends])


def check_claim_transition(current: EnterpriseClaimState, target: EnterpriseClaimState) -> None:
    if target not in CLAIM_NEXT[current]:
        raise ClaimStateError(current=current.label)


class CreditCodeError(UnprocessableError):
    code = "credit_code_invalid"
    message = "统一社会信用代码不正确，请对照营业执照重新填写"
    field = "uscc"


class CreditCodeLengthError(CreditCodeError):
    message = "统一社会信用代码应为18位，您填了{length}位，请对照营业执照重新填写"


class CreditCodeChecksumError(CreditCodeError):
    message = "统一社会信用代码的校验位不符，可能有一位抄错，请对照营业执照重新填写"


class CreditCodeFormatError(CreditCodeError):
    message = "统一社会信用代码含有不允许的字符（不使用字母 I、O、Z、S、V），请对照营业执照重新填写"


class CreditCodeTakenError(ConflictError):
    code = "credit_code_taken"
    message = "这个统一社会信用代码已登记在另一家企业名下，请核对；如有误，请联系招聘专员"
    field = "uscc"


class CreditCodeDiffersError(ConflictError):
    code = "credit_code_differs"
    message = "该企业已登记的统一社会信用代码与您填写的不同，请核对"
    field = "uscc"


class EnterpriseNotFoundError(NotFoundError):
    code = "enterprise_not_found"
    message = "没有找到这家企业"


class ClaimPendingError(ConflictError):
    code = "claim_pending"
    message = "您对这家企业的认领正在审核，请等待结果"


class AlreadyMemberError(ConflictError):
    code = "already_member"
    message = "您已是这家企业的成员，无需再次认领"


class EnterpriseClaimNotFoundError(NotFoundError):
    code = "enterprise_claim_not_found"
    message = "没有找到这条认领申请"


class ClaimRoleError(UnprocessableError):
    code = "claim_role_wrong"
    message = "认领企业时角色应为企业负责人、招聘员或派工员"
    field = "role"


class ClaimStateError(ConflictError):
    code = "claim_state_wrong"
    message = "这条认领申请当前为“{current}”，不能再审核"


class LiaisonLinkNotFoundError(NotFoundError):
    code = "liaison_link_not_found"
    message = "没有找到这条挂钩关系"


class LiaisonKnownError(ConflictError):
    code = "liaison_known"
    message = "这条挂钩关系当前为“{current}”，无需确认"


class EnterpriseStateError(ConflictError):
    code = "enterprise_state_wrong"
    message = "企业当前为“{current}”，不能变为“{target}”"


class EnterpriseNameTakenError(ConflictError):
    """A seeded firm is claimed, not registered a second time."""

    code = "enterprise_name_taken"
    message = "已有同名企业，请在企业列表中找到它并认领"
    field = "name"


class EnterpriseAreaError(UnprocessableError):
    code = "enterprise_area_unknown"
    message = "没有这个片区，请从片区列表中选择"
    field = "area_id"


class EnterprisePapersError(UnprocessableError):
    code = "enterprise_papers_missing"
    message = "提交审核前请补全：{missing}"


class PaperExpiredError(UnprocessableError):
    code = "paper_expired"
    message = "“{paper}”已过期，请上传有效的"


class LicenceKindError(UnprocessableError):
    code = "licence_not_needed"
    message = "只有人力资源服务机构需要登记许可证"
    field = "kind"


class SuspensionNotFoundError(NotFoundError):
    code = "suspension_not_found"
    message = "没有找到这次暂停"


class SuspensionStateError(ConflictError):
    code = "suspension_state_wrong"
    message = "这次暂停当前为“{current}”，不能变为“{target}”"


class InviteInvalidError(UnprocessableError):
    code = "invite_invalid"
    message = "邀请码不正确、已被使用或已过期，请向企业负责人重新索取"
    field = "code"


class MemberNotFoundError(NotFoundError):
    code = "member_not_found"
    message = "企业里没有这位成员"


class LastOwnerError(ConflictError):
    code = "last_owner"
    message = "不能移除最后一位企业负责人，请先加入另一位"


class GridNotFoundError(NotFoundError):
    code = "grid_not_found"
    message = "没有找到这个网格"


class PartyOrganisationNotFoundError(NotFoundError):
    code = "party_organisation_not_found"
    message = "没有找到这个党组织"


class PhoneShapeError(UnprocessableError):
    code = "phone_shape_wrong"
    message = "电话号码应为手机号或带区号的座机号"
    field = "phone"
