/* SPDX-License-Identifier: EUPL-1.2 */
/*
 * The core as spin sees it: takers race for envelopes, vanish without a word, come back late; timers are late; nodes and stores die.
 *
 *   envelope 0, at most once or leased ───────────┐                         ┌─ taker 1, taker 2
 *   envelope 1, likewise, or the reply to 0 ──────┼─► one node, or several ─┤
 *                                                 ┘   with a shared store   └─ asker: nobody else may take the reply
 *
 * The steps are those of the table in src/core/states.ts: transitions.pml is generated from it. Who takes which step when, and what
 * must hold, stands here. What the properties remember ("witness") is kept apart from what the core remembers.
 *
 *   at most once: W1 · never after the deadline: W2 · an outcome stays: W3 · outcomes tell the truth: W4 to W7
 *   every envelope gets an outcome: ltl ends_0, ends_1 (weak fairness)
 *
 * A taker holds its claim; over HTTP, where a confirmation names only the envelope, the processes of one participant are one taker.
 */
#include "transitions.pml"

#define ASKER 3

/* Ticks from the put to the deadline; of a hand-over or a lease; from the request's deadline to the end of its reply mailbox. */
#define LIFE 2
#define HOLD 1
#define GRACE 1

/* How often a node, or the store, is lost. */
#ifndef FAILURES
#define FAILURES 2
#endif

/* What the core knows of an envelope and its mailbox. Time is what is left of it. */
mtype:state state[2] = none;
bool confirms[2];  /* its mailbox is of the kind lease-and-confirm */
byte life[2];      /* until the deadline */
byte hold[2];      /* until the hand-over or lease is over */
byte holder[2];    /* 0: nobody */
bool before[2];    /* put before the store was lost: what is still known of it may be old */
byte reply_life;   /* of the reply mailbox; 0: there is none */

/* The world. */
bool shared;       /* false: embedded, one process; true: several nodes, one store */
bool replies;      /* envelope 1 is the reply to 0 */
bool connected[4]; /* by taker: the node that serves it still lives */

/* Witness: what happened, whatever the core believes. */
byte given_to[2];  /* 0: never handed out; else the last one */
byte runs[2];      /* what is left of this hand-over; 0: its time is over, or the core was told that it broke */
bool arrived[2];   /* the last byte of this hand-over is with its taker */

#define HELD(e) (state[e] == claimed || state[e] == leased)
#define MAY_TAKE(e, who) (((e) == 1 && replies) == ((who) == ASKER))

/* The only place where the core changes a state. A lease that ends behind the deadline lapses. */
inline step(e, what) {
  d_step {
    if
    :: before[e] -> to = NEXT(state[e], lost, confirms[e])
    :: !before[e] && state[e] == leased && !life[e] && (what == broken || what == overdue) -> to = NEXT(leased, lapse, true)
    :: else -> to = NEXT(state[e], what, confirms[e])
    fi;
    if
    :: to == none
    :: else ->
       assert(!SETTLED(state[e]));                              /* W3 */
       assert(to != delivered || arrived[e]);                   /* W4 */
       assert(to != expired || (!given_to[e] && !life[e]));     /* W5 */
       assert(to != refused || !given_to[e] || what == refuse); /* W6 */
       assert(to != returned || life[e]);                       /* W7 */
       state[e] = to;
       if
       :: !HELD(e) -> holder[e] = 0; hold[e] = 0
       :: else
       fi;
       if
       :: SETTLED(to) -> life[e] = 0; before[e] = false; given_to[e] = 0; runs[e] = 0; arrived[e] = false
       :: else
       fi
    fi;
    to = none
  }
}

inline hand_out(e, who) {
  d_step {
    assert(!given_to[e] || (confirms[e] && !runs[e]));  /* W1 */
    assert(life[e] && !before[e] && MAY_TAKE(e, who)); /* W2 */
    holder[e] = who;
    hold[e] = HOLD;
    given_to[e] = who;
    runs[e] = HOLD;
    arrived[e] = false;
    connected[who] = true
  }
}

/* Of this taker; a hand-over that is over, or somebody else's by now, is not touched. */
inline end_hand_over(e, who, what) {
  if
  :: holder[e] != who
  :: holder[e] == who && !hold[e] -> step(e, overdue)
  :: else -> step(e, what)
  fi
}

/* Puts sooner or later, and may take back at any time what nobody has. */
proctype Sender() {
  mtype:state to = none;
  byte e;
  atomic { state[0] = waiting; life[0] = LIFE; reply_life = (replies -> LIFE + GRACE : 0) };
  if
  :: atomic { !replies -> state[1] = waiting; life[1] = LIFE }
  :: replies
  fi;
  if
  :: atomic { AVAILABLE(state[0]) -> step(0, withdraw) }
  :: atomic { AVAILABLE(state[1]) -> step(1, withdraw) }
  :: true
  fi
}

#define OPEN(e) (AVAILABLE(state[e]) && MAY_TAKE(e, who))

inline leave() { connected[who] = false; e = 0 }

/* Takes, gets the bytes, answers, ends; or leaves at any point without a word, and comes back. */
proctype Taker(byte who) {
  mtype:state to = none;
  byte e;
end:
  do
  :: atomic {
       if
       :: OPEN(0) -> e = 0
       :: OPEN(1) -> e = 1
       fi;
       /* One synchronous step of the embedded core, one script of the store. The clock decides here, not the timer. */
       if
       :: !life[e] -> step(e, expire)
       :: else -> step(e, claim)
       fi;
       if
       :: HELD(e) -> hand_out(e, who)
       :: else -> leave(); goto end
       fi
     };
     if
     :: atomic { connected[who] -> arrived[e] = (arrived[e] || given_to[e] == who) }
     :: atomic { connected[who] -> runs[e] = (given_to[e] == who -> 0 : runs[e]); end_hand_over(e, who, broken); leave(); goto end }
     :: atomic { leave(); goto end }
     fi;
     do
     :: atomic {
          replies && e == 0 && state[1] == none && reply_life ->
          state[1] = waiting;
          life[1] = (reply_life < LIFE -> reply_life : LIFE)
        }
     :: atomic { connected[who] || confirms[e] -> end_hand_over(e, who, confirm); leave(); break }
     :: atomic { end_hand_over(e, who, refuse); leave(); break }
     :: atomic { leave(); break }
     od
  od
}

#define ENDED(e) (AVAILABLE(state[e]) && (before[e] || !life[e]))
#define OVERDUE(e) (HELD(e) && (before[e] || !hold[e]))

/* Any of these may come late, none comes early. */
proctype Timer() {
  mtype:state to = none;
end:
  do
  :: atomic { ENDED(0) -> step(0, expire) }
  :: atomic { ENDED(1) -> step(1, expire) }
  :: atomic { OVERDUE(0) -> step(0, overdue) }
  :: atomic { OVERDUE(1) -> step(1, overdue) }
  od
}

inline tick(left) { left = (left -> left - 1 : 0) }

proctype Clock() {
end:
  do
  :: d_step {
       life[0] || life[1] || hold[0] || hold[1] || runs[0] || runs[1] || reply_life ->
       tick(life[0]); tick(hold[0]); tick(runs[0]);
       tick(life[1]); tick(hold[1]); tick(runs[1]);
       tick(reply_life)
     }
  od
}

inline may_cut(who) {
  if
  :: connected[who] = false
  :: true
  fi
}

/* The other copy of the store takes over: it may not have heard of a claim, and knows that it may not have. */
inline roll_back(e) {
  before[e] = (state[e] != none && !SETTLED(state[e]));
  if
  :: HELD(e) -> state[e] = waiting; holder[e] = 0; hold[e] = 0
  :: true
  fi
}

/* An embedded node ends, with or without a word, and begins anew; a node among others, or the store of all, is lost. */
proctype Nodes() {
  mtype:state to = none;
  byte failures;
  do
  :: atomic { failures < FAILURES -> failures++;
       if
       :: !shared ->
          if
          :: step(0, lost); step(1, lost)
          :: step(0, close); step(1, close)
          fi;
          d_step { reply_life = 0; connected[1] = false; connected[2] = false; connected[ASKER] = false }
       :: shared -> may_cut(1); may_cut(2); may_cut(ASKER)
       :: shared -> roll_back(0); roll_back(1)
       fi
     }
  :: atomic { failures = FAILURES; break }
  od
}

init {
  atomic {
    if
    :: shared = false
    :: shared = true
    fi;
    if
    :: confirms[0] = false
    :: confirms[0] = true
    fi;
    if
    :: confirms[1] = confirms[0]
    :: confirms[1] = true
    :: replies = true; run Taker(ASKER)
    fi;
    run Clock();
    run Timer();
    run Sender();
    run Taker(1);
    run Taker(2);
    run Nodes()
  }
}

ltl ends_0 { [] (state[0] != none -> <> SETTLED(state[0])) }
ltl ends_1 { [] (state[1] != none -> <> SETTLED(state[1])) }
