// SPDX-License-Identifier: EUPL-1.2
/**
 * What all server-side scripts share: the state machine of `states.ts` as a Lua table, and the steps along it.
 *
 * Keys of one partition, all in one slot of a cluster; `P` is its tag, e.g. `{protektor.0}`:
 *
 *   P:m:<address>  hash     mailbox: owner, policy, nodes with takers     P:q:<address>  list     ids that may be handed out
 *   P:e:<id>       string   an envelope that is not settled, packed       P:b:<upload>   string   its sealed bytes; gone with the claim
 *   P:d            zset     id → moment at which something must happen    P:t            hash     what is held in all, by sender, by mailbox
 *   P:o:<id>       string   outcome record (JSON), no content             P:ol, P:os:<sender>     records in the order of settling
 *   P:h, P:hz      hash, zset: reservations, and when they lapse          P:r:<sender>   zset     its reply mailboxes → when they die
 *   P:ms           set      mailboxes that are no reply mailboxes         P:1, P:1:<owner>  zset  what may be used once → until when
 *   P:c:<token>    string   bytes on their way to the node that claimed them; it alone knows the name
 *   P:n:<node>     channel: `w <address>` something waits · `c <id>` claimed · `o <id> <record>` settled
 *
 * Time is the server's. Every script begins with ARGV: time (tests only), run id of the server ('' = asks it), name of the node.
 * No error text of a script names an argument.
 * @module
 */
import type { MailboxPolicy } from '../ports.js'
import { REPLY_POLICY } from '../rules.js'
import type { Event, State } from '../states.js'
import { isAvailable, isSettled, next, TRANSITIONS } from '../states.js'

/** Numbers that all nodes of a core share; they become part of the scripts. Milliseconds, bytes, counts. */
export interface RedisLimits {
  readonly maxBytes: number
  readonly maxBytesPerSender: number
  readonly maxBytesPerMailbox: number
  readonly maxCountPerMailbox: number
  readonly maxOutcomes: number
  readonly maxOutcomesPerSender: number
  readonly outcomeSeconds: number
  readonly maxReplyMailboxesPerSender: number
  readonly handoverSeconds: number
}

/** Longer than the longest life and the longest lease together: what no node looks after any more goes by itself. */
export const KEEP_MS = 2 * 3_600_000 + 600_000

const HANDOVERS: readonly MailboxPolicy['handover'][] = ['at-most-once', 'lease-and-confirm']
const STATES = Object.keys(TRANSITIONS) as readonly State[]

/** What is packed of an envelope, in this order. `wiped` and `watch` (node → true) are false most of the time. */
const PACKED = [
  'state', 'to', 'sender', 'dead', 'till', 'born', 'at', 'size', 'node', 'run', 'claim', 'reply', 'ttl', 'body', 'wiped', 'watch',
] as const // prettier-ignore

const luaTable = (entries: readonly (readonly [string, string])[]): string =>
  `{ ${entries.map(([key, value]) => `['${key}'] = ${value}`).join(', ')} }`

const luaSet = (states: readonly State[]): string => luaTable(states.map((state) => [state, 'true']))

/** The table of `states.ts`, in Lua. */
export function luaStates(): string {
  const row = (state: State): string =>
    luaTable((Object.entries(TRANSITIONS[state]) as [Event, State][]).map(([event, to]) => [event, `'${to}'`]))
  const claims = HANDOVERS.map((handover) => [handover, `'${String(next('waiting', 'claim', handover))}'`] as const)
  const handed = STATES.filter((state) => HANDOVERS.some((handover) => next('waiting', 'claim', handover) === state))
  return `
local NEXT = ${luaTable(STATES.map((state) => [state, row(state)]))}
local CLAIM = ${luaTable(claims)}
local AVAILABLE = ${luaSet(STATES.filter(isAvailable))}
local HANDED = ${luaSet(handed)}
local SETTLED = ${luaSet(STATES.filter(isSettled))}`
}

/** @param isCluster several servers: wake-ups go by sharded channels, and each mailbox knows only its own partition. */
export function luaLibrary(limits: RedisLimits, isCluster: boolean): string {
  return `
local P, NOW, RUN, ME = KEYS[1], tonumber(ARGV[1]), ARGV[2], ARGV[3]
local call, SAID, BOXES, SUMS, CHANGED = redis.call, {}, {}, {}, {}
if not NOW then
  local time = call('TIME')
  NOW = time[1] * 1000 + math.floor(time[2] / 1000)
end
${luaStates()}

local function run()
  if RUN == '' then RUN = string.match(call('INFO', 'server'), 'run_id:(%x+)') end
  return RUN
end

local function tell(node, text)
  if node ~= ME then call('${isCluster ? 'SPUBLISH' : 'PUBLISH'}', P .. ':n:' .. node, text) end
end

local function wake(address, takers)
  if not takers then return end
  for node, till in pairs(cmsgpack.unpack(takers)) do
    if till > NOW then tell(node, 'w ' .. address) end
  end
end

-- Read once per run; whoever writes one forgets it.
local function mailbox(address)
  local m = BOXES[address]
  if m ~= nil then return m end
  local v = call('HMGET', P .. ':m:' .. address, 'owner', 'dies', 'ttl', 'handover', 'lease', 'maxBytes', 'maxCount', 'takers')
  local dies = tonumber(v[2] or nil)
  m = v[1] and not (dies and NOW >= dies) and { owner = v[1], dies = dies, ttl = tonumber(v[3]), handover = v[4], lease = tonumber(v[5]),
    maxBytes = tonumber(v[6]), maxCount = tonumber(v[7]), takers = v[8] }
  BOXES[address] = m
  return m
end

local function openBox(address, owner, ttl, handover, lease, maxBytes, maxCount, dies)
  local key = P .. ':m:' .. address
  BOXES[address] = nil
  call('HSET', key, 'owner', owner, 'ttl', ttl, 'handover', handover, 'lease', lease, 'maxBytes', maxBytes, 'maxCount', maxCount)
  if dies then
    call('HSET', key, 'dies', dies)
    call('PEXPIRE', key, dies - NOW + 60000)
  else
    call('SADD', P .. ':ms', address)
    call('PEXPIRE', key, ${KEEP_MS})
  end
end

local function openReply(address, owner, dies)
  openBox(address, owner, ${REPLY_POLICY.ttlSeconds}, '${REPLY_POLICY.handover}', 0, ${limits.maxBytesPerMailbox}, ${limits.maxCountPerMailbox}, dies)
end

local function hasTooManyReplies(sender)
  call('ZREMRANGEBYSCORE', P .. ':r:' .. sender, '-inf', NOW)
  return call('ZCARD', P .. ':r:' .. sender) >= ${limits.maxReplyMailboxesPerSender}
end

local function nameReply(sender, address, dies)
  call('ZADD', P .. ':r:' .. sender, dies, address)
  call('PEXPIRE', P .. ':r:' .. sender, ${KEEP_MS})
end

-- Sums are read once per run, and written once.
local STAYS = { bytes = true, replies = true }

local function sums(...)
  local names = { ... }
  for _, name in ipairs(names) do
    if not SUMS[name] then
      for i, sum in ipairs(call('HMGET', P .. ':t', ...)) do SUMS[names[i]] = SUMS[names[i]] or tonumber(sum or 0) end
      return
    end
  end
end

local function add(name, amount)
  SUMS[name], CHANGED[name] = SUMS[name] + amount, true
end

-- A server without room refuses the first write of a script that needs some, and none behind a write that needs none. Only what brings
-- something new may fail for that: what ends, goes back or is asked for begins with this.
local function needsNoRoom() call('DEL', P .. ':0') end

-- What is held in all, by the sender and in the mailbox; address '' when that is another partition's business.
local function usage(address, sender)
  local u = { address = address, sender = 's ' .. sender, bytes = 'b ' .. address, count = 'c ' .. address }
  sums('bytes', u.sender, u.bytes, u.count)
  return u
end

-- Only after a write that a server without room refuses: nothing may count that does not lie there.
local function account(u, bytes, count)
  add('bytes', bytes)
  add(u.sender, bytes)
  if u.address == '' then return end
  add(u.bytes, bytes)
  add(u.count, count)
end

-- After the last step, and before whoever reads the accounts themselves.
local function book()
  local kept, gone = {}, {}
  for name in pairs(CHANGED) do
    if SUMS[name] > 0 or STAYS[name] then
      kept[#kept + 1] = name
      kept[#kept + 1] = SUMS[name]
    else
      gone[#gone + 1] = name
    end
  end
  CHANGED = {}
  -- a thousand at a time: the stack of the language is not endless
  for i = 1, #kept, 1000 do call('HSET', P .. ':t', unpack(kept, i, math.min(i + 999, #kept))) end
  for i = 1, #gone, 1000 do call('HDEL', P .. ':t', unpack(gone, i, math.min(i + 999, #gone))) end
end

local function lacksRoom(m, u, bytes, count)
  if m and count > 0 and SUMS[u.count] >= m.maxCount then return 'mailbox-count' end
  if m and SUMS[u.bytes] + bytes > m.maxBytes then return 'mailbox-bytes' end
  if SUMS[u.sender] + bytes > ${limits.maxBytesPerSender} then return 'sender-bytes' end
  if SUMS.bytes + bytes > ${limits.maxBytes} then return 'full' end
end

-- Gives a reservation back. Harmless when there is none.
local function unhold(hold)
  local held = call('HGET', P .. ':h', hold)
  if not held then return end
  held = cjson.decode(held)
  call('HDEL', P .. ':h', hold)
  call('ZREM', P .. ':hz', hold)
  account(usage(held[3], held[2]), 0 - held[1], -1)
end

local function refuse(why, upload)
  call('DEL', P .. ':b:' .. upload)
  return { 0, why }
end

local function isReply(address) return string.sub(address, 1, 6) == 'reply.' end

local function save(id, e)
  call('SET', P .. ':e:' .. id, cmsgpack.pack(${PACKED.map((name) => `e.${name}`).join(', ')}), 'PX', math.max(e.dead, e.till) - NOW + ${KEEP_MS})
end

local function load(id)
  local packed = call('GET', P .. ':e:' .. id)
  if not packed then return nil end
  local ${PACKED.join(', ')} = cmsgpack.unpack(packed)
  return { id = id, ${PACKED.map((name) => `${name} = ${name}`).join(', ')} }
end

local function countReply(e, count)
  if not isReply(e.to) then return end
  sums('replies')
  add('replies', count)
end

local function enter(e, side)
  local key = P .. ':q:' .. e.to
  if call(side, key, e.id) == 1 then call('PEXPIRE', key, ${KEEP_MS}) end
  call('ZADD', P .. ':d', e.dead, e.id)
  countReply(e, 1)
end

-- The node that accepted it, and those where somebody waits for its outcome.
local function tellNodes(e, text, isOwnersToo)
  local watch = e.watch or {}
  if isOwnersToo and not watch[e.node] then tell(e.node, text) end
  for node in pairs(watch) do tell(node, text) end
end

-- The oldest settled record of a sender goes.
local function dropOldest(sender)
  local id = call('LPOP', P .. ':os:' .. sender)
  if not id then return false end
  call('DEL', P .. ':o:' .. id)
  call('ZREM', P .. ':ol', id .. ' ' .. sender)
  return true
end

local function remember(id, sender, record)
  local own = P .. ':os:' .. sender
  call('SET', P .. ':o:' .. id, record, 'PX', ${limits.outcomeSeconds * 1000})
  call('ZADD', P .. ':ol', NOW, id .. ' ' .. sender)
  local count = call('RPUSH', own, id)
  if count % 50 == 1 then call('PEXPIRE', own, ${limits.outcomeSeconds * 1000 + KEEP_MS}) end
  if count > ${limits.maxOutcomesPerSender} then dropOldest(sender) end
end

local function recordOf(id)
  local record = call('GET', P .. ':o:' .. id)
  if record and NOW - cjson.decode(record).at > ${limits.outcomeSeconds * 1000} then return false end
  return record
end

-- What is too old goes, and what is too much; so many at most.
local function dropOld(most)
  for _ = 1, most do
    local before = call('ZCARD', P .. ':ol') > ${limits.maxOutcomes} and '+inf' or NOW - ${limits.outcomeSeconds * 1000}
    local row = call('ZRANGEBYSCORE', P .. ':ol', '-inf', before, 'LIMIT', 0, 1)[1]
    if not row then return end
    if not dropOldest(string.match(row, '^%S+ (.*)$')) then call('ZREM', P .. ':ol', row) end
  end
end

local function settle(e, was, reason)
  local record = cjson.encode({ outcome = e.state, claimed = HANDED[was] == true or e.state == 'unknown', at = NOW, sender = e.sender,
    reason = e.state == 'refused' and reason or nil })
  call('DEL', P .. ':e:' .. e.id, P .. ':b:' .. e.body)
  if call('ZREM', P .. ':d', e.id) == 1 then account(usage(e.to, e.sender), 0 - e.size, -1) end
  remember(e.id, e.sender, record)
  tellNodes(e, 'o ' .. e.id .. ' ' .. record, true)
  SAID[#SAID + 1] = { e.id, record, e.to, NOW - e.born }
end

-- The only place where a state changes, but for the claim. nil: the event cannot happen here.
local function step(e, event, reason)
  local was, to = e.state, NEXT[e.state][event]
  if not to then return nil end
  if AVAILABLE[was] then
    call('LREM', P .. ':q:' .. e.to, 1, e.id)
    countReply(e, -1)
  end
  e.state = to
  if SETTLED[to] then
    settle(e, was, reason)
  else
    e.claim, e.at, e.till = '', NOW, 0
    save(e.id, e)
    enter(e, 'LPUSH')
    SAID[#SAID + 1] = { e.id, '', e.to, NOW - e.born }
    wake(e.to, call('HGET', P .. ':m:' .. e.to, 'takers'))
  end
  return to
end

-- What was put before the server changed is never handed out again.
local function isForeign(e) return e.run ~= run() end

-- A hand-over that ends without the taker: back into the mailbox only while somebody may still be handed it.
local function endingOf(e, event)
  if NEXT[e.state].lapse and (NOW >= e.dead or isForeign(e)) then return 'lapse' end
  return event
end

-- A lease may outlast the deadline: nobody will be handed the bytes again, and the taker has had time to read them.
local function wipeAt(e) return math.max(e.dead, e.at + ${limits.handoverSeconds * 1000}) end

-- Whoever reads looks at the clock first. true: its moment had come, and it has moved.
local function due(e)
  if AVAILABLE[e.state] then
    if isForeign(e) then return step(e, 'lost') ~= nil end
    return NOW >= e.dead and step(e, 'expire') ~= nil
  end
  if NOW >= e.till then return step(e, endingOf(e, 'overdue')) ~= nil end
  if not e.wiped and NOW >= wipeAt(e) then
    call('DEL', P .. ':b:' .. e.body)
    account(usage(e.to, e.sender), 0 - e.size, 0)
    e.size, e.wiped = 0, true
    save(e.id, e)
    call('ZADD', P .. ':d', e.till, e.id)
  end
  return false
end
`
}
