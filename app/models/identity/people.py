"""People and the mini-program identities they come with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.identity.apps import WechatApp
from app.rules.identity.people import PersonState


class Person(Versioned, table=True):
    """One human, in both mini-programs. Personal values are sealed; a keyed hash stands where equality is needed."""

    unionid: str | None = Field(default=None, max_length=64, unique=True)
    name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("name"))
    # Held for a second person: firms see it masked until then.
    name_held: bool = False
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("phone"))
    phone_hash: str | None = Field(default=None, max_length=64, index=True)
    birth_date_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("birth_date"))
    id_number_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("id_number"))
    id_number_hash: str | None = Field(default=None, max_length=64, index=True)
    state: PersonState = Field(default=PersonState.ACTIVE, sa_type=str_enum(PersonState))
    # Why staff disabled it, in their words; for the person and the office.
    state_reason: str | None = Field(default=None, max_length=200)
    merged_into: UUID | None = Field(default=None, foreign_key="person.id")
    # Messages between 21:00 and 07:00 only where the person asked for them.
    night_messages: bool = False


class WechatIdentity(Identified, table=True):
    """An openid belongs to one mini-program; messages and content checks need the one of the same app."""

    __table_args__ = (UniqueConstraint("app", "openid"), UniqueConstraint("person_id", "app"))
    person_id: UUID = Field(foreign_key="person.id")
    app: WechatApp = Field(sa_type=str_enum(WechatApp))
    openid: str = Field(max_length=64)
    # WeChat refuses two messages to one user at once (43108): whoever sends holds this until then.
    sending_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
