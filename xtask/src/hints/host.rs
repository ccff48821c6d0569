//! The little of a proxy that the filter needs to judge a request: heads and bodies, a clock that stands still, slots of shared data.
//!
//! It is no stand-in for a proxy in a test: whether the filter behaves is tested in Envoy.

use super::sites::TELL;
use super::told::{Told, Ways};
use super::traffic::{Exchange, Scene};
use anyhow::{Context as _, Result, bail};
use std::collections::HashMap;
use wasmi::{
    Caller, Engine, Error, Extern, ExternType, Instance, Linker, Memory, Module, Store, Val,
};

/// 2026-11-22T10:00:00Z.
const NOW: u64 = 1_795_341_600_000_000_000;
/// The context of the plugin, and the first of an exchange.
const ROOT: i32 = 1;
/// The answers of host calls that are needed here (proxy-wasm ABI 0.2.1).
const OK: i32 = 0;
const NOT_FOUND: i32 = 1;
const MISMATCH: i32 = 8;
/// How often all exchanges pass before they count: caches are then warm, and what happens once has happened.
const WARM: u32 = 2;

/// What the host calls see.
#[derive(Default)]
struct Proxy {
    configuration: Vec<u8>,
    exchange: Exchange,
    slots: HashMap<Vec<u8>, (Vec<u8>, u32)>,
    version: u32,
    metrics: u32,
    refused: bool,
    said: Vec<String>,
    told: Told,
}

/// Runs a module that tells of so many sites, and says what it told of the last round.
pub(super) fn play(module: &[u8], sites: usize, scene: &Scene) -> Result<Told> {
    let engine = Engine::default();
    let module = Module::new(&engine, module)?;
    let proxy = Proxy {
        configuration: scene.bundle.clone(),
        ..Proxy::default()
    };
    let mut store = Store::new(&engine, proxy);
    let instance = linker(&engine, &module)?.instantiate_and_start(&mut store, &module)?;
    let mut running = Running { store, instance };
    running.start()?;
    let mut context = ROOT;
    for round in 0..=WARM {
        if round == WARM {
            running.store.data_mut().told = Told::nothing(sites);
        }
        for exchange in &scene.exchanges {
            context += 1;
            running.exchange(context, exchange)?;
        }
    }
    Ok(std::mem::take(&mut running.store.data_mut().told))
}

struct Running {
    store: Store<Proxy>,
    instance: Instance,
}

impl Running {
    fn start(&mut self) -> Result<()> {
        if self.instance.get_func(&self.store, "_initialize").is_some() {
            self.call("_initialize", &[])?;
        }
        let size = i32::try_from(self.store.data().configuration.len())?;
        self.call("proxy_on_context_create", &[ROOT, 0])?;
        self.call("proxy_on_vm_start", &[ROOT, 0])?;
        if self.call("proxy_on_configure", &[ROOT, size])? == Some(0) {
            bail!(
                "it refuses the policy: {}",
                self.store.data().said.join("; ")
            );
        }
        Ok(())
    }

    /// The callbacks of one exchange, as a proxy makes them.
    fn exchange(&mut self, context: i32, exchange: &Exchange) -> Result<()> {
        let body = i32::try_from(exchange.body.len())?;
        let fields = i32::try_from(exchange.request.len())?;
        let answered = i32::try_from(exchange.response.len())?;
        self.store.data_mut().exchange = exchange.clone();
        self.call("proxy_on_context_create", &[context, ROOT])?;
        let bodiless = i32::from(body == 0);
        self.call("proxy_on_request_headers", &[context, fields, bodiless])?;
        if body > 0 {
            self.call("proxy_on_request_body", &[context, body, 1])?;
        }
        if self.store.data().refused {
            bail!(
                "a request is refused: {}",
                self.store.data().said.join("; ")
            );
        }
        self.call("proxy_on_response_headers", &[context, answered, 0])?;
        self.call("proxy_on_response_body", &[context, 62, 1])?;
        for last in ["proxy_on_log", "proxy_on_done", "proxy_on_delete"] {
            self.call(last, &[context])?;
        }
        Ok(())
    }

    fn call(&mut self, name: &str, arguments: &[i32]) -> Result<Option<i32>> {
        let function = self.instance.get_func(&self.store, name);
        let function = function.with_context(|| format!("the module has no `{name}`"))?;
        let arguments: Vec<_> = arguments.iter().map(|number| Val::I32(*number)).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function
            .call(&mut self.store, &arguments, &mut results)
            .with_context(|| format!("`{name}`"))?;
        Ok(match results.first() {
            Some(Val::I32(number)) => Some(*number),
            _ => None,
        })
    }
}

/// Everything that the module imports. What is not done here does nothing, and says that it went well.
fn linker(engine: &Engine, module: &Module) -> Result<Linker<Proxy>> {
    let mut linker = Linker::new(engine);
    for import in module.imports() {
        let ExternType::Func(ty) = import.ty() else {
            bail!("`{}` is no function", import.name());
        };
        let name = import.name().to_owned();
        let tells = (import.module(), import.name()) == TELL;
        linker.func_new(
            import.module(),
            import.name(),
            ty.clone(),
            move |mut caller, arguments, results| {
                let mut numbers = [0; 10];
                for (number, argument) in numbers.iter_mut().zip(arguments) {
                    if let Val::I32(value) = argument {
                        *number = value.cast_unsigned();
                    }
                }
                if tells {
                    let [site, looked_at, ..] = numbers;
                    tell(caller.data_mut(), site, looked_at != 0);
                    return Ok(());
                }
                let done = answer(&mut caller, &name, numbers);
                let status = done.map_err(|error| Error::new(format!("`{name}`: {error:#}")))?;
                if let Some(result) = results.first_mut() {
                    *result = Val::I32(status);
                }
                Ok(())
            },
        )?;
    }
    Ok(linker)
}

fn tell(proxy: &mut Proxy, site: u32, taken: bool) {
    let ways = Ways {
        taken: u64::from(taken),
        passed: u64::from(!taken),
    };
    if let Ok(site) = usize::try_from(site) {
        proxy.told.add(site, ways);
    }
}

/// One host call.
fn answer(caller: &mut Caller<'_, Proxy>, name: &str, numbers: [u32; 10]) -> Result<i32> {
    let [a, b, c, d, e, ..] = numbers;
    match name {
        "proxy_get_current_time_nanoseconds" => put(caller, a, &NOW.to_le_bytes())?,
        "proxy_get_buffer_bytes" => {
            let whole = if a == 0 {
                &caller.data().exchange.body
            } else {
                &caller.data().configuration
            };
            let (start, length) = (usize::try_from(b)?, usize::try_from(c)?);
            let part = whole.iter().skip(start).take(length).copied().collect();
            give(caller, part, d, e)?;
        }
        "proxy_get_header_map_pairs" => {
            let exchange = &caller.data().exchange;
            let pairs = pairs(if a == 0 {
                &exchange.request
            } else {
                &exchange.response
            })?;
            give(caller, pairs, b, c)?;
        }
        "proxy_get_shared_data" => {
            let key = take(caller, a, b)?;
            let Some((value, version)) = caller.data().slots.get(&key).cloned() else {
                return Ok(NOT_FOUND);
            };
            give(caller, value, c, d)?;
            put(caller, e, &version.to_le_bytes())?;
        }
        "proxy_set_shared_data" => {
            let (key, value) = (take(caller, a, b)?, take(caller, c, d)?);
            let proxy = caller.data_mut();
            let there = proxy.slots.get(&key).map(|(_, version)| *version);
            if e != 0 && there.is_some_and(|version| version != e) {
                return Ok(MISMATCH);
            }
            proxy.version += 1;
            proxy.slots.insert(key, (value, proxy.version));
        }
        "proxy_define_metric" => {
            caller.data_mut().metrics += 1;
            let id = caller.data().metrics;
            put(caller, d, &id.to_le_bytes())?;
        }
        // There is no such property, and no such function: signatures are then verified by the module itself.
        "proxy_get_property" | "proxy_call_foreign_function" => return Ok(NOT_FOUND),
        "proxy_send_local_response" => caller.data_mut().refused = true,
        "proxy_log" => {
            let line = String::from_utf8_lossy(&take(caller, b, c)?).into_owned();
            caller.data_mut().said.push(line);
        }
        "environ_sizes_get" | "args_sizes_get" => {
            put(caller, a, &[0; 4])?;
            put(caller, b, &[0; 4])?;
        }
        "random_get" => put(caller, a, &vec![7; usize::try_from(b)?])?,
        "proc_exit" => bail!("the module ended itself"),
        _ => {}
    }
    Ok(OK)
}

/// Header fields as the ABI writes them: their number, the lengths of names and values, and then these, each with a zero behind it.
fn pairs(fields: &[(&'static str, String)]) -> Result<Vec<u8>> {
    let mut out = u32::try_from(fields.len())?.to_le_bytes().to_vec();
    for (name, value) in fields {
        for text in [*name, value] {
            out.extend(u32::try_from(text.len())?.to_le_bytes());
        }
    }
    for (name, value) in fields {
        for text in [*name, value] {
            out.extend(text.as_bytes());
            out.push(0);
        }
    }
    Ok(out)
}

fn memory(caller: &Caller<'_, Proxy>) -> Result<Memory> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.context("the module has no memory")
}

/// Reads from the module's memory.
fn take(caller: &Caller<'_, Proxy>, at: u32, length: u32) -> Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length)?];
    memory(caller)?
        .read(caller, usize::try_from(at)?, &mut bytes)
        .map_err(outside)?;
    Ok(bytes)
}

/// Writes into the module's memory.
fn put(caller: &mut Caller<'_, Proxy>, at: u32, bytes: &[u8]) -> Result<()> {
    let memory = memory(caller)?;
    memory
        .write(caller, usize::try_from(at)?, bytes)
        .map_err(outside)
}

/// Hands bytes over: in memory that the module allocates, with their place and length where it asked for these.
fn give(caller: &mut Caller<'_, Proxy>, bytes: Vec<u8>, place: u32, length: u32) -> Result<()> {
    let allocate = caller.get_export("proxy_on_memory_allocate");
    let allocate = allocate.and_then(Extern::into_func);
    let allocate = allocate.context("the module allocates no memory")?;
    let size = u32::try_from(bytes.len())?;
    let mut at = [Val::I32(0)];
    allocate.call(&mut *caller, &[Val::I32(size.cast_signed())], &mut at)?;
    let [Val::I32(at)] = at else {
        bail!("the module gave no address");
    };
    let at = at.cast_unsigned();
    put(caller, at, &bytes)?;
    put(caller, place, &at.to_le_bytes())?;
    put(caller, length, &size.to_le_bytes())
}

fn outside(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("outside of the module's memory: {error}")
}
