"""`python -m wechat_sandbox --port 8010 --push zhipin=http://127.0.0.1:8000/wechat/push/zhipin`"""

import argparse
import dataclasses
import re

import uvicorn

from wechat_sandbox.app import create_app
from wechat_sandbox.config import DEFAULT_APPS, SandboxConfig


def push_address(text: str) -> tuple[str, str]:
    """`name=URL` → both. The names are those of the sandbox's own apps."""
    name, _, url = text.partition("=")
    if name not in {app.name for app in DEFAULT_APPS} or re.match(r"https?://.", url) is None:
        message = f"应为 小程序=网址，例如 zhipin=http://127.0.0.1:8000/push，而不是“{text}”"
        raise argparse.ArgumentTypeError(message)
    return name, url


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wechat_sandbox", description="微信服务端接口沙箱（仅供开发、演示和测试）")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认只对本机开放")
    parser.add_argument("--port", type=int, default=8010, help="监听端口，默认 8010")
    parser.add_argument("--key", default="sandbox", help="控制接口的口令（请求头 X-Sandbox-Key）")
    parser.add_argument(
        "--push", type=push_address, action="append", default=[], metavar="小程序=网址",
        help="消息推送地址，可重复；用沙箱小程序自带的 Token 和 EncodingAESKey，安全模式",
    )  # fmt: skip
    parser.add_argument("--log-level", default="warning", help="日志级别，默认 warning")
    return parser.parse_args()


def main() -> None:
    options = _options()
    addresses = dict(options.push)
    apps = tuple(dataclasses.replace(app, push_url=addresses.get(app.name, "")) for app in DEFAULT_APPS)
    uvicorn.run(
        create_app(SandboxConfig(apps=apps, key=options.key)),
        host=options.host,
        port=options.port,
        log_level=options.log_level,
        ws="none",
        timeout_graceful_shutdown=1,  # a slow fault must not hold up a restart
    )


if __name__ == "__main__":
    main()
