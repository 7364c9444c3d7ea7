"""Requests and answers of login, sessions and the web console's accounts."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.identity.apps import ClientApp, WechatApp
from app.schemas.base import Input, Instant, Output, Secret, Text, example

# A code of WeChat's: visible ASCII, as it comes.
Code = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
ShortCode = Annotated[Text, Field(min_length=8, max_length=20, description="A one-time code: any case, dashes allowed")]


class WechatLogin(Input):
    model_config = example({"app": "zhipin", "code": "0a3bXc000example"})

    app: WechatApp = Field(description="Which mini-program the code comes from")
    code: Code = Field(description="From wx.login; 5 minutes, single use")


class LoginRead(Output):
    access_token: str = Field(description="Send as `Authorization: Bearer …`")
    expires_in: int = Field(description="Seconds until the access token ends")
    refresh_token: str = Field(description="For `POST /auth/refresh`; each works once, the answer brings the next")
    refresh_expires_in: int = Field(description="Seconds until the session ends if nobody refreshes")
    person_id: UUID
    is_new: bool = Field(description="First login of this person in either mini-program")


class RefreshForm(Input):
    model_config = example({"refresh_token": "3q2-7wEXAMPLEexampleEXAMPLEexampleEXAMPLEexam"})

    refresh_token: Annotated[str, Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]


class TokensRead(Output):
    access_token: str
    expires_in: int
    refresh_token: str = Field(description="Keep this one; the one you sent is used up")
    refresh_expires_in: int


class SessionRead(Output):
    id: UUID
    app: ClientApp
    app_label: str
    opened_at: Instant
    expires_at: Instant
    current: bool = Field(description="The session of this very call")


class ConsoleAccountForm(Input):
    model_config = example({"username": "cai.leiting", "password": "一句自己记得住的话 2026", "replace": False})

    username: Annotated[Text, Field(max_length=40)]
    password: Annotated[Secret, Field(max_length=200)]
    replace: bool = Field(
        default=False, description="True: set both anew (forgotten password, lost phone); ends all console sessions"
    )


class EnrolmentRead(Output):
    username: str
    otpauth_uri: str = Field(description="For an authenticator app; shown once")
    secret: str = Field(description="The same, for typing")


class TotpForm(Input):
    model_config = example({"totp": "123456"})

    totp: Annotated[str, Field(pattern=r"^[0-9]{6}$", description="Six digits from the authenticator")]


class ConsoleSignInForm(Input):
    model_config = example(
        {"username": "cai.leiting", "password": "一句自己记得住的话 2026", "totp": "123456", "device_token": None}
    )

    username: Annotated[Text, Field(min_length=1, max_length=40)]
    password: Annotated[Secret, Field(min_length=1, max_length=200)]
    totp: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    device_token: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")] | None = Field(
        default=None, description="From an earlier sign-in in this browser: its failures are counted apart"
    )


class ConsoleSignInRead(Output):
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    device_token: str
