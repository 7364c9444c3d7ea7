"""Share codes: ten characters that lead to a thing in a mini-program, for posters and group cards. Pure.

A QR `scene` holds at most 32 visible characters and no %, so a UUID with its dashes does not fit (getUnlimitedQRCode).
"""

from app.core.errors import NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.identity.apps import WechatApp

CODE_LENGTH = 10
LONGEST_DAYS = 400


class ShareKind(Labelled):
    VACANCY = "vacancy", "岗位"
    ENTERPRISE = "enterprise", "企业"
    FAIR = "fair", "招聘会"


# The page that reads `scene`, per mini-program; a kind is shared only where it has a page.
SHARE_PAGES: dict[ShareKind, dict[WechatApp, str]] = {
    ShareKind.VACANCY: {WechatApp.ZHIPIN: "pages/vacancy/detail"},
    ShareKind.FAIR: {WechatApp.ZHIPIN: "pages/fair/detail"},
    ShareKind.ENTERPRISE: {
        WechatApp.ZHIPIN: "pages/enterprise/detail",
        WechatApp.LINGGONG: "pages/enterprise/detail",
    },
}


def share_page(kind: ShareKind, app: WechatApp) -> str:
    page = SHARE_PAGES[kind].get(app)
    if page is None:
        raise ShareAppError(kind=kind.label, app=app.label)
    return page


class ShareCodeNotFoundError(NotFoundError):
    code = "share_code_not_found"
    message = "分享码不存在或已过期"


class ShareTargetError(NotFoundError):
    code = "share_target_not_found"
    message = "没有找到要分享的内容，或它尚未公开"


class ShareAppError(UnprocessableError):
    code = "share_app_wrong"
    message = "“{kind}”不能在“{app}”里打开"
    field = "app"


class SharePeriodError(UnprocessableError):
    code = "share_period_wrong"
    message = "有效期应在现在之后、最长{days}天"
    field = "expires_at"
