"""From rows to answers: orders, shifts, templates."""

from app.models.gigs import OrderTemplate, Shift, ShiftOrder
from app.rules.gigs.labels import HINT
from app.rules.gigs.orders import EDITABLE, NEXT, SHIFT_NEXT, OrderState, ShiftState
from app.schemas.base import Action
from app.schemas.gigs.orders import (
    OrderListItem,
    OrderRead,
    OrderTerms,
    PieceLineRead,
    ShiftDetail,
    ShiftListItem,
    ShiftRead,
    TemplateRead,
)
from app.schemas.jobs.vacancies import PlaceRead
from app.services.gigs import offer_views, seats
from app.services.gigs.open_shifts import Found, Shown
from app.services.gigs.orders import Listed, Opened

_TERMS = set(OrderTerms.model_fields) - {"piece_lines", "wage_period_label", "cover_label", "place"}


def terms(row: ShiftOrder) -> OrderTerms:
    place = PlaceRead(
        address=row.place_address, latitude=row.latitude, longitude=row.longitude, coord_type=row.coord_type
    )
    return OrderTerms.model_validate(
        row.model_dump(include=_TERMS)
        | {
            "piece_lines": [PieceLineRead.model_validate(line) for line in row.piece_lines],
            "wage_period_label": row.wage_period.label, "cover_label": row.cover.label, "place": place,
        }
    )  # fmt: skip


def order_read(opened: Opened) -> OrderRead:
    row = opened.order
    cancel = OrderState.CANCELLED in NEXT[row.state]
    edit = row.state in EDITABLE
    actions = [
        Action(action="update", allowed=edit, reason=None if edit else f"订单{row.state.label}，条件已固定"),
        Action(action="cancel", allowed=cancel, reason=None if cancel else f"订单{row.state.label}"),
        Action(action="copy", allowed=True, reason=None),
    ]
    same = set(OrderRead.model_fields) - {"state_label", "terms", "shifts", "actions"}
    return OrderRead.model_validate(
        row.model_dump(include=same)
        | {
            "state_label": row.state.label, "terms": terms(row),
            "shifts": [shift_read(shift) for shift in opened.shifts], "actions": actions,
        }
    )  # fmt: skip


def shift_read(row: Shift) -> ShiftRead:
    cancel = ShiftState.CANCELLED in SHIFT_NEXT[row.state]
    same = set(ShiftRead.model_fields) - {"state_label", "actions"}
    return ShiftRead.model_validate(
        row.model_dump(include=same)
        | {
            "state_label": row.state.label,
            "actions": [Action(action="cancel", allowed=cancel, reason=None if cancel else f"班次{row.state.label}")],
        }
    )


def order_item(one: Listed) -> OrderListItem:
    row = one.order
    return OrderListItem(
        id=row.id, version=row.version, state=row.state, state_label=row.state.label, title=row.title,
        process_name=row.process_name, created_at=row.created_at, first_starts_at=one.first_starts_at,
        shifts=one.shifts, seats=one.seats, taken=one.taken,
    )  # fmt: skip


def shift_item(found: Found) -> ShiftListItem:
    shift, order = found.on.shift, found.on.order
    return ShiftListItem.model_validate(
        offer_views.brief(found.on).model_dump()
        | {
            "fill_mode": order.fill_mode, "night": shift.night, "level": order.level,
            "open_halves": seats.free_halves(shift), "distance_m": found.distance_m,
        }
    )  # fmt: skip


def shift_detail(shown: Shown) -> ShiftDetail:
    label = shown.label
    return ShiftDetail(
        shift=shift_item(shown.found), terms=terms(shown.found.on.order), waiting=shown.waiting,
        label_text=None if label is None else label.text if HINT in label.text else f"{label.text}{HINT}",
        warnings=[] if label is None else list(label.warnings), refusal=shown.refusal,
    )  # fmt: skip


def template_read(row: OrderTemplate) -> TemplateRead:
    return TemplateRead(id=row.id, name=row.name, created_at=row.created_at)
