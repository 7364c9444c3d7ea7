"""Files: purposes, kinds, states, and what is refused. Pure.

An image is private until WeChat's verdict; a PDF cannot be asked about (mediaCheckAsync takes images and sound only), so
no purpose that strangers see takes one.
"""

from dataclasses import dataclass

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class FileKind(Labelled):
    IMAGE = "image", "图片"
    PDF = "pdf", "PDF文档"


class FilePurpose(Labelled):
    LICENCE = "licence", "营业执照"
    AUTHORISATION = "authorisation", "授权委托书"
    AGENCY_LICENCE = "agency_licence", "人力资源服务或劳务派遣许可证"
    CONSENT_PROOF = "consent_proof", "代办同意凭据"
    EVIDENCE = "evidence", "举报或申诉凭据"
    ILLUSTRATION = "illustration", "企业或岗位图片"


class FileState(Labelled):
    CHECKING = "checking", "检查中"
    READY = "ready", "可用"
    REFUSED = "refused", "未通过"


FILE_NEXT: dict[FileState, frozenset[FileState]] = {
    FileState.CHECKING: frozenset({FileState.READY, FileState.REFUSED}),
    # A later complaint can still take it away.
    FileState.READY: frozenset({FileState.REFUSED}),
    FileState.REFUSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class PurposeRule:
    kinds: frozenset[FileKind]
    # Strangers see it once it is ready.
    public: bool = False


_PAPERS = PurposeRule(frozenset({FileKind.IMAGE, FileKind.PDF}))
PURPOSES: dict[FilePurpose, PurposeRule] = {
    FilePurpose.LICENCE: _PAPERS,
    FilePurpose.AUTHORISATION: _PAPERS,
    FilePurpose.AGENCY_LICENCE: _PAPERS,
    FilePurpose.CONSENT_PROOF: _PAPERS,
    FilePurpose.EVIDENCE: _PAPERS,
    FilePurpose.ILLUSTRATION: PurposeRule(frozenset({FileKind.IMAGE}), public=True),
}
# Content type by what the bytes are, never by what the name says.
MEDIA_TYPES: dict[str, FileKind] = {
    "image/jpeg": FileKind.IMAGE,
    "image/png": FileKind.IMAGE,
    "image/webp": FileKind.IMAGE,
    "image/bmp": FileKind.IMAGE,
    "image/gif": FileKind.IMAGE,
    "application/pdf": FileKind.PDF,
}
# What a name may claim for each kind; a name that claims another is a mistake or a trick.
EXTENSIONS: dict[FileKind, frozenset[str]] = {
    FileKind.IMAGE: frozenset({"jpg", "jpeg", "png", "webp", "bmp", "gif"}),
    FileKind.PDF: frozenset({"pdf"}),
}


class FileNotFoundHereError(NotFoundError):
    code = "file_not_found"
    message = "没有找到这个文件，可能已过期或不对您开放"


class FileLinkError(NotFoundError):
    """One answer for a forged, altered or expired link."""

    code = "file_link_invalid"
    message = "链接已失效，请重新打开页面获取"


class FileEmptyError(UnprocessableError):
    code = "file_empty"
    message = "文件是空的，请重新选择"
    field = "file"


class FileTypeError(UnprocessableError):
    code = "file_type_wrong"
    message = "“{purpose}”只接受{kinds}，这个文件不是"
    field = "file"


class FileNameError(UnprocessableError):
    """The content is not what the name says."""

    code = "file_name_mismatch"
    message = "文件内容是{kind}，与文件名的扩展名不符，请上传原文件"
    field = "file"


class ImageTooLargeError(UnprocessableError):
    code = "image_too_large"
    message = "图片为 {width}×{height} 像素，超过 {limit} 万像素的上限，请缩小后再上传"
    field = "file"


class FileBrokenError(UnprocessableError):
    code = "file_broken"
    message = "文件已损坏或含有无法处理的内容，请重新拍照或另存后上传"
    field = "file"


class FilePagesError(UnprocessableError):
    code = "file_pages"
    message = "PDF 有 {pages} 页，最多 {limit} 页"
    field = "file"


class FileUnusableError(UnprocessableError):
    """A form names a file that it cannot use."""

    code = "file_unusable"
    message = "文件不可用：不是您为这个用途上传的，或没有通过检查，请重新上传"


class FileInUseError(ConflictError):
    code = "file_in_use"
    message = "文件已用于提交的材料，不能删除"
