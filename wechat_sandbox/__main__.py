"""`python -m wechat_sandbox --port 8010`"""

import argparse

import uvicorn

from wechat_sandbox.app import create_app
from wechat_sandbox.config import SandboxConfig


def main() -> None:
    parser = argparse.ArgumentParser(prog="wechat_sandbox", description="微信服务端接口沙箱（仅供开发、演示和测试）")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认只对本机开放")
    parser.add_argument("--port", type=int, default=8010, help="监听端口，默认 8010")
    parser.add_argument("--key", default="sandbox", help="控制接口的口令（请求头 X-Sandbox-Key）")
    parser.add_argument("--log-level", default="warning", help="日志级别，默认 warning")
    options = parser.parse_args()
    uvicorn.run(
        create_app(SandboxConfig(key=options.key)),
        host=options.host,
        port=options.port,
        log_level=options.log_level,
        ws="none",
        timeout_graceful_shutdown=1,  # a slow fault must not hold up a restart
    )


if __name__ == "__main__":
    main()
