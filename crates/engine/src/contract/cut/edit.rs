//! Changes of a text, gathered first and made in one pass.
//!
//! Changes may overlap: what one takes out, another cannot bring back.

use crate::contract::json::Span;

/// Some changes of a text.
#[derive(Debug, Default)]
pub(in crate::contract) struct Edits(Vec<Edit>);

/// One change.
#[derive(Debug, Clone, Copy)]
struct Edit {
    span: Span,
    with: &'static str,
}

impl Edits {
    /// Puts something in the place of a value.
    pub(super) fn replace(&mut self, span: Span, with: &'static str) {
        self.0.push(Edit { span, with });
    }

    /// Takes out some of the members or items of one value, by their indices in order, with as many commas.
    ///
    /// What follows one that stays goes with the comma before it; what nothing is before goes with the comma after it.
    pub(super) fn leave_out(&mut self, all: impl Iterator<Item = Span>, gone: &[usize]) {
        let mut gone = gone.iter().copied().peekable();
        let mut parts: Vec<(Span, bool)> = all
            .enumerate()
            .map(|(index, span)| (span, gone.next_if_eq(&index).is_some()))
            .collect();
        // Of objects with many members the order is another one.
        parts.sort_unstable_by_key(|(span, _)| span.start);
        let mut kept = None;
        let mut parts = parts.into_iter().peekable();
        while let Some((span, is_gone)) = parts.next() {
            if !is_gone {
                kept = Some(span.end);
                continue;
            }
            let span = match (kept, parts.peek()) {
                (Some(start), _) => Span { start, ..span },
                (None, Some((next, _))) => Span {
                    end: next.start,
                    ..span
                },
                (None, None) => span,
            };
            self.replace(span, "");
        }
    }

    /// The changed text; `None` where nothing changes.
    pub(in crate::contract) fn apply(mut self, text: &[u8]) -> Option<Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        // Of two that begin in one place, the longer one goes first.
        self.0
            .sort_unstable_by_key(|edit| (edit.span.start, std::cmp::Reverse(edit.span.end)));
        let mut out = Vec::with_capacity(text.len());
        let mut done = 0;
        for Edit { span, with } in self.0 {
            let (start, end) = (span.start as usize, span.end as usize);
            if start >= done {
                out.extend_from_slice(text.get(done..start)?);
                out.extend_from_slice(with.as_bytes());
            }
            done = done.max(end);
        }
        out.extend_from_slice(text.get(done..)?);
        Some(out)
    }
}
