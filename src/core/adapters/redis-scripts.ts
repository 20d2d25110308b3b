// SPDX-License-Identifier: EUPL-1.2
/**
 * The one server-side script, and the steps it can do. A node sends what it has to do at a moment together: KEYS is the tag of the
 * partition, ARGV the three of `redis-lua.ts`, then each step as JSON, `[name, argument…]`. Every step is atomic by itself. The answer is
 * JSON too, `[answers, said?]`: of each step `[1 | 2, result…]` or a refusal `[0, why]`, and what was settled or returned on the way. One
 * text each way, because both sides take longer to part a list of the protocol into its strings than to do what they say.
 *
 * Sealed bytes never pass through the script: it would take as long to look at them as for all the rest. They are uploaded to, and fetched
 * from, a key of their own in the same transaction, see `redis-calls.ts`.
 *
 * Keys beside KEYS[1] are made of it by appending: same tag, same slot.
 * @module
 */
import { REPLY_GRACE_MS, REPLY_POLICY } from '../rules.js'
import type { OnceLimits } from './memory-once.js'
import { KEEP_MS, luaLibrary, type RedisLimits } from './redis-lua.js'

/** How many that are due one run of the sweeper moves. */
const SWEEP_COUNT = 100
/** How many old records one run of the sweeper drops: more than are settled in the second between two runs. */
const DROP_COUNT = 20_000

export type StepName =
  | 'put' | 'take' | 'finish' | 'held' | 'look' | 'withdraw' | 'fate' | 'link' | 'sweep' | 'open' | 'openReply' | 'owner' | 'hold' | 'release' | 'once' | 'figures' // prettier-ignore

interface Step {
  readonly takes: string
  readonly lua: string
}

const steps = (limits: RedisLimits, once: OnceLimits): Readonly<Record<StepName, Step>> => ({
  // upload: name of the key that holds the bytes; it goes with every refusal. Reservation and replyTo may be ''; opened: '1' when the reply
  // mailbox is open already, in another slot → [1, ms until the deadline]
  put: {
    takes: 'upload, id, to, sender, ttl, reply, hold, opened',
    lua: `
ttl = tonumber(ttl)
if hold ~= '' then unhold(hold) end
local m = mailbox(to)
if not m then return refuse('no-mailbox', upload) end
if ttl > math.max(${REPLY_POLICY.ttlSeconds}, m.ttl) then return refuse('life', upload) end
if call('EXISTS', P .. ':e:' .. id, P .. ':o:' .. id) > 0 then return refuse('used', upload) end
local dead = NOW + ttl * 1000
if m.dies then dead = math.min(dead, m.dies) end
local opens = reply ~= '' and opened ~= '1'
if opens and mailbox(reply) then return refuse('reply-used', upload) end
if opens and hasTooManyReplies(sender) then return refuse('replies', upload) end
local u, bytes = usage(to, sender), call('STRLEN', P .. ':b:' .. upload)
local lacking = lacksRoom(m, u, bytes, 1)
if lacking then return refuse(lacking, upload) end
if opens then
  openReply(reply, sender, dead + ${REPLY_GRACE_MS})
  nameReply(sender, reply, dead + ${REPLY_GRACE_MS})
end
local e = { id = id, state = 'waiting', to = to, sender = sender, dead = dead, till = 0, born = NOW, at = NOW, size = bytes, node = ME, run = run(),
  claim = '', reply = reply, ttl = ttl, body = upload, wiped = false, watch = false }
save(id, e)
account(u, bytes, 1)
call('PEXPIRE', P .. ':b:' .. upload, dead - NOW + 10000)
enter(e, 'RPUSH')
wake(to, m.takers)
return { 1, dead - NOW }`,
  },

  // chosen: '' for the next one; wish: ms of the lease or -1; waits: ms, 0 for not at all
  // → [1, id, sender, replyTo, ttl, remaining ms, dwell ms, lease ms or -1], the bytes under the token · [2, ms until the mailbox dies or -1]
  take: {
    takes: 'address, chosen, wish, waits, token',
    lua: `
wish, waits = tonumber(wish), tonumber(waits)
local m = mailbox(address)
if not m then return { 0, 'no-mailbox' } end
local queue = P .. ':q:' .. address
while true do
  local id = chosen
  if chosen == '' then id = call('LPOP', queue) end
  local e = id and load(id)
  if chosen ~= '' then
    if not e or e.to ~= address or not AVAILABLE[e.state] or due(e) then return { 2, -1 } end
    call('LREM', queue, 1, id)
  end
  if not id then break end
  if e and not due(e) then
    local to = CLAIM[m.handover]
    local isLease = NEXT[to].lapse ~= nil
    local body = P .. ':b:' .. e.body
    if call('EXISTS', body) == 1 then
      call(isLease and 'COPY' or 'RENAME', body, P .. ':c:' .. token)
      local held = ${limits.handoverSeconds * 1000}
      if isLease then held = wish >= 0 and wish or m.lease end
      countReply(e, -1)
      e.state, e.claim, e.at, e.till = to, token, NOW, NOW + held
      save(id, e)
      call('ZADD', P .. ':d', isLease and math.min(wipeAt(e), e.till) or e.till, id)
      if isLease then call('PEXPIRE', body, math.max(e.dead, e.till) - NOW + 10000) end
      tellNodes(e, 'c ' .. id, false)
      return { 1, id, e.sender, e.reply, e.ttl, e.dead - NOW, NOW - e.born, isLease and held or -1 }
    end
    step(e, 'lost')
  end
  if chosen ~= '' then return { 2, -1 } end
end
if waits > 0 then
  local takers = m.takers and cmsgpack.unpack(m.takers) or {}
  if NOW + waits > (takers[ME] or 0) then
    for node, till in pairs(takers) do
      if till <= NOW then takers[node] = nil end
    end
    takers[ME] = NOW + waits
    m.takers = cmsgpack.pack(takers)
    call('HSET', P .. ':m:' .. address, 'takers', m.takers)
  end
end
return { 2, m.dies and m.dies - NOW or -1 }`,
  },

  // → [1]; only a broken transfer may find that it is too late to be handed out again
  finish: {
    takes: 'id, token, event, reason',
    lua: `
needsNoRoom()
local e = load(id)
if not e or e.claim ~= token or not HANDED[e.state] or due(e) then return { 0, 'over' } end
step(e, event == 'broken' and endingOf(e, event) or event, reason ~= '' and reason or nil)
return { 1 }`,
  },

  // → [1, token of the hand-over under way or '', its mailbox]
  held: {
    takes: 'id',
    lua: `
needsNoRoom()
local e = load(id)
if not e or not HANDED[e.state] or due(e) then return { 1, '', '' } end
return { 1, e.claim, e.to }`,
  },

  // watch: '1' to be told of what becomes of it → [1, record or '']
  look: {
    takes: 'id, watch',
    lua: `
needsNoRoom()
local record = recordOf(id)
local e = not record and load(id)
if e and due(e) then
  record = recordOf(id)
  e = load(id)
end
if record then return { 1, record } end
if not e then return { 1, '' } end
e.watch = e.watch or {}
if watch == '1' and not e.watch[ME] then
  e.watch[ME] = true
  save(id, e)
end
return { 1, cjson.encode({ outcome = 'waiting', claimed = HANDED[e.state] == true, at = e.at, sender = e.sender }) }`,
  },

  // → [1, 1 or 0: too late]
  withdraw: {
    takes: 'id, reason',
    lua: `
needsNoRoom()
local e = load(id)
local isInTime = e and not due(e) and step(e, 'withdraw', reason) == NEXT.waiting.withdraw
return { 1, isInTime and 1 or 0 }`,
  },

  // (id, sender)… that this node accepted → [1, [record or '' while it lives]…]
  fate: {
    takes: '...',
    lua: `
needsNoRoom()
local asked, records = { ... }, {}
for i = 1, #asked, 2 do
  local id, sender = asked[i], asked[i + 1]
  local record = recordOf(id)
  local e = not record and load(id)
  if e then
    if isForeign(e) then step(e, 'lost') else due(e) end
    record, e = recordOf(id), load(id)
    if e and e.node ~= ME then
      e.node = ME
      save(id, e)
    end
  elseif not record then
    -- its server is gone, and all that was known with it
    record = cjson.encode({ outcome = NEXT.claimed.lost, claimed = true, at = NOW, sender = sender })
    remember(id, sender, record)
    SAID[#SAID + 1] = { id, record, '', 0 }
  end
  records[#records + 1] = record or ''
end
return { 1, records }`,
  },

  // (id, node, seq, prev)… → [1]
  link: {
    takes: '...',
    lua: `
needsNoRoom()
local links = { ... }
for i = 1, #links, 4 do
  local key = P .. ':o:' .. links[i]
  local record = call('GET', key)
  if record then
    record = cjson.decode(record)
    record.link = { node = links[i + 1], seq = tonumber(links[i + 2]), prev = links[i + 3] }
    call('SET', key, cjson.encode(record), 'KEEPTTL')
  end
end
return { 1 }`,
  },

  // → [1, ms until the next moment or -1]
  sweep: {
    takes: '',
    lua: `
needsNoRoom()
for _, id in ipairs(call('ZRANGEBYSCORE', P .. ':d', '-inf', NOW, 'LIMIT', 0, ${SWEEP_COUNT})) do
  local e = load(id)
  if e then due(e) else call('ZREM', P .. ':d', id) end
end
for _, hold in ipairs(call('ZRANGEBYSCORE', P .. ':hz', '-inf', NOW, 'LIMIT', 0, ${SWEEP_COUNT})) do unhold(hold) end
for _, name in ipairs({ 't', 'd', 'h', 'hz', 'ms' }) do call('PEXPIRE', P .. ':' .. name, ${KEEP_MS}) end
call('PEXPIRE', P .. ':ol', ${limits.outcomeSeconds * 1000 + KEEP_MS})
dropOld(${DROP_COUNT})
local first = call('ZRANGE', P .. ':d', 0, 0, 'WITHSCORES')
return { 1, first[2] and math.max(0, tonumber(first[2]) - NOW) or -1 }`,
  },

  // lease in ms → [1]
  open: {
    takes: 'address, owner, ttl, handover, lease, maxBytes, maxCount',
    lua: `
local m = mailbox(address)
if m and m.owner ~= owner then return { 0, 'not-owner' } end
if m and m.handover ~= handover and SUMS[usage(address, owner).count] > 0 then return { 0, 'in-use' } end
openBox(address, owner, ttl, handover, lease, maxBytes, maxCount)
return { 1 }`,
  },

  // a cluster's, where it may lie in another slot than the request; owner '': closes it again → [1]
  openReply: {
    takes: 'address, owner, lives',
    lua: `
if owner == '' then
  call('DEL', P .. ':m:' .. address)
  BOXES[address] = nil
  return { 1 }
end
if mailbox(address) then return { 0, 'reply-used' } end
openReply(address, owner, NOW + lives)
return { 1 }`,
  },

  // → [1, owner or '']
  owner: {
    takes: 'address',
    lua: `
local m = mailbox(address)
return { 1, m and m.owner or '' }`,
  },

  // address '': no mailbox's business here; former: a name it had before, or ''; reply: mailbox to be counted, or '' → [1]
  hold: {
    takes: 'hold, address, sender, bytes, lasts, former, reply, replyLives',
    lua: `
bytes = tonumber(bytes)
if former ~= '' then unhold(former) end
local m = address ~= '' and mailbox(address)
if address ~= '' and not m then return { 0, 'no-mailbox' } end
if reply ~= '' and hasTooManyReplies(sender) then return { 0, 'replies' } end
local held = call('HGET', P .. ':h', hold)
local had = held and cjson.decode(held)[1] or 0
if not held or bytes > had then
  local u = usage(address, sender)
  local lacking = lacksRoom(m, u, bytes - had, held and 0 or 1)
  if lacking then return { 0, lacking } end
  call('HSET', P .. ':h', hold, cjson.encode({ bytes, sender, address }))
  account(u, bytes - had, held and 0 or 1)
end
call('ZADD', P .. ':hz', NOW + lasts, hold)
if reply ~= '' then nameReply(sender, reply, NOW + replyLives) end
return { 1 }`,
  },

  // name… → [1]
  release: {
    takes: '...',
    lua: `
for _, hold in ipairs({ ... }) do unhold(hold) end
return { 1 }`,
  },

  // → [1, 'new' | 'seen' | 'full']
  once: {
    takes: 'name, lasts, owner',
    lua: `
local all, own = P .. ':1', P .. ':1:' .. owner
for _, key in ipairs({ all, own }) do call('ZREMRANGEBYSCORE', key, '-inf', NOW) end
if call('ZSCORE', all, name) then return { 1, 'seen' } end
if call('ZCARD', all) >= ${once.maxKeys} or call('ZCARD', own) >= ${once.maxKeysPerOwner} then return { 1, 'full' } end
for _, key in ipairs({ all, own }) do
  call('ZADD', key, NOW + lasts, name)
  call('PEXPIRE', key, ${KEEP_MS})
end
return { 1, 'new' }`,
  },

  // → [1, bytes, envelopes, outcomes, waiting in reply mailboxes or -1, { address: waiting }]
  figures: {
    takes: '',
    lua: `
book()
local t = call('HMGET', P .. ':t', 'bytes', 'replies')
local waiting = {}
for _, address in ipairs(call('SMEMBERS', P .. ':ms')) do waiting[address] = call('LLEN', P .. ':q:' .. address) end
return { 1, tonumber(t[1] or 0), call('ZCARD', P .. ':d'), call('ZCARD', P .. ':ol'), tonumber(t[2] or -1), waiting }`,
  },
})

/** Runs the steps in their order. One that fails leaves the others alone; what it failed of is not told, it could name content. */
const RUN = `
local answers = {}
for at = 4, #ARGV do
  local step = cjson.decode(ARGV[at])
  local isDone, answer = pcall(DO[step[1]], unpack(step, 2))
  if not isDone then
    local text = type(answer) == 'table' and answer.err or tostring(answer)
    if step[1] == 'put' then call('DEL', P .. ':b:' .. step[2]) end
    answer = { 0, string.find(text, 'OOM', 1, true) and 'full' or 'failed' }
  end
  answers[at - 3] = answer
end
book()
return cjson.encode(#SAID > 0 and { answers, SAID } or { answers })
`

/** @returns the text of the script. */
export function redisScript(limits: RedisLimits, isCluster: boolean, once: OnceLimits): string {
  const functions = Object.entries(steps(limits, once)).map(([name, { takes, lua }]) => `DO['${name}'] = function(${takes})${lua}\nend\n`)
  return `${luaLibrary(limits, isCluster)}\nlocal DO = {}\n${functions.join('\n')}${RUN}`
}
