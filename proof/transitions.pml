/* SPDX-License-Identifier: EUPL-1.2 */
/* Generated from src/core/states.ts by "npm run docs". Change it there. */

mtype:state = { none, waiting, returned, claimed, leased, delivered, expired, refused, unknown }
mtype:event = { claim, confirm, refuse, broken, overdue, lapse, expire, withdraw, close, lost }

#define AVAILABLE(s) ((s) == waiting || (s) == returned)
#define SETTLED(s) ((s) == delivered || (s) == expired || (s) == refused || (s) == unknown)

/* The state that an event leads to, or none when it cannot happen. confirms: the mailbox is of the kind lease-and-confirm. */
#define NEXT(from, what, confirms) \
  ((from) == waiting && (what) == claim && !(confirms) -> claimed : \
  ((from) == waiting && (what) == claim && (confirms) -> leased : \
  ((from) == waiting && (what) == expire -> expired : \
  ((from) == waiting && (what) == withdraw -> refused : \
  ((from) == waiting && (what) == close -> refused : \
  ((from) == waiting && (what) == lost -> unknown : \
  ((from) == returned && (what) == claim && !(confirms) -> claimed : \
  ((from) == returned && (what) == claim && (confirms) -> leased : \
  ((from) == returned && (what) == expire -> unknown : \
  ((from) == returned && (what) == withdraw -> unknown : \
  ((from) == returned && (what) == close -> unknown : \
  ((from) == returned && (what) == lost -> unknown : \
  ((from) == claimed && (what) == confirm -> delivered : \
  ((from) == claimed && (what) == refuse -> refused : \
  ((from) == claimed && (what) == broken -> unknown : \
  ((from) == claimed && (what) == overdue -> unknown : \
  ((from) == claimed && (what) == close -> unknown : \
  ((from) == claimed && (what) == lost -> unknown : \
  ((from) == leased && (what) == confirm -> delivered : \
  ((from) == leased && (what) == refuse -> refused : \
  ((from) == leased && (what) == broken -> returned : \
  ((from) == leased && (what) == overdue -> returned : \
  ((from) == leased && (what) == lapse -> unknown : \
  ((from) == leased && (what) == close -> unknown : \
  ((from) == leased && (what) == lost -> unknown : \
  none)))))))))))))))))))))))))
