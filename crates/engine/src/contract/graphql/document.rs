//! A GraphQL document as a list of what counts: the executable part of the grammar (October 2021, section 2.2 to 2.12).
//!
//! INVARIANT (stack): nothing here calls itself. Selections become a flat list, and values are walked with a bounded stack.

use super::Fault;
use super::lexer::{Lexer, Token};
use crate::config::GraphqlOperation;
use std::collections::BTreeMap;

/// The deepest nesting of lists and objects in an argument.
const DEEPEST_VALUE: usize = 32;

/// A document.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    pub(super) operations: Vec<Operation<'a>>,
    pub(super) fragments: BTreeMap<&'a str, Block<'a>>,
    /// Defaults of variables, by any operation: the largest of one name.
    pub(super) defaults: BTreeMap<&'a str, Amount<'a>>,
}

/// An operation.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    pub(super) kind: GraphqlOperation,
    pub(super) name: Option<&'a str>,
    pub(super) block: Block<'a>,
}

/// What one definition selects.
#[derive(Debug, Default)]
pub(super) struct Block<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) directives: u64,
}

/// A step on the way through selections.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node<'a> {
    Field {
        aliased: bool,
        introspects: bool,
        /// How long the list is, as its arguments say.
        sizes: Vec<Amount<'a>>,
    },
    /// Into the field before.
    Open,
    /// Into an inline fragment.
    Inline,
    /// Out again.
    Close,
    /// What a fragment selects.
    Spread(&'a str),
}

/// What an argument says about the length of a list. In order: the largest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Amount<'a> {
    Variable(&'a str),
    Absent,
    Known(u64),
    /// No whole number.
    Unreadable,
}

/// Reads a document.
pub(super) fn parse<'a>(text: &'a str, most: u32, sizes: &[String]) -> Result<Document<'a>, Fault> {
    let mut parser = Parser {
        lexer: Lexer::new(text, most),
        sizes,
        directives: 0,
    };
    let mut document = Document::default();
    loop {
        let first = parser.lexer.next()?;
        match first {
            Token::End if !document.operations.is_empty() => return Ok(document),
            Token::Mark(b'{') => parser.operation(None, &mut document)?,
            // A description, as the edition of September 2025 has it.
            Token::Text => {
                let keyword = parser.lexer.name()?;
                parser.definition(keyword, &mut document)?;
            }
            Token::Name(keyword) => parser.definition(keyword, &mut document)?,
            Token::Mark(_) | Token::Spread | Token::Whole(_) | Token::Number | Token::End => {
                return Err(parser.lexer.malformed());
            }
        }
    }
}

struct Parser<'a, 's> {
    lexer: Lexer<'a>,
    /// The names of arguments that say how long a list is.
    sizes: &'s [String],
    /// How many directives the definition has so far.
    directives: u64,
}

impl<'a> Parser<'a, '_> {
    fn definition(&mut self, keyword: &str, document: &mut Document<'a>) -> Result<(), Fault> {
        match keyword {
            "query" => self.operation(Some(GraphqlOperation::Query), document),
            "mutation" => self.operation(Some(GraphqlOperation::Mutation), document),
            "subscription" => self.operation(Some(GraphqlOperation::Subscription), document),
            "fragment" => {
                let name = self.lexer.name()?;
                if name == "on" || self.lexer.name()? != "on" {
                    return Err(self.lexer.malformed());
                }
                self.lexer.name()?;
                self.directives()?;
                self.lexer.expect(b'{')?;
                let block = self.block()?;
                if document.fragments.insert(name, block).is_some() {
                    return Err(self.lexer.malformed());
                }
                Ok(())
            }
            // Definitions of types are no part of a request.
            _ => Err(self.lexer.malformed()),
        }
    }

    /// Without a kind, only the selections follow.
    fn operation(
        &mut self,
        kind: Option<GraphqlOperation>,
        document: &mut Document<'a>,
    ) -> Result<(), Fault> {
        let mut name = None;
        if kind.is_some() {
            if let Token::Name(found) = self.lexer.peek()? {
                self.lexer.next()?;
                name = Some(found);
            }
            if self.lexer.takes(b'(')? {
                self.variables(document)?;
            }
            self.directives()?;
            self.lexer.expect(b'{')?;
        }
        let operation = Operation {
            kind: kind.unwrap_or(GraphqlOperation::Query),
            name,
            block: self.block()?,
        };
        // An operation without a name stands alone, and no two have the same.
        let mut others = document.operations.iter();
        if others.any(|other| other.name.is_none() || name.is_none() || other.name == name) {
            return Err(self.lexer.malformed());
        }
        document.operations.push(operation);
        Ok(())
    }

    fn variables(&mut self, document: &mut Document<'a>) -> Result<(), Fault> {
        loop {
            self.lexer.expect(b'$')?;
            let name = self.lexer.name()?;
            self.lexer.expect(b':')?;
            self.kind()?;
            if self.lexer.takes(b'=')? {
                let amount = self.value(true)?;
                let known = document.defaults.entry(name).or_insert(amount);
                *known = amount.max(*known);
            }
            self.directives()?;
            if self.lexer.takes(b')')? {
                return Ok(());
            }
        }
    }

    /// The type of a variable.
    fn kind(&mut self) -> Result<(), Fault> {
        let mut lists = 0_u32;
        while self.lexer.takes(b'[')? {
            lists += 1;
        }
        self.lexer.name()?;
        self.lexer.takes(b'!')?;
        for _ in 0..lists {
            self.lexer.expect(b']')?;
            self.lexer.takes(b'!')?;
        }
        Ok(())
    }

    fn directives(&mut self) -> Result<(), Fault> {
        while self.lexer.takes(b'@')? {
            self.lexer.name()?;
            self.directives += 1;
            self.arguments()?;
        }
        Ok(())
    }

    /// Arguments, if there are any; what those say that tell how long a list is.
    fn arguments(&mut self) -> Result<Vec<Amount<'a>>, Fault> {
        let mut found = Vec::new();
        if !self.lexer.takes(b'(')? {
            return Ok(found);
        }
        loop {
            let name = self.lexer.name()?;
            self.lexer.expect(b':')?;
            let amount = self.value(false)?;
            if self.sizes.iter().any(|size| size == name) {
                found.push(amount);
            }
            if self.lexer.takes(b')')? {
                return Ok(found);
            }
        }
    }

    /// One value. A constant holds no variable.
    fn value(&mut self, constant: bool) -> Result<Amount<'a>, Fault> {
        let mut open: Vec<u8> = Vec::new();
        loop {
            let amount = match (self.lexer.next()?, open.last()) {
                (Token::Mark(close), Some(expected)) if close == *expected => {
                    open.pop();
                    Amount::Unreadable
                }
                (token, Some(b'}')) => {
                    let Token::Name(_) = token else {
                        return Err(self.lexer.malformed());
                    };
                    self.lexer.expect(b':')?;
                    let token = self.lexer.next()?;
                    self.begin(token, constant, &mut open)?
                }
                (token, _) => self.begin(token, constant, &mut open)?,
            };
            if open.is_empty() {
                return Ok(amount);
            }
        }
    }

    /// The first token of a value; lists and objects stay open.
    fn begin(
        &mut self,
        token: Token<'a>,
        constant: bool,
        open: &mut Vec<u8>,
    ) -> Result<Amount<'a>, Fault> {
        match token {
            Token::Mark(mark @ (b'[' | b'{')) if open.len() < DEEPEST_VALUE => {
                open.push(if mark == b'[' { b']' } else { b'}' });
                Ok(Amount::Unreadable)
            }
            Token::Mark(b'$') if !constant => Ok(Amount::Variable(self.lexer.name()?)),
            Token::Whole(number) => Ok(Amount::Known(number)),
            Token::Name("null") => Ok(Amount::Absent),
            Token::Name(_) | Token::Number | Token::Text => Ok(Amount::Unreadable),
            Token::Mark(_) | Token::Spread | Token::End => Err(self.lexer.malformed()),
        }
    }

    /// What stands between braces, of which the first was taken.
    fn block(&mut self) -> Result<Block<'a>, Fault> {
        let mut nodes = Vec::new();
        let mut open = 1_u32;
        let mut empty = true;
        loop {
            match self.lexer.next()? {
                Token::Mark(b'}') if !empty => {
                    open -= 1;
                    if open == 0 {
                        let directives = std::mem::take(&mut self.directives);
                        return Ok(Block { nodes, directives });
                    }
                    nodes.push(Node::Close);
                }
                Token::Spread => {
                    let inline = self.spread(&mut nodes)?;
                    open += u32::from(inline);
                    empty = inline;
                }
                Token::Name(first) => {
                    let aliased = self.lexer.takes(b':')?;
                    let name = if aliased { self.lexer.name()? } else { first };
                    let sizes = self.arguments()?;
                    self.directives()?;
                    nodes.push(Node::Field {
                        aliased,
                        introspects: matches!(name, "__schema" | "__type"),
                        sizes,
                    });
                    empty = self.lexer.takes(b'{')?;
                    if empty {
                        nodes.push(Node::Open);
                        open += 1;
                    }
                }
                Token::Mark(_) | Token::Whole(_) | Token::Number | Token::Text | Token::End => {
                    return Err(self.lexer.malformed());
                }
            }
        }
    }

    /// What follows `...`; whether it goes into an inline fragment.
    fn spread(&mut self, nodes: &mut Vec<Node<'a>>) -> Result<bool, Fault> {
        if let Token::Name(name) = self.lexer.peek()? {
            self.lexer.next()?;
            if name != "on" {
                self.directives()?;
                nodes.push(Node::Spread(name));
                return Ok(false);
            }
            self.lexer.name()?;
        }
        self.directives()?;
        self.lexer.expect(b'{')?;
        nodes.push(Node::Inline);
        Ok(true)
    }
}
