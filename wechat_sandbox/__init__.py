"""A stand-in for WeChat's server API over real HTTP, for development, the demo and the tests.

It is a program of its own (`python -m wechat_sandbox --port 8010`) and shares no code with the service,
so that a misreading of WeChat's contract cannot hide on both sides at once. It knows fictional secrets only.
Given an address (`--push zhipin=URL`, or `/_sbx/push-config`), it pushes events as WeChat's servers do.
"""

from wechat_sandbox.app import create_app
from wechat_sandbox.config import AppConfig, SandboxConfig

__all__ = ["AppConfig", "SandboxConfig", "create_app"]
