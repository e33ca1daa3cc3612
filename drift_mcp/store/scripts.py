"""What Redis does to the stream of events in one step (Lua). Ids are text: Lua's numbers cannot hold a contact's id.

An entry's fields are, in this order: key, received_at, timeless, at, data, type, org_id, conversation_id, contact_id,
author; one that is not known is empty.
"""

_FORGOTTEN = """
-- The marks of who was erased: a key for each, named by its hash with random bytes that are kept as long as the last
-- mark. SHA-1 is the hash that scripts have, and good enough: it cannot be turned back, though two texts may share one.
local function forgotten(prefix, mark)
  return prefix .. 'forgotten:' .. redis.sha1hex(redis.call('GET', prefix .. 'salt') .. mark)
end

-- Have events with that mark that happened until `before` (ms) known.
local function forget(prefix, mark, before, kept)
  local key = forgotten(prefix, mark)
  local known = redis.call('GET', key)
  if known and tonumber(known) > tonumber(before) then before = known end
  redis.call('SET', key, before, 'PX', kept)
  redis.call('PEXPIRE', prefix .. 'salt', kept)
end
"""

FORGET = (
    _FORGOTTEN
    + """
-- KEYS: the salt. ARGV: prefix of other keys, ms they are kept, until when what happened is meant, random bytes to be
-- the salt where there is none; then marks.
redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[2], 'NX')
for i = 5, #ARGV do forget(ARGV[1], ARGV[i], ARGV[3], ARGV[2]) end
"""
)

APPEND = (
    _FORGOTTEN
    + """
-- KEYS: the stream. ARGV: prefix of other keys, ms they are kept, ms within which a timeless event is the same, ms that
-- marks of who was erased are kept; then for each event the values of an entry's fields, its marks, one a line, and
-- when it may have happened. Answers 1 for each that is new and 0 for each that is not.
local names = {'key', 'received_at', 'timeless', 'at', 'data', 'type', 'org_id', 'conversation_id', 'contact_id',
  'author'}
local prefix, kept, same_within = ARGV[1], ARGV[2], tonumber(ARGV[3])
local anybody = redis.call('EXISTS', prefix .. 'salt') == 1
local new = {}

-- Whether it is of a person who was erased since. A contact's conversation is known by itself from then on.
local function late(marks, happened)
  local found = false
  for mark in string.gmatch(marks, '[^\\n]+') do
    local before = redis.call('GET', forgotten(prefix, mark))
    if before and tonumber(happened) <= tonumber(before) then
      found = true
      local conversation = string.match(mark, '^contact ') and string.match(marks, '\\n(conversation [^\\n]+)')
      if conversation then forget(prefix, conversation, before, ARGV[4]) end
    end
  end
  return found
end

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

for first = 5, #ARGV, #names + 2 do
  local fields = {}
  for i, name in ipairs(names) do
    fields[2 * i - 1], fields[2 * i] = name, ARGV[first + i - 1]
  end
  local arrived, timeless = ARGV[first + 1], ARGV[first + 2] == '1'
  local seen = prefix .. 'seen:' .. ARGV[first]
  local before = redis.call('HMGET', seen, 'id', 'received_at')
  if anybody and late(ARGV[first + #names], ARGV[first + #names + 1]) then
    new[#new + 1] = 0
  elseif before[1] and not (timeless and tonumber(before[2]) < tonumber(arrived) - same_within) then
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
)

_FIELD = """
local function field(info, name)
  for i = 1, #info, 2 do
    if info[i] == name then return info[i + 1] end
  end
end
"""
_FITS = """
-- Whether an entry's fields are what is wanted: ARGV from `at` on, '' for what may be anything, type, conversation_id,
-- contact_id, author, since, org_id, text.
local function fits(values, at)
  local function is(i, value) return ARGV[at + i] == '' or ARGV[at + i] == value end
  return is(0, values[12]) and is(1, values[16]) and is(2, values[18]) and is(3, values[20])
    and (ARGV[at + 4] == '' or tonumber(values[8]) >= tonumber(ARGV[at + 4]))
    and (values[14] == '' or is(5, values[14]))
    and (ARGV[at + 6] == '' or string.find(string.lower(values[10]), ARGV[at + 6], 1, true))
end
"""
_NOW = """
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""
_PLACE = """
-- An id, written so that the order of texts is that of the stream.
local function place(id)
  local ms, number = string.match(id, '(%d+)-(%d+)')
  return string.format('%015.0f-%015.0f', tonumber(ms), tonumber(number))
end
"""

SCAN = (
    _FIELD
    + _FITS
    + """
-- KEYS: the stream, the notes. ARGV: XRANGE or XREVRANGE, from, to, how many to look at, how many to answer at most;
-- then what is wanted. Answers the last id ever given out, the last one dropped, the entries that fit, and the id after
-- which to go on, '' where there is nothing more.
local found, last, limit = {}, '', tonumber(ARGV[5])
local looked_at = redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3], 'COUNT', ARGV[4])
for _, entry in ipairs(looked_at) do
  if #found == limit then break end
  if fits(entry[2], 6) then found[#found + 1] = entry end
end
if #looked_at == tonumber(ARGV[4]) then last = looked_at[#looked_at][1] end
local last_id = field(redis.pcall('XINFO', 'STREAM', KEYS[1]), 'last-generated-id') or '0-0'
return {last_id, redis.call('HGET', KEYS[2], 'trimmed') or '0-0', found, last}
"""
)

MISSED = (
    _FIELD
    + """
-- KEYS: the stream, the notes. Notes an id after the last one, and not after the next, as that of one that was dropped.
local last_id = field(redis.pcall('XINFO', 'STREAM', KEYS[1]), 'last-generated-id')
if last_id then
  local ms, number = string.match(last_id, '(%d+)-(%d+)')
  redis.call('HSET', KEYS[2], 'trimmed', ms .. '-' .. string.format('%.0f', number + 1))
end
"""
)

TRIM = (
    _FIELD
    + _PLACE
    + """
-- KEYS: the stream, the notes, what rules gave up, what they were told to do again. ARGV: ms before which an entry is
-- too old, bytes that the stream may take, prefix of the keys of what is due. Drops what is too old, then the oldest
-- tenth until the rest fits, and notes the last id that was dropped. With an entry goes what rules have of it.
local function note(entries)
  local known = redis.call('HGET', KEYS[2], 'trimmed') or '0-0'
  if entries[1] and place(entries[1][1]) > place(known) then
    redis.call('HSET', KEYS[2], 'trimmed', entries[1][1])
  end
end

local function forget()
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  for _, key in ipairs({KEYS[3], KEYS[4]}) do
    redis.call('ZREMRANGEBYLEX', key, '-', first and '(' .. place(first[1]) or '+')
  end
  for _, group in ipairs(redis.pcall('XINFO', 'GROUPS', KEYS[1])) do
    local rule = field(group, 'name')
    repeat
      local gone = redis.call('XPENDING', KEYS[1], rule, '-', first and '(' .. first[1] or '+', 1000)
      for _, each in ipairs(gone) do
        redis.call('XACK', KEYS[1], rule, each[1])
        redis.call('ZREM', ARGV[3] .. rule, each[1])
      end
    until #gone < 1000
  end
end

note(redis.call('XREVRANGE', KEYS[1], '(' .. ARGV[1] .. '-0', '-', 'COUNT', 1))
redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[1])
forget()
while true do
  local count = redis.call('XLEN', KEYS[1])
  if count == 0 or redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 0) <= tonumber(ARGV[2]) then return end
  local left = count - math.floor((count - 1) / 10) - 1
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', left + 1)
  note(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1))
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', left)
  forget()
end
"""
)

# What follows is for rules. Each is a consumer group, of which the entries that it has claimed and is not through with
# are pending; the sorted set of what is due says from when on (ms, by Redis's clock) each of them may be claimed. What
# it gave up, and how often it was told to do again what it had done, are sorted sets of texts that begin with the place
# of the entry and the rule.

BEGIN = """
-- KEYS: the stream. ARGV: rules. Those that are new begin after the last entry.
for _, rule in ipairs(ARGV) do
  local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], rule, '$', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
end
"""

_REPLAYS = """
-- How often `rule` was told to do again what it had done of the entry `id`, as noted in `key`.
local function replays(key, id, rule)
  local about = place(id) .. ' ' .. rule
  local again = redis.call('ZRANGEBYLEX', key, '[' .. about .. ' ', '(' .. about .. '!')[1]
  return again and tonumber(string.match(again, '%d+$')) or 0
end
"""

CLAIM = (
    _FIELD
    + _FITS
    + _PLACE
    + _NOW
    + _REPLAYS
    + """
-- KEYS: the stream, what is due, what rules were told to do again. ARGV: the rule, ms to hold it, how many to look at;
-- then what is wanted. Answers an entry, the number of the attempt and of replays; nothing where there is none; and 0
-- where there may be one further on.
local stream, due, rule = KEYS[1], KEYS[2], ARGV[1]

local function task(entry, attempt)
  local id = entry[1]
  redis.call('ZADD', due, now() + ARGV[2], id)
  return {entry, attempt, replays(KEYS[3], id, rule)}
end

while true do
  local id = redis.call('ZRANGEBYSCORE', due, '-inf', now(), 'LIMIT', 0, 1)[1]
  if not id then break end
  local entry = redis.call('XCLAIM', stream, rule, rule, 0, id)[1]
  if entry then return task(entry, redis.call('XPENDING', stream, rule, id, id, 1)[1][4]) end
  redis.call('ZREM', due, id)  -- it has been dropped
end

local last
for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  if field(group, 'name') == rule then last = field(group, 'last-delivered-id') end
end
if not last then return redis.error_reply('NOGROUP the rule has not begun') end
local looked_at = redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', ARGV[3])
local passed_over, found
for _, entry in ipairs(looked_at) do
  if fits(entry[2], 4) then
    found = entry
    break
  end
  passed_over = entry[1]
end
if passed_over then redis.call('XGROUP', 'SETID', stream, rule, passed_over) end
if found then
  redis.call('XREADGROUP', 'GROUP', rule, rule, 'COUNT', 1, 'STREAMS', stream, '>')
  return task(found, 1)
end
return #looked_at == tonumber(ARGV[3]) and 0
"""
)

SETTLE = (
    _PLACE
    + _NOW
    + _REPLAYS
    + """
-- KEYS: the stream, what is due, what rules gave up, what they were told to do again. ARGV: the rule, the id, the
-- number of the attempt that is meant, ms after which it is due or '', why it is given up or '', and the number of
-- replays that is meant. With neither of the two it is done. Does nothing where another attempt has begun.
local rule, id = ARGV[1], ARGV[2]
local held = redis.call('XPENDING', KEYS[1], rule, id, id, 1)[1]
if not held or held[4] ~= tonumber(ARGV[3]) then return end
if replays(KEYS[4], id, rule) ~= tonumber(ARGV[6]) then return end
if ARGV[4] ~= '' then return redis.call('ZADD', KEYS[2], now() + ARGV[4], id) end
redis.call('XACK', KEYS[1], rule, id)
redis.call('ZREM', KEYS[2], id)
if ARGV[5] ~= '' then
  redis.call('ZADD', KEYS[3], 0, table.concat({place(id), rule, ARGV[3], ARGV[5]}, ' '))
end
"""
)

_ID = """
local function id_of(noted)
  local ms, number = string.match(noted, '^(%d+)-(%d+)')
  return string.format('%.0f-%.0f', tonumber(ms), tonumber(number))
end
"""

FAILURES = (
    _FITS
    + _ID
    + """
-- KEYS: the stream, what rules gave up. ARGV: before which of them, how many to look at, how many to answer at most;
-- then what is wanted. Answers pairs of what is noted and the entry, the latest first, and before which to go on, ''
-- where there is nothing more.
local found = {}
local looked_at = redis.call('ZREVRANGEBYLEX', KEYS[2], ARGV[1], '-', 'LIMIT', 0, ARGV[2])
for _, noted in ipairs(looked_at) do
  if #found == tonumber(ARGV[3]) then break end
  local id = id_of(noted)
  local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
  if entry and fits(entry[2], 4) then found[#found + 1] = {noted, entry} end
end
return {found, #looked_at == tonumber(ARGV[2]) and '(' .. looked_at[#looked_at] or ''}
"""
)

_AGAIN = """
local function due_again(id)
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[1], 0, id, 'RETRYCOUNT', 0, 'FORCE', 'JUSTID')
  redis.call('ZADD', KEYS[2], 0, id)
end
"""

REPLAY_FAILED = (
    _FITS
    + _ID
    + _AGAIN
    + """
-- KEYS: the stream, what is due, what rules gave up. ARGV: the rule, after which of them, how many to look at; then
-- what is wanted. Makes what fits due. Answers how many it were, and after which to go on, '' where there is nothing
-- more.
local count = 0
local looked_at = redis.call('ZRANGEBYLEX', KEYS[3], ARGV[2], '+', 'LIMIT', 0, ARGV[3])
for _, noted in ipairs(looked_at) do
  if string.match(noted, ' (%S+)') == ARGV[1] then
    local id = id_of(noted)
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry and fits(entry[2], 4) then
      redis.call('ZREM', KEYS[3], noted)
      due_again(id)
      count = count + 1
    end
  end
end
return {count, #looked_at == tonumber(ARGV[3]) and '(' .. looked_at[#looked_at] or ''}
"""
)

REPLAY_ALL = (
    _FIELD
    + _FITS
    + _PLACE
    + _REPLAYS
    + _AGAIN
    + """
-- KEYS: the stream, what is due, what rules gave up, what they were told to do again. ARGV: the rule, from where in the
-- stream, how many to look at; then what is wanted. Makes what fits and is not pending due, up to where the rule has
-- come. Answers how many it were, and from where to go on, '' where there is nothing more.
local count, last = 0, nil
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  if field(group, 'name') == ARGV[1] then last = field(group, 'last-delivered-id') end
end
local looked_at = redis.call('XRANGE', KEYS[1], ARGV[2], last, 'COUNT', ARGV[3])
for _, entry in ipairs(looked_at) do
  local id = entry[1]
  if fits(entry[2], 4) and not redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)[1] then
    local about = place(id) .. ' ' .. ARGV[1]
    local from, to = '[' .. about .. ' ', '(' .. about .. '!'
    if redis.call('ZREMRANGEBYLEX', KEYS[3], from, to) == 0 then
      local times = replays(KEYS[4], id, ARGV[1])
      redis.call('ZREMRANGEBYLEX', KEYS[4], from, to)
      redis.call('ZADD', KEYS[4], 0, about .. ' ' .. (times + 1))
    end
    due_again(id)
    count = count + 1
  end
end
return {count, #looked_at == tonumber(ARGV[3]) and '(' .. looked_at[#looked_at][1] or ''}
"""
)
