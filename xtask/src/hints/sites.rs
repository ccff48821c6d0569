//! The functions and branches of a module: where they are, which way they go, and the section that says so.

use super::order::Order;
use super::reading::{self, Wrong, wrong};
use super::told::{Told, Ways};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, CustomSection, Encode as _, EntityType, Function, ImportSection, Instruction,
    Module, TypeSection, ValType,
};
use wasmparser::{CompositeInnerType, FunctionBody, Parser, Payload, SubType};

/// The function that a telling module calls at each site: with the site's number, and with what a branch looks at.
pub(super) const TELL: (&str, &str) = ("meshward", "tell");

/// Where each function of a module begins, and the branches in it, in order.
pub(super) struct Sites(Vec<Site>);

/// The beginning of a function, or one of its branches on a condition.
struct Site {
    /// The index of its function.
    function: u32,
    /// A branch's place in the function's body, in bytes.
    branch: Option<u32>,
}

/// For each function, where its hinted branches are, and whether they are taken.
pub(super) struct Hints(BTreeMap<u32, Vec<(u32, bool)>>);

impl Sites {
    /// The sites of a module, and the same module telling when it comes by.
    pub(super) fn find(module: &[u8]) -> Result<(Self, Vec<u8>)> {
        let mut teller = Teller::of(module)?;
        let mut telling = Module::new();
        teller
            .parse_core_module(&mut telling, Parser::new(0), module)
            .map_err(wrong)
            .context("the module cannot be read")?;
        Ok((Self(teller.sites), telling.finish()))
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The functions that were run through, in the order in which they were met first.
    pub(super) fn functions(&self, told: &Told) -> impl Iterator<Item = u32> {
        let sites = told.order.iter().filter_map(|site| self.0.get(*site));
        sites.map(|site| site.function)
    }

    /// What was told of these sites, for those of the same module with its functions in another order.
    pub(super) fn moved(&self, told: &Told, order: &Order) -> Vec<Ways> {
        let mut by_function: BTreeMap<u32, Vec<Ways>> = BTreeMap::new();
        for (site, ways) in self.0.iter().zip(&told.ways) {
            by_function.entry(site.function).or_default().push(*ways);
        }
        let moved = order.functions().filter_map(|f| by_function.remove(&f));
        moved.flatten().collect()
    }

    /// What to hint when the branches went these ways: those that always went the same way.
    pub(super) fn hints(&self, ways: &[Ways]) -> Hints {
        let mut hints: BTreeMap<u32, Vec<_>> = BTreeMap::new();
        for (site, way) in self.0.iter().zip(ways) {
            if let (Some(offset), Some(taken)) = (site.branch, way.only()) {
                let function = hints.entry(site.function).or_default();
                function.push((offset, taken));
            }
        }
        Hints(hints)
    }
}

impl Hints {
    pub(super) fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// The module with the section, which must stand before the code.
    pub(super) fn insert(&self, module: &[u8]) -> Result<Vec<u8>> {
        let mut at = HEAD;
        let mut out = module.get(..at).context("this is no module")?.to_vec();
        while let Some((id, end)) = section(module, at)? {
            if id == CODE {
                out.push(0);
                self.section().encode(&mut out);
            }
            out.extend_from_slice(module.get(at..end).context("a section is cut off")?);
            at = end;
        }
        Ok(out)
    }

    /// The custom section: a vector of functions, each with a vector of hints; a hint is an offset, a length (1) and what is likely.
    fn section(&self) -> CustomSection<'static> {
        let mut data = Vec::new();
        self.0.len().encode(&mut data);
        for (function, hints) in &self.0 {
            function.encode(&mut data);
            hints.len().encode(&mut data);
            for (offset, taken) in hints {
                offset.encode(&mut data);
                data.push(1);
                data.push(u8::from(*taken));
            }
        }
        CustomSection {
            name: "metadata.code.branch_hint".into(),
            data: data.into(),
        }
    }
}

/// The length of a module's head: the magic number and the version.
const HEAD: usize = 8;
/// The id of the section with the code.
const CODE: u8 = 10;

/// The id of the section that begins at a place, and where it ends; none at the end of the module.
fn section(module: &[u8], at: usize) -> Result<Option<(u8, usize)>> {
    let Some((id, rest)) = module.get(at..).and_then(<[u8]>::split_first) else {
        return Ok(None);
    };
    let mut reader = wasmparser::BinaryReader::new(rest, 0);
    let length = reader.read_var_u32()?;
    let head = 1 + usize::try_from(reader.original_position())?;
    let end = at + head + usize::try_from(length)?;
    Ok(Some((*id, end)))
}

/// Writes a module anew, with a call at each site.
struct Teller {
    sites: Vec<Site>,
    /// How many functions are imported: those that are added stand behind them, and before all others.
    imported: u32,
    /// The function whose body comes next, not counting those that are imported.
    next: usize,
    /// How many parameters each function has that is not imported.
    parameters: Vec<u32>,
    /// The index of the type that is added.
    added: u32,
}

impl Teller {
    fn of(module: &[u8]) -> Result<Self> {
        let (mut types, mut functions) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            if let Payload::TypeSection(section) = payload {
                for group in section {
                    types.extend(group?.into_types().map(|ty| parameters(&ty)));
                }
            } else if let Payload::FunctionSection(section) = payload {
                functions = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
            }
        }
        let parameters = functions.into_iter().map(|ty| {
            let count = types.get(usize::try_from(ty)?);
            Ok(u32::try_from(*count.context("a function has no type")?)?)
        });
        Ok(Self {
            sites: Vec::new(),
            imported: reading::functions(module)?.0,
            next: 0,
            parameters: parameters.collect::<Result<_>>()?,
            added: u32::try_from(types.len())?,
        })
    }

    fn body(&mut self, code: &mut CodeSection, body: &FunctionBody<'_>) -> Result<()> {
        let function = self.imported + u32::try_from(self.next)?;
        let start = body.range().start;
        let parameters = self.parameters.get(self.next);
        let mut free = *parameters.context("a body has no function")?;
        self.next += 1;
        let mut locals = Vec::new();
        for local in body.get_locals_reader()? {
            let (count, ty) = local?;
            free += count;
            locals.push((count, self.val_type(ty).map_err(wrong)?));
        }
        locals.push((1, ValType::I32));
        let mut told = Function::new(locals);
        told.instruction(&Instruction::I32Const(self.site(function, None)?));
        told.instruction(&Instruction::I32Const(0));
        told.instruction(&Instruction::Call(self.imported));
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let offset = u32::try_from(reader.original_position() - start)?;
            let instruction = self.parse_instruction(&mut reader).map_err(wrong)?;
            if matches!(instruction, Instruction::BrIf(_) | Instruction::If(_)) {
                let number = self.site(function, Some(offset))?;
                told.instruction(&Instruction::LocalTee(free));
                told.instruction(&Instruction::I32Const(number));
                told.instruction(&Instruction::LocalGet(free));
                told.instruction(&Instruction::Call(self.imported));
            }
            told.instruction(&instruction);
        }
        code.function(&told);
        Ok(())
    }

    /// Another site, and its number.
    fn site(&mut self, function: u32, branch: Option<u32>) -> Result<i32> {
        let number = i32::try_from(self.sites.len())?;
        self.sites.push(Site { function, branch });
        Ok(number)
    }
}

/// How many parameters a type has; none where it is not a function's.
fn parameters(ty: &SubType) -> usize {
    if let CompositeInnerType::Func(function) = &ty.composite_type.inner {
        function.params().len()
    } else {
        0
    }
}

impl Reencode for Teller {
    type Error = anyhow::Error;

    fn function_index(&mut self, function: u32) -> Result<u32, Wrong> {
        Ok(function + u32::from(function >= self.imported))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Wrong> {
        reencode::utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32, ValType::I32], []);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), Wrong> {
        reencode::utils::parse_import_section(self, imports, section)?;
        imports.import(TELL.0, TELL.1, EntityType::Function(self.added));
        Ok(())
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Wrong> {
        self.body(code, &body).map_err(reencode::Error::UserError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{BlockType, ExportKind, ExportSection, FunctionSection, Instruction as I};

    /// One imported function, and one of its own with a branch of each kind and a locals' declaration before them.
    fn module() -> Vec<u8> {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], []);
        let mut imports = ImportSection::new();
        imports.import("env", "f", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut exports = ExportSection::new();
        exports.export("g", ExportKind::Func, 1);
        let mut body = Function::new([(3, ValType::I64)]);
        for instruction in [
            I::Block(BlockType::Empty),
            I::LocalGet(0),
            I::BrIf(0),
            I::LocalGet(0),
            I::If(BlockType::Empty),
            I::LocalGet(0),
            I::Call(0),
            I::End,
            I::End,
            I::End,
        ] {
            body.instruction(&instruction);
        }
        let mut code = CodeSection::new();
        code.function(&body);
        module.section(&types).section(&imports).section(&functions);
        module.section(&exports).section(&code);
        module.finish()
    }

    fn way(taken: u64, passed: u64) -> Ways {
        Ways { taken, passed }
    }

    #[test]
    fn finds_each_branch_and_tells_which_way_it_goes() {
        let (sites, telling) = Sites::find(&module()).unwrap();
        let places: Vec<_> = sites.0.iter().map(|s| (s.function, s.branch)).collect();
        // Behind the locals (3 bytes), a block (2) and a `local.get` (2); and 2 + 2 bytes later.
        assert_eq!(places, [(1, None), (1, Some(7)), (1, Some(11))]);
        wasmparser::Validator::new().validate_all(&telling).unwrap();
        let imports = Parser::new(0).parse_all(&telling).find_map(|payload| {
            let Payload::ImportSection(section) = payload.unwrap() else {
                return None;
            };
            Some(section.into_imports().count())
        });
        assert_eq!(imports, Some(2));
    }

    #[test]
    fn hints_only_what_always_goes_the_same_way() {
        let (sites, _) = Sites::find(&module()).unwrap();
        for (ways, expected) in [
            ([way(0, 1), way(0, 0), way(2, 1)], &[][..]),
            ([way(0, 1), way(5, 0), way(0, 0)], &[(7, true)]),
            ([way(0, 2), way(0, 1), way(9, 0)], &[(7, false), (11, true)]),
        ] {
            let hints = sites.hints(&ways);
            let found = hints.0.get(&1).map_or(&[][..], Vec::as_slice);
            assert_eq!(found, expected);
            assert_eq!(hints.count(), expected.len());
        }
    }

    #[test]
    fn the_section_stands_before_the_code_and_nothing_else_changes() {
        let before = module();
        let (sites, _) = Sites::find(&before).unwrap();
        let hints = sites.hints(&[way(0, 1), way(0, 1), way(9, 0)]);
        let after = hints.insert(&before).unwrap();
        wasmparser::Validator::new().validate_all(&after).unwrap();
        let mut custom = None;
        for payload in Parser::new(0).parse_all(&after) {
            let payload = payload.unwrap();
            if let Payload::CustomSection(section) = payload {
                custom = Some((section.name().to_owned(), section.data().to_vec()));
            } else if let Payload::CodeSectionStart { .. } = payload {
                assert!(custom.is_some(), "it comes too late");
            }
        }
        let (name, data) = custom.unwrap();
        assert_eq!(name, "metadata.code.branch_hint");
        // One function, number 1, two hints: at 7 not likely, at 11 likely.
        assert_eq!(data, [1, 1, 2, 7, 1, 0, 11, 1, 1]);
        assert_eq!(after.len(), before.len() + 2 + 1 + name.len() + data.len());
    }
}
