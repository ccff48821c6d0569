//! Which mode a control has on an endpoint: the most specific level that says something wins.

use crate::config::{Mode, Modes, Unknown};
use crate::verdict::Control;

/// The modes of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndpointModes {
    pub(crate) authenticate: Mode,
    pub(crate) abuse: Mode,
    pub(crate) authorize: Mode,
    pub(crate) limit: Mode,
    pub(crate) contract: Mode,
    pub(crate) response: Mode,
}

impl EndpointModes {
    /// Merges levels, the most specific first. Within a level a named control wins over the level's `mode`.
    pub(super) fn merge(levels: &[(Option<Mode>, Modes)]) -> Self {
        let pick = |named: fn(&Modes) -> Option<Mode>| {
            levels
                .iter()
                .find_map(|(mode, modes)| named(modes).or(*mode))
                .unwrap_or(Mode::Enforce)
        };
        Self {
            authenticate: pick(|m| m.authenticate),
            abuse: pick(|m| m.abuse),
            authorize: pick(|m| m.authorize),
            limit: pick(|m| m.limit),
            contract: pick(|m| m.contract),
            // A response must be held back to be judged: that is asked for by name, never by a general `mode`.
            response: levels
                .iter()
                .find_map(|(_, modes)| modes.response)
                .unwrap_or(Mode::Off),
        }
    }

    /// The mode of one control. Reading and routing have none on an endpoint: they come before it.
    pub(crate) fn of(&self, control: Control) -> Option<Mode> {
        match control {
            Control::Reading | Control::Route => None,
            Control::Authenticate => Some(self.authenticate),
            Control::Abuse => Some(self.abuse),
            Control::Authorize => Some(self.authorize),
            Control::Limit => Some(self.limit),
            Control::Contract => Some(self.contract),
            Control::Response => Some(self.response),
        }
    }
}

/// What happens to the unknown where the policy does not say: what the mode does to the known.
pub(super) fn unknown_for(mode: Mode) -> Unknown {
    match mode {
        Mode::Enforce => Unknown::Deny,
        Mode::Monitor => Unknown::Monitor,
        Mode::Off => Unknown::Allow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_level_wins() {
        let none = Modes::default();
        let contract_off = Modes {
            contract: Some(Mode::Off),
            ..none
        };
        let response_on = Modes {
            response: Some(Mode::Enforce),
            ..none
        };
        let merged = EndpointModes::merge(&[
            (None, none),
            (Some(Mode::Monitor), contract_off),
            (Some(Mode::Enforce), response_on),
        ]);
        assert_eq!(merged.contract, Mode::Off);
        assert_eq!(merged.authorize, Mode::Monitor);
        assert_eq!(merged.response, Mode::Enforce);
        let plain = EndpointModes::merge(&[(Some(Mode::Enforce), none)]);
        assert_eq!(
            plain.response,
            Mode::Off,
            "responses are judged only where the policy names them"
        );
    }
}
