//! Notices that files have changed.
//!
//! By looking, not by being told: that works the same on every file system, over mounts, and with every editor's way of saving.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

/// When a file was last written, and its length; `None` where it cannot be read.
type State = Option<(Option<SystemTime>, u64)>;

/// A set of files under watch.
#[derive(Debug)]
pub(crate) struct Watch {
    seen: BTreeMap<PathBuf, State>,
    settling: bool,
}

impl Watch {
    /// Begins to watch these files as they are now.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        let seen = paths.into_iter().map(|path| (state(&path), path));
        Self {
            seen: seen.map(|(state, path)| (path, state)).collect(),
            settling: false,
        }
    }

    /// Whether anything has changed and then stayed as it is for one look, so that no half-written file is read.
    pub(crate) fn changed(&mut self) -> bool {
        let mut moving = false;
        for (path, seen) in &mut self.seen {
            let now = state(path);
            moving |= now != *seen;
            *seen = now;
        }
        let settled = self.settling && !moving;
        self.settling = moving;
        settled
    }
}

fn state(path: &std::path::Path) -> State {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_when_it_has_settled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        let mut watch = Watch::new(vec![path.clone()]);
        assert!(!watch.changed());
        std::fs::write(&path, "a").unwrap();
        assert!(!watch.changed());
        std::fs::write(&path, "ab").unwrap();
        assert!(!watch.changed());
        assert!(watch.changed());
        assert!(!watch.changed());
        std::fs::remove_file(&path).unwrap();
        assert!(!watch.changed());
        assert!(watch.changed());
    }
}
