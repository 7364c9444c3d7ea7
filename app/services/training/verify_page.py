"""The page behind a certificate's QR code: what a stranger may know, in words, without a script."""

from datetime import datetime
from http import HTTPStatus

from jinja2 import Environment, FileSystemLoader

from app.core.db import ReadSession
from app.core.pdf import DOCUMENTS
from app.rules.training.certificates import CertificateNotFoundError
from app.services.training import certificates
from app.services.training.report_views import verified_read

_pages = Environment(loader=FileSystemLoader(DOCUMENTS), autoescape=True)


async def page_of(session: ReadSession, number: str, *, now: datetime) -> tuple[HTTPStatus, str]:
    """The status and the page; an unknown number is a page as well, for it is a person who looks."""
    try:
        found = verified_read(await certificates.verify(session, number), now)
    except CertificateNotFoundError as error:
        return error.status, _pages.get_template("verify.html").render(found=None)
    return HTTPStatus.OK, _pages.get_template("verify.html").render(found=found)
