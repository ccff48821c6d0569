//! What the other of two policies would have said: the one that did not decide.

use crate::verdict::{Decision, Reason};

/// What a policy says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub decision: Decision,
    /// Why it is refused.
    pub reason: Option<Reason>,
}

/// The comparison of a policy with its candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trial {
    /// Both say something else; the active policy decided.
    Active {
        /// What the candidate says.
        candidate: Verdict,
    },
    /// Both say something else; the candidate decided.
    Candidate {
        /// What the active policy says.
        active: Verdict,
    },
    /// The candidate needs something to judge that the active policy does not ask for, so it was not compared.
    Unknown,
}

impl Trial {
    /// What the candidate says, where it is compared and not in the record itself.
    pub(super) const fn outcome(self) -> &'static str {
        match self {
            Self::Active { candidate } => match candidate.decision {
                Decision::Allow => "would_allow",
                Decision::Deny => "would_deny",
            },
            Self::Candidate { active } => match active.decision {
                Decision::Allow => "would_have_allowed",
                Decision::Deny => "would_have_denied",
            },
            Self::Unknown => "unknown",
        }
    }

    /// What the policy that did not decide says.
    pub(super) const fn other(self) -> Option<Verdict> {
        match self {
            Self::Active { candidate } => Some(candidate),
            Self::Candidate { active } => Some(active),
            Self::Unknown => None,
        }
    }
}
