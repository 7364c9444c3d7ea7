"""What the control API's requests have in common."""

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field

from wechat_sandbox.state import AppState, Sandbox


class Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Person(Input):
    """Somebody in one mini-program, by its name or appid."""

    app: str
    person: str = Field(min_length=1, description="Any text; the same text is the same human in every app")


def find_app(sandbox: Sandbox, name: str) -> AppState:
    """Raises 404."""
    app = sandbox.find_app(name)
    if app is None:
        raise HTTPException(404, f"沙箱里没有名为“{name}”的小程序")
    return app


def apply(target: object, options: Input, *names: str) -> None:
    """Copy what was given and leave the rest."""
    for name in names:
        if (value := getattr(options, name)) is not None:
            setattr(target, name, value)
