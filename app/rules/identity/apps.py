"""Through what a person reaches the service: the two mini-programs, and the town's web console."""

from app.core.labels import Labelled


class WechatApp(Labelled):
    """A mini-program. All WeChat state (openid, tokens, templates, pushes) is kept apart by this key."""

    ZHIPIN = "zhipin", "宝盖职聘"
    LINGGONG = "linggong", "零工配产"


class ClientApp(Labelled):
    """Where a session was opened: the `aud` of its tokens."""

    ZHIPIN = "zhipin", "宝盖职聘"
    LINGGONG = "linggong", "零工配产"
    CONSOLE = "console", "网页工作台"

    @property
    def wechat(self) -> WechatApp | None:
        """The mini-program whose openid speaks for this session; the console has none."""
        return None if self is ClientApp.CONSOLE else WechatApp.of(self.value)
