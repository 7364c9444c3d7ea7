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
    SHEET = "sheet", "Excel表格（xlsx）"


class FilePurpose(Labelled):
    LICENCE = "licence", "营业执照"
    AUTHORISATION = "authorisation", "授权委托书"
    AGENCY_LICENCE = "agency_licence", "人力资源服务或劳务派遣许可证"
    CONSENT_PROOF = "consent_proof", "代办同意凭据"
    EVIDENCE = "evidence", "举报或申诉凭据"
    ILLUSTRATION = "illustration", "企业或岗位图片"
    VACANCY_IMPORT = "vacancy_import", "岗位导入表"
    TIMESHEET_IMPORT = "timesheet_import", "考勤导入表"
    WAGE_PROOF = "wage_proof", "工资支付凭据"
    SHARING_PAPER = "sharing_paper", "共享用工协议"
    SKILL_PROOF = "skill_proof", "技能证书或证明"
    MINOR_PAPER = "minor_paper", "未成年工登记证或体检表"
    POINTS_EVIDENCE = "points_evidence", "积分申报照片"
    DECLARATION_PAPER = "declaration_paper", "职称或等级申报材料"
    TRAINING_ROSTER = "training_roster", "培训报名名单"
    CASE_EVIDENCE = "case_evidence", "调解案件证据"


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
    # Seen only through the thing that it lies with, also by who uploaded it; shown to nobody, so WeChat is not asked.
    guarded: bool = False


_PAPERS = PurposeRule(frozenset({FileKind.IMAGE, FileKind.PDF}))
PURPOSES: dict[FilePurpose, PurposeRule] = {
    FilePurpose.LICENCE: _PAPERS,
    FilePurpose.AUTHORISATION: _PAPERS,
    FilePurpose.AGENCY_LICENCE: _PAPERS,
    FilePurpose.CONSENT_PROOF: _PAPERS,
    FilePurpose.EVIDENCE: _PAPERS,
    FilePurpose.ILLUSTRATION: PurposeRule(frozenset({FileKind.IMAGE}), public=True),
    FilePurpose.VACANCY_IMPORT: PurposeRule(frozenset({FileKind.SHEET})),
    FilePurpose.WAGE_PROOF: _PAPERS,
    FilePurpose.SHARING_PAPER: _PAPERS,
    FilePurpose.TIMESHEET_IMPORT: PurposeRule(frozenset({FileKind.SHEET})),
    FilePurpose.SKILL_PROOF: _PAPERS,
    FilePurpose.MINOR_PAPER: _PAPERS,
    FilePurpose.POINTS_EVIDENCE: PurposeRule(frozenset({FileKind.IMAGE})),
    FilePurpose.DECLARATION_PAPER: _PAPERS,
    FilePurpose.TRAINING_ROSTER: PurposeRule(frozenset({FileKind.SHEET})),
    FilePurpose.CASE_EVIDENCE: PurposeRule(frozenset({FileKind.IMAGE, FileKind.PDF}), guarded=True),
}
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Content type by what the bytes are, never by what the name says.
MEDIA_TYPES: dict[str, FileKind] = {
    "image/jpeg": FileKind.IMAGE,
    "image/png": FileKind.IMAGE,
    "image/webp": FileKind.IMAGE,
    "image/bmp": FileKind.IMAGE,
    # The same, as the detector names it.
    "image/x-ms-bmp": FileKind.IMAGE,
    "image/gif": FileKind.IMAGE,
    "application/pdf": FileKind.PDF,
    SHEET_TYPE: FileKind.SHEET,
}
# What is left after cleaning: every image becomes one of these two.
SERVED_TYPES = ("application/pdf", SHEET_TYPE, "image/jpeg", "image/png")
# What a name may claim for each kind; a name that claims another is a mistake or a trick.
EXTENSIONS: dict[FileKind, frozenset[str]] = {
    FileKind.IMAGE: frozenset({"jpg", "jpeg", "png", "webp", "bmp", "gif"}),
    FileKind.PDF: frozenset({"pdf"}),
    FileKind.SHEET: frozenset({"xlsx"}),
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


class SheetRefusedError(UnprocessableError):
    """What an archive that calls itself a sheet is refused for, before anything of it is read."""

    code = "sheet_refused"
    message = "表格不能导入：{why}"
    field = "file"


SHEET_PROBLEMS = {
    "broken": "不是完好的 xlsx 表格，请在 Excel 或 WPS 里另存为 xlsx 后再上传",
    "bomb": "解压后过大，请只保留岗位数据，另存后再上传",
    "macros": "含有宏，请另存为不含宏的 xlsx 后再上传",
    "links": "含有指向其他文件的链接、数据连接或嵌入对象，请删去后再上传",
    "rows": "行数超过上限，请分成几个表格",
    "empty": "表格是空的",
}


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
