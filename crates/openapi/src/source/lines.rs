//! Bytes to lines and columns.

/// Where the lines of a text begin.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self {
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
        }
    }

    /// The line and column of a byte, both counted from 1; columns count characters.
    pub(super) fn line_column(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self
            .starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let before = text.as_bytes().get(start..offset.min(text.len()));
        // Every byte that does not continue a character begins one.
        let column = before.map_or(0, |bytes| {
            bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count()
        });
        (line, column + 1)
    }
}
