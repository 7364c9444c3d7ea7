"""Prints the story and keeps count of what was checked."""


class Teller:
    """One line a fact; the first that does not hold ends the story with exit code 1."""

    def __init__(self) -> None:
        self.checked: list[str] = []

    def chapter(self, title: str) -> None:
        print(f"\n━━ {title} " + "━" * max(2, 60 - 2 * len(title)))

    def say(self, text: str) -> None:
        print(f"  {text}")

    def check(self, what: str, holds: bool) -> None:
        if not holds:
            raise SystemExit(f"\n✗ 没有做到：{what}")
        self.checked.append(what)
        print(f"  ✓ {what}")
