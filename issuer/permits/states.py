"""The life of a permit, as a table: state and action give the next state, and everything else is refused.

Suspending or ending again changes nothing and is allowed, so that an order whose answer was lost can be given again.
"""

from __future__ import annotations

from enum import StrEnum

from issuer.errors import Conflict


class PermitState(StrEnum):
    """Where a permit stands."""

    CURRENT = "current"
    SUSPENDED = "suspended"
    ENDED = "ended"


class PermitAction(StrEnum):
    """What may be done to a permit."""

    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    END = "end"


TRANSITIONS: dict[tuple[PermitState, PermitAction], PermitState] = {
    (PermitState.CURRENT, PermitAction.SUSPEND): PermitState.SUSPENDED,
    (PermitState.CURRENT, PermitAction.END): PermitState.ENDED,
    (PermitState.SUSPENDED, PermitAction.SUSPEND): PermitState.SUSPENDED,
    (PermitState.SUSPENDED, PermitAction.REINSTATE): PermitState.CURRENT,
    (PermitState.SUSPENDED, PermitAction.END): PermitState.ENDED,
    (PermitState.ENDED, PermitAction.END): PermitState.ENDED,
}


def next_state(state: PermitState, action: PermitAction) -> PermitState:
    """The state after the action. Raises Conflict("permit-state")."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise Conflict(
            "permit-state", f"A permit that is {state} cannot be changed by: {action}.", state=state
        ) from None
