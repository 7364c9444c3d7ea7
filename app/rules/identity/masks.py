"""What is shown of a personal value: enough to recognise one's own, not enough to learn another's."""

SHORTEST_PHONE = 8
ID_NUMBER_LENGTH = 18


def mask_name(name: str) -> str:
    """陈增坛 → 陈*坛, 陈坛 → 陈*."""
    if len(name) < 3:  # noqa: PLR2004
        return name[:1] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """13800138000 → 138****8000; short numbers keep their last two digits."""
    if len(phone) < SHORTEST_PHONE:
        return "*" * max(len(phone) - 2, 0) + phone[-2:]
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"


def mask_id_number(number: str) -> str:
    """350581199001011234 → 350***********1234."""
    if len(number) != ID_NUMBER_LENGTH:
        return "*" * len(number)
    return f"{number[:3]}{'*' * 11}{number[-4:]}"
