//! What a process has used, as the kernel says.

use anyhow::{Context as _, Result};
use std::fs;
use std::time::Duration;

/// CPU time of several processes together.
pub(super) fn cpu_of(pids: &[u32]) -> Result<Duration> {
    pids.iter().map(|pid| cpu(*pid)).sum()
}

/// CPU time of a process, user and system, of all threads that it has now. An Envoy starts its threads once and ends none while it serves.
fn cpu(pid: u32) -> Result<Duration> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")? {
        // One that has just ended says nothing any more.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        let running = text.split(' ').next().and_then(|field| field.parse().ok());
        all += Duration::from_nanos(running.context("`schedstat` has an unknown form")?);
    }
    Ok(all)
}

/// Resident memory of a process, in KiB.
pub(super) fn resident(pid: u32) -> Result<u32> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .and_then(|number| number.parse().ok())
        .context("`/proc/PID/status` names no `VmRSS`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory() {
        assert!(resident(std::process::id()).unwrap() > 100);
        assert!(cpu(std::process::id()).unwrap() > Duration::ZERO);
    }
}
