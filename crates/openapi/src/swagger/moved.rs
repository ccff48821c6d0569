//! Where things were before they were moved.

/// Pairs of places: where something is now, and where it was.
#[derive(Debug, Default)]
pub(crate) struct Moved(Vec<(String, String)>);

impl Moved {
    pub(super) fn add(&mut self, now: impl Into<String>, before: impl Into<String>) {
        self.0.push((now.into(), before.into()));
    }

    /// Makes places quick to find. Nothing may be added after it.
    pub(crate) fn sort(&mut self) {
        self.0.sort();
        self.0.dedup();
    }

    /// Where a place was: by the closest place around it that was moved. What was not moved is where it was.
    pub(crate) fn back(&self, at: &str) -> String {
        let mut end = at.len();
        loop {
            let Some(prefix) = at.get(..end) else {
                return at.to_owned();
            };
            let found = self.0.binary_search_by(|(now, _)| now.as_str().cmp(prefix));
            if let Some((_, before)) = found.ok().and_then(|index| self.0.get(index)) {
                return format!("{before}{}", at.get(end..).unwrap_or_default());
            }
            match prefix.rfind('/') {
                Some(slash) => end = slash,
                None => return at.to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Moved;

    #[test]
    fn the_closest_move_counts() {
        let mut moved = Moved::default();
        moved.add("/components/schemas", "/definitions");
        moved.add(
            "/paths/~1a/post/requestBody",
            "/paths/~1a/post/parameters/1",
        );
        moved.add(
            "/paths/~1a/post/requestBody/content/a~1b/schema",
            "/paths/~1a/post/parameters/1/schema",
        );
        moved.sort();
        for (now, before) in [
            ("/components/schemas/A/type", "/definitions/A/type"),
            ("/components/schemasX", "/components/schemasX"),
            (
                "/paths/~1a/post/requestBody/required",
                "/paths/~1a/post/parameters/1/required",
            ),
            (
                "/paths/~1a/post/requestBody/content/a~1b/schema/type",
                "/paths/~1a/post/parameters/1/schema/type",
            ),
            ("/paths/~1a/get", "/paths/~1a/get"),
            ("", ""),
        ] {
            assert_eq!(moved.back(now), before);
        }
    }
}
