//! Proxies whose policy comes from a file that they watch, made and filled by the command line: `render ecds` and `push`.

use crate::{Envoy, Upstream, paths};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Several proxies that watch one file, in front of one upstream.
#[derive(Debug)]
pub struct Fleet {
    /// The proxies. Their listener is called `inbound`.
    pub envoys: Vec<Envoy>,
    /// The server.
    pub upstream: Upstream,
    /// The watched file.
    pub file: PathBuf,
    folder: TempDir,
}

/// What came of a push.
#[derive(Debug)]
pub struct Pushed {
    /// The exit code.
    pub code: Option<i32>,
    /// What was printed as JSON; null where there was nothing.
    pub report: Value,
    /// What was said besides.
    pub said: String,
}

impl Fleet {
    /// Renders a policy and starts so many proxies with it, each with two workers.
    ///
    /// # Panics
    /// When the policy is wrong, or Envoy does not take it.
    #[must_use]
    pub fn start(policy: &str, proxies: usize) -> Self {
        Self::with_servers(policy, proxies, &[])
    }

    /// As [`Self::start`], with further clusters: names and ports.
    ///
    /// # Panics
    /// As [`Self::start`].
    #[must_use]
    pub fn with_servers(policy: &str, proxies: usize, servers: &[(&str, u16)]) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let watched = folder.path().join("watched");
        std::fs::create_dir(&watched).expect("a folder can be made");
        let file = watched.join("filter.json");
        let source = folder.path().join("policy.yaml");
        let bootstrap = folder.path().join("envoy.yaml");
        std::fs::write(&source, policy).expect("the policy can be written");
        let upstream = Upstream::start();
        let rendered = Command::new(paths::meshward())
            .args(["render", "ecds"])
            .arg(&source)
            .arg("--output")
            .arg(&file)
            .arg("--bootstrap")
            .arg(&bootstrap)
            .arg("--wasm")
            .arg(paths::wasm())
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(["--upstream", &format!("127.0.0.1:{}", upstream.port)])
            .args(servers.iter().flat_map(|(name, port)| {
                ["--cluster".to_owned(), format!("{name}=127.0.0.1:{port}")]
            }))
            .output()
            .expect("`meshward` can be started");
        assert!(rendered.status.success(), "{rendered:?}");
        let envoys = (0..proxies).map(|_| Envoy::from_file(&bootstrap, 2));
        Self {
            envoys: envoys.collect(),
            upstream,
            file,
            folder,
        }
    }

    /// Pushes a policy as people do.
    ///
    /// # Panics
    /// When the command cannot be run.
    #[must_use]
    pub fn push(&self, policy: &str) -> Pushed {
        self.run(&["policy.yaml"], Some(policy))
    }

    /// Pushes a policy with a candidate beside it that decides for this share of the callers.
    ///
    /// # Panics
    /// When the command cannot be run.
    #[must_use]
    pub fn push_with(&self, policy: &str, candidate: &str, decides: &str) -> Pushed {
        let next = self.place().join("next.yaml");
        std::fs::write(&next, candidate).expect("the candidate can be written");
        let next = next.display().to_string();
        let arguments = ["policy.yaml", "--candidate", &next, "--decides", decides];
        self.run(&arguments, Some(policy))
    }

    /// Pushes a policy in the compact form.
    ///
    /// # Panics
    /// When the command cannot be run.
    #[must_use]
    pub fn push_compact(&self, policy: &str) -> Pushed {
        self.run(&["policy.yaml", "--compact"], Some(policy))
    }

    /// Pushes bytes that nobody has checked.
    ///
    /// # Panics
    /// When the command cannot be run.
    #[must_use]
    pub fn push_unchecked(&self, bundle: &str) -> Pushed {
        self.run(&["bundle.json", "--unchecked"], Some(bundle))
    }

    /// Goes back to the revision before.
    ///
    /// # Panics
    /// When the command cannot be run.
    #[must_use]
    pub fn roll_back(&self) -> Pushed {
        self.run(&["--rollback"], None)
    }

    /// The bundle of a policy.
    ///
    /// # Panics
    /// When the policy is wrong.
    #[must_use]
    pub fn build(&self, policy: &str) -> String {
        let source = self.place().join("policy.yaml");
        std::fs::write(&source, policy).expect("the policy can be written");
        let output = Command::new(paths::meshward())
            .arg("build")
            .arg(&source)
            .output();
        let output = output.expect("`meshward` can be started");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("a bundle is text")
    }

    /// What the watched file holds.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn content(&self) -> String {
        std::fs::read_to_string(&self.file).expect("the watched file can be read")
    }

    /// Every push has a folder of its own: several may run at the same time.
    fn place(&self) -> PathBuf {
        let place = tempfile::tempdir_in(self.folder.path()).expect("a folder can be made");
        place.keep()
    }

    fn run(&self, arguments: &[&str], content: Option<&str>) -> Pushed {
        let place = self.place();
        if let (Some(content), Some(name)) = (content, arguments.first()) {
            std::fs::write(place.join(name), content).expect("the policy can be written");
        }
        let mut command = Command::new(paths::meshward());
        command.current_dir(&place).arg("push").args(arguments);
        command.arg("--to").arg(&self.file).arg("--json");
        for envoy in &self.envoys {
            command.args(["--admin", &envoy.admin_address()]);
        }
        Pushed::read(&command.output().expect("`meshward` can be started"))
    }
}

impl Pushed {
    /// What `meshward push --json` has said.
    #[must_use]
    pub fn read(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A member of the report, as text.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        let found = self.report.pointer(pointer);
        found.and_then(Value::as_str).unwrap_or_default()
    }

    /// What came of it at each proxy.
    #[must_use]
    pub fn envoys(&self) -> &[Value] {
        let found = self.report.get("envoys").and_then(Value::as_array);
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// How long it took until it was known.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let found = self.report.get("seconds");
        found.and_then(Value::as_f64).unwrap_or(f64::INFINITY)
    }
}
