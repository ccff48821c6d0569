//! What the demo shows at its end: a table or JSON, a summary, and commands to try.

use super::acts::{ORDER, customer, key};
use super::issuer::Issuer;
use super::shop::{Service, Shop, logs};
use super::stage::Row;
use crate::table;
use anyhow::Result;
use serde_json::{Value, json};

/// All that happened.
#[derive(Debug)]
pub(super) struct Report {
    rows: Vec<Row>,
}

impl Report {
    pub(super) fn of(rows: Vec<Row>) -> Self {
        Self { rows }
    }

    /// Whether every row is as expected.
    pub(super) fn as_expected(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.wrong.is_none())
    }

    /// The table and the summary.
    pub(super) fn text(&self) -> String {
        let head = [
            "#",
            "request",
            "who",
            "status",
            "decision",
            "reason",
            "what it shows",
        ];
        let rows = self
            .rows
            .iter()
            .zip(1..)
            .map(|(row, number)| row.cells(number));
        format!("{}\n{}", table::of(&head, rows.collect()), self.summary())
    }

    fn summary(&self) -> String {
        let wrong: Vec<_> = self
            .rows
            .iter()
            .zip(1..)
            .filter_map(|(row, number)| {
                row.wrong
                    .as_ref()
                    .map(|wrong| format!("\n  row {number}: {wrong}"))
            })
            .collect();
        let end = if wrong.is_empty() {
            "all as expected".to_owned()
        } else {
            format!("{} not as expected:{}", wrong.len(), wrong.concat())
        };
        format!(
            "admitted {}, refused {}, {end}",
            self.count(true),
            self.count(false)
        )
    }

    /// The rows and the summary, for programs.
    pub(super) fn json(&self) -> Value {
        let rows = self
            .rows
            .iter()
            .zip(1..)
            .map(|(row, number)| row.json(number));
        json!({
            "rows": rows.collect::<Vec<_>>(),
            "admitted": self.count(true),
            "refused": self.count(false),
            "asExpected": self.as_expected(),
        })
    }

    fn count(&self, admitted: bool) -> u64 {
        let rows = self
            .rows
            .iter()
            .filter(|row| row.decision.admitted == admitted);
        rows.map(|row| row.times).sum()
    }
}

impl Row {
    fn decision(&self) -> &'static str {
        if self.decision.admitted {
            "allow"
        } else {
            "deny"
        }
    }

    fn cells(&self, number: u64) -> Vec<String> {
        let reason = match (&self.decision.reason, &self.decision.monitored) {
            (Some(reason), _) => reason.clone(),
            (None, Some(noticed)) => format!("(monitor) {noticed}"),
            (None, None) => String::new(),
        };
        let shows = match &self.wrong {
            Some(wrong) => format!("✗ {wrong}"),
            None => self.shows.to_owned(),
        };
        vec![
            number.to_string(),
            shorter(&self.request, self.times),
            self.who.clone(),
            self.decision.status.to_string(),
            self.decision().to_owned(),
            reason,
            shows,
        ]
    }

    fn json(&self, number: u64) -> Value {
        json!({
            "number": number,
            "request": self.request,
            "times": self.times,
            "who": self.who,
            "status": self.decision.status,
            "decision": self.decision(),
            "reason": self.decision.reason,
            "monitored": self.decision.monitored,
            "shows": self.shows,
            "asExpected": self.wrong.is_none(),
            "wrong": self.wrong,
        })
    }
}

/// A request for the table: identifiers are cut short, and repetition is named.
fn shorter(request: &str, times: u64) -> String {
    let parts: Vec<_> = request
        .split('/')
        .map(|part| match part.get(..8) {
            Some(start) if part.len() == 36 => format!("{start}…"),
            _ => part.to_owned(),
        })
        .collect();
    let times = if times > 1 {
        format!("{times} × ")
    } else {
        String::new()
    };
    format!("{times}{}", parts.join("/"))
}

/// Commands for a shop that stays up.
pub(super) fn to_try(shop: &Shop) -> Result<String> {
    let url = |service: Service| format!("http://localhost:{}", shop.port(service));
    let (orders, payments) = (url(Service::Orders), url(Service::Payments));
    let token = Issuer::open()?.sign(customer("anna"))?;
    let acme = key("acme")?;
    Ok(format!(
        "\nThe shop stays up until Ctrl-C. The token is good for half an hour. To try:\n\n\
        TOKEN={token}\n\
        curl -i {orders}/orders\n\
        curl -i {orders}/orders -H \"authorization: Bearer $TOKEN\"\n\
        curl -i {orders}/orders -H \"authorization: Bearer $TOKEN\" -H 'content-type: application/json' -d '{ORDER}'\n\
        curl -i '{orders}/orders?limit=5000' -H 'x-api-key: {acme}'\n\
        curl -i {payments}/payments -X POST -H \"authorization: Bearer $TOKEN\"\n\n\
        orders {orders}, payments {payments}, users {}; logs in {}",
        url(Service::Users),
        logs().display(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_cut_short_and_nothing_else() {
        let id = "GET payments /payments/0b6c3f3e-5a5e-4f8e-9d0e-0a0b0c0d0e0f/refund";
        assert_eq!(shorter(id, 1), "GET payments /payments/0b6c3f3e…/refund");
        assert_eq!(
            shorter("POST orders /orders?a=b", 3),
            "3 × POST orders /orders?a=b"
        );
    }

    #[test]
    fn nothing_sent_is_not_as_expected() {
        assert!(!Report::of(Vec::new()).as_expected());
    }
}
