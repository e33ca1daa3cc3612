"""What replicas have in common, in Redis, behind the interfaces of what one server keeps for itself.

`Shared` is the way there for one connection; the other modules keep the budgets, the journal of keyed writes, the log
of events, what rules have done about them, and the consent tickets in it. Nothing here is imported unless `--store` is
set.
"""


class StoreUnavailable(Exception):
    """The store does not answer, or refuses. What was asked of it may have been done. Holds nothing secret."""
