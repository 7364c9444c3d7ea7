"""网页工作台的账号与登录。"""

from fastapi import status

from app.core.errors import ConflictError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, RuntimeDep, Self, Unit, limited, limited_by_address
from app.routers.routing import BODY_ERRORS, make_router, public_errors, write_errors
from app.rules.identity import console as rules
from app.schemas.identity.sessions import (
    ConsoleAccountForm,
    ConsoleSignInForm,
    ConsoleSignInRead,
    EnrolmentRead,
    TotpForm,
)
from app.services.identity import console
from app.services.identity.views import sign_in_read

router = make_router("identity")


@router.post(
    "/me/console-account",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(
        rules.ConsoleNotForYouError,
        rules.UsernameError,
        rules.UsernameTakenError,
        rules.PasswordLengthError,
        rules.PasswordCommonError,
        rules.ConsoleAccountExistsError,
    ),
)
async def open_console_account(
    actor: Self, form: ConsoleAccountForm, session: Unit, runtime: RuntimeDep
) -> EnrolmentRead:
    """工作人员在小程序里为自己开通或重设网页登录；动态码密钥只显示这一次。"""
    enrolment = await console.open_account(
        runtime,
        session,
        actor,
        username=form.username,
        password=form.password.get_secret_value(),
        replace=form.replace,
    )
    return EnrolmentRead.model_validate(enrolment)


@router.post(
    "/me/console-account/confirm",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[limited(RateKind.CLAIM)],
    responses=write_errors(rules.ConsoleAccountMissingError, rules.TotpWrongError, TooManyRequestsError),
)
async def confirm_console_account(actor: Self, form: TotpForm, session: Unit, runtime: RuntimeDep, now: Now) -> None:
    """输入第一个动态码，网页登录由此启用。"""
    await console.confirm_account(session, runtime.crypto, actor, totp=form.totp, now=now)


@router.post(
    "/me/console-account/unlock",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.ConsoleAccountMissingError),
)
async def unlock_console_account(actor: Self, session: Unit, runtime: RuntimeDep, now: Now) -> None:
    """别人猜密码造成的锁定，由本人在小程序里立即解除。"""
    await console.unlock(runtime, session, actor, now=now)


@router.post(
    "/auth/console/sign-in",
    dependencies=[limited_by_address(RateKind.SIGN_IN)],
    responses=public_errors(
        *BODY_ERRORS,
        ConflictError,
        rules.SignInRefusedError,
        rules.SignInLockedError,
        rules.ConsoleNotForYouError,
        TooManyRequestsError,
    ),
)
async def sign_in_to_console(runtime: RuntimeDep, form: ConsoleSignInForm) -> ConsoleSignInRead:
    """以用户名、密码和动态码登录网页工作台；动态码只能用一次。"""
    signed_in = await console.sign_in(
        runtime,
        username=form.username,
        password=form.password.get_secret_value(),
        totp=form.totp,
        device_token=form.device_token,
    )
    return sign_in_read(signed_in)
