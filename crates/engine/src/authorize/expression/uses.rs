//! What an expression looks at, found in its syntax tree.
//!
//! Names, fields and functions that there are not are found here, and not at a request: CEL itself would find them only when
//! an evaluation comes to them.

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use cel::parser::Expression as Tree;
use std::collections::BTreeSet;

/// The deepest nesting of loops (`all`, `exists`, `exists_one`, `map`, `filter`).
pub(super) const MOST_LOOPS: u32 = 2;

/// The deepest tree: an evaluation goes one call deeper with every level, and a module's stack is small.
const DEEPEST: u32 = 64;

/// Operators, and the functions that cost no more than their arguments are long.
const FUNCTIONS: &[&str] = &[
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::IN,
    operators::NOT_STRICTLY_FALSE,
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "timestamp",
    "duration",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
];

/// What an expression looks at.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Fields of `request` that are texts.
    pub(super) request: BTreeSet<&'static str>,
    /// Names of header fields, in lower case.
    pub(super) headers: BTreeSet<String>,
    /// Names of query parameters.
    pub(super) query: BTreeSet<String>,
    pub(super) parameters: bool,
    /// Fields of `identity` but the claims.
    pub(super) identity: bool,
    pub(super) claims: Claims,
    pub(super) source: bool,
    pub(super) now: bool,
    /// The patterns of `matches`.
    pub(super) patterns: BTreeSet<String>,
    nodes: u32,
    loops: u32,
}

/// The claims that an expression looks at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claims {
    Named(BTreeSet<String>),
    All,
}

impl Default for Claims {
    fn default() -> Self {
        Self::Named(BTreeSet::new())
    }
}

impl Uses {
    /// Walks a tree.
    ///
    /// # Errors
    /// Every mistake, as a sentence.
    pub(super) fn of(tree: &Tree) -> Result<Self, Vec<String>> {
        let mut walk = Walk::default();
        walk.node(tree, 0);
        if walk.wrong.is_empty() {
            Ok(walk.uses)
        } else {
            Err(walk.wrong.into_iter().collect())
        }
    }

    /// The number of nodes of the tree.
    pub(super) const fn nodes(&self) -> u32 {
        self.nodes
    }

    /// How many steps an evaluation may take where the values weigh so much: every node once in every round of every loop.
    pub(super) fn steps(&self, weight: u64) -> u64 {
        let rounds = weight.max(u64::from(self.nodes)).max(1);
        rounds
            .saturating_pow(self.loops)
            .saturating_mul(u64::from(self.nodes))
    }
}

/// The way through a tree.
#[derive(Default)]
struct Walk<'a> {
    uses: Uses,
    wrong: BTreeSet<String>,
    /// The variables of the loops around.
    bound: Vec<&'a str>,
    depth: u32,
}

impl<'a> Walk<'a> {
    fn wrong(&mut self, what: impl Into<String>) {
        self.wrong.insert(what.into());
    }

    fn node(&mut self, tree: &'a Tree, loops: u32) {
        self.uses.nodes = self.uses.nodes.saturating_add(1);
        if self.depth >= DEEPEST {
            self.wrong(format!(
                "the expression is nested too deeply: at most {DEEPEST} levels are possible"
            ));
            return;
        }
        self.depth += 1;
        self.inner(tree, loops);
        self.depth -= 1;
    }

    fn inner(&mut self, tree: &'a Tree, loops: u32) {
        if let Some((root, steps)) = self.path(tree) {
            self.value(root, &steps);
            return;
        }
        match &tree.expr {
            // Bound: a free name is a path.
            Expr::Ident(_) | Expr::Literal(_) => {}
            Expr::Select(select) => self.node(&select.operand, loops),
            Expr::Call(call) => self.call(call, loops),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, loops),
            Expr::List(list) => {
                for element in &list.elements {
                    self.node(element, loops);
                }
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::MapEntry(entry) => {
                            self.node(&entry.key, loops);
                            self.node(&entry.value, loops);
                        }
                        EntryExpr::StructField(_) => self.wrong("messages cannot be made here"),
                    }
                }
            }
            Expr::Struct(_) => self.wrong("messages cannot be made here"),
            Expr::Unspecified => self.wrong("a part of the expression is empty"),
        }
    }

    /// A free name with the fields that are selected on it, written with dots or as texts in brackets.
    fn path(&self, tree: &'a Tree) -> Option<(&'a str, Vec<&'a str>)> {
        let mut steps = Vec::new();
        let mut at = tree;
        loop {
            match &at.expr {
                Expr::Ident(name) if !self.bound.contains(&name.as_str()) => {
                    steps.reverse();
                    return Some((name, steps));
                }
                Expr::Select(select) => {
                    steps.push(select.field.as_str());
                    at = &select.operand;
                }
                Expr::Call(call) if call.func_name == operators::INDEX => {
                    let [of, key] = call.args.as_slice() else {
                        return None;
                    };
                    steps.push(text(key)?);
                    at = of;
                }
                Expr::Ident(_)
                | Expr::Call(_)
                | Expr::Comprehension(_)
                | Expr::List(_)
                | Expr::Literal(_)
                | Expr::Map(_)
                | Expr::Struct(_)
                | Expr::Unspecified => return None,
            }
        }
    }

    /// Notes a value of the exchange.
    fn value(&mut self, root: &str, steps: &[&str]) {
        let uses = &mut self.uses;
        let fine = match (root, steps) {
            ("request", [field, rest @ ..]) => match (*field, rest) {
                ("method", []) => {
                    uses.request.insert("method");
                    true
                }
                ("host", []) => {
                    uses.request.insert("host");
                    true
                }
                ("path", []) => {
                    uses.request.insert("path");
                    true
                }
                ("parameters", _) => {
                    uses.parameters = true;
                    true
                }
                ("headers", [name]) => {
                    // Names of header fields know no case.
                    let lower = name.to_ascii_lowercase();
                    let plain = lower == *name;
                    uses.headers.insert(lower);
                    plain
                }
                ("query", [name]) => {
                    uses.query.insert((*name).to_owned());
                    true
                }
                _ => false,
            },
            ("identity", []) => {
                uses.identity = true;
                uses.claims = Claims::All;
                true
            }
            ("identity", ["subject" | "provider" | "scopes"]) => {
                uses.identity = true;
                true
            }
            ("identity", ["claims", rest @ ..]) => {
                uses.identity = true;
                match (rest.first(), &mut uses.claims) {
                    (Some(name), Claims::Named(names)) => {
                        names.insert((*name).to_owned());
                    }
                    (Some(_), Claims::All) => {}
                    (None, claims) => *claims = Claims::All,
                }
                true
            }
            ("source", [] | ["address" | "principal"]) => {
                uses.source = true;
                true
            }
            ("now", []) => {
                uses.now = true;
                true
            }
            _ => false,
        };
        if !fine {
            let name = std::iter::once(root)
                .chain(steps.iter().copied())
                .collect::<Vec<_>>()
                .join(".");
            self.wrong(format!("there is no `{name}`: use `request.method`, `request.host`, `request.path`, `request.parameters`, `request.headers` and `request.query` with a name (of a header in lower case), `identity.subject`, `identity.provider`, `identity.scopes`, `identity.claims`, `source.address`, `source.principal` or `now`"));
        }
    }

    fn call(&mut self, call: &'a CallExpr, loops: u32) {
        let name = call.func_name.as_str();
        if !FUNCTIONS.contains(&name) {
            self.wrong(format!("there is no function `{name}`"));
        }
        if name == "matches" {
            match call.args.last().and_then(text) {
                Some(pattern) => {
                    self.uses.patterns.insert(pattern.to_owned());
                }
                None => self.wrong("the pattern of `matches` must be written out, so that it is compiled beforehand"),
            }
        }
        // `"x" in request.query` names a parameter, as `has(request.query.x)` does.
        if let (operators::IN, [key, of]) = (name, call.args.as_slice())
            && let (Some(key), Some((root, mut steps))) = (text(key), self.path(of))
            && matches!(steps.as_slice(), ["headers" | "query"])
        {
            steps.push(key);
            self.value(root, &steps);
            return;
        }
        for part in call.target.as_deref().into_iter().chain(&call.args) {
            self.node(part, loops);
        }
    }

    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr, loops: u32) {
        let ComprehensionExpr {
            iter_range,
            iter_var,
            iter_var2,
            accu_var,
            accu_init,
            loop_cond,
            loop_step,
            result,
        } = comprehension;
        let inner = loops.saturating_add(1);
        self.uses.loops = self.uses.loops.max(inner);
        if inner > MOST_LOOPS {
            self.wrong(format!("loops nest at most {MOST_LOOPS} deep"));
        }
        if joins(iter_range) {
            self.wrong("a loop runs over a value of the exchange, or a list that is written out; `+` makes longer ones");
        }
        self.node(iter_range, loops);
        self.node(accu_init, loops);
        let before = self.bound.len();
        self.bound.extend([iter_var.as_str(), accu_var.as_str()]);
        self.bound.extend(iter_var2.as_deref());
        for part in [loop_cond, loop_step, result] {
            self.node(part, inner);
        }
        self.bound.truncate(before);
    }
}

fn text(tree: &Tree) -> Option<&str> {
    if let Expr::Literal(LiteralValue::String(text)) = &tree.expr {
        Some(text.inner())
    } else {
        None
    }
}

/// Whether the list that a loop runs over may be longer than what it is made from.
fn joins(tree: &Tree) -> bool {
    match &tree.expr {
        Expr::Call(call) => {
            let mut parts = call.target.as_deref().into_iter().chain(&call.args);
            call.func_name == operators::ADD || parts.any(joins)
        }
        Expr::Select(select) => joins(&select.operand),
        // `map` and `filter` themselves join lists of one item: their result is as long as their range.
        Expr::Comprehension(comprehension) => joins(&comprehension.iter_range),
        Expr::List(list) => list.elements.iter().any(joins),
        Expr::Map(_) | Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {
            false
        }
    }
}
