//! Decisions, as the proxies log them.

use serde_json::Value;

/// What one proxy decided about one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// The status that the caller got.
    pub(super) status: u16,
    pub(super) admitted: bool,
    /// Why it was refused.
    pub(super) reason: Option<String>,
    /// What was seen, and let pass.
    pub(super) monitored: Option<String>,
    /// The caller, as the proxy knows it.
    pub(super) subject: Option<String>,
}

/// The decision about the request with this id, in the log of an Envoy.
pub(super) fn about(log: &str, id: &str) -> Option<Decision> {
    log.lines().find_map(|line| {
        // Envoy puts the time, the level and the plugin before the JSON.
        let line: Value = serde_json::from_str(line.get(line.find('{')?..)?).ok()?;
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        if text("meshward.request_id") != Some(id) {
            return None;
        }
        let monitored = line
            .get("meshward.findings")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .find(|finding| finding.get("mode").and_then(Value::as_str) == Some("monitor"))
            .and_then(|finding| finding.get("reason")?.as_str());
        Some(Decision {
            status: u16::try_from(line.get("http.response.status_code")?.as_u64()?).ok()?,
            admitted: text("meshward.decision")? == "allow",
            reason: text("meshward.reason").map(str::to_owned),
            monitored: monitored.map(str::to_owned),
            subject: text("meshward.identity.subject").map(str::to_owned),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_found_by_its_request_among_other_lines() {
        let log = "[2026-11-22 10:00:00.000][7][warning][main] some {brace\n\
            {\"request_id\":\"demo-1\",\"status\":200}\n\
            [2026-11-22 10:00:00.000][9][info][wasm] [x.cc:1] wasm log meshward: {\"meshward.request_id\":\"demo-1\",\
            \"meshward.decision\":\"allow\",\"http.response.status_code\":200,\"meshward.identity.subject\":\"anna\",\
            \"meshward.findings\":[{\"control\":\"authorize\",\"reason\":\"scope_missing\",\"mode\":\"monitor\"}]}\n";
        let found = about(log, "demo-1").unwrap();
        assert!(found.admitted);
        assert_eq!(found.monitored.as_deref(), Some("scope_missing"));
        assert_eq!(found.subject.as_deref(), Some("anna"));
        assert_eq!(about(log, "demo-2"), None);
    }
}
