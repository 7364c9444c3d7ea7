"""Who comes through the routes of mediation: the party or its agent, the manager, who mediates, who is invited."""

from typing import Annotated

from fastapi import Header

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.routers.deps import assisted, require
from app.routers.routing import AGENT_ERRORS
from app.rules.disputes.access import CaseActError
from app.rules.disputes.cases import CaseNotFoundError, CaseStateError
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope, OwnCodeNeededError, OwnCodeWrongError
from app.rules.identity.roles import Actor, Permission

# One's own case: as a party or for one, in a seat, or managing it; a firm's by who answers for it.
InCase = Annotated[Actor, assisted(AgentScope.DISPUTES, Reach.SELF, (Permission.DISPUTE_ANSWER, Reach.FIRM))]
Manager = Annotated[Actor, require(Permission.DISPUTE_HANDLE, Reach.SELF)]
AtTable = Annotated[Actor, require(Permission.SELF, Reach.SELF)]
Desk = Annotated[Actor, require(Permission.DISPUTE_HANDLE)]
Town = Annotated[Actor, require(Permission.DISPUTE_HANDLE, Reach.TOWN)]
OwnCode = Annotated[
    str | None,
    Header(alias="X-Own-Code", max_length=20, description="代办时：本人收到并告诉您的验证码"),
]
KEY = IdempotencyKeyMissingError
# An agent says or signs it only with the person's own word.
OWN_WORD = (OwnCodeNeededError, OwnCodeWrongError)
STEP = (IdempotencyKeyMissingError, CaseNotFoundError, CaseActError, CaseStateError, StaleError)
MINE = (*AGENT_ERRORS, CaseNotFoundError, CaseActError)
