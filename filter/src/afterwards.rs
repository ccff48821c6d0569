//! What is left to do when a stream has ended: only exchanges whose limits ask for it come here.

use crate::head;
use crate::host::Host;
use crate::shared;
use meshward_engine::audit::Record;
use meshward_engine::transaction::Ended;

/// The most questions at the end of one stream. The engine's own bound is lower.
const MOST_QUESTIONS: usize = 2048;

/// Does it, if there is anything.
pub(crate) fn settle(host: &impl Host, record: &mut Record) {
    let Some(mut afterwards) = record.afterwards.take() else {
        return;
    };
    let now = host.now();
    let sizes = afterwards.needs_sizes();
    let status = record.status.or_else(|| {
        afterwards
            .needs_status()
            .then(|| head::status_sent(host))
            .flatten()
    });
    let size = |of| sizes.then(|| head::size(host, of)).flatten();
    let ended = Ended {
        reason: record.reason,
        status,
        request_size: size("request").unwrap_or_default(),
        response_size: size("response").unwrap_or_default(),
    };
    let mut answer = None;
    for _ in 0..MOST_QUESTIONS {
        let Some(query) = afterwards.step(answer, &ended, now) else {
            return;
        };
        answer = Some(shared::answer(host, query));
    }
}
