"""What is delivered, and in which order: each event at least once, some again, and not in turn. Follows from a seed."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

ORG = 84213
"""The sandbox's organisation."""
TOKEN = "a-token-for-the-deliveries"
AGAIN = 0.2
"""The share of deliveries that are of an event which is delivered by another one too."""
NEAR, FAR = 50, 5_000
"""By how many places a delivery may come late; one of ten duplicates comes later still."""
KILLS = 3
_BEGAN = 1_772_452_800_000


@dataclass(frozen=True)
class Plan:
    """`order` has the number of the event that each delivery is of, from 1 to `events`.

    `acted_on` has the contacts of the events that a rule acts on, by their numbers. `kills` says before which delivery
    which replica is killed.
    """

    events: int
    order: list[int]
    acted_on: dict[int, int]
    kills: dict[int, int]

    def body(self, number: int) -> bytes:
        """The event as Drift posts it (drift-api.md §7): a visitor's message, or a conversation that begins."""
        at = _BEGAN + number
        if (contact := self.acted_on.get(number)) is not None:
            kind = "new_conversation"
            data = {"id": number, "orgId": ORG, "contactId": contact, "status": "open", "createdAt": at}
        else:
            kind = "new_message"
            data = {
                "id": number,
                "orgId": ORG,
                "conversationId": 10**9 + number % 500,
                "type": "chat",
                "author": {"type": "contact", "id": 10**9 + number % 300, "bot": False},
                "body": "<p>Hello, do you have a plan for a team of <b>forty</b>?</p>",
                "createdAt": at,
            }
        return json.dumps({"type": kind, "token": TOKEN, "orgId": ORG, "data": data}).encode()


def plan(deliveries: int, contacts: Sequence[int], replicas: int, seed: int) -> Plan:
    """So many deliveries to so many replicas, with an event to act on for each contact."""
    chance = random.Random(seed)
    events = round(deliveries * (1 - AGAIN))
    places = [(number + chance.random() * NEAR, number) for number in range(1, events + 1)]
    for _ in range(deliveries - events):
        number = chance.randint(1, events)
        late = FAR if chance.random() < 0.1 else NEAR
        places.append((number + chance.random() * late, number))
    order = [number for _, number in sorted(places)]
    acted_on = dict(zip(sorted(chance.sample(range(1, events + 1), len(contacts))), contacts, strict=True))
    thirds = [(part + chance.uniform(0.2, 0.8)) / KILLS for part in range(KILLS)]
    kills = {int(deliveries * each): chance.randrange(replicas) for each in thirds}
    return Plan(events, order, acted_on, kills)
