"""Every table, so that the metadata is whole wherever this package is imported."""

from app.core import tables
from app.models import common, disputes, gigs, identity, jobs, organisation, points, training

__all__ = ["common", "disputes", "gigs", "identity", "jobs", "organisation", "points", "tables", "training"]
