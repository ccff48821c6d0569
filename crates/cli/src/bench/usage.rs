//! What a process uses, as Linux says. Other systems say it otherwise: there is no figure there.

use std::fs;
use std::time::Duration;

/// Resident memory of a process, in bytes.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1024)
}

/// CPU time of a process, user and system, of all threads that it has now. An Envoy starts its threads once and ends none while it serves.
pub(crate) fn cpu(pid: u32) -> Option<Duration> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        // One that has just ended says nothing any more.
        let Ok(text) = fs::read_to_string(thread.ok()?.path().join("schedstat")) else {
            continue;
        };
        let running = text.split(' ').next()?.parse().ok()?;
        all += Duration::from_nanos(running);
    }
    Some(all)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        assert!(resident(std::process::id()).unwrap() > 100 << 10);
        assert!(cpu(std::process::id()).unwrap() > Duration::ZERO);
    }
}
