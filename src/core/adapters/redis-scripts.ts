// SPDX-License-Identifier: EUPL-1.2
/**
 * The server-side scripts, each one atomic. KEYS: the tag of the partition. ARGV: the three of `redis-lua.ts`, then those named here.
 * Answers: `[result…, said]`, where `said` lists what was settled or returned on the way; a refusal is `[0, why, said]`.
 *
 * Keys beside KEYS[1] are made of it by appending: same tag, same slot. Redis and Valkey allow that while slots are whole.
 * @module
 */
import { REPLY_GRACE_MS, REPLY_POLICY } from '../rules.js'
import { luaLibrary, type RedisLimits } from './redis-lua.js'

/** How many that are due one run of the sweeper moves. */
const SWEEP_COUNT = 100

export type ScriptName =
  | 'put' | 'take' | 'finish' | 'look' | 'withdraw' | 'fate' | 'link' | 'sweep' | 'open' | 'openReply' | 'owner' | 'hold' | 'release' | 'figures' // prettier-ignore

const bodies = (limits: RedisLimits, isCluster: boolean): Readonly<Record<ScriptName, string>> => ({
  // id, to, sender, ttlSeconds, replyTo, reservation, body → [1, ms until the deadline]
  put: `
local id, to, sender, ttl, reply, hold, body = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
if hold ~= '' then unhold(hold) end
local m = mailbox(to)
if not m then return { 0, 'no-mailbox', SAID } end
if ttl > math.max(${REPLY_POLICY.ttlSeconds}, m.ttl) then return { 0, 'life', SAID } end
if call('EXISTS', P .. ':e:' .. id, P .. ':o:' .. id) > 0 then return { 0, 'used', SAID } end
local dead = NOW + ttl * 1000
if m.dies then dead = math.min(dead, m.dies) end
${isCluster ? '' : `if reply ~= '' and mailbox(reply) then return { 0, 'reply-used', SAID } end
if reply ~= '' and replies(sender) >= ${limits.maxReplyMailboxesPerSender} then return { 0, 'replies', SAID } end`}
local lacking = lacksRoom(m, sender, #body, 1)
if lacking then return { 0, lacking, SAID } end
${isCluster ? '' : `if reply ~= '' then
  openReply(reply, sender, dead + ${REPLY_GRACE_MS})
  nameReply(sender, reply, dead + ${REPLY_GRACE_MS})
end`}
account(to, sender, #body, 1)
call('HINCRBY', P .. ':t', 'envelopes', 1)
call('HSET', P .. ':e:' .. id, 'state', 'waiting', 'to', to, 'sender', sender, 'dead', dead, 'till', 0, 'born', NOW, 'at', NOW, 'size', #body,
  'node', ME, 'run', run(), 'claim', '', 'watch', '', 'reply', reply, 'ttl', ttl)
call('PEXPIRE', P .. ':e:' .. id, dead - NOW + KEEP)
call('SET', P .. ':b:' .. id, body, 'PX', dead - NOW + 10000)
enter({ id = id, to = to, dead = dead }, 'RPUSH')
wake(to)
return { 1, dead - NOW, SAID }`,

  // address, id or '', wished lease or -1, waits for ms, token → [1, body, id, sender, replyTo, ttl, remaining ms, dwell ms, lease ms or -1, said] · [2, ms until the mailbox dies or -1, said]
  take: `
local address, chosen, wish, waits, token = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
local m = mailbox(address)
if not m then return { 0, 'no-mailbox', SAID } end
while true do
  local id = chosen
  if chosen == '' then id = call('LINDEX', P .. ':q:' .. address, 0) end
  local e = id and load(id)
  if chosen ~= '' and (not e or e.to ~= address or not AVAILABLE[e.state] or due(e)) then return { 2, -1, SAID } end
  if not id then break end
  if not e then
    call('LPOP', P .. ':q:' .. address)
  elseif not due(e) then
    local to = CLAIM[m.handover]
    local isLease = NEXT[to].lapse ~= nil
    local body = call(isLease and 'GET' or 'GETDEL', P .. ':b:' .. id)
    if body then
      local held = ${limits.handoverSeconds * 1000}
      if isLease then held = wish >= 0 and wish or m.lease end
      leave(e)
      call('HSET', P .. ':e:' .. id, 'state', to, 'claim', token, 'at', NOW, 'till', NOW + held)
      call('ZADD', P .. ':d', isLease and math.min(e.dead, NOW + held) or NOW + held, id)
      local lasts = math.max(e.dead, NOW + held) - NOW
      call('PEXPIRE', P .. ':e:' .. id, lasts + KEEP)
      if isLease then call('PEXPIRE', P .. ':b:' .. id, lasts + 10000) end
      tellNodes(e, 'c ' .. id, false)
      return { 1, body, id, e.sender, e.reply, e.ttl, e.dead - NOW, NOW - e.born, isLease and held or -1, SAID }
    end
    step(e, 'lost')
  end
end
if waits > 0 then
  local key = P .. ':w:' .. address
  if NOW + waits > tonumber(call('HGET', key, ME) or 0) then call('HSET', key, ME, NOW + waits) end
  call('PEXPIRE', key, KEEP)
end
return { 2, m.dies and m.dies - NOW or -1, SAID }`,

  // id, token, event, reason → [1, said]
  finish: `
local e = load(ARGV[4])
if not e or e.claim ~= ARGV[5] or not HANDED[e.state] or due(e) then return { 0, 'over', SAID } end
-- only a broken transfer may find that it is too late to be handed out again
step(e, ARGV[6] == 'broken' and endingOf(e, 'broken') or ARGV[6], ARGV[7] ~= '' and ARGV[7] or nil)
return { 1, SAID }`,

  // id, '1' to be told of what becomes of it → [1, record or '', said]
  look: `
local record = recordOf(ARGV[4])
local e = not record and load(ARGV[4])
if e and due(e) then record = recordOf(ARGV[4]) end
if record then return { 1, record, SAID } end
if not e then return { 1, '', SAID } end
if ARGV[5] == '1' and not string.find(' ' .. e.watch .. ' ', ' ' .. ME .. ' ', 1, true) then
  call('HSET', P .. ':e:' .. e.id, 'watch', e.watch .. ' ' .. ME)
end
return { 1, waitingRecord(e), SAID }`,

  // id, reason → [1, 1 or 0, said]
  withdraw: `
local e = load(ARGV[4])
local isInTime = e and not due(e) and step(e, 'withdraw', ARGV[5]) == NEXT.waiting.withdraw
return { 1, isInTime and 1 or 0, SAID }`,

  // (id, sender)… that this node accepted → [1, said, [record or '' while it lives]…]
  fate: `
local records = {}
for i = 4, #ARGV, 2 do
  local id, sender = ARGV[i], ARGV[i + 1]
  local record = recordOf(id)
  local e = not record and load(id)
  if e then
    if isForeign(e) then step(e, 'lost') else due(e) end
    record = recordOf(id)
    if not record then call('HSET', P .. ':e:' .. id, 'node', ME) end
  elseif not record then
    -- its server is gone, and all that was known with it
    record = cjson.encode({ outcome = 'unknown', claimed = true, at = NOW, sender = sender })
    remember(id, sender, record)
    SAID[#SAID + 1] = { id, record, '', 0 }
  end
  records[#records + 1] = record or ''
end
return { 1, records, SAID }`,

  // (id, node, seq, prev)… → [1, said]
  link: `
for i = 4, #ARGV, 4 do
  local key = P .. ':o:' .. ARGV[i]
  local record = call('GET', key)
  if record then
    record = cjson.decode(record)
    record.link = { node = ARGV[i + 1], seq = tonumber(ARGV[i + 2]), prev = ARGV[i + 3] }
    call('SET', key, cjson.encode(record), 'KEEPTTL')
  end
end
return { 1, SAID }`,

  // → [1, ms until the next moment or -1, said]
  sweep: `
for _, id in ipairs(call('ZRANGEBYSCORE', P .. ':d', '-inf', NOW, 'LIMIT', 0, ${SWEEP_COUNT})) do
  local e = load(id)
  if e then due(e) else call('ZREM', P .. ':d', id) end
end
for _, hold in ipairs(call('ZRANGEBYSCORE', P .. ':hz', '-inf', NOW, 'LIMIT', 0, ${SWEEP_COUNT})) do unhold(hold) end
for _, name in ipairs({ 't', 'd', 'h', 'hz', 'ms' }) do call('PEXPIRE', P .. ':' .. name, KEEP) end
call('PEXPIRE', P .. ':ol', OUTCOME_MS + KEEP)
local first = call('ZRANGE', P .. ':d', 0, 0, 'WITHSCORES')
return { 1, first[2] and math.max(0, tonumber(first[2]) - NOW) or -1, SAID }`,

  // address, owner, ttlSeconds, handover, lease ms, maxBytes, maxCount → [1, said]
  open: `
local m = mailbox(ARGV[4])
if m and m.owner ~= ARGV[5] then return { 0, 'not-owner', SAID } end
openBox(ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10])
return { 1, SAID }`,

  // address, owner, ms → [1, said]; owner '': closes it again
  openReply: `
if ARGV[5] == '' then
  call('DEL', P .. ':m:' .. ARGV[4])
  return { 1, SAID }
end
if mailbox(ARGV[4]) then return { 0, 'reply-used', SAID } end
openReply(ARGV[4], ARGV[5], NOW + ARGV[6])
return { 1, SAID }`,

  // address → [1, owner or '', said]
  owner: `
local m = mailbox(ARGV[4])
return { 1, m and m.owner or '', SAID }`,

  // name, address or '', sender, bytes, ms it may last, former name or '', reply mailbox or '', ms until that dies → [1, said]
  hold: `
local hold, address, sender, bytes, former, reply = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7]), ARGV[9], ARGV[10]
local m
if former ~= '' then unhold(former) end
if address ~= '' then
  m = mailbox(address)
  if not m then return { 0, 'no-mailbox', SAID } end
end
if reply ~= '' and replies(sender) >= ${limits.maxReplyMailboxesPerSender} then return { 0, 'replies', SAID } end
local held = call('HGET', P .. ':h', hold)
local had = held and cjson.decode(held)[1] or 0
if not held or bytes > had then
  local lacking = lacksRoom(m, sender, bytes - had, held and 0 or 1)
  if lacking then return { 0, lacking, SAID } end
  account(address, sender, bytes - had, held and 0 or 1)
  call('HSET', P .. ':h', hold, cjson.encode({ bytes, sender, address }))
end
call('ZADD', P .. ':hz', NOW + ARGV[8], hold)
if reply ~= '' then nameReply(sender, reply, NOW + ARGV[11]) end
return { 1, SAID }`,

  // name… → [1, said]
  release: `
for i = 4, #ARGV do unhold(ARGV[i]) end
return { 1, SAID }`,

  // → [1, bytes, envelopes, outcomes, waiting in reply mailboxes or -1, [address, waiting]…, said]
  figures: `
while dropOld(NOW - OUTCOME_MS) do end
local t = call('HMGET', P .. ':t', 'bytes', 'envelopes', 'replies')
local waiting = {}
for _, address in ipairs(call('SMEMBERS', P .. ':ms')) do
  waiting[#waiting + 1] = address
  waiting[#waiting + 1] = call('LLEN', P .. ':q:' .. address)
end
return { 1, tonumber(t[1] or 0), tonumber(t[2] or 0), call('ZCARD', P .. ':ol'), tonumber(t[3] or -1), waiting, SAID }`,
})

/** @returns the text of every script. */
export function redisScripts(limits: RedisLimits, isCluster: boolean): Readonly<Record<ScriptName, string>> {
  const library = luaLibrary(limits, isCluster)
  return Object.fromEntries(
    Object.entries(bodies(limits, isCluster)).map(([name, body]) => [name, library + body + '\n']),
  ) as Readonly<Record<ScriptName, string>>
}
