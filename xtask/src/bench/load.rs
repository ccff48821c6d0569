//! The load, by wrk: one thread, keep-alive connections, for some seconds.

use super::case::{Case, Load};
use super::server::{HOST, Running};
use super::{tokens, usage};
use crate::process;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CONNECTIONS: &str = "8";
const KEY: &str = "bench-key-5b1f0d9c7a3e";
/// How often one case is tried in a round.
const TRIES: u32 = 3;
const ORDER: &str = include_str!("../../bench/order.json");
/// More than one worker serves while it verifies a signature for each request: what to count on before anything is measured.
const UNKNOWN_SPEED: f64 = 10_000.0;

/// What one case cost in one round.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) requests: u64,
    pub(super) cpu_us: f64,
    /// Of the servers that Envoy asked.
    pub(super) beside_us: f64,
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// What came of requests with different keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    pub(super) sent: u64,
    pub(super) refused: u64,
}

/// What wrk says at its end.
#[derive(Debug, Deserialize)]
struct Said {
    requests: u64,
    microseconds: f64,
    p50: f64,
    p99: f64,
    refused: u64,
    broken: u64,
    sent: u64,
}

/// What loads have in common over all rounds.
pub(super) struct Generator {
    dir: PathBuf,
    seconds: u16,
    /// The most requests per second that each load has reached: signing takes long, so no more tokens than can be used.
    fastest: BTreeMap<Load, f64>,
    supply: tokens::Supply,
}

impl Generator {
    /// Makes loads of some seconds each, with new tokens of so many callers; its files go to `dir`.
    pub(super) fn new(dir: &Path, seconds: u16, subjects: u64) -> Result<Self> {
        Ok(Self {
            dir: dir.to_path_buf(),
            seconds,
            fastest: BTreeMap::new(),
            supply: tokens::Supply::new(dir, subjects)?,
        })
    }

    /// Tokens that were new are not new in the next round.
    pub(super) fn next_round(&mut self) {
        self.supply.next_round();
    }

    /// Sends one case's load. Where a machine has become so fast that new tokens run out, once more with enough of them.
    pub(super) fn measure(&mut self, case: &Case, server: &Running) -> Result<Measured> {
        for _ in 0..TRIES {
            let fresh = match case.load {
                Load::GetUnseen(algorithm) => {
                    Some(self.supply.hand_out(algorithm, self.most(case.load))?)
                }
                Load::Get | Load::GetBadKey | Load::Post => None,
            };
            let tokens = fresh.as_ref().map(|(file, _)| file.as_path());
            let script = self.dir.join("load.lua");
            fs::write(&script, script_text(case.load, tokens)?)
                .with_context(|| format!("`{}` cannot be written", script.display()))?;
            let (measured, sent) = send(case.load, server, &script, self.seconds, CONNECTIONS)?;
            let fastest = self.fastest.entry(case.load).or_default();
            *fastest = fastest.max(measured.per_second);
            if fresh.is_none_or(|(_, count)| sent <= count) {
                return Ok(measured);
            }
        }
        bail!("new tokens ran out {TRIES} times: the machine changes its speed too much")
    }

    /// How many requests of a load can be sent at most.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is positive and far below 2^64"
    )]
    fn most(&self, load: Load) -> u64 {
        let speed = self
            .fastest
            .get(&load)
            .map_or(UNKNOWN_SPEED, |fastest| fastest * 1.5);
        (speed * f64::from(self.seconds)) as u64
    }
}

/// Enough connections that each worker gets some: the kernel spreads them.
pub(super) fn reach_every_worker(server: &Running, dir: &Path) -> Result<()> {
    let script = dir.join("load.lua");
    fs::write(&script, script_text(Load::Get, None)?)
        .with_context(|| format!("`{}` cannot be written", script.display()))?;
    send(Load::Get, server, &script, 2, "128").map(drop)
}

/// Requests for some seconds, each with a key that nobody had: what was sent, and what was refused of it. So many keys were sent before.
pub(super) fn keys(server: &Running, dir: &Path, before: u64, seconds: u16) -> Result<Keys> {
    let script = dir.join("keys.lua");
    let text = format!(
        "wrk.path = \"/anybody\"\nwrk.headers[\"Host\"] = {HOST:?}\nfirst = {before}\n{}{}",
        include_str!("../../bench/keys.lua"),
        include_str!("../../bench/result.lua")
    );
    fs::write(&script, text)
        .with_context(|| format!("`{}` cannot be written", script.display()))?;
    // Enough connections that both workers get some: the kernel spreads them.
    // A soak runs for long, and whatever else a machine does in that time is no fault.
    let said = wrk(server, &script, seconds, &["-c", "64", "--timeout", "120s"])?;
    if said.requests == 0 || said.broken > 0 {
        bail!(
            "{} connections broke, {} requests were answered",
            said.broken,
            said.requests
        );
    }
    Ok(Keys {
        sent: said.sent,
        refused: said.refused,
    })
}

/// Sends a load. Gives what it cost, and how many requests were sent, answered or not.
fn send(
    load: Load,
    server: &Running,
    script: &Path,
    seconds: u16,
    connections: &str,
) -> Result<(Measured, u64)> {
    let envoy = [server.process.pid()];
    let (before, before_beside) = (usage::cpu_of(&envoy)?, usage::cpu_of(&server.asks)?);
    let said = wrk(server, script, seconds, &["-c", connections])?;
    let cpu = usage::cpu_of(&envoy)?.saturating_sub(before);
    let beside = usage::cpu_of(&server.asks)?.saturating_sub(before_beside);
    check(load, &said)?;
    let requests = float(said.requests);
    let measured = Measured {
        requests: said.requests,
        cpu_us: cpu.as_secs_f64() * 1e6 / requests,
        beside_us: beside.as_secs_f64() * 1e6 / requests,
        per_second: requests * 1e6 / said.microseconds,
        p50_us: said.p50,
        p99_us: said.p99,
    };
    Ok((measured, said.sent))
}

fn wrk(server: &Running, script: &Path, seconds: u16, options: &[&str]) -> Result<Said> {
    let output = process::output(
        Command::new("wrk")
            .args(["-t", "1", "-d", &format!("{seconds}s")])
            .args(options)
            .arg("-s")
            .arg(script)
            .arg(format!("http://127.0.0.1:{}", server.port)),
    )?;
    let line = output.lines().find_map(|line| line.strip_prefix("said "));
    Ok(serde_json::from_str(line.context("wrk gave no result")?)?)
}

/// A number that is measured of something else than what the case says is worse than none.
fn check(load: Load, said: &Said) -> Result<()> {
    let Said {
        requests,
        refused,
        broken,
        ..
    } = *said;
    if requests == 0 || broken > 0 {
        bail!("{broken} connections broke, {requests} requests were answered");
    }
    let expected = if load == Load::GetBadKey { requests } else { 0 };
    if refused != expected {
        bail!("{refused} of {requests} requests were refused, expected {expected}");
    }
    Ok(())
}

fn script_text(load: Load, fresh: Option<&Path>) -> Result<String> {
    let key = if load == Load::GetBadKey {
        "wrong-key-5b1f0d9c7a3e"
    } else {
        KEY
    };
    let mut headers = vec![
        ("Host", HOST.to_owned()),
        ("accept", "application/json".to_owned()),
        ("user-agent", "bench/1.0".to_owned()),
        ("accept-language", "en".to_owned()),
        ("authorization", format!("Bearer {}", tokens::seen()?)),
        ("x-api-key", key.to_owned()),
    ];
    let (method, path) = if load.is_post() {
        ("POST", "/orders".to_owned())
    } else {
        ("GET", format!("/orders/{}?expand=items", tokens::ORDER))
    };
    let mut lua = format!("wrk.method = {method:?}\nwrk.path = {path:?}\n");
    if load.is_post() {
        headers.push(("content-type", "application/json".to_owned()));
        writeln!(lua, "wrk.body = [==[{ORDER}]==]")?;
    }
    for (name, value) in headers {
        writeln!(lua, "wrk.headers[{name:?}] = {value:?}")?;
    }
    if let Some(file) = fresh {
        writeln!(lua, "tokens_file = {:?}", file.display().to_string())?;
        lua.push_str(include_str!("../../bench/unseen.lua"));
    }
    lua.push_str(include_str!("../../bench/result.lua"));
    Ok(lua)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a bench are far below 2^52"
)]
fn float(count: u64) -> f64 {
    count as f64
}
