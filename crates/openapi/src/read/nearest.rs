//! The word that was probably meant.

/// The candidate nearest to a word, if one is near enough to be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_what_is_near() {
        assert_eq!(nearest("requird", ["schema", "required"]), Some("required"));
        assert_eq!(nearest("Ordre", ["Order", "Orders"]), Some("Order"));
        assert_eq!(nearest("owner", ["in", "name"]), None);
    }
}
