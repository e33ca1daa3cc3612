"""`Statuses` of all replicas: what was settled about one conversation and one status, under a key of Redis's each."""

from drift_mcp.events.statuses import KEPT, SKEW, Side, Span
from drift_mcp.store.log import RedisLog
from drift_mcp.store.shared import Shared

SETTLE_STATUS = """
-- KEYS: what is settled of one change. ARGV: webhook or poller, from when, until when, the key that side gave it, ms by
-- which times may differ, ms to keep it. Answers the key under which the change is stored.
local side, after, before, key, skew = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local known = redis.call('GET', KEYS[1])
local changes = known and cjson.decode(known) or {}
local found
for _, each in ipairs(changes) do
  if each[side] == key then
    found = each
    if before > tonumber(each.before) then each.before = ARGV[3] end
  end
end
for _, slack in ipairs({0, skew}) do  -- rather one that fits exactly
  for _, each in ipairs(found and {} or changes) do
    if not each[side] and tonumber(each.after) <= before + slack and tonumber(each.before) >= after - slack then
      found = each
      break
    end
  end
end
if not found then
  -- Times as text: a number in JSON is rounded here.
  found = {after = ARGV[2], before = ARGV[3], key = key}
  changes[#changes + 1] = found
  if #changes > 100 then table.remove(changes, 1) end
end
found[side] = key
redis.call('SET', KEYS[1], cjson.encode(changes), 'PX', ARGV[6])
return found.key
"""


class RedisStatuses:
    """`Statuses` beside the events of a `RedisLog`."""

    def __init__(self, log: RedisLog, shared: Shared) -> None:
        self._log = log
        self._shared = shared
        self._settle = shared.redis.register_script(SETTLE_STATUS)

    async def settle(self, change: str, side: Side, span: Span, key: str) -> str:
        """As in `Statuses`."""
        values = [side, *span, key, SKEW, KEPT]
        found: bytes = await self._log.run(self._settle, [self._shared.key("statuses", change)], values)
        return found.decode()
