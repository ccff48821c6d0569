//! What a process has used, as the kernel says.

use anyhow::{Context as _, Result};
use std::fs;
use std::time::Duration;

/// CPU time of a process, user and system, of all its threads.
pub(super) fn cpu(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    let ticks = ticks(&stat).context("`/proc/PID/stat` has an unknown form")?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_micros(
        ticks.saturating_mul(1_000_000) / per_second.max(1),
    ))
}

/// Fields 14 and 15. The name of the program, field 2, may hold spaces and parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user.saturating_add(system))
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
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "12 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 41 1 0 0 20 0";
        assert_eq!(ticks(stat), Some(42));
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(resident(std::process::id()).unwrap() > 100);
        cpu(std::process::id()).unwrap();
    }
}
