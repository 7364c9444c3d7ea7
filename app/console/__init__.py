"""The town's web console at `/console`: sign-in and the first page; starlette-admin is the shell, services do the work."""

from app.console.site import install

__all__ = ["install"]
