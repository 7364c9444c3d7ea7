"""Requests and answers of files and content reviews."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.common.content import ContentKind, ReviewState
from app.rules.common.files import FileKind, FilePurpose, FileState
from app.schemas.base import Input, Instant, Output, Text, Version, example


class FileRead(Output):
    file_id: UUID
    state: FileState = Field(description="checking: WeChat looks at it; forms may name it already")
    purpose: FilePurpose
    kind: FileKind
    media_type: str
    size: int = Field(description="Bytes")
    width: int | None
    height: int | None
    url: str | None = Field(description="Signed, ten minutes; null while only its owner may look, or when refused")
    refused_because: str | None


class ReviewRead(Output):
    id: UUID
    version: int
    kind: ContentKind
    subject_kind: str
    subject_id: UUID
    held_because: str
    state: ReviewState
    text: str | None = Field(description="The words to judge, where it is about words")
    file_url: str | None = Field(description="The image to judge, ten minutes")
    created_at: Instant


class ReviewDecision(Input):
    model_config = example({"approve": True, "note": "", "expected_version": 1})

    approve: bool
    note: Annotated[Text, Field(max_length=200)] = ""
    expected_version: Version
