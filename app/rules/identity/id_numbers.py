"""公民身份号码 (GB 11643-1999): shape, date and check digit.

Issuing codes are not checked: many adults carry codes of areas that no longer exist. The seventeenth digit tells the
sex; nothing here reads it.
"""

from datetime import date

import stdnum.exceptions
from stdnum.cn import ric

from app.core.errors import UnprocessableError

LENGTH = 18


def check_id_number(typed: str, *, birth_date: date | None) -> tuple[str, date]:
    """The compact number and its date of birth, which must be the one stated before."""
    number = typed.replace(" ", "").upper()
    if len(number) != LENGTH or not number[:-1].isdecimal() or not number.isascii():
        raise IdNumberShapeError(length=len(number))
    if ric.calc_check_digit(number) != number[-1]:
        raise IdNumberChecksumError
    try:
        born: date = ric.get_birth_date(number)
    except (stdnum.exceptions.ValidationError, ValueError) as exc:
        raise IdNumberDateError from exc
    if birth_date is not None and born != birth_date:
        raise IdNumberBirthDateError
    return number, born


class IdNumberError(UnprocessableError):
    code = "id_number_invalid"
    message = "身份证号不正确，请对照身份证重新填写"
    field = "id_number"


class IdNumberShapeError(IdNumberError):
    message = "身份证号应为17位数字加1位数字或X，您填了{length}位，请对照身份证重新填写"


class IdNumberChecksumError(IdNumberError):
    message = "身份证号最后一位校验不符，可能有一位抄错，请对照身份证重新填写"


class IdNumberDateError(IdNumberError):
    message = "身份证号第7至14位不是正确的日期，请对照身份证重新填写"


class IdNumberBirthDateError(IdNumberError):
    """The dates are not repeated in the message: they are personal."""

    message = "身份证号里的出生日期与您填写的出生日期不同，请核对后先改正其中一项"
