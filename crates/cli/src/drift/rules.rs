//! What a proxy's configuration must be like for a policy.

use super::dump::{Dump, Filter, Listener, Meshward, text};
use crate::policy::Ready;
use meshward_engine::bundle::{self, Revision};
use meshward_engine::{Problem, pointer};
use serde_json::Value;

/// What Envoy holds of one message unless it is told otherwise.
const DEFAULT_BUFFER: u64 = 1 << 20;

/// Filters that can change a request so that others read it differently, by the names of their types.
const CHANGING: [&str; 6] = [
    "Lua",
    "LuaPerRoute",
    "ExternalProcessor",
    "HeaderMutation",
    "Wasm",
    "Composite",
];

/// Everything that is wrong.
pub(super) fn problems(dump: &Dump<'_>, ready: &Ready) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut anywhere = false;
    for listener in &dump.listeners {
        for chain in &listener.chains {
            let own = chain
                .iter()
                .enumerate()
                .find_map(|(index, filter)| Some((index, filter.meshward.as_ref()?)));
            match own {
                Some((index, meshward)) => {
                    anywhere = true;
                    order(chain, index, &mut problems);
                    plugin(meshward, ready, &mut problems);
                    buffer(listener, ready, &mut problems);
                }
                None => problems.push(unguarded(listener, chain)),
            }
        }
    }
    if !anywhere {
        problems.push(
            Problem::error(
                "not-on-listener",
                "/configs",
                "the filter is on no listener: nothing is judged",
            )
            .hint("`meshward render envoy` and `meshward render ecds` show where it goes; a filter that waits for its configuration shows only once it has one"),
        );
    }
    for cluster in ready.policy.clusters() {
        if !dump.clusters.contains(cluster) {
            problems.push(
                Problem::error(
                    "cluster-missing",
                    "/configs",
                    format!("the policy asks a server through the cluster `{cluster}`, and the proxy has none of that name"),
                )
                .hint("until it is there, this server counts as one that does not answer"),
            );
        }
    }
    problems
}

fn unguarded(listener: &Listener<'_>, chain: &[Filter<'_>]) -> Problem {
    let at = chain.first().map_or(&listener.at, |filter| &filter.at);
    Problem::warning(
        "not-on-listener",
        at,
        format!(
            "the listener `{}` takes HTTP past the filter: what comes in here is not judged",
            listener.name
        ),
    )
}

/// What stands before the filter must not answer for it, and what stands behind must not change what it has judged.
fn order(chain: &[Filter<'_>], own: usize, problems: &mut Vec<Problem>) {
    for (index, filter) in chain.iter().enumerate().filter(|(index, _)| *index != own) {
        let changes = CHANGING.contains(&filter.kind) && filter.meshward.is_none();
        if index < own && filter.kind == "Router" {
            problems.push(Problem::error(
                "filter-order",
                &filter.at,
                "the router stands before the filter: requests never reach it",
            ));
        } else if index > own && changes {
            problems.push(
                Problem::warning(
                    "filter-order",
                    &filter.at,
                    format!(
                        "`{}` stands behind the filter and can change the request: what goes upstream may not be what was judged",
                        filter.name
                    ),
                )
                .hint("put it before the filter, unless it changes nothing that a service decides by"),
            );
        }
    }
}

/// The filter's own settings.
fn plugin(meshward: &Meshward<'_>, ready: &Ready, problems: &mut Vec<Problem>) {
    let Meshward { config, at, bundle } = meshward;
    let open = config.get("fail_open") == Some(&Value::Bool(true))
        || text(config, "/failure_policy") == "FAIL_OPEN";
    if open {
        problems.push(
            Problem::error(
                "fail-open",
                at,
                "after a fault of the filter, requests pass unjudged (`fail_open`)",
            )
            .hint("set `failure_policy: FAIL_RELOAD`"),
        );
    }
    let holds = config.get("allow_on_headers_stop_iteration") == Some(&Value::Bool(true));
    if let (false, Some(endpoint)) = (holds, ready.policy.holding().next()) {
        problems.push(
            Problem::error(
                "cannot-hold",
                at,
                format!("requests cannot be held back until their bodies are judged, and `{endpoint}` needs that"),
            )
            .hint("set `allow_on_headers_stop_iteration: true`; `meshward render` does"),
        );
    }
    let at = pointer(at, "configuration");
    match bundle::read(bundle.as_bytes()) {
        Err(problem) => problems.push(Problem::error(
            problem.code,
            at,
            format!(
                "the proxy has a bundle that cannot be read: {}",
                problem.message
            ),
        )),
        Ok(read) if read.document.metadata.name == ready.policy.name() => {
            let mut own = ready.bundle.clone();
            own.delivery = read.document.delivery;
            let same = bundle::write(&own)
                .is_ok_and(|(_, revision): (String, Revision)| revision == read.revision);
            if !same {
                problems.push(
                    Problem::warning(
                        "revision-differs",
                        at,
                        format!(
                            "the proxy has revision {} of the policy `{}`, which is not this one",
                            read.revision.name(),
                            ready.policy.name()
                        ),
                    )
                    .hint("`meshward push` delivers this one"),
                );
            }
        }
        Ok(read) => problems.push(Problem::warning(
            "other-policy",
            at,
            format!(
                "the proxy has the policy `{}`, and this one is `{}`",
                read.document.metadata.name,
                ready.policy.name()
            ),
        )),
    }
}

fn buffer(listener: &Listener<'_>, ready: &Ready, problems: &mut Vec<Problem>) {
    let (has, needs) = (
        listener.buffer.unwrap_or(DEFAULT_BUFFER),
        ready.largest_body(),
    );
    if has < needs {
        problems.push(
            Problem::error(
                "buffer-too-small",
                pointer(&listener.at, "per_connection_buffer_limit_bytes"),
                format!(
                    "the listener `{}` holds {has} bytes of a body, and the policy admits {needs}: Envoy answers 413 before the filter sees them",
                    listener.name
                ),
            )
            .hint(format!("set `per_connection_buffer_limit_bytes: {needs}`")),
        );
    }
}
