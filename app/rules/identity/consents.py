"""Consent: one purpose at a time, in one version of its text, withdrawn as easily as given (个人信息保护法 第十四至十六、二十九条)."""

from collections.abc import Iterable

from app.core.errors import UnprocessableError
from app.core.labels import Labelled


class ConsentPurpose(Labelled):
    """Each purpose is asked for by itself; sensitive ones only by the act that needs them."""

    SERVICE = "service", "使用求职与零工服务"
    PERSONAL_RECOMMENDATION = "personal_recommendation", "个性化岗位推荐"
    EXACT_LOCATION = "exact_location", "使用精确位置计算路程"
    ID_NUMBER = "id_number", "登记身份证号"
    HEALTH = "health", "登记健康检查情况"
    DISPUTE = "dispute", "在调解中处理纠纷信息"
    PARTY_MEMBERSHIP = "party_membership", "登记党员身份"
    SURVEY = "survey", "参加就业摸底"
    POINTS_PUBLICATION = "points_publication", "在积分公示中显示隐去部分的姓名"
    HONOUR_ROLL = "honour_roll", "在文明积分光荣榜上显示姓名"
    SKILL_PROFILE = "skill_profile", "把培训证书写入求职和零工登记"


# 个人信息保护法 第二十八条: sensitive, so each needs a consent of its own (第二十九条) and never rides along.
SENSITIVE = frozenset(ConsentPurpose) - {ConsentPurpose.SERVICE, ConsentPurpose.PERSONAL_RECOMMENDATION}
# The version of our policy text that a consent must name; a new text asks anew. Texts: `app/policies/`.
POLICY_VERSIONS: dict[ConsentPurpose, str] = dict.fromkeys(ConsentPurpose, "2026-11")


class ConsentMethod(Labelled):
    """How a person agreed: by their own hand, or how the one who acts for them has it on record."""

    SELF = "self", "本人在小程序中同意"
    OWN_CODE = "own_code", "本人验证码"
    VERBAL = "verbal", "口头同意"
    SIGNED = "signed", "签字"
    RECORDED = "recorded", "录音"
    GUARDIAN = "guardian", "监护人同意"


def missing_consents(given: Iterable[tuple[str, str]]) -> list[ConsentPurpose]:
    """Everyday purposes whose current policy version has not been agreed to. Sensitive ones are never asked ahead."""
    have = set(given)
    return [
        purpose
        for purpose in ConsentPurpose
        if purpose not in SENSITIVE and (purpose.value, POLICY_VERSIONS[purpose]) not in have
    ]


def check_consent(given: Iterable[tuple[str, str]], purpose: ConsentPurpose) -> None:
    """The act needs this purpose in the present version of its text."""
    if (purpose.value, POLICY_VERSIONS[purpose]) not in set(given):
        raise ConsentMissingError(purpose=purpose.label, code=purpose.value)


class ConsentMissingError(UnprocessableError):
    code = "consent_missing"
    message = "请先单独同意“{purpose}”（PUT /me/consents/{code}），不同意不影响其他功能"
    field = "consent"


class PolicyVersionError(UnprocessableError):
    code = "policy_version_wrong"
    message = "请先阅读现行版本（{current}）的条款再同意"
    field = "policy_version"
