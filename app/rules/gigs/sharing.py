"""共享用工: what an agreement must have, and who may work under it. Pure.

《人力资源社会保障部办公厅关于做好共享用工指导和服务的通知》（人社厅发〔2020〕98号）: the employment tie stays, the lender does
not lend for profit, both firms agree in writing, and each worker agrees to the change of place and duties.
"""

from datetime import date, timedelta

from app.core.errors import NotFoundError, UnprocessableError
from app.rules.gigs.refusals import LabourLawError

NOTICE = "人社厅发〔2020〕98号"
LONGEST = timedelta(days=366)
# Money for the lending itself, whatever it is called.
MARGINS = ("管理费", "服务费", "差价", "提成", "中介费", "介绍费", "抽成", "手续费")


def check_period(first: date, last: date, today: date) -> None:
    if last < first or last < today or last - first > LONGEST:
        raise SharingDatesError


def check_terms(terms: str) -> None:
    found = next((word for word in MARGINS if word in terms), None)
    if found is not None:
        raise SharingForProfitError(word=found)


class SharingNotFoundError(NotFoundError):
    code = "sharing_agreement_not_found"
    message = "没有找到这份共享用工协议"


class SharingBorrowerError(UnprocessableError):
    code = "sharing_borrower_wrong"
    message = "借入单位应是平台上的另一家企业"
    field = "borrower_id"


class SharingDatesError(UnprocessableError):
    code = "sharing_dates_wrong"
    message = "起止日期应先后正确、尚未过去，且不超过一年"
    field = "ends_on"


class SharingForProfitError(UnprocessableError):
    code = "sharing_for_profit"
    message = f"条款含有“{{word}}”：原单位不得以营利为目的借出员工（{NOTICE}），请删去后提交"
    field = "terms"


class PeopleNotYoursError(UnprocessableError):
    code = "people_not_on_roster"
    message = "只能借出本企业名单上的人，请先请他们扫码加入名单"
    field = "person_ids"


class SharingIncompleteError(UnprocessableError):
    code = "sharing_incomplete"
    message = "请先上传两份协议：两家企业之间的，以及原单位与员工之间的"
    field = "firms_file_id"


class SharingUnusableError(UnprocessableError):
    code = "sharing_agreement_unusable"
    message = "共享用工协议当前为“{current}”，或工序与协议不同，不能用于这张订单"
    field = "sharing_id"


class SharingPeriodError(UnprocessableError):
    code = "sharing_period_wrong"
    message = "班次应在协议期内：{first}至{last}"
    field = "shifts"


class NotSharedError(LabourLawError):
    code = "not_in_sharing_agreement"
    message = "这个班次只安排共享用工协议里、本人已同意的人"
