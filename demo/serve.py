"""`./dev serve`: API, worker and WeChat sandbox until Ctrl-C, with login codes for eight people to begin with."""

import argparse
import signal
import sys
import time
from pathlib import Path

from demo import steps
from demo.client import Refused, Sandbox
from demo.stack import Stack

# (who, mini-program, person in the sandbox, roster name, role)
PERSONAS = (
    ("管理员", "zhipin", "admin", steps.ADMIN, None),
    ("招聘专员", "zhipin", "officer", steps.OFFICER, "jobs_officer"),
    ("挂钩干部", "zhipin", "cadre", "高德坤", "liaison_cadre"),
    ("调解员", "zhipin", "mediator", "杨玲玲", "mediator"),
    ("企业招聘员", "zhipin", "recruiter", None, None),
    ("企业派工员", "linggong", "dispatcher", None, "dispatcher"),
    ("求职者", "zhipin", "seeker", None, None),
    ("零工", "linggong", "worker", None, None),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev serve")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--sandbox-port", type=int, default=8010)
    parser.add_argument("--data-dir", type=Path, default=Path("var"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stack = Stack(options.data_dir, api_port=options.port, sandbox_port=options.sandbox_port, log=sys.stdout)
    with stack:
        sandbox = Sandbox(stack.sandbox_url)
        prepare(stack, sandbox)
        announce(stack, sandbox)
        try:
            while (died := stack.died()) is None:
                time.sleep(1)
        except KeyboardInterrupt:
            print("\n正在停止……")
            return
    sys.exit(f"{died} 意外退出，全部停止")


def prepare(stack: Stack, sandbox: Sandbox) -> None:
    """Give the personas their roles through the API, once: a data folder that has them already is left alone."""
    callers = {person: steps.login(stack, sandbox, app, person) for _, app, person, _, _ in PERSONAS}
    admin = callers["admin"]
    if admin.get("/me")["roles"]:
        return
    try:
        steps.claim_first_admin(stack, admin)
    except Refused:
        # The town's own administrator is there already: the personas get no rights in real data.
        print("数据库里已有别的管理员，示例人员不授予角色。")
        return
    for _, _, person, name, role in PERSONAS:
        if name and role:
            steps.claim_and_appoint(admin, callers[person], name, role)
    # Eight people for nine desks: the officer also takes cases of mediation, the recruiter also answers for the firm.
    steps.appoint(admin, callers["officer"], "case_manager", "town", None)
    claim = steps.claim_firm(callers["recruiter"], steps.FIRM)
    steps.approve_claim(callers["officer"], claim)
    steps.appoint(admin, callers["recruiter"], "owner", "enterprise", claim["enterprise_id"])
    dispatcher = callers["dispatcher"]
    steps.appoint(admin, dispatcher, "dispatcher", "enterprise", claim["enterprise_id"])


def announce(stack: Stack, sandbox: Sandbox) -> None:
    print(f"\nAPI      {stack.api_url}（接口页 {stack.api_url}/docs）")
    print(f"微信沙箱 {stack.sandbox_url}（要新的登录凭证：POST /_sbx/login，头 X-Sandbox-Key: sandbox）")
    print(f"数据     {stack.data_dir.resolve()}\n")
    print("一次性登录凭证（5 分钟内有效，各用一次）：POST /api/v1/auth/wechat/login {app, code}")
    for label, app, person, _, _ in PERSONAS:
        print(f"  {label:<6}\t{app}\t{sandbox.login_code(app, person)}")
    print("\nCtrl-C 停止。", flush=True)


if __name__ == "__main__":
    main()
