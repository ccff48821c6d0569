//! Documents at URLs, from among those that are vendored beside the description.
//!
//! INVARIANT (as it was fetched): a document is read only when its digest is the lock's.

use super::files::{Gone, parse};
use crate::Loader;
use crate::source::Source;
use crate::vendor::{self, Fetched, LOCK, Lock, RemoteUrl, WrongUrl};
use meshward_engine::Problem;
use std::io;

/// What is vendored beside a description. The lock is read when the first document is asked for.
#[derive(Debug)]
pub(super) struct Vendored {
    description: String,
    lock: Option<Result<Lock, Box<Problem>>>,
}

impl Vendored {
    pub(super) fn beside(description: &str) -> Self {
        Self {
            description: description.to_owned(),
            lock: None,
        }
    }

    /// The document that stands for a URL, and where that was found.
    pub(super) fn read<L: Loader + ?Sized>(
        &mut self,
        url: &RemoteUrl,
        loader: &mut L,
    ) -> Result<(Source, RemoteUrl), Gone> {
        let fetched = match loader.fetch(url) {
            Some(Ok(fetched)) => fetched,
            Some(Err(cause)) => return Err(Gone::Remote(format!("cannot be had: {cause}"), None)),
            None => self.find(url, loader)?,
        };
        let Fetched {
            file,
            text,
            location,
        } = fetched;
        let source = parse(&vendor::beside(&self.description, &file), &text)?;
        Ok((source, location))
    }

    fn find<L: Loader + ?Sized>(
        &mut self,
        url: &RemoteUrl,
        loader: &mut L,
    ) -> Result<Fetched, Gone> {
        let description = &self.description;
        let lock = self.lock.get_or_insert_with(|| open(description, loader));
        let lock = lock
            .as_ref()
            .map_err(|problem| Gone::Broken(problem.clone()))?;
        let document = lock.get(url).ok_or_else(|| {
            let hint = format!(
                "remote references are not fetched here; fetch this one once, from the policy's folder: `meshward vendor {description}`"
            );
            Gone::Remote("is remote".to_owned(), Some(hint))
        })?;
        let name = vendor::beside(description, &document.file);
        let broken = |code, message, hint: String| {
            let problem = Problem::error(code, "", message).hint(hint).file(&name);
            Gone::Broken(Box::new(problem))
        };
        let text = loader.load(&name).map_err(|cause| {
            broken(
                "no-vendored-file",
                format!("`{name}`, which stands for `{url}`, cannot be read: {cause}"),
                format!("put it back, or fetch it anew, from the policy's folder: `meshward vendor {description}`"),
            )
        })?;
        let found = vendor::digest(&text);
        if found != document.sha256 {
            let expected = &document.sha256;
            return Err(broken(
                "vendored-file-changed",
                format!(
                    "`{name}` is not what was fetched from `{url}`: expected SHA-256 {expected}, found {found}"
                ),
                format!(
                    "take it from version control (line ends must stay as they are), or fetch it anew, from the policy's folder: `meshward vendor --update {description}`"
                ),
            ));
        }
        Ok(Fetched {
            file: document.file.clone(),
            text,
            location: document.location.clone(),
        })
    }
}

/// The lock beside a description; an empty one where there is none.
fn open<L: Loader + ?Sized>(description: &str, loader: &mut L) -> Result<Lock, Box<Problem>> {
    let name = vendor::beside(description, LOCK);
    let wrong = |cause: String| {
        let message = format!("`{name}` cannot be used: {cause}");
        let problem = Problem::error("bad-lock", "", message).file(&name);
        Box::new(problem.hint(vendor::mend(description)))
    };
    match loader.load(&name) {
        Ok(text) => Lock::read(&text).map_err(wrong),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Lock::default()),
        Err(cause) => Err(wrong(cause.to_string())),
    }
}

/// How to mend a URL that cannot be vendored.
pub(super) fn hint(wrong: WrongUrl) -> &'static str {
    match wrong {
        WrongUrl::Credentials => {
            "take the credentials out, and change them; fetch the file by hand and refer to it by its path"
        }
        WrongUrl::Scheme | WrongUrl::Relative => {
            "refer to a file by its path, or to a remote one by its whole URL: `https://…`"
        }
        WrongUrl::Malformed | WrongUrl::Host | WrongUrl::Long => {
            "write the URL out, percent-encoded, or fetch the file by hand and refer to it by its path"
        }
    }
}
