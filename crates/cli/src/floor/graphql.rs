//! GraphQL under a floor: what requests may ask at most, wherever a policy takes GraphQL. A floor does not make an endpoint take it.

use super::Floor;
use super::document::Graphql;
use super::tighten::absent_or_lower;
use meshward_engine::config::{GraphqlOperation, GraphqlRules};
use meshward_engine::{Problem, pointer};

/// What the rules at `at` say that is looser.
pub(super) fn levels(floor: &Floor, at: &str, own: &GraphqlRules, problems: &mut Vec<Problem>) {
    let most = &floor.document.endpoints.graphql;
    let wide = |bound: Option<u32>| bound.map(u64::from);
    let bounds = [
        ("maxDepth", wide(most.max_depth), wide(own.max_depth)),
        ("maxFields", wide(most.max_fields), wide(own.max_fields)),
        (
            "maxRootFields",
            wide(most.max_root_fields),
            wide(own.max_root_fields),
        ),
        ("maxAliases", wide(most.max_aliases), wide(own.max_aliases)),
        (
            "maxDirectives",
            wide(most.max_directives),
            wide(own.max_directives),
        ),
        ("maxCost", most.max_cost, own.max_cost),
        ("maxTokens", wide(most.max_tokens), wide(own.max_tokens)),
        ("maxBatch", wide(most.max_batch), wide(own.max_batch)),
    ];
    super::levels::loosened(floor, at, "graphql", bounds, problems);
    let mut looser = |field: &str, what: &str| {
        let at = pointer(&pointer(at, "graphql"), field);
        problems.push(floor.looser(at, what, &pointer("/endpoints/graphql", field)));
    };
    if most.introspection == Some(false) && own.introspection {
        looser("introspection", "the service may be asked for its schema");
    }
    if let (Some(only), Some(named)) = (&most.operation_types, &own.operation_types)
        && let Some(other) = named.iter().find(|kind| !only.contains(kind))
    {
        let what = format!("`{}` may not pass", other.name());
        looser("operationTypes", &what);
    }
}

/// Gives rules what they do not say.
pub(super) fn tighten(most: &Graphql, own: &mut GraphqlRules) {
    let absent = GraphqlRules::ABSENT;
    absent_or_lower(&mut own.max_depth, most.max_depth, absent.max_depth);
    absent_or_lower(&mut own.max_fields, most.max_fields, absent.max_fields);
    absent_or_lower(
        &mut own.max_root_fields,
        most.max_root_fields,
        absent.max_root_fields,
    );
    absent_or_lower(&mut own.max_aliases, most.max_aliases, absent.max_aliases);
    absent_or_lower(
        &mut own.max_directives,
        most.max_directives,
        absent.max_directives,
    );
    absent_or_lower(&mut own.max_cost, most.max_cost, absent.max_cost);
    absent_or_lower(&mut own.max_tokens, most.max_tokens, absent.max_tokens);
    // Without a bound of its own, a policy takes no lists at all.
    if own.max_batch.is_some() {
        absent_or_lower(&mut own.max_batch, most.max_batch, None);
    }
    own.introspection &= most.introspection != Some(false);
    if let Some(only) = &most.operation_types {
        let kept = own.types().iter().copied();
        let kept: Vec<GraphqlOperation> = kept.filter(|kind| only.contains(kind)).collect();
        own.operation_types = Some(kept);
    }
}
