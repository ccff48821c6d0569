//! Where results go: standard output, or a file that is written whole or not at all.

use crate::failure::Failure;
use crate::style::WARNING;
use std::io::Write as _;
use std::path::Path;

/// Says what is doubtful, on standard error.
pub(crate) fn warn(message: &str) {
    anstream::eprintln!("{WARNING}warning{WARNING:#}: {message}");
}

/// Writes a result to a file, or to standard output where none is named.
pub(crate) fn write(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        Some(path) => replace(path, text).map_err(|cause| Failure::file("write", path, cause)),
        None => print(text),
    }
}

/// Prints text as it is, with one line end. A reader that has gone away (`| head`) is no failure.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.trim_end_matches('\n').as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::usage(
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Puts a file in place by renaming, so that no reader ever sees half of it.
pub(crate) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path
        .file_name()
        .ok_or_else(|| std::io::Error::other("the path names no file"))?
        .to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        // The error of the write is the one to report.
        let _ = std::fs::remove_file(&part);
    }
    written
}
