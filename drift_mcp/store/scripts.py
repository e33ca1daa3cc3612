"""What Redis does to the stream of events in one step (Lua). Ids are text: Lua's numbers cannot hold a contact's id.

An entry's fields are, in this order: key, received_at, timeless, at, data, type, org_id, conversation_id, contact_id,
author; one that is not known is empty.
"""

APPEND = """
-- KEYS: the stream. ARGV: prefix of other keys, ms they are kept, ms within which a timeless event is the same; then
-- for each event the values of an entry's fields. Answers 1 for each that is new and 0 for each that is not.
local names = {'key', 'received_at', 'timeless', 'at', 'data', 'type', 'org_id', 'conversation_id', 'contact_id',
  'author'}
local prefix, kept, same_within = ARGV[1], ARGV[2], tonumber(ARGV[3])
local new = {}

local function stored(fields, arrived)
  local id = redis.pcall('XADD', KEYS[1], arrived .. '-*', unpack(fields))
  if type(id) == 'string' then return id end
  -- Something that arrived later, by another machine's clock, is there already: after that.
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      return redis.call('XADD', KEYS[1], string.match(info[i + 1], '^%d+') .. '-*', unpack(fields))
    end
  end
end

for first = 4, #ARGV, #names do
  local fields = {}
  for i, name in ipairs(names) do
    fields[2 * i - 1], fields[2 * i] = name, ARGV[first + i - 1]
  end
  local arrived, timeless = ARGV[first + 1], ARGV[first + 2] == '1'
  local seen = prefix .. 'seen:' .. ARGV[first]
  local before = redis.call('HMGET', seen, 'id', 'received_at')
  if before[1] and not (timeless and tonumber(before[2]) < tonumber(arrived) - same_within) then
    local again = prefix .. 'again:' .. before[1]
    redis.call('INCR', again)
    redis.call('PEXPIRE', again, kept)
    new[#new + 1] = 0
  else
    redis.call('HSET', seen, 'id', stored(fields, arrived), 'received_at', arrived)
    redis.call('PEXPIRE', seen, kept)
    new[#new + 1] = 1
  end
end
return new
"""

SCAN = """
-- KEYS: the stream, the notes. ARGV: XRANGE or XREVRANGE, from, to, how many to look at, how many to answer at most;
-- then what is wanted, or '': type, conversation_id, contact_id, author, since, org_id. Answers the last id ever given
-- out, the last one dropped, the entries that fit, and the id after which to go on, '' where there is nothing more.
local function last_id()
  local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
  return '0-0'
end

local function is(wanted, value) return wanted == '' or wanted == value end

local function fits(values)
  return is(ARGV[6], values[12]) and is(ARGV[7], values[16]) and is(ARGV[8], values[18]) and is(ARGV[9], values[20])
    and (ARGV[10] == '' or tonumber(values[8]) >= tonumber(ARGV[10]))
    and (values[14] == '' or is(ARGV[11], values[14]))
end

local found, last, limit = {}, '', tonumber(ARGV[5])
local looked_at = redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3], 'COUNT', ARGV[4])
for _, entry in ipairs(looked_at) do
  if fits(entry[2]) then
    found[#found + 1] = entry
    if #found == limit then break end
  end
end
if #looked_at == tonumber(ARGV[4]) then last = looked_at[#looked_at][1] end
return {last_id(), redis.call('HGET', KEYS[2], 'trimmed') or '0-0', found, last}
"""

TRIM = """
-- KEYS: the stream, the notes. ARGV: ms before which an entry is too old, bytes that the stream may take. Drops what is
-- too old, then the oldest tenth until the rest fits, and notes the last id that was dropped.
local function note(entries)
  if entries[1] then redis.call('HSET', KEYS[2], 'trimmed', entries[1][1]) end
end

note(redis.call('XREVRANGE', KEYS[1], '(' .. ARGV[1] .. '-0', '-', 'COUNT', 1))
redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[1])
while true do
  local count = redis.call('XLEN', KEYS[1])
  if count == 0 or redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 0) <= tonumber(ARGV[2]) then return end
  local left = count - math.floor((count - 1) / 10) - 1
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', left + 1)
  note(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1))
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', left)
end
"""
