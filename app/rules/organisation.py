"""Areas, enterprises, liaison: states, transitions, errors. Pure."""

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
    APPROVED = "approved", "已核验"
    SUSPENDED = "suspended", "已暂停"


class EnterpriseClaimState(Labelled):
    SUBMITTED = "submitted", "待审核"
    APPROVED = "approved", "已通过"
    RETURNED = "returned", "已退回"


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


class ClaimStateError(ConflictError):
    code = "claim_state_wrong"
    message = "这条认领申请当前为“{current}”，不能再审核"


class LiaisonLinkNotFoundError(NotFoundError):
    code = "liaison_link_not_found"
    message = "没有找到这条挂钩关系"


class LiaisonKnownError(ConflictError):
    code = "liaison_known"
    message = "这条挂钩关系当前为“{current}”，无需确认"
