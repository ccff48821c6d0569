//! What both writers of modules need to know of the module that they read.

use anyhow::Result;
use wasm_encoder::reencode;
use wasmparser::{Parser, Payload, TypeRef};

/// What goes wrong while a module is written anew, in the form in which its writer takes it.
pub(super) type Wrong = reencode::Error<anyhow::Error>;

pub(super) fn wrong(error: Wrong) -> anyhow::Error {
    if let reencode::Error::UserError(own) = error {
        own
    } else {
        anyhow::Error::msg(error.to_string())
    }
}

/// How many functions a module imports, and how many are its own.
pub(super) fn functions(module: &[u8]) -> Result<(u32, u32)> {
    let (mut imported, mut own) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ImportSection(section) = payload {
            for import in section.into_imports() {
                imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
            }
        } else if let Payload::FunctionSection(section) = payload {
            own = section.count();
        }
    }
    Ok((imported, own))
}
