//! The tokens of a GraphQL document (October 2021, section 2.1).
//!
//! What a server could divide otherwise is malformed: a number that runs into a name, a control character, a string without its end.
//! INVARIANT (bounded): no token is read beyond the most that there may be.

use super::Fault;

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `!`, `$`, `&`, `(`, `)`, `:`, `=`, `@`, `[`, `]`, `{`, `|`, `}`.
    Mark(u8),
    /// `...`
    Spread,
    Name(&'a str),
    /// A whole number that is not negative; one that does not fit is the largest that does.
    Whole(u64),
    /// Any other number.
    Number,
    Text,
    End,
}

/// Reads one document.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    left: u32,
    ahead: Option<Token<'a>>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, most: u32) -> Self {
        Self {
            text,
            at: 0,
            left: most,
            ahead: None,
        }
    }

    /// The next token, which stays.
    pub(super) fn peek(&mut self) -> Result<Token<'a>, Fault> {
        match self.ahead {
            Some(token) => Ok(token),
            None => {
                let token = self.read()?;
                self.ahead = Some(token);
                Ok(token)
            }
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Fault> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.read(),
        }
    }

    /// Takes a mark if it comes next.
    pub(super) fn takes(&mut self, mark: u8) -> Result<bool, Fault> {
        let found = self.peek()? == Token::Mark(mark);
        if found {
            self.ahead = None;
        }
        Ok(found)
    }

    /// Takes a mark, which must come next.
    pub(super) fn expect(&mut self, mark: u8) -> Result<(), Fault> {
        if self.takes(mark)? {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    /// Takes a name, which must come next.
    pub(super) fn name(&mut self) -> Result<&'a str, Fault> {
        if let Token::Name(name) = self.next()? {
            Ok(name)
        } else {
            Err(self.malformed())
        }
    }

    /// What is read so far makes no document.
    pub(super) fn malformed(&self) -> Fault {
        let read = self.text.get(..self.at).unwrap_or(self.text);
        let line = read.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = read.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Fault::Malformed { line, column }
    }

    fn byte(&self) -> Option<u8> {
        self.byte_at(self.at)
    }

    fn byte_at(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn read(&mut self) -> Result<Token<'a>, Fault> {
        self.skip()?;
        let Some(byte) = self.byte() else {
            return Ok(Token::End);
        };
        self.left = self.left.checked_sub(1).ok_or(Fault::Tokens)?;
        match byte {
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|'
            | b'}' => {
                self.at += 1;
                Ok(Token::Mark(byte))
            }
            b'.' if (self.byte_at(self.at + 1), self.byte_at(self.at + 2))
                == (Some(b'.'), Some(b'.')) =>
            {
                self.at += 3;
                Ok(Token::Spread)
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let from = self.at;
                while self.byte().is_some_and(is_name) {
                    self.at += 1;
                }
                Ok(Token::Name(
                    self.text.get(from..self.at).unwrap_or_default(),
                ))
            }
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            _ => Err(self.malformed()),
        }
    }

    /// Spaces, line ends, commas, comments and a byte order mark mean nothing.
    fn skip(&mut self) -> Result<(), Fault> {
        loop {
            match self.byte() {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(b'#') => {
                    while let Some(byte) = self.byte().filter(|b| !matches!(b, b'\n' | b'\r')) {
                        self.no_control(byte)?;
                        self.at += 1;
                    }
                }
                Some(0xef) if self.rest().starts_with('\u{feff}') => self.at += 3,
                _ => return Ok(()),
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn no_control(&self, byte: u8) -> Result<(), Fault> {
        if byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') {
            return Err(self.malformed());
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.malformed());
        }
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let negative = self.byte() == Some(b'-');
        if negative {
            self.at += 1;
        }
        let from = self.at;
        let zero = self.byte() == Some(b'0');
        self.digits()?;
        let digits = self.text.get(from..self.at).unwrap_or_default();
        if zero && digits.len() > 1 {
            return Err(self.malformed());
        }
        let mut whole = true;
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
            whole = false;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
            whole = false;
        }
        if self.byte().is_some_and(|b| is_name(b) || b == b'.') {
            return Err(self.malformed());
        }
        Ok(match (whole, negative) {
            (false, _) => Token::Number,
            (true, true) => Token::Whole(0),
            (true, false) => Token::Whole(digits.parse().unwrap_or(u64::MAX)),
        })
    }

    /// A string, whose content nobody asks for.
    fn string(&mut self) -> Result<Token<'a>, Fault> {
        if self.rest().starts_with("\"\"\"") {
            self.at += 3;
            return self.block();
        }
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.no_control(byte)?;
            self.at += 1;
            match byte {
                b'"' => return Ok(Token::Text),
                b'\n' | b'\r' => break,
                b'\\' => match self.byte() {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u') => {
                        self.at += 1;
                    }
                    _ => break,
                },
                _ => {}
            }
        }
        Err(self.malformed())
    }

    fn block(&mut self) -> Result<Token<'a>, Fault> {
        while let Some(byte) = self.byte() {
            self.no_control(byte)?;
            if self.rest().starts_with("\\\"\"\"") {
                self.at += 4;
            } else if self.rest().starts_with("\"\"\"") {
                self.at += 3;
                return Ok(Token::Text);
            } else {
                // The content may be in any language: on to the next character.
                self.at += 1;
                while !self.text.is_char_boundary(self.at) {
                    self.at += 1;
                }
            }
        }
        Err(self.malformed())
    }
}

fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
        let mut lexer = Lexer::new(text, 100);
        let mut found = Vec::new();
        loop {
            let token = lexer.next()?;
            if token == Token::End {
                return Ok(found);
            }
            found.push(token);
        }
    }

    #[test]
    fn tokens_are_divided_as_the_specification_says() {
        let text = "\u{feff}query ,a1_ { ...F # }\r f(x: -1 y: 0 z: 1.5e3 s: \"é \\\" }\" b: \"\"\"x \\\"\"\" \"é}\"\"\") }";
        let found = tokens(text).unwrap();
        let values = [
            Token::Whole(0),
            Token::Name("y"),
            Token::Mark(b':'),
            Token::Whole(0),
            Token::Name("z"),
            Token::Mark(b':'),
            Token::Number,
            Token::Name("s"),
            Token::Mark(b':'),
            Token::Text,
            Token::Name("b"),
            Token::Mark(b':'),
            Token::Text,
            Token::Mark(b')'),
            Token::Mark(b'}'),
        ];
        assert_eq!(
            found[..3],
            [Token::Name("query"), Token::Name("a1_"), Token::Mark(b'{')]
        );
        assert_eq!(found[3..5], [Token::Spread, Token::Name("F")]);
        assert_eq!(found[found.len() - 15..], values);
        assert_eq!(
            tokens("99999999999999999999"),
            Ok(vec![Token::Whole(u64::MAX)])
        );
    }

    #[test]
    fn what_could_be_divided_otherwise_is_malformed() {
        for text in [
            "01",
            "1a",
            "1.a",
            "1.5.2",
            "-",
            "1e",
            ".",
            "..",
            "\"",
            "\"a\nb\"",
            "\"\\x\"",
            "\"\\",
            "\"\"\"a\"\"",
            "\u{0}",
            "# \u{1}",
            "\"\u{7}\"",
            "é",
            "%",
            "\u{2028}",
        ] {
            assert!(
                matches!(tokens(text), Err(Fault::Malformed { .. })),
                "{text:?}"
            );
        }
    }

    #[test]
    fn no_more_is_read_than_there_may_be() {
        assert_eq!(tokens(&"a ".repeat(101)), Err(Fault::Tokens));
        assert!(tokens(&"a ".repeat(100)).is_ok());
    }
}
