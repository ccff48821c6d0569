//! The functions of a module in another order: those that requests run through come first, next to each other.

use super::reading::{self, Wrong};
use anyhow::{Context as _, Result};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser};

/// An order of the functions that a module does not import.
#[derive(Debug)]
pub(super) struct Order {
    imported: u32,
    /// Which function stands at each place.
    before: Vec<u32>,
    /// Where each function stands then.
    after: Vec<u32>,
}

impl Order {
    /// These functions first, each once, and then all others as they stood. Functions are counted with those that are imported, which stay
    /// in front of all.
    pub(super) fn first(module: &[u8], first: impl IntoIterator<Item = u32>) -> Result<Self> {
        let (imported, own) = reading::functions(module)?;
        let unplaced = u32::MAX;
        let mut after = vec![unplaced; usize::try_from(own)?];
        let mut before = Vec::with_capacity(after.len());
        let first = first.into_iter().map(|index| index.checked_sub(imported));
        for function in first.flatten().chain(0..own) {
            let place = after.get_mut(usize::try_from(function)?);
            let place = place.context("there is no such function")?;
            if *place == unplaced {
                *place = u32::try_from(before.len())?;
                before.push(function);
            }
        }
        Ok(Self {
            imported,
            before,
            after,
        })
    }

    /// The functions in this order, by their indexes in the module as it was.
    pub(super) fn functions(&self) -> impl Iterator<Item = u32> {
        self.before.iter().map(|function| self.imported + function)
    }

    /// The module with its functions in this order.
    pub(super) fn of(mut self, module: &[u8]) -> Result<Vec<u8>> {
        let mut ordered = Module::new();
        self.parse_core_module(&mut ordered, Parser::new(0), module)
            .map_err(reading::wrong)
            .context("the module cannot be read")?;
        Ok(ordered.finish())
    }

    /// What belongs to each function, in this order.
    fn ordered<T: Clone>(&self, all: &[T]) -> Result<Vec<T>> {
        let of = |function: &u32| {
            let one = all.get(usize::try_from(*function)?);
            Ok(one
                .context("a function is declared and has no body")?
                .clone())
        };
        self.before.iter().map(of).collect()
    }
}

impl Reencode for Order {
    type Error = anyhow::Error;

    fn function_index(&mut self, function: u32) -> Result<u32, Wrong> {
        let Some(own) = function.checked_sub(self.imported) else {
            return Ok(function);
        };
        let place = usize::try_from(own)
            .ok()
            .and_then(|own| self.after.get(own));
        let place = place.context("there is no such function");
        Ok(self.imported + place.map_err(reencode::Error::UserError)?)
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Wrong> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for ty in self.ordered(&types).map_err(reencode::Error::UserError)? {
            functions.function(self.type_index(ty)?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Wrong> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for body in self.ordered(&bodies).map_err(reencode::Error::UserError)? {
            self.parse_function_body(code, body)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        EntityType, ExportKind, ExportSection, Function, ImportSection, Instruction, TypeSection,
        ValType,
    };
    use wasmparser::{ExternalKind, Operator, Payload};

    /// An imported function, and three of its own: the first is exported and calls the last, which calls the imported one.
    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        types.ty().function([ValType::I32], []);
        let mut imports = ImportSection::new();
        imports.import("env", "f", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0).function(1).function(0);
        let mut exports = ExportSection::new();
        exports.export("first", ExportKind::Func, 1);
        let mut code = CodeSection::new();
        for called in [Some(3), None, Some(0)] {
            let mut body = Function::new([]);
            if let Some(called) = called {
                body.instruction(&Instruction::Call(called));
            }
            body.instruction(&Instruction::End);
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions);
        module.section(&exports).section(&code);
        module.finish()
    }

    #[test]
    fn what_is_called_and_exported_moves_along() {
        let order = Order::first(&module(), [3, 0, 3]).unwrap();
        assert_eq!(order.functions().collect::<Vec<_>>(), [3, 1, 2]);
        let ordered = order.of(&module()).unwrap();
        wasmparser::Validator::new().validate_all(&ordered).unwrap();
        let (mut exported, mut called) = (None, Vec::new());
        for payload in Parser::new(0).parse_all(&ordered) {
            let payload = payload.unwrap();
            if let Payload::ExportSection(section) = payload {
                let export = section.into_iter().next().unwrap().unwrap();
                exported = Some((export.kind, export.index));
            } else if let Payload::CodeSectionEntry(body) = payload {
                let first = body.get_operators_reader().unwrap().read().unwrap();
                called.push(if let Operator::Call { function_index } = first {
                    Some(function_index)
                } else {
                    None
                });
            }
        }
        assert_eq!(exported, Some((ExternalKind::Func, 2)));
        assert_eq!(called, [Some(0), Some(1), None]);
    }

    #[test]
    fn a_function_that_is_not_there_is_an_error() {
        assert!(Order::first(&module(), [4]).is_err());
    }
}
