//! Streams that hold a message while it is not sure that the proxy will show its body.

use super::{CALM, Keeper, MOST_WAITING, SharedStream};
use crate::drive::Judge;
use crate::host::{Host, Side};
use crate::stream::Stream;
use std::cell::RefCell;
use std::rc::{Rc, Weak as WeakRc};

/// One of them.
#[derive(Debug)]
pub(super) struct Doubted<H, J> {
    stream: WeakRc<RefCell<Stream<H, J>>>,
    context: u32,
    received: Option<u64>,
}

impl<H: Host, J: Judge> Keeper<H, J> {
    /// Looks after a stream on the next ticks. `received`: what it had received when it began to hold its message.
    #[cold]
    pub(crate) fn doubt(
        &self,
        host: &H,
        stream: &SharedStream<H, J>,
        context: u32,
        received: Option<u64>,
    ) {
        let mut doubted = self.doubted.borrow_mut();
        if doubted.len() >= MOST_WAITING {
            return;
        }
        doubted.push(Doubted {
            stream: Rc::downgrade(stream),
            context,
            received,
        });
        drop(doubted);
        if self.waiting.borrow().is_empty() {
            self.tick_every(host, context, CALM);
        }
    }

    /// Goes on with the streams whose body is there and was not shown, and forgets those that are in no doubt any more.
    pub(super) fn settle_doubts(&self, host: &H, own_context: u32) {
        let mut doubted = std::mem::take(&mut *self.doubted.borrow_mut());
        if doubted.is_empty() {
            return;
        }
        doubted.retain(|one| {
            let Some(stream) = one.stream.upgrade() else {
                return false;
            };
            // Ticks come between the callbacks of streams, so that this one is free.
            let Ok(mut open) = stream.try_borrow_mut() else {
                return true;
            };
            if !open.is_doubted() || !host.enter(one.context) {
                return false;
            }
            if !open.is_withheld(one.received) {
                return true;
            }
            match open.go_on_without() {
                Some(Side::Request) => host.resume_request(),
                Some(Side::Response) => host.resume_response(),
                None => {}
            }
            false
        });
        host.enter(own_context);
        self.doubted.borrow_mut().append(&mut doubted);
    }
}
