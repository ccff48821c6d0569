//! Processes: ones that are waited for, and ones in the background that never outlive the task.
//!
//! INVARIANT (nothing is left behind): every background process leads a process group of its own, the group is in
//! [`GROUPS`] while it lives, and it is killed when its [`Background`] is dropped, or on Ctrl-C or SIGTERM.

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());
static AWAITED: AtomicBool = AtomicBool::new(false);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Runs a command to its end, with its output in the open.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command
        .status()
        .with_context(|| format!("`{line}` does not start"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Runs a command to its end and gives what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{line}` does not start"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` ended with {}: {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A process in the background. It ends, with all that it started, when this is dropped.
#[derive(Debug)]
pub(crate) struct Background {
    name: String,
    child: Child,
    group: Pid,
    log: PathBuf,
}

impl Background {
    /// Starts a command; both of its outputs go to the file `log`. Its `name` is for messages.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        if let Some(dir) = log.parent() {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("`{}` cannot be made", dir.display()))?;
        }
        let file = File::create(log)
            .with_context(|| format!("the log `{}` cannot be written", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("the log cannot be shared")?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name}: `{}` does not start", line(command)))?;
        let group = Pid::from_child(&child);
        groups(|all| all.push(group));
        Ok(Self {
            name: name.to_owned(),
            child,
            group,
            log: log.to_path_buf(),
        })
    }

    /// The process ID.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says yes. An early end of the process, or `within` without a yes, is an error that shows the log's end.
    pub(crate) fn wait_until(
        &mut self,
        within: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<()> {
        let watch = crate::clock::Stopwatch::start();
        loop {
            if let Some(status) = self.child.try_wait().context("no news of a process")? {
                bail!("{} ended with {status}{}", self.name, self.last_words());
            }
            if ready() {
                return Ok(());
            }
            if watch.elapsed() > within {
                bail!(
                    "{} was not ready within {}{}",
                    self.name,
                    crate::clock::human(within),
                    self.last_words()
                );
            }
            // Between looks at whether it is ready.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let last = lines.get(lines.len().saturating_sub(10)..);
        format!(
            "; the end of `{}`:\n{}",
            self.log.display(),
            last.unwrap_or_default().join("\n")
        )
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // The group may be gone already; there is nobody left to tell.
        kill_process_group(self.group, Signal::KILL).ok();
        self.child.wait().ok();
        groups(|all| all.retain(|group| *group != self.group));
    }
}

/// On Ctrl-C or SIGTERM: ends every background process, then this one, unless [`until_interrupted`] waits for it.
pub(crate) fn stop_everything_on_interrupt() -> Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTED.store(true, Ordering::SeqCst);
        if !AWAITED.load(Ordering::SeqCst) {
            groups(|all| {
                for group in all.drain(..) {
                    kill_process_group(group, Signal::KILL).ok();
                }
            });
            std::process::exit(130);
        }
    })
    .context("signals cannot be caught")
}

/// Waits for Ctrl-C, and leaves the tidying up to the caller.
pub(crate) fn until_interrupted() {
    AWAITED.store(true, Ordering::SeqCst);
    while !INTERRUPTED.load(Ordering::SeqCst) {
        // The handler only sets a flag: somebody must look at it.
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn groups<T>(with: impl FnOnce(&mut Vec<Pid>) -> T) -> T {
    with(&mut GROUPS.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_process_is_gone_with_its_children() {
        let dir = std::env::temp_dir().join(format!("meshward-xtask-{}", std::process::id()));
        let log = dir.join("tree.log");
        let mut tree = Background::start(
            "tree",
            Command::new("sh").args(["-c", "sleep 600 & echo $!; wait"]),
            &log,
        )
        .unwrap();
        let grandchild = || -> Option<String> {
            let text = std::fs::read_to_string(&log).ok()?;
            text.ends_with('\n').then(|| text.trim().to_owned())
        };
        tree.wait_until(Duration::from_secs(30), || grandchild().is_some())
            .unwrap();
        let pid = grandchild().unwrap();
        drop(tree);
        let gone = || {
            std::fs::read_to_string(format!("/proc/{pid}/stat"))
                .map_or(true, |stat| stat.contains(") Z "))
        };
        while !gone() {
            std::thread::yield_now();
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_early_end_shows_the_log() {
        let dir = std::env::temp_dir().join(format!("meshward-xtask-end-{}", std::process::id()));
        let mut end = Background::start(
            "end",
            Command::new("sh").args(["-c", "echo bad luck; exit 3"]),
            &dir.join("end.log"),
        )
        .unwrap();
        let error = end
            .wait_until(Duration::from_secs(30), || false)
            .unwrap_err();
        assert!(error.to_string().contains("bad luck"), "{error}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
