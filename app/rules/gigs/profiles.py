"""Workers' profiles: skills and how they are proved, times, blocks, rosters; checks and errors. Pure."""

from app.core.errors import NotFoundError


class WorkerProfileMissingError(NotFoundError):
    code = "worker_profile_missing"
    message = "还没有零工登记，请先登记会做的工序和可上班的时间"
