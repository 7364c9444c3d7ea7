"""What is printed: the agreement, the volume in the order of the archive rules, the file for 劳动保障监察.

Order (司法部 2010 forms of 人民调解): application, notice of rights, proofs of identity, records of mediation, agreement,
then evidence, performance, follow-up, and what else there is.
"""

import io
import json
import zipfile
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.crypto import crypto_of
from app.core.errors import AppError
from app.models.disputes import CaseEvidence, CaseParty, CaseStatement
from app.rules.disputes.access import Act, Piece, check_act
from app.rules.disputes.agreements import ConfirmationState, SignerKind, has_window, title_of
from app.rules.disputes.cases import ROUTE_TOLD, routes_of
from app.rules.disputes.clocks import ClockState
from app.rules.disputes.parties import CaseSide
from app.rules.identity.roles import Actor
from app.services.common import files
from app.services.disputes import agreeing, log, panel, panel_changes, reading, sessions
from app.services.disputes.agreeing import Opened
from app.services.disputes.people import party_names
from app.services.disputes.standing import Place, look, look_as, parties_of
from app.services.runtime import Runtime

RIGHTS = (
    "调解自愿：可以选择或者接受调解员，可以接受、拒绝或者要求终止调解。",
    "可以要求公开或者不公开进行；自主表达意愿，自愿达成协议。",
    "如实陈述，遵守秩序，尊重调解员和对方。",
    "调解不收费；不影响随时申请仲裁、向人民法院起诉或者投诉（《人民调解法》第四、十七、二十三、二十四条）。",
)
SIDES = {CaseSide.COMPLAINANT: "申请人", CaseSide.RESPONDENT: "被申请人"}


async def agreement_data(session: AsyncSession, found: Opened) -> dict[str, Any]:
    """For `agreement.typ`: every field that the law names, and who has signed how."""
    row, case = found.row, found.case
    parties = await parties_of(session, case.id)
    seats = await panel_changes.seats_of(session, case.id, all_of_them=True)
    names = found.names | await panel.seat_names(session, seats)
    return {
        "title": title_of(row.body), "number": case.number, "version": str(row.number), "state": row.state.label,
        "parties": [{"side": SIDES[one.side], "name": found.names[one.id]} for one in parties], **found.words,
        "terms": [
            {
                "number": str(term.number), "party": found.names[term.party_id],
                "to": found.names[term.to_party_id] if term.to_party_id is not None else "—", "what": what,
                "amount": yuan(term.amount_fen), "due": _day(term.due_on),
            }
            for term, what in found.terms
        ],
        "effect": effect_of(found),
        "signatures": [
            {
                "kind": one.kind.label, "name": row.body.label if one.kind is SignerKind.SEAL else names[one.signer_id],
                "way": one.way.label, "at": _instant(one.created_at),
            }
            for one in found.signatures
        ],
        "waiting": "、".join(found.waiting_for),
    }  # fmt: skip


def effect_of(found: Opened) -> str:
    """What the text is worth, in a sentence."""
    if found.row.confirmation is ConfirmationState.NONE and not has_window(found.row.body, found.row.form):
        return "本协议自各方签名（口头协议自达成）之日起生效；不具备申请司法确认的条件。"
    return (
        "本协议自各方当事人签名、调解员签名并加盖调解组织印章之日起生效；"
        "各方可以自生效之日起三十日内共同向人民法院申请司法确认。"
    )


async def agreement_pdf(runtime: Runtime, session: AsyncSession, actor: Actor, agreement_id: UUID, *, now: datetime) -> tuple[bytes, str]:  # fmt: skip
    found = await agreeing.find(session, actor, agreement_id)
    reading.note_read(session, actor, found.case, Piece.AGREEMENT.value, now)
    data = await agreement_data(session, found)
    return await runtime.pdfs.write("agreement", data), f"agreement-{found.case.number}-{found.row.number}"


async def volume(runtime: Runtime, session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime) -> tuple[bytes, str]:  # fmt: skip
    """A ZIP: the volume as PDF, each version of the agreement, then the pieces of evidence in order; by the manager."""
    place = await look_as(session, actor, case_id, Act.MANAGE)
    case = place.case
    reading.note_read(session, actor, case, "volume", now)
    parts = await _parts(session, actor, place, now)
    data = {"title": "调解案卷", "number": case.number, "made": _instant(now), "parts": parts}
    agreements = await agreeing.list_agreements(session, actor, case_id)
    evidence = await _evidence_of(session, case_id)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("01-案卷.pdf", await runtime.pdfs.write("dispute_file", data))
        for found in reversed(agreements):
            pdf = await runtime.pdfs.write("agreement", await agreement_data(session, found))
            archive.writestr(f"02-协议-第{found.row.number}版.pdf", pdf)
        for number, (row, _) in enumerate(evidence, start=1):
            try:
                content = await files.content_of(runtime, session, row.file_id)
            except AppError:
                # Gone since, at its owner's wish or by a report: the list in the volume still names it.
                continue
            ending = "pdf" if content.startswith(b"%PDF") else "png" if content.startswith(b"\x89PNG") else "jpg"
            archive.writestr(f"03-证据-{number:02d}.{ending}", content)
    return packed.getvalue(), f"case-{case.number}"


async def inspection_file(runtime: Runtime, session: AsyncSession, actor: Actor, case_id: UUID, *, now: datetime) -> tuple[bytes, str]:  # fmt: skip
    """For a complaint at 劳动保障监察, at any time: what this party says, claims and shows, and the days that are left."""
    place = await look(session, actor, case_id, Piece.OWN_STATEMENT)
    check_act(place.standings, Act.SPEAK)
    case, party = place.case, place.party()
    reading.note_read(session, actor, case, "inspection_file", now)
    names = await party_names(session, await parties_of(session, case.id))
    crypto = crypto_of(session)
    claim = crypto.open_if("case_party", "claim", party.id, party.claim_sealed)
    others = [names[row.id] for row in await parties_of(session, case.id) if row.side is not party.side]
    statements = await session.exec(
        select(CaseStatement)
        .where(CaseStatement.party_id == party.id, col(CaseStatement.concession).is_(False))
        .order_by(col(CaseStatement.created_at), col(CaseStatement.id))
    )
    said = [crypto.open_text("case_statement", "words", row.id, row.words_sealed) for row in statements]
    shown = [about for row, about in await _evidence_of(session, case.id) if row.party_id == party.id]
    parts = [
        _part("一、投诉人", [names[party.id]]),
        _part("二、被投诉单位", others),
        _part("三、请求", [line for line in (claim, _amount(party)) if line]),
        _part("四、事实", said + _facts(party, crypto)),
        _part("五、证据目录", [f"{number}. {about}" for number, about in enumerate(shown, start=1)]),
        _part("六、期限", await _clocks(session, case_id)),
        _part("七、其他途径", [ROUTE_TOLD[route] for route in routes_of(case.kind)]),
    ]
    data = {"title": "劳动保障监察投诉材料", "number": case.number, "made": _instant(now), "parts": parts}
    return await runtime.pdfs.write("dispute_file", data), f"inspection-{case.number}"


async def _parts(session: AsyncSession, actor: Actor, place: Place, now: datetime) -> list[dict[str, Any]]:
    case, crypto = place.case, crypto_of(session)
    parties = await parties_of(session, case.id, all_of_them=True)
    names = await party_names(session, parties)
    statements = await session.exec(
        select(CaseStatement)
        .where(CaseStatement.case_id == case.id)
        .order_by(col(CaseStatement.created_at), col(CaseStatement.id))
    )
    said = [
        f"{names[row.party_id]}（{_instant(row.created_at)}，{row.way.label}"
        f"{'，调解中的让步，不得作为以后的证据' if row.concession else ''}）："
        f"{crypto.open_text('case_statement', 'words', row.id, row.words_sealed)}"
        for row in statements
    ]
    agreements = await agreeing.list_agreements(session, actor, case.id)
    done = [
        f"第{found.row.number}版第{term.number}项：{what}，{term.state.label}"
        f"{'' if term.done_on is None else '，' + _day(term.done_on)}"
        for found in agreements
        for term, what in found.terms
    ]
    events = await reading.events(session, actor, case.id, now=now)
    follow_up = crypto.open_if("dispute_case", "follow_up", case.id, case.follow_up_sealed)
    return [
        _part("一、申请（受理登记）", [
            f"类型：{case.kind.label}　来源：{case.channel.label}　提交：{_instant(case.created_at)}",
            *(f"{names[one.id]}请求：{crypto.open_if('case_party', 'claim', one.id, one.claim_sealed) or '（未写）'}{_amount(one)}"
              for one in parties if one.side is CaseSide.COMPLAINANT),
            *said,
        ]),
        _part("二、权利义务告知", list(RIGHTS)),
        _part("三、当事人身份", [f"{SIDES[one.side]}：{names[one.id]}（{one.kind.label}，{one.state.label}，{one.consent.label}）" for one in parties]),
        _part("四、调解小组", await _panel(session, case.id)),
        _part("五、调解记录", await _minutes(session, place)),
        _part("六、调解协议", [f"第{found.row.number}版：{found.row.state.label}（{found.row.confirmation.label}），见所附PDF" for found in agreements]),
        _part("七、证据目录", [f"{n}. {names[row.party_id]}：{about}" for n, (row, about) in enumerate(await _evidence_of(session, case.id), start=1)]),
        _part("八、履行情况", done),
        _part("九、回访和满意度", [
            *([follow_up] if follow_up else []),
            *(f"{names[one.id]}：{one.satisfaction}分" for one in parties if one.satisfaction is not None),
        ]),
        _part("十、期限", await _clocks(session, case.id)),
        _part("十一、经过", [f"{_instant(row.created_at)} {row.kind.label}{'：' + words if words else ''}" for row, words in events]),
    ]  # fmt: skip


async def _panel(session: AsyncSession, case_id: UUID) -> list[str]:
    seats = await panel_changes.seats_of(session, case_id, all_of_them=True)
    names = await panel.seat_names(session, seats)
    return [f"{seat.role.label}（{seat.body.label}）：{names[seat.id]}，{seat.state.label}" for seat in seats]


async def _minutes(session: AsyncSession, place: Place) -> list[str]:
    found = []
    for sitting in await sessions.of_case(session, place.case):
        row = sitting.row
        found.append(f"{_instant(row.starts_at)} {row.mode.label} {row.place}（{row.state.label}）")
        if sitting.minutes is not None:
            found.append(sitting.minutes)
        found += [
            f"　{one.name}：{one.row.word.label}{'：' + one.objection if one.objection else ''}"
            for one in sitting.present
        ]
    return found


async def _clocks(session: AsyncSession, case_id: UUID) -> list[str]:
    return [
        f"{row.kind.label}：{row.told}{'，到' + _day(row.due_on) if row.due_on is not None else ''}（{row.state.label}）"
        for row in await log.deadlines_of(session, [case_id])
        if row.state is not ClockState.VOID
    ]


async def _evidence_of(session: AsyncSession, case_id: UUID) -> list[tuple[CaseEvidence, str]]:
    rows = await session.exec(
        select(CaseEvidence)
        .where(CaseEvidence.case_id == case_id)
        .order_by(col(CaseEvidence.created_at), col(CaseEvidence.id))
    )
    crypto = crypto_of(session)
    return [(row, crypto.open_text("case_evidence", "about", row.id, row.about_sealed)) for row in rows]


def _facts(party: CaseParty, crypto: Any) -> list[str]:
    """The records that came with the case, one line each."""
    facts = crypto.open_if("case_party", "facts", party.id, party.facts_sealed)
    return [] if facts is None else record_lines(json.loads(facts))


def record_lines(facts: dict[str, Any]) -> list[str]:
    """A settlement, a time sheet or a posting in words."""
    if "period" in facts:
        head = (
            f"工资结算：{facts['period'][0]}至{facts['period'][1]}，应付{yuan(facts['due_fen'])}元，"
            f"已登记支付{yuan(facts['paid_fen'])}元，{facts['due_on']}到期"
        )
        return [head, *(line["reckoning"] for line in facts["lines"])]
    if "shift" in facts:
        shift = facts["shift"]
        begun, over = (_instant(datetime.fromisoformat(shift[name])) for name in ("starts_at", "ends_at"))
        firm, own = (_minutes_told(facts[side]["minutes"]) for side in ("firm", "worker"))
        return [f"班次：{shift['title']}，{begun}至{over}", f"企业记录{firm}，本人记录{own}"]
    return [f"岗位：{facts['vacancy']['title']}"]


def _minutes_told(minutes: int | None) -> str:
    return "没有时间" if minutes is None else f"{minutes}分钟"


def _amount(party: CaseParty) -> str:
    return "" if party.claim_fen is None else f"（{yuan(party.claim_fen)}元）"


def yuan(fen: int | None) -> str:
    return "—" if fen is None else f"{fen // 100}.{fen % 100:02d}"


def _part(title: str, lines: list[str]) -> dict[str, Any]:
    return {"title": title, "lines": lines}


def _instant(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y年%m月%d日 %H:%M}"


def _day(day: Any) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
