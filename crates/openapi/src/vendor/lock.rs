//! The lock: which file stands for which URL.

use super::place::{collide, is_place};
use super::{FOLDER, LOCK, RemoteUrl};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The form of the file that is written and read here.
const VERSION: u32 = 1;

/// What is vendored beside a description, by URL.
#[derive(Debug, Clone, Default)]
pub struct Lock {
    documents: BTreeMap<RemoteUrl, Document>,
}

/// A vendored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it was found after redirects: what its own references are relative to.
    pub location: RemoteUrl,
    /// The file that holds it, relative to the lock.
    pub file: String,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was fetched (RFC 3339).
    pub fetched: String,
    /// The descriptions beside the lock that need it.
    pub used_by: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    documents: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Entry {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    file: String,
    sha256: String,
    size: u64,
    fetched: String,
    used_by: Vec<String>,
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// What is wrong with it. Nothing of a wrong lock is used.
    pub fn read(text: &str) -> Result<Self, String> {
        let Written { version, documents } =
            serde_json::from_str(text).map_err(|cause| format!("this is no lock: {cause}"))?;
        if version != VERSION {
            return Err(format!(
                "version {version} of locks is not read here, only {VERSION}"
            ));
        }
        let mut lock = Self::default();
        // Lower case, in order: two that collide are neighbours, or one is below the other.
        let mut files: Vec<String> = Vec::new();
        for entry in documents {
            let Entry {
                url,
                location,
                file,
                sha256,
                size,
                fetched,
                used_by,
            } = entry;
            let read = |text: &str| match RemoteUrl::parse(text) {
                Ok(url) if url.as_str() == text => Ok(url),
                Ok(url) => Err(format!("`{url}` is written in another way")),
                Err(wrong) => {
                    let shown = super::without_credentials(text);
                    Err(format!("`{shown}` {wrong}"))
                }
            };
            let url = read(&url)?;
            let location = match location {
                Some(location) => read(&location)?,
                None => url.clone(),
            };
            if !is_place(&file) {
                return Err(format!(
                    "`{file}` is no file below `{FOLDER}/` that `meshward vendor` would write"
                ));
            }
            let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            if sha256.len() != 64 || !sha256.bytes().all(is_digit) {
                return Err(format!("`sha256` of `{url}` is no SHA-256 in hexadecimal"));
            }
            files.push(file.to_ascii_lowercase());
            let document = Document {
                location,
                file,
                sha256,
                size,
                fetched,
                used_by,
            };
            if lock.documents.insert(url.clone(), document).is_some() {
                return Err(format!("`{url}` is there twice"));
            }
        }
        // With `/` before every other character, what is below a name follows it at once.
        files.sort_by(|a, b| a.split('/').cmp(b.split('/')));
        for (a, b) in files.iter().zip(files.iter().skip(1)) {
            if collide(a, b) {
                return Err(format!("`{a}` and `{b}` cannot stand side by side"));
            }
        }
        Ok(lock)
    }

    /// The lock as text, the same for the same documents.
    #[must_use]
    pub fn write(&self) -> String {
        let documents = self.documents.iter().map(|(url, document)| {
            let Document {
                location,
                file,
                sha256,
                size,
                fetched,
                used_by,
            } = document.clone();
            Entry {
                location: (location != *url).then(|| location.to_string()),
                url: url.to_string(),
                file,
                sha256,
                size,
                fetched,
                used_by,
            }
        });
        let written = Written {
            version: VERSION,
            documents: documents.collect(),
        };
        // Texts and numbers can always be written.
        let text = serde_json::to_string_pretty(&written).unwrap_or_default();
        text + "\n"
    }

    /// The document that stands for a URL.
    #[must_use]
    pub fn get(&self, url: &RemoteUrl) -> Option<&Document> {
        self.documents.get(url)
    }

    /// Notes a document, in the place of the one before.
    pub fn set(&mut self, url: RemoteUrl, document: Document) {
        self.documents.insert(url, document);
    }

    /// Keeps the documents for which `keep` answers so. It may change them.
    pub fn retain(&mut self, mut keep: impl FnMut(&RemoteUrl, &mut Document) -> bool) {
        self.documents.retain(|url, document| keep(url, document));
    }

    /// All documents, by URL.
    pub fn iter(&self) -> impl Iterator<Item = (&RemoteUrl, &Document)> + Clone {
        self.documents.iter()
    }

    /// Whether nothing is vendored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }
}

/// What is said where a lock cannot be used.
pub(crate) fn mend(description: &str) -> String {
    format!(
        "take `{LOCK}` from version control, or delete it and fetch anew, from the policy's folder: `meshward vendor {description}`"
    )
}
