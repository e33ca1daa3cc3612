"""Whether a person is asked at all: the setting `destructive`, and by default whether there is anybody to ask."""

from drift_mcp.consent.question import Asking, Refused
from drift_mcp.problems import problem


def asks(asking: Asking, what: str) -> bool:
    """Whether a person has to agree to `what` ("delete_contact") first.

    Raises:
        Refused: nobody may be asked, so it is not done.
    """
    policy, caller = asking.policy, asking.caller
    if policy == "allow":
        return False
    # By default a token does not stand in for a person who is elsewhere; the operator can say that it may.
    if policy == "block" or (policy == "" and caller.remote and not caller.can_be_asked):
        raise Refused(
            problem(
                "not_allowed",
                f"The user has to agree to {what}, and this client cannot ask them.",
                "Tell the user. It can be done from a client that supports elicitation, or in Drift itself; the "
                "operator of this server can allow more with the setting `destructive`.",
            )
        )
    return True
