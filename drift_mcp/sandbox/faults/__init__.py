"""Faults on order: what a network and a bad day at Drift do to a client, by plan and repeatable, or by header.

`kinds` says what can go wrong, `plan` which requests it befalls, `exchange` how it is done to one request, and
`inject` puts it between the client and the sandbox.
"""

from .inject import FaultInjection, Faults
from .plan import BadPlan, Plan

__all__ = ["BadPlan", "FaultInjection", "Faults", "Plan"]
