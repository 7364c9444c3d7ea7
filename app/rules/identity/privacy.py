"""How long what is kept and why, what an erasure takes, and what leaves with the person. Pure.

A retention class is a dated promise: after `keep_until` the purge takes it, before it nothing does.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from app.core.errors import ConflictError, UnprocessableError
from app.core.labels import Labelled


class RetentionClass(Labelled):
    RECRUITMENT = "recruitment", "招聘服务记录"
    WAGE_LEDGER = "wage_ledger", "工资支付台账"
    CONSENT_PROOF = "consent_proof", "同意与授权凭据"
    ENTERPRISE_PAPERS = "enterprise_papers", "企业核验材料"
    SURVEY = "survey", "就业摸底答卷"


@dataclass(frozen=True, slots=True)
class Retention:
    years: int
    source: str


RETENTION: dict[RetentionClass, Retention] = {
    RetentionClass.RECRUITMENT: Retention(3, "网络招聘服务管理规定：招聘信息和服务记录自服务完成之日起保存不少于3年"),
    RetentionClass.WAGE_LEDGER: Retention(3, "保障农民工工资支付条例 第十五条：书面工资支付台账至少保存3年"),
    RetentionClass.CONSENT_PROOF: Retention(
        3, "个人信息保护法 第五十五、五十六条所需凭据，按民法典 第一百八十八条的诉讼时效保存3年"
    ),
    RetentionClass.ENTERPRISE_PAPERS: Retention(
        3, "网络招聘服务管理规定：招聘信息和服务记录自服务完成之日起保存不少于3年"
    ),
    RetentionClass.SURVEY: Retention(
        2, "个人信息保护法 第十九条：保存期限为实现目的所必要的最短时间；答卷供下一轮核对，一轮结束满2年后只留统计"
    ),
}
# 网络安全法 第二十一条第三项 asks for six months; 190 days leaves room for the longest six months.
LOGS_KEPT = timedelta(days=190)
# Three years after the service ended; the last step of one, 在岗满90天, is at most that much behind its last change.
APPLICATIONS_KEPT = timedelta(days=3 * 366 + 90)
# House rule: the audit log outlives the longest retention class.
AUDIT_KEPT = timedelta(days=4 * 366)
NOTICES_KEPT = timedelta(days=2 * 366)
PUSH_EVENTS_KEPT = timedelta(days=30)
# What was recommended to whom: half a year is enough to measure with and to explain.
IMPRESSIONS_KEPT = timedelta(days=180)
# What a firm's sheet said, row by row, once its import has ended: a wrong cell is quoted, and may name a person.
# A quarter is enough to mend the sheet; the counts stay with the import.
IMPORT_ROWS_KEPT = timedelta(days=90)
# Uploads that no form ever named.
ORPHANS_KEPT = timedelta(hours=24)


def keep_until(retention_class: RetentionClass, ended: date) -> date:
    """The last day of keeping, counted from the end of the service; 29 February ends on 28 February."""
    years = RETENTION[retention_class].years
    try:
        return ended.replace(year=ended.year + years)
    except ValueError:
        return ended.replace(year=ended.year + years, day=28)


class HeldData(Labelled):
    """What this service holds of what WeChat lends."""

    PHONE = "phone", "手机号"
    HOME = "home", "居住位置"
    IMAGES = "images", "上传的图片"
    DOCUMENTS = "documents", "上传的文件"


# RevokeInfo of `user_authorization_revoke`: developers.weixin.qq.com, 用户信息授权变更. None: we never hold it.
REVOKED_DATA: dict[str, HeldData | None] = {
    "1": None,  # car plate
    "2": None,  # address book entry
    "3": None,  # invoice
    "4": None,  # Bluetooth
    "5": None,  # microphone
    "6": None,  # nickname and avatar: not stored
    "7": None,  # camera
    "8": HeldData.PHONE,
    "12": None,  # steps
    "13": HeldData.HOME,
    "14": HeldData.IMAGES,
    "15": HeldData.DOCUMENTS,
    "16": None,  # e-mail
    "18": HeldData.HOME,
    "19": None,  # nickname from the keyboard: not stored
    "20": None,  # avatar from the picker: not stored
}


class DeletionBlockedError(ConflictError):
    code = "deletion_blocked"
    message = "暂时不能注销：{why}"


class DeletionWordError(UnprocessableError):
    """A slip of the finger must not end an account."""

    code = "deletion_word_wrong"
    message = "请输入“{word}”以确认；注销后不能恢复"
    field = "confirm"
