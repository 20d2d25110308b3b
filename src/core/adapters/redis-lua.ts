// SPDX-License-Identifier: EUPL-1.2
/**
 * What all server-side scripts share: the state machine of `states.ts` as a Lua table, and the steps along it.
 *
 * Keys of one partition, all in one slot of a cluster; `P` is its tag, e.g. `{protektor.0}`:
 *
 *   P:m:<address>  hash     mailbox: owner, policy, what it holds         P:q:<address>  list     ids that may be handed out
 *   P:e:<id>       hash     an envelope that is not settled               P:b:<id>       string   its sealed bytes; gone with the claim
 *   P:d            zset     id → moment at which something must happen    P:w:<address>  hash     node → until when it has takers waiting
 *   P:o:<id>       string   outcome record (JSON), no content             P:ol, P:os:<sender>     records in the order of settling
 *   P:t            hash     bytes and counts in all and per sender        P:h, P:hz      reservations, and when they lapse
 *   P:r:<sender>   zset     its reply mailboxes → when they die           P:ms           set      mailboxes that are no reply mailboxes
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
local call, KEEP, OUTCOME_MS = redis.call, ${KEEP_MS}, ${limits.outcomeSeconds * 1000}
if not NOW then
  local time = call('TIME')
  NOW = time[1] * 1000 + math.floor(time[2] / 1000)
end
${luaStates()}
local SAID = {}

local function run()
  if RUN == '' then RUN = string.match(call('INFO', 'server'), 'run_id:(%x+)') end
  return RUN
end

local function tell(node, text)
  if node ~= ME then call('${isCluster ? 'SPUBLISH' : 'PUBLISH'}', P .. ':n:' .. node, text) end
end

local function isReply(address) return string.sub(address, 1, 6) == 'reply.' end

local function mailbox(address)
  local v = call('HMGET', P .. ':m:' .. address, 'owner', 'dies', 'ttl', 'handover', 'lease', 'maxBytes', 'maxCount', 'bytes', 'count')
  if not v[1] then return nil end
  local dies = tonumber(v[2] or '')
  if dies and NOW >= dies then return nil end
  return { owner = v[1], dies = dies, ttl = tonumber(v[3]), handover = v[4], lease = tonumber(v[5]), maxBytes = tonumber(v[6]),
    maxCount = tonumber(v[7]), bytes = tonumber(v[8] or 0), count = tonumber(v[9] or 0) }
end

local function openBox(address, owner, ttl, handover, lease, maxBytes, maxCount, dies)
  local key = P .. ':m:' .. address
  call('HSET', key, 'owner', owner, 'ttl', ttl, 'handover', handover, 'lease', lease, 'maxBytes', maxBytes, 'maxCount', maxCount)
  if dies then
    call('HSET', key, 'dies', dies)
    call('PEXPIRE', key, dies - NOW + 60000)
  else
    call('SADD', P .. ':ms', address)
    call('PEXPIRE', key, KEEP)
  end
end

local function openReply(address, owner, dies)
  openBox(address, owner, ${REPLY_POLICY.ttlSeconds}, '${REPLY_POLICY.handover}', 0, ${limits.maxBytesPerMailbox}, ${limits.maxCountPerMailbox}, dies)
end

local function replies(sender)
  call('ZREMRANGEBYSCORE', P .. ':r:' .. sender, '-inf', NOW)
  return call('ZCARD', P .. ':r:' .. sender)
end

local function nameReply(sender, address, dies)
  call('ZADD', P .. ':r:' .. sender, dies, address)
  call('PEXPIRE', P .. ':r:' .. sender, KEEP)
end

-- Bytes and counts: in all, of the sender, and of the mailbox when one is named.
local function account(address, sender, bytes, count)
  call('HINCRBY', P .. ':t', 'bytes', bytes)
  if call('HINCRBY', P .. ':t', 's:' .. sender, bytes) <= 0 then call('HDEL', P .. ':t', 's:' .. sender) end
  local key = P .. ':m:' .. address
  if address ~= '' and call('EXISTS', key) == 1 then
    call('HINCRBY', key, 'bytes', bytes)
    if count ~= 0 then call('HINCRBY', key, 'count', count) end
  end
end

local function lacksRoom(m, sender, bytes, count)
  if m and count > 0 and m.count >= m.maxCount then return 'mailbox-count' end
  if m and m.bytes + bytes > m.maxBytes then return 'mailbox-bytes' end
  local t = call('HMGET', P .. ':t', 'bytes', 's:' .. sender)
  if tonumber(t[2] or 0) + bytes > ${limits.maxBytesPerSender} then return 'sender-bytes' end
  if tonumber(t[1] or 0) + bytes > ${limits.maxBytes} then return 'full' end
end

-- Gives a reservation back. Harmless when there is none.
local function unhold(hold)
  local held = call('HGET', P .. ':h', hold)
  if not held then return end
  held = cjson.decode(held)
  call('HDEL', P .. ':h', hold)
  call('ZREM', P .. ':hz', hold)
  account(held[3], held[2], 0 - held[1], -1)
end

local function load(id)
  local v = call('HMGET', P .. ':e:' .. id, 'state', 'to', 'sender', 'dead', 'till', 'born', 'at', 'size', 'node', 'run', 'claim', 'watch', 'reply', 'ttl')
  if not v[1] then return nil end
  return { id = id, state = v[1], to = v[2], sender = v[3], dead = tonumber(v[4]), till = tonumber(v[5]), born = tonumber(v[6]),
    at = tonumber(v[7]), size = tonumber(v[8]), node = v[9], run = v[10], claim = v[11], watch = v[12], reply = v[13], ttl = v[14] }
end

-- The node that accepted it, and those where somebody waits for its outcome.
local function tellNodes(e, text, isOwnersToo)
  local told = {}
  for node in string.gmatch(e.watch, '%S+') do
    if not told[node] then tell(node, text) end
    told[node] = true
  end
  if isOwnersToo and not told[e.node] then tell(e.node, text) end
end

local function wake(address)
  local takers = call('HGETALL', P .. ':w:' .. address)
  for i = 1, #takers, 2 do
    if tonumber(takers[i + 1]) > NOW then tell(takers[i], 'w ' .. address)
    else call('HDEL', P .. ':w:' .. address, takers[i]) end
  end
end

local function enter(e, side)
  call(side, P .. ':q:' .. e.to, e.id)
  call('PEXPIRE', P .. ':q:' .. e.to, KEEP)
  call('ZADD', P .. ':d', e.dead, e.id)
  if isReply(e.to) then call('HINCRBY', P .. ':t', 'replies', 1) end
end

local function leave(e)
  call('LREM', P .. ':q:' .. e.to, 1, e.id)
  if isReply(e.to) then call('HINCRBY', P .. ':t', 'replies', -1) end
end

-- The oldest settled record of a sender goes.
local function dropOldest(sender)
  local id = call('LPOP', P .. ':os:' .. sender)
  if not id then return false end
  call('DEL', P .. ':o:' .. id)
  call('ZREM', P .. ':ol', id .. ' ' .. sender)
  return true
end

local function dropOld(before)
  local row = call('ZRANGEBYSCORE', P .. ':ol', '-inf', before, 'LIMIT', 0, 1)[1]
  if not row then return false end
  return dropOldest(string.match(row, '^%S+ (.*)$')) or call('ZREM', P .. ':ol', row) == 1
end

local function remember(id, sender, record)
  local own = P .. ':os:' .. sender
  call('SET', P .. ':o:' .. id, record, 'PX', OUTCOME_MS)
  call('ZADD', P .. ':ol', NOW, id .. ' ' .. sender)
  local count = call('RPUSH', own, id)
  call('PEXPIRE', own, OUTCOME_MS + 60000)
  if count > ${limits.maxOutcomesPerSender} then dropOldest(sender) end
  if call('ZCARD', P .. ':ol') > ${limits.maxOutcomes} then dropOld('+inf') end
  for _ = 1, 4 do
    if not dropOld(NOW - OUTCOME_MS) then break end
  end
end

local function settle(e, was, reason)
  local record = cjson.encode({ outcome = e.state, claimed = HANDED[was] == true or e.state == 'unknown', at = NOW, sender = e.sender, reason = reason })
  call('DEL', P .. ':e:' .. e.id, P .. ':b:' .. e.id)
  if call('ZREM', P .. ':d', e.id) == 1 then
    account(e.to, e.sender, 0 - e.size, -1)
    call('HINCRBY', P .. ':t', 'envelopes', -1)
  end
  remember(e.id, e.sender, record)
  tellNodes(e, 'o ' .. e.id .. ' ' .. record, true)
  SAID[#SAID + 1] = { e.id, record, e.to, NOW - e.born }
end

-- The only place where a state changes, but for the claim. nil: the event cannot happen here.
local function step(e, event, reason)
  local was, to = e.state, NEXT[e.state][event]
  if not to then return nil end
  if AVAILABLE[was] then leave(e) end
  e.state = to
  if SETTLED[to] then
    settle(e, was, reason)
  else
    call('HSET', P .. ':e:' .. e.id, 'state', to, 'claim', '', 'at', NOW)
    enter(e, 'LPUSH')
    SAID[#SAID + 1] = { e.id, '', e.to, NOW - e.born }
    wake(e.to)
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

-- Whoever reads looks at the clock first. true: its moment had come, and it has moved.
local function due(e)
  if AVAILABLE[e.state] then
    if isForeign(e) then return step(e, 'lost') ~= nil end
    return NOW >= e.dead and step(e, 'expire') ~= nil
  end
  if NOW >= e.till then return step(e, endingOf(e, 'overdue')) ~= nil end
  if NOW >= e.dead and e.size > 0 then
    -- a lease goes on, but nobody will be handed it again
    call('DEL', P .. ':b:' .. e.id)
    account(e.to, e.sender, -e.size, 0)
    call('HSET', P .. ':e:' .. e.id, 'size', 0)
    call('ZADD', P .. ':d', e.till, e.id)
    e.size = 0
  end
  return false
end

local function recordOf(id)
  local record = call('GET', P .. ':o:' .. id)
  if record and NOW - cjson.decode(record).at > OUTCOME_MS then return false end
  return record
end

local function waitingRecord(e)
  return cjson.encode({ outcome = 'waiting', claimed = HANDED[e.state] == true, at = e.at, sender = e.sender })
end
`
}
