//! What outlives a request: what policies need from elsewhere for many requests (keys, parts of quotas that a fleet shares), and the
//! requests that wait for it.
//!
//! There is one keeper in a VM, for all configurations: Envoy stops the ticks of a configuration that was replaced, and requests
//! that began under it must not wait for ever. Any tick serves all.
//!
//! INVARIANT (bounded): so many requests wait at most ([`MOST_WAITING`]); each until a moment that the engine names.

mod doubt;

use crate::drive::Judge;
use crate::host::{CallId, Host};
use crate::shared;
use crate::stream::{Flow, Stream};
use doubt::Doubted;
use meshward_engine::Policy;
use meshward_engine::config::Timestamp;
use meshward_engine::remote::{Ask, Awaited, CallAnswer, Desk, Note, RemoteKeys, Task};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak as WeakRc};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The most requests of one worker that wait.
pub(crate) const MOST_WAITING: usize = 1_000;
/// The most steps of one attempt between two waits. The machine's own bound is far lower.
const MOST_STEPS: usize = 64;
/// While nobody waits.
const CALM: Duration = Duration::from_secs(1);
/// While somebody waits: another worker may be the one that fetches.
const EAGER: Duration = Duration::from_millis(10);

/// While somebody waits for a part of a quota, which is there in a moment.
const PROMPT: Duration = Duration::from_millis(1);

/// While there is nothing to keep.
const NEVER: Duration = Duration::ZERO;

/// A stream, as its callbacks and the keeper share it.
pub(crate) type SharedStream<H, J> = Rc<RefCell<Stream<H, J>>>;

/// Keys, desks and waiting requests of a VM.
#[derive(Debug)]
pub(crate) struct Keeper<H, J> {
    keys: RefCell<Vec<Weak<RemoteKeys>>>,
    desks: RefCell<Vec<Weak<Desk>>>,
    calls: RefCell<HashMap<CallId, Caller<H, J>>>,
    waiting: RefCell<Vec<Waiting<H, J>>>,
    doubted: RefCell<Vec<Doubted<H, J>>>,
    /// The ticks that were asked for last, and by which context.
    period: Cell<Option<(u32, Duration)>>,
}

/// Who made a call, and the root in whose callback it was made: the SDK brings the answer there.
#[derive(Debug)]
enum Caller<H, J> {
    Keys(Weak<RemoteKeys>, u32),
    /// The attempt to get a lease, and its desk.
    Lease(Box<Ask>, Arc<Desk>, u32),
    /// The stream, and its context: the proxy keeps the answer under that one's root, which may be another.
    Stream(WeakRc<RefCell<Stream<H, J>>>, u32, u32),
}

/// What a request waits for.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
    pub(crate) what: Awaited,
    pub(crate) until: Timestamp,
}

/// A request that waits.
#[derive(Debug)]
struct Waiting<H, J> {
    stream: WeakRc<RefCell<Stream<H, J>>>,
    context: u32,
    wait: Wait,
    /// The epoch of what it waits for, when it was last judged.
    epoch: u64,
}

impl<H: Host, J: Judge> Keeper<H, J> {
    /// Nothing to keep yet.
    pub(crate) fn new() -> Self {
        Self {
            keys: RefCell::new(Vec::new()),
            desks: RefCell::new(Vec::new()),
            calls: RefCell::new(HashMap::new()),
            waiting: RefCell::new(Vec::new()),
            doubted: RefCell::new(Vec::new()),
            period: Cell::new(None),
        }
    }

    /// Keeps what a new policy needs: takes keys that other workers, or an earlier policy, have fetched already, and fetches the rest soon.
    pub(crate) fn keep(&self, host: &H, own_context: u32, policy: &Policy, now: Timestamp) {
        let keys = policy.remote_keys();
        for keys in keys {
            self.run(host, own_context, keys, keys.tick(now, false), now);
        }
        let mut kept = self.keys.borrow_mut();
        kept.retain(|old| old.strong_count() > 0);
        kept.extend(keys.iter().map(Arc::downgrade));
        drop(kept);
        let mut kept = self.desks.borrow_mut();
        kept.retain(|old| old.strong_count() > 0);
        kept.extend(policy.desks().iter().map(Arc::downgrade));
        drop(kept);
        // Every configuration has ticks of its own, and at least one: only then is it known to serve.
        self.tick_every(host, own_context, EAGER);
    }

    /// Lets a request wait. `false` when too many do.
    pub(crate) fn wait(
        &self,
        host: &H,
        stream: &SharedStream<H, J>,
        context: u32,
        wait: Wait,
    ) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.len() >= MOST_WAITING {
            return false;
        }
        waiting.push(Waiting {
            stream: Rc::downgrade(stream),
            context,
            epoch: wait.what.epoch(),
            wait,
        });
        drop(waiting);
        self.tick_every(host, context, self.eagerness());
        true
    }

    /// Time has passed: fetches what is due, and goes on with the requests that need not wait any more. `done`: nobody else needs
    /// this configuration's ticks.
    pub(crate) fn tick(&self, host: &H, own_context: u32, done: bool, now: Timestamp) {
        let kept: Vec<_> = self
            .keys
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for keys in &kept {
            self.run(host, own_context, keys, keys.tick(now, true), now);
        }
        let desks: Vec<_> = self
            .desks
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for desk in &desks {
            while let Some(ask) = desk.next(now) {
                let task = ask.start();
                self.fetch(host, own_context, desk, Box::new(ask), task, now);
            }
        }
        self.wake(host, own_context, now);
        self.settle_doubts(host, own_context);
        let period = if !self.waiting.borrow().is_empty() {
            self.eagerness()
        } else if kept.is_empty() && desks.is_empty() && self.doubted.borrow().is_empty() && done {
            NEVER
        } else {
            CALM
        };
        self.tick_every(host, own_context, period);
    }

    /// A call was answered. The answer is read in the context that made the call.
    pub(crate) fn called(
        &self,
        host: &H,
        own_context: u32,
        id: CallId,
        answer: impl FnOnce(&H) -> CallAnswer,
        now: Timestamp,
    ) {
        let caller = self.calls.borrow_mut().remove(&id);
        match caller {
            Some(Caller::Keys(keys, _)) => {
                if let Some(keys) = keys.upgrade() {
                    let task = keys.called(&answer(host), now);
                    self.run(host, own_context, &keys, task, now);
                    self.wake(host, own_context, now);
                }
            }
            Some(Caller::Lease(mut ask, desk, _)) => {
                let task = ask.called(&answer(host), now);
                self.fetch(host, own_context, &desk, ask, task, now);
                self.wake(host, own_context, now);
            }
            Some(Caller::Stream(stream, context, _)) => {
                self.answered(host, own_context, (&stream, context), |s| {
                    s.called(id, answer)
                });
            }
            None => {}
        }
    }

    /// Goes on with a stream whose call came to its end.
    fn answered(
        &self,
        host: &H,
        own_context: u32,
        (stream, context): (&WeakRc<RefCell<Stream<H, J>>>, u32),
        judge: impl FnOnce(&mut Stream<H, J>) -> Flow,
    ) {
        let Some(stream) = stream.upgrade() else {
            return;
        };
        let wait = self.resume(host, own_context, (&stream, context), judge);
        if wait.is_some_and(|wait| !self.wait(host, &stream, context, wait)) {
            self.resume(host, own_context, (&stream, context), Stream::waited_enough);
        }
        host.enter(own_context);
    }

    /// A root ends, and with it the calls that were made in its callbacks: their answers will not come. Somebody else must fetch,
    /// and not only when the lease has run out.
    pub(crate) fn leave(&self, host: &H, own_context: u32, now: Timestamp) {
        let (mut lost, mut streams) = (Vec::new(), Vec::new());
        self.calls.borrow_mut().retain(|id, caller| match caller {
            Caller::Keys(keys, root) if *root == own_context => {
                lost.push(keys.clone());
                false
            }
            Caller::Stream(stream, context, root) if *root == own_context => {
                streams.push((*id, stream.clone(), *context));
                false
            }
            // Another tick asks again, once the others can be sure that no answer comes.
            Caller::Lease(_, _, root) => *root != own_context,
            Caller::Keys(..) | Caller::Stream(..) => true,
        });
        for (id, stream, context) in streams {
            self.answered(host, own_context, (&stream, context), |s| {
                s.called(id, |_| CallAnswer::Failed)
            });
        }
        for keys in lost.iter().filter_map(Weak::upgrade) {
            let task = keys.abandoned();
            self.run(host, own_context, &keys, task, now);
        }
    }

    /// Does what a machine asks for, until it rests or waits for an answer.
    fn run(
        &self,
        host: &H,
        own_context: u32,
        keys: &Arc<RemoteKeys>,
        mut task: Task,
        now: Timestamp,
    ) {
        for _ in 0..MOST_STEPS {
            task = match task {
                Task::Rest => break,
                Task::Ask(query) => keys.answer(shared::answer(host, query), now),
                Task::Call(call) => match host.call(&call) {
                    Some(id) => {
                        let mut calls = self.calls.borrow_mut();
                        calls.insert(id, Caller::Keys(Arc::downgrade(keys), own_context));
                        break;
                    }
                    None => keys.called(&CallAnswer::Failed, now),
                },
            };
        }
        tell(host, keys.take_note());
    }

    /// Does what an attempt to get a lease asks for, until it rests or waits for an answer.
    fn fetch(
        &self,
        host: &H,
        own_context: u32,
        desk: &Arc<Desk>,
        mut ask: Box<Ask>,
        mut task: Task,
        now: Timestamp,
    ) {
        for _ in 0..MOST_STEPS {
            task = match task {
                Task::Rest => break,
                Task::Ask(query) => ask.answer(shared::answer(host, query), now),
                Task::Call(call) => match host.call(&call) {
                    Some(id) => {
                        let caller = Caller::Lease(ask, Arc::clone(desk), own_context);
                        self.calls.borrow_mut().insert(id, caller);
                        return;
                    }
                    None => ask.called(&CallAnswer::Failed, now),
                },
            };
        }
        drop(ask);
        tell(host, desk.take_note());
    }

    /// How often to look while requests wait.
    fn eagerness(&self) -> Duration {
        let waiting = self.waiting.borrow();
        let prompt = |w: &Waiting<H, J>| matches!(w.wait.what, Awaited::Lease(_));
        if waiting.iter().any(prompt) {
            PROMPT
        } else {
            EAGER
        }
    }

    /// Judges the requests again for which something has changed, or whose time is over.
    fn wake(&self, host: &H, own_context: u32, now: Timestamp) {
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        let (due, mut rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .filter(|w| w.stream.strong_count() > 0)
            .partition(|w| now >= w.wait.until || w.wait.what.epoch() != w.epoch);
        for mut waiting in due {
            let Some(stream) = waiting.stream.upgrade() else {
                continue;
            };
            let one = (&stream, waiting.context);
            if let Some(wait) = self.resume(host, own_context, one, Stream::waited) {
                waiting.epoch = wait.what.epoch();
                waiting.wait = wait;
                rest.push(waiting);
            }
        }
        host.enter(own_context);
        self.waiting.borrow_mut().append(&mut rest);
    }

    /// Goes on with one request, in its own context. Gives what it waits for now, if it does.
    fn resume(
        &self,
        host: &H,
        own_context: u32,
        (stream, context): (&SharedStream<H, J>, u32),
        judge: impl FnOnce(&mut Stream<H, J>) -> Flow,
    ) -> Option<Wait> {
        // Streams call the keeper only between their own callbacks, so that this one is free.
        let mut open = stream.try_borrow_mut().ok()?;
        if !host.enter(context) {
            return None;
        }
        if judge(&mut open) == Flow::Pass {
            host.resume_request();
            return None;
        }
        let doubted = open.is_doubted().then(|| open.received());
        if let Some(id) = open.awaits() {
            let caller = Caller::Stream(Rc::downgrade(stream), context, own_context);
            self.calls.borrow_mut().insert(id, caller);
        }
        let wait = open.waits_for();
        drop(open);
        if let Some(received) = doubted {
            self.doubt(host, stream, context, received);
        }
        wait
    }

    fn tick_every(&self, host: &H, context: u32, period: Duration) {
        let wanted = Some((context, period));
        if self.period.replace(wanted) != wanted {
            host.tick_every(period);
        }
    }
}

/// Writes down what an operator should know.
fn tell(host: &impl Host, note: Option<Note>) {
    if let Some(note) = note {
        let level = if note.warning {
            log::Level::Warn
        } else {
            log::Level::Info
        };
        host.log(level, &format!("meshward: {}", note.text));
    }
}

#[cfg(test)]
mod tests;
