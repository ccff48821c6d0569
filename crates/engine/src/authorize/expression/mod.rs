//! Expressions in CEL, for what the other rules cannot say.
//!
//! `uses` walks the syntax tree when a policy is loaded: it refuses names and functions that there are not, bounds what an
//! evaluation can cost, and notes which values it needs; `values` makes just these of an exchange; `pattern` has the regular
//! expressions, compiled beforehand.
//!
//! INVARIANT (bounded): no function reads a clock or grows a value without bound; loops nest at most [`uses::MOST_LOOPS`] deep,
//! over values of the exchange or lists written out, and an exchange whose values are too many for that is refused unevaluated.
//! INVARIANT (one reading): a header or query parameter that an expression names must stand at most once.

mod pattern;
mod uses;
mod values;

use super::Request;
use crate::config::Timestamp;
use crate::verdict::{Reason, Refusal};
use cel::parser::{Expression as Tree, PrattParser};
use cel::{Context, Env, Value};
use pattern::Patterns;
use std::fmt;
use std::sync::Arc;
use uses::Uses;

/// The longest expression, in bytes.
const LONGEST: usize = 2048;
/// The most nodes of its syntax tree, macros expanded.
const MOST_NODES: u32 = 512;
/// The deepest nesting.
const DEEPEST: u16 = 32;
/// The most steps of one evaluation, as [`Uses::steps`] reckons them.
const MOST_STEPS: u64 = 200_000;

/// What expressions have in common: the functions that they may call.
#[derive(Clone)]
pub(crate) struct Functions(Arc<Env>);

impl Functions {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Env::default().with_stdlib()))
    }
}

/// An expression, compiled.
pub(crate) struct Expression {
    tree: Tree,
    functions: Functions,
    uses: Uses,
    patterns: Arc<Patterns>,
}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    /// Every mistake in it, as a sentence.
    pub(crate) fn compile(text: &str, functions: &Functions) -> Result<Self, Vec<String>> {
        if text.len() > LONGEST {
            return Err(vec![format!(
                "the expression is too long: at most {LONGEST} bytes are possible"
            )]);
        }
        let parser = PrattParser::new()
            .max_recursion_depth(DEEPEST)
            .error_reporting_limit(3);
        let tree = parser.parse(text).map_err(|errors| {
            errors
                .errors
                .iter()
                .map(|e| e.msg.clone())
                .collect::<Vec<_>>()
        })?;
        let uses = Uses::of(&tree)?;
        if uses.nodes() > MOST_NODES {
            return Err(vec![format!(
                "the expression has too many parts: at most {MOST_NODES} are possible, loops written out"
            )]);
        }
        let patterns = Arc::new(Patterns::compile(&uses.patterns)?);
        Ok(Self {
            tree,
            functions: functions.clone(),
            uses,
            patterns,
        })
    }

    /// Whether it looks at the peer of the connection.
    pub(crate) fn uses_source(&self) -> bool {
        self.uses.source
    }

    /// Whether it looks at a parameter of the path.
    pub(crate) fn uses_parameters(&self) -> bool {
        self.uses.parameters
    }

    /// Evaluates it: only `true` passes.
    pub(super) fn check(&self, request: &Request<'_>, now: Timestamp) -> Result<(), Refusal> {
        let failed =
            |expected: &str| Err(Refusal::at(Reason::ExpressionError, "cel").expected(expected));
        let values = match values::of(&self.uses, request, now) {
            Ok(values) => values,
            Err(why) => return failed(why),
        };
        if self.uses.steps(values.weight) > MOST_STEPS {
            return failed("fewer values to loop over");
        }
        let mut context = Context::with_env(Arc::clone(&self.functions.0));
        for (name, value) in values.variables {
            context.add_variable_from_value(name, value);
        }
        if !self.patterns.is_empty() {
            let patterns = Arc::clone(&self.patterns);
            let added = context.add_function(
                "matches",
                move |cel::extractors::This(text): cel::extractors::This<Arc<String>>,
                      pattern: Arc<String>| patterns.matches(&pattern, &text),
            );
            if added.is_err() {
                return failed("a function `matches`");
            }
        }
        match context.resolve(&self.tree) {
            Ok(Value::Bool(true)) => Ok(()),
            Ok(Value::Bool(false)) => Err(Refusal::at(Reason::ExpressionDenied, "cel")),
            // What went wrong holds values of the exchange: it is told to nobody.
            Ok(_) => failed("`true` or `false`"),
            Err(_) => failed("values that the expression can be evaluated with"),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expression")
            .field("uses", &self.uses)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
