//! Sends the requests of the demo one by one, and keeps what came of each: what the client got, and what the proxy decided.

use super::call::{self, Answer, Call};
use super::decision::{self, Decision};
use super::shop::{Service, Shop};
use anyhow::{Context as _, Result};
use serde_json::Value;

/// What must come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    /// It passes, and the service answers with this status.
    Admitted(u16),
    /// It passes, and the log says what a control in monitor mode saw.
    Noticed(u16, &'static str),
    /// It is refused, with this status and reason.
    Refused(u16, &'static str),
}

/// What came of a request.
#[derive(Debug)]
pub(super) struct Row {
    /// The method and where it went.
    pub(super) request: String,
    /// Who called.
    pub(super) who: String,
    /// How often it was sent.
    pub(super) times: u64,
    /// What the proxy decided.
    pub(super) decision: Decision,
    /// What it shows, in plain words.
    pub(super) shows: &'static str,
    /// What is not as expected.
    pub(super) wrong: Option<String>,
}

/// The running shop, a client, and what has happened so far.
pub(super) struct Stage {
    shop: Shop,
    client: ureq::Agent,
    rows: Vec<Row>,
    sent: u64,
}

impl Stage {
    pub(super) fn new(shop: Shop) -> Result<Self> {
        Ok(Self {
            shop,
            client: call::client(),
            rows: Vec::new(),
            sent: 0,
        })
    }

    /// Sends one request.
    pub(super) fn send(
        &mut self,
        who: &str,
        call: &Call,
        expect: Expect,
        shows: &'static str,
    ) -> Result<Answer> {
        self.send_times(1, who, call, expect, shows)
    }

    /// Sends the same request several times; the same must come of each.
    pub(super) fn send_times(
        &mut self,
        times: u64,
        who: &str,
        call: &Call,
        expect: Expect,
        shows: &'static str,
    ) -> Result<Answer> {
        let mut wrong = None;
        let mut last = None;
        for _ in 0..times {
            self.sent = self.sent.saturating_add(1);
            let id = self.last_id();
            let port = self.shop.port(call.service);
            let answer = call::send(&self.client, port, &id, call)?;
            let decision = self.decision(call.service, &id)?;
            wrong = wrong
                .or_else(|| expect.differs(&decision))
                .or_else(|| answer.differs(&decision));
            last = Some((answer, decision));
        }
        let (answer, decision) = last.context("a request that is sent no time")?;
        self.rows.push(Row {
            request: format!("{} {} {}", call.method, call.service.name(), call.target),
            who: who.to_owned(),
            times,
            decision,
            shows,
            wrong,
        });
        Ok(answer)
    }

    /// Looks at what another service's proxy decided about a call that the last request has caused.
    pub(super) fn look(
        &mut self,
        caller: Service,
        called: Service,
        request: &str,
        expect: Expect,
        shows: &'static str,
    ) -> Result<()> {
        let decision = self.decision(called, &self.last_id())?;
        let wrong = expect.differs(&decision).or_else(|| {
            let subject = decision.subject.as_deref();
            (subject != Some(caller.name())).then(|| format!("the caller is known as {subject:?}"))
        });
        self.rows.push(Row {
            request: request.to_owned(),
            who: format!("{} (service key)", caller.name()),
            times: 1,
            decision,
            shows,
            wrong,
        });
        Ok(())
    }

    /// Says that the last row is not as expected, unless `fits`.
    pub(super) fn check(&mut self, fits: bool, wrong: &str) {
        if let Some(row) = self.rows.last_mut()
            && !fits
        {
            row.wrong.get_or_insert_with(|| wrong.to_owned());
        }
    }

    /// The shop and the rows.
    pub(super) fn close(self) -> (Shop, Vec<Row>) {
        (self.shop, self.rows)
    }

    fn last_id(&self) -> String {
        format!("demo-{}", self.sent)
    }

    fn decision(&mut self, service: Service, id: &str) -> Result<Decision> {
        self.shop
            .wait_in_log(service, |log| decision::about(log, id))?
            .with_context(|| format!("the log of {} has no decision on {id}", service.name()))
    }
}

impl Expect {
    /// How a decision differs from what is expected.
    fn differs(self, seen: &Decision) -> Option<String> {
        let fits = match self {
            Self::Admitted(status) => {
                seen.admitted && seen.monitored.is_none() && seen.status == status
            }
            Self::Noticed(status, reason) => {
                seen.admitted && seen.monitored.as_deref() == Some(reason) && seen.status == status
            }
            Self::Refused(status, reason) => {
                !seen.admitted && seen.reason.as_deref() == Some(reason) && seen.status == status
            }
        };
        (!fits).then(|| match self {
            Self::Admitted(status) => format!("expected {status}, admitted"),
            Self::Noticed(status, reason) => format!("expected {status}, admitted with {reason}"),
            Self::Refused(status, reason) => format!("expected {status}, refused for {reason}"),
        })
    }
}

impl Answer {
    /// How an answer differs from what the proxy says about it.
    fn differs(&self, decision: &Decision) -> Option<String> {
        if self.status != decision.status {
            return Some(format!("the client got {}", self.status));
        }
        let told = self.body.get("reason").and_then(Value::as_str);
        (!decision.admitted && told != decision.reason.as_deref())
            .then(|| format!("the client was told {told:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_another_reason_is_not_as_expected() {
        let seen = Decision {
            status: 401,
            admitted: false,
            reason: Some("jwt_expired".to_owned()),
            monitored: None,
            subject: None,
        };
        assert_eq!(Expect::Refused(401, "jwt_expired").differs(&seen), None);
        for other in [
            Expect::Refused(401, "jwt_signature"),
            Expect::Refused(403, "jwt_expired"),
            Expect::Admitted(401),
        ] {
            assert!(other.differs(&seen).is_some(), "{other:?}");
        }
        let answer = Answer {
            status: 401,
            body: serde_json::json!({ "reason": "jwt_expired" }),
        };
        assert_eq!(answer.differs(&seen), None);
    }
}
