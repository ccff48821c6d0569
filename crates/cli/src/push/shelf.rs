//! The file from which proxies have their policy, and beside it what it held before.
//!
//! INVARIANT (never half, never two): a file changes by renaming alone, and only while its lock is held.

use super::Vehicle;
use crate::failure::Failure;
use crate::output;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file, locked.
#[derive(Debug)]
pub(crate) struct Shelf {
    file: PathBuf,
    previous: PathBuf,
    /// Held until this is dropped: the system releases it when the process ends, in whatever way.
    _lock: File,
    /// What `previous` held when this was opened.
    older: Option<String>,
}

impl Shelf {
    /// Takes the lock: waits until nobody else pushes into this file.
    pub(crate) fn open(file: &Path) -> Result<Self, Failure> {
        let beside = |suffix: &str| {
            let mut name = file.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        // Without this, a typing error would leave an empty lock behind in a strange place.
        if !file.is_file() {
            return Err(Failure::usage(format!(
                "there is no file `{}`: `meshward render ecds` or `render istio` makes it, with the filter's module and settings",
                file.display()
            )));
        }
        let path = beside(".lock");
        let lock = File::create(&path).map_err(|cause| Failure::file("write", &path, cause))?;
        lock.lock()
            .map_err(|cause| Failure::file("lock", &path, cause))?;
        let previous = beside(".previous");
        let older = read(&previous)?;
        Ok(Self {
            file: file.to_owned(),
            previous,
            _lock: lock,
            older,
        })
    }

    /// What the file holds.
    pub(crate) fn current(&self) -> Result<Vehicle, Failure> {
        let text = read(&self.file)?.unwrap_or_default();
        vehicle(&text, &self.file)
    }

    /// What it held before.
    pub(crate) fn before(&self) -> Result<Vehicle, Failure> {
        match &self.older {
            Some(text) => vehicle(text, &self.previous),
            None => Err(Failure::no(format!(
                "there is nothing to go back to: `{}` does not exist, because nothing was pushed yet",
                self.previous.display()
            ))),
        }
    }

    /// Puts another content in place. What the file held goes first to where a rollback finds it: whatever happens now, there is a
    /// way back.
    pub(crate) fn put(&self, current: &Vehicle, next: &Vehicle) -> Result<(), Failure> {
        write(&self.previous, &current.text())?;
        write(&self.file, &next.text())
    }

    /// Puts everything back as it was before [`Self::put`].
    pub(crate) fn put_back(&self, current: &Vehicle) -> Result<(), Failure> {
        write(&self.file, &current.text())?;
        match &self.older {
            Some(text) => write(&self.previous, text),
            None => std::fs::remove_file(&self.previous)
                .map_err(|cause| Failure::file("remove", &self.previous, cause)),
        }
    }
}

fn vehicle(text: &str, path: &Path) -> Result<Vehicle, Failure> {
    Vehicle::read(text).map_err(|why| {
        Failure::usage(format!(
            "`{}` is not what `meshward render ecds` or `render istio` makes: {why}",
            path.display()
        ))
    })
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Failure::file("read", path, cause)),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    output::replace(path, text).map_err(|cause| Failure::file("write", path, cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::Resource;

    #[test]
    fn what_was_put_can_be_taken_back_and_what_was_before_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("filter.json");
        assert!(Shelf::open(&file).is_err());
        let one = Resource::new("1", Path::new("/f.wasm"), "one");
        let one = Vehicle::Resource(one);
        let two = one.clone().with_bundle("2", "two").unwrap();
        std::fs::write(&file, one.text()).unwrap();

        let shelf = Shelf::open(&file).unwrap();
        assert!(shelf.before().is_err());
        let current = shelf.current().unwrap();
        shelf.put(&current, &two).unwrap();
        shelf.put_back(&current).unwrap();
        assert_eq!(shelf.current().unwrap(), one);
        assert!(!folder.path().join("filter.json.previous").exists());
        shelf.put(&current, &two).unwrap();
        drop(shelf);

        let shelf = Shelf::open(&file).unwrap();
        assert_eq!(shelf.current().unwrap(), two);
        assert_eq!(shelf.before().unwrap(), one);
    }
}
