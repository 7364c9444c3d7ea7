"""Why the law does not let a person take a shift: each names its rule and its numbers. Pure."""

from app.core.errors import AppError, ConflictError


class LabourLawError(ConflictError):
    """Any of them: whoever offers seats goes on to the next person."""

    code = "labour_law"


class BirthDateMissingError(LabourLawError):
    code = "birth_date_needed_for_shift"
    message = "还没有填写出生日期，无法核对是否可以上这个班，请先在个人资料里填写"


class UnderAgeError(LabourLawError):
    code = "shift_under_working_age"
    message = "到{day}您还未满{age}周岁，不能上班（{law}）"


class OrderAgeError(LabourLawError):
    code = "shift_minimum_age"
    message = "这张订单要求年满{age}周岁，到{day}您还未满"


class MinorNotReadyError(LabourLawError):
    code = "minor_not_ready"
    message = "16至17周岁须先办理未成年工登记并通过体检，且{day}仍在有效期内：请在零工登记里上传登记证和体检表，由零工专员核对"


class MinorHazardError(LabourLawError):
    code = "minor_hazard"
    message = "这个班次有“{hazards}”，未满{age}周岁不能上（《未成年工特殊保护规定》）"


class MinorNightError(LabourLawError):
    code = "minor_night"
    message = "这个班次在22时至次日6时之间，未满{age}周岁不安排夜班"


class OverlapError(LabourLawError):
    code = "shift_overlaps"
    message = "您在{other}已有班次，时间重叠"


class RestBetweenError(LabourLawError):
    code = "shift_rest_too_short"
    message = "与您{other}的班次只隔{gap}，两个班次之间至少休息{needed}（{law}）"


class TravelError(LabourLawError):
    code = "shift_travel_too_far"
    message = "与您{other}的班次只隔{gap}，路上约需{needed}，来不及"


class RestDayError(LabourLawError):
    code = "shift_no_rest_day"
    message = "{monday}起的一周您将上班{worked}天，每周至少休息{needed}天（{law}）"


class OvertimeConsentError(LabourLawError):
    code = "overtime_not_agreed"
    message = (
        "加上这个班，您在这家企业当天共{day}、当周共{week}，超过每天{day_limit}或每周{week_limit}的部分属于加班，"
        "须您本人同意：可在零工登记里勾选“同意加班”（{law}）"
    )


class OvertimeDayError(LabourLawError):
    code = "overtime_day"
    message = "加上这个班，您在这家企业当天共{day}，加班{overtime}，超过每天加班{limit}的上限（{law}）"


class OvertimeMonthError(LabourLawError):
    code = "overtime_month"
    message = "加上这个班，您在这家企业{month}加班共{overtime}，超过每月{limit}的上限（{law}）"


class RetiredOvertimeError(LabourLawError):
    code = "retired_overtime"
    message = "加上这个班，您在这家企业当天共{day}、当周共{week}；超过法定退休年龄的，不安排加班（{law}）"


# For the documentation of routes on which a person takes a shift.
LABOUR_ERRORS: tuple[type[AppError], ...] = (
    BirthDateMissingError, UnderAgeError, OrderAgeError, MinorNotReadyError, MinorHazardError, MinorNightError,
    OverlapError, RestBetweenError, TravelError, RestDayError, OvertimeConsentError, OvertimeDayError,
    OvertimeMonthError, RetiredOvertimeError,
)  # fmt: skip


# What a route that gives a seat declares.
LAW_ERRORS: tuple[type[AppError], ...] = (
    BirthDateMissingError,
    UnderAgeError,
    OrderAgeError,
    MinorNotReadyError,
    MinorHazardError,
    MinorNightError,
    OverlapError,
    RestBetweenError,
    TravelError,
    RestDayError,
    OvertimeConsentError,
    OvertimeDayError,
    OvertimeMonthError,
    RetiredOvertimeError,
)
