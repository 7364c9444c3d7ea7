"""X, the parties: sides, each one's consent, collective cases and representatives. Pure.

劳动争议调解仲裁法 第七条: ten or more with the same claim may elect representatives. Each keeps claim, amount and consent;
a representative concedes only with each one's own authority; anybody may leave.
"""

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class CaseSide(Labelled):
    COMPLAINANT = "complainant", "申请人"
    RESPONDENT = "respondent", "被申请人"


class CasePartyKind(Labelled):
    PERSON = "person", "个人"
    ENTERPRISE = "enterprise", "企业"
    VILLAGE = "village", "村（社区）"
    # Not registered here: what they say and agree to is recorded by the manager.
    OUTSIDER = "outsider", "未登记的个人或单位"


class CasePartyState(Labelled):
    ACTIVE = "active", "在案"
    LEFT = "left", "已退出"


class PartyConsent(Labelled):
    PENDING = "pending", "未答复"
    GIVEN = "given", "同意调解"
    REFUSED = "refused", "不同意调解"


class ConsentWay(Labelled):
    """How the manager has a party's word where it does not say it itself."""

    SELF = "self", "本人在小程序中"
    PHONE = "phone", "电话中表示"
    PAPER = "paper", "书面签字"
    PRESENT = "present", "当面表示"


class RepresentativeKind(Labelled):
    ELECTED = "elected", "推选的代表人"
    AGENT = "agent", "委托代理人"


class RepresentativeState(Labelled):
    ACTIVE = "active", "有效"
    ENDED = "ended", "已撤销"


CONSENT_NEXT: dict[PartyConsent, frozenset[PartyConsent]] = {
    PartyConsent.PENDING: frozenset({PartyConsent.GIVEN, PartyConsent.REFUSED}),
    # Taken back at any time before an agreement (人民调解法 第二十三条).
    PartyConsent.GIVEN: frozenset({PartyConsent.REFUSED}),
    PartyConsent.REFUSED: frozenset(),
}


def check_party_consent(current: PartyConsent, target: PartyConsent) -> None:
    if target not in CONSENT_NEXT[current]:
        raise PartyConsentError(current=current.label)


def check_election(claimants: int, least: int, chosen: int, most: int) -> None:
    """`chosen`: representatives that the members would then have between them."""
    if claimants < least:
        raise ElectionError(claimants=claimants, least=least)
    if chosen > most:
        raise RepresentativesFullError(most=most)


class CasePartyNotFoundError(NotFoundError):
    code = "case_party_not_found"
    message = "没有找到这个当事人"


class PartyConsentError(ConflictError):
    code = "party_consent_said"
    message = "已经答复为“{current}”；不愿继续的，可以退出或终止调解"


class PartySpeaksError(ConflictError):
    """The manager writes down the word of those who cannot give it here, of nobody else."""

    code = "party_speaks_itself"
    message = "这一方已在小程序登记，须由本人办理，不能由承办人代为记录"


class ElectionError(ConflictError):
    code = "election_too_few"
    message = "同一请求的申请人现有{claimants}人，满{least}人才能推选代表人；人数不足的可以共同申请，或各自委托代理人"


class RepresentativesFullError(ConflictError):
    code = "representatives_full"
    message = "推选的代表人最多{most}人，请从已推选的人中选择"


class RepresentativeError(UnprocessableError):
    code = "case_representative_wrong"
    message = "代表人须是同案的另一位申请人，代理人须是已登记的人且不属于对方"
    field = "person_id"


class RepresentativeTakenError(ConflictError):
    code = "case_representative_taken"
    message = "您已有代表人或代理人，请先撤销"


class CaseRepresentativeNotFoundError(NotFoundError):
    code = "case_representative_not_found"
    message = "没有找到这项委托"


class OnlyComplainantError(ConflictError):
    code = "only_complainant"
    message = "您是唯一的申请人，请选择撤回申请"


class NotOnlyComplainantError(ConflictError):
    code = "not_only_complainant"
    message = "只有唯一的申请人可以撤回申请；共同申请的请退出，被申请人请答复不同意调解"


class StatementNotFoundError(NotFoundError):
    code = "case_statement_not_found"
    message = "没有找到这份陈述"


class EvidenceNotFoundError(NotFoundError):
    code = "case_evidence_not_found"
    message = "没有找到这份证据"


class AlreadyReleasedError(ConflictError):
    code = "already_released"
    message = "已经向对方出示"


class AbsorbError(UnprocessableError):
    code = "absorb_wrong"
    message = "只能把同一企业、同一类型、尚未征求意见、都由您承办的案件并入其中最早提交的一件"
    field = "case_ids"
