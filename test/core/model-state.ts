// SPDX-License-Identifier: EUPL-1.2
/**
 * What a core should do, without mailboxes of promises, timers or bytes: lives of envelopes as plain values and one function that lets time
 * pass. Written from the decisions in words, not from the adapters or their table.
 * @module
 */
import type { CoreFigures, MailboxPolicy, OutcomeRecord } from '../../src/core/ports.js'

export const REPLY_GRACE_MS = 60_000

export interface ModelLimits {
  readonly maxBytes: number
  readonly maxBytesPerSender: number
  readonly maxBytesPerMailbox: number
  readonly maxCountPerMailbox: number
  readonly maxReplyMailboxesPerSender: number
  readonly handoverSeconds: number
}

export interface Asked {
  readonly id: string
  readonly to: string
  readonly sender: string
  readonly ttlSeconds: number
  readonly bytes: number
  readonly replyTo?: string
}

export interface Life extends Asked {
  readonly deadlineMs: number
  heldBytes: number
  where: 'lies' | 'held' | 'over'
  /** A lease gave it back. */
  returned: boolean
  /** The hand-over that holds it, and its end. */
  claim: number
  claimEndsMs: number
  wipeMs: number
  outcome: OutcomeRecord['outcome']
  claimed: boolean
  reason?: string
}

export interface Box {
  readonly owner: string
  readonly handover: MailboxPolicy['handover']
  /** Ids that lie there, first out first. */
  queue: string[]
  readonly diesMs: number
  expected: boolean
}

export interface Wait {
  readonly box: string
  readonly untilMs: number
  readonly leaseMs: number
  /** undefined: it still waits; null: nothing came. */
  got: string | null | undefined
  claim: number
}

export class ModelState {
  nowMs = 0
  readonly boxes = new Map<string, Box>()
  readonly lives = new Map<string, Life>()
  readonly waits: Wait[] = []
  claims = 0
  drainUntilMs = Infinity
  phase: 'open' | 'draining' | 'drained' | 'closed' = 'open'
  readonly limits: ModelLimits
  /** What lies there is not lost with the node. */
  readonly shared: boolean

  constructor(limits: ModelLimits, mailboxes: Readonly<Record<string, MailboxPolicy>>, shared = false) {
    this.limits = limits
    this.shared = shared
    for (const [address, { handover }] of Object.entries(mailboxes))
      this.boxes.set(address, { owner: 'register-1', handover, queue: [], diesMs: Infinity, expected: false })
  }

  get alive(): Life[] {
    return [...this.lives.values()].filter(({ where }) => where !== 'over')
  }

  get waiting(): Wait[] {
    return this.waits.filter(({ got }) => got === undefined)
  }

  figures(): Pick<CoreFigures, 'bytes' | 'envelopes' | 'waiters' | 'waiting'> {
    const waiting: Record<string, number> = {}
    for (const [address, { queue }] of this.boxes) {
      const name = address.startsWith('reply.') ? 'reply' : address
      waiting[name] = (waiting[name] ?? 0) + queue.length
    }
    return { bytes: sum(this.alive), envelopes: this.alive.length, waiters: this.waiting.length, waiting }
  }

  /** Why a put may be refused: any of these. Empty: it must be accepted. */
  refusals({ to, sender, bytes, replyTo }: Asked): string[] {
    const box = this.boxes.get(to)
    if (box === undefined) return ['unknown']
    const { limits } = this
    const inBox = this.alive.filter((life) => life.to === to)
    const own = this.alive.filter((life) => life.sender === sender)
    const ownReplies = [...this.boxes.values()].filter(({ owner, diesMs }) => owner === sender && diesMs < Infinity)
    const reasons: [boolean, string][] = [
      [this.phase !== 'open' && !box.expected, 'full'],
      [replyTo !== undefined && ownReplies.length >= limits.maxReplyMailboxesPerSender, 'quota'],
      [inBox.length >= limits.maxCountPerMailbox, 'quota'],
      [sum(inBox) + bytes > limits.maxBytesPerMailbox, 'quota'],
      [sum(own) + bytes > limits.maxBytesPerSender, 'quota'],
      [sum(this.alive) + bytes > limits.maxBytes, 'full'],
    ]
    return reasons.filter(([holds]) => holds).map(([, kind]) => kind)
  }

  put(asked: Asked): void {
    const box = this.box(asked.to)
    const deadlineMs = Math.min(this.nowMs + asked.ttlSeconds * 1000, box.diesMs)
    const fresh = { where: 'lies', returned: false, claim: -1, claimEndsMs: Infinity, wipeMs: Infinity, outcome: 'waiting' } as const
    this.lives.set(asked.id, { ...asked, ...fresh, deadlineMs, heldBytes: asked.bytes, claimed: false })
    const diesMs = deadlineMs + REPLY_GRACE_MS
    if (asked.replyTo !== undefined)
      this.boxes.set(asked.replyTo, { owner: asked.sender, handover: 'at-most-once', queue: [], diesMs, expected: false })
    box.queue.push(asked.id)
    this.#serve(asked.to)
  }

  /** @returns the number of the hand-over. */
  claim(life: Life, leaseMs: number): number {
    const box = this.box(life.to)
    box.queue = box.queue.filter((id) => id !== life.id)
    const transferMs = this.limits.handoverSeconds * 1000
    const leased = box.handover === 'lease-and-confirm'
    life.where = 'held'
    life.claimed = true
    life.claim = this.claims++
    life.claimEndsMs = this.nowMs + (leased ? leaseMs : transferMs)
    life.wipeMs = leased ? Math.max(life.deadlineMs, this.nowMs + transferMs) : Infinity
    const reply = this.boxes.get(life.replyTo ?? '')
    if (reply) reply.expected = true
    return life.claim
  }

  /** A hand-over that nobody confirmed or refused: the transfer broke, or took too long. */
  broken(life: Life): void {
    // a reply mailbox may be gone by now
    if (this.boxes.get(life.to)?.handover !== 'lease-and-confirm' || this.nowMs >= life.deadlineMs)
      return this.settle(life, 'unknown', true)
    Object.assign(life, { where: 'lies', returned: true, claimed: false, claim: -1, claimEndsMs: Infinity, wipeMs: Infinity })
    this.box(life.to).queue.unshift(life.id)
    this.#serve(life.to)
    this.lookDrained()
  }

  settle(life: Life, outcome: Life['outcome'], claimed: boolean, reason?: string): void {
    const box = this.boxes.get(life.to)
    if (box) box.queue = box.queue.filter((id) => id !== life.id)
    Object.assign(life, { where: 'over', heldBytes: 0, claim: -1, outcome, claimed, ...(reason === undefined ? {} : { reason }) })
    this.lookDrained()
  }

  expire(life: Life): void {
    this.settle(life, life.returned ? 'unknown' : 'expired', life.returned)
  }

  endWait(wait: Wait): void {
    wait.got = null
    this.lookDrained()
  }

  drain(withinMs: number): void {
    this.phase = 'draining'
    this.drainUntilMs = this.nowMs + withinMs
    for (const wait of this.waiting) if (!this.box(wait.box).expected) this.endWait(wait)
    this.lookDrained()
  }

  lookDrained(): void {
    const lost = this.alive.filter(({ where }) => where === 'held' || !this.shared)
    const idle = lost.length === 0 && this.waiting.length === 0
    if (this.phase !== 'draining' || !(idle || this.nowMs >= this.drainUntilMs)) return
    this.phase = 'drained'
    for (const wait of this.waiting) wait.got = null
  }

  close(): void {
    this.phase = 'closed'
    for (const wait of this.waiting) wait.got = null
    for (const life of this.alive) {
      const untouched = life.where === 'lies' && !life.returned
      this.settle(life, untouched ? 'refused' : 'unknown', !untouched, untouched ? 'closed' : undefined)
    }
    this.boxes.clear()
  }

  /** Everything that is due, in the order of time. */
  pass(ms: number): void {
    const end = this.nowMs + ms
    for (;;) {
      const due = this.#dues().sort(([a], [b]) => a - b)[0]
      if (due === undefined || due[0] > end) break
      this.nowMs = due[0]
      due[1]()
    }
    this.nowMs = end
  }

  box(address: string): Box {
    const box = this.boxes.get(address)
    if (box === undefined) throw new Error('the model knows no such mailbox')
    return box
  }

  #dues(): [number, () => void][] {
    return [
      ...this.alive.map((life): [number, () => void] =>
        life.where === 'lies' ? [life.deadlineMs, () => this.expire(life)] : [life.claimEndsMs, () => this.broken(life)],
      ),
      ...this.alive.filter(({ wipeMs }) => wipeMs < Infinity).map((life): [number, () => void] => [life.wipeMs, () => wipe(life)]),
      ...this.waiting.map((wait): [number, () => void] => [wait.untilMs, () => this.endWait(wait)]),
      ...[...this.boxes].map(([address, { diesMs }]): [number, () => void] => [diesMs, () => this.#die(address)]),
      ...(this.phase === 'draining' ? [[this.drainUntilMs, () => this.lookDrained()] as [number, () => void]] : []),
    ]
  }

  #die(address: string): void {
    for (const wait of this.waiting) if (wait.box === address) this.endWait(wait)
    for (const life of this.alive) if (life.to === address && life.where === 'lies') this.expire(life)
    this.boxes.delete(address)
  }

  #serve(address: string): void {
    for (const wait of this.waiting.filter(({ box }) => box === address)) {
      const life = this.lives.get(this.box(address).queue[0] ?? '')
      if (life === undefined) return
      wait.got = life.id
      wait.claim = this.claim(life, wait.leaseMs)
    }
  }
}

function wipe(life: Life): void {
  life.heldBytes = 0
  life.wipeMs = Infinity
}

const sum = (lives: readonly Life[]): number => lives.reduce((bytes, { heldBytes }) => bytes + heldBytes, 0)
