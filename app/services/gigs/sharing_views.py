"""From rows to answers: agreements of 共享用工."""

from uuid import UUID

from app.schemas.gigs.sharing import MySharingRead, SharedPerson, SharingForm, SharingRead
from app.services.gigs.sharing_agreements import Draft, Shared

TIE = "劳动关系、工资和工伤保险仍由原单位{lender}负责，借入单位{borrower}不收取也不支付任何中间费用；须本人同意"


def draft_of(form: SharingForm) -> Draft:
    return Draft(**form.model_dump(exclude={"person_ids"}), person_ids=tuple(form.person_ids))


def sharing_read(one: Shared) -> SharingRead:
    row = one.row
    people = [
        SharedPerson(
            person_id=person.person_id, name=one.names.get(person.person_id), consented=person.consented_at is not None
        )
        for person in sorted(one.people, key=lambda person: person.person_id)
    ]
    return SharingRead(
        id=row.id, version=row.version, state=row.state, state_label=row.state.label, lender_id=row.lender_id,
        lender_name=one.lender, borrower_id=row.borrower_id, borrower_name=one.borrower, starts_on=row.starts_on,
        ends_on=row.ends_on, process_code=row.process_code, terms=row.terms,
        text=TIE.format(lender=one.lender, borrower=one.borrower), people=people, answered_at=row.answered_at,
    )  # fmt: skip


def my_sharing_read(one: Shared, person_id: UUID) -> MySharingRead:
    row = one.row
    mine = next(person for person in one.people if person.person_id == person_id)
    return MySharingRead(
        id=row.id, state=row.state, state_label=row.state.label, lender_name=one.lender, borrower_name=one.borrower,
        starts_on=row.starts_on, ends_on=row.ends_on, process_code=row.process_code, terms=row.terms,
        text=TIE.format(lender=one.lender, borrower=one.borrower), consented_at=mine.consented_at,
    )  # fmt: skip
