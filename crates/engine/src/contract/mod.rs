//! stub
use crate::config::*;
use crate::http::*;
use crate::problem::Problem;
use crate::verdict::Refusal;
pub(crate) struct Schemas;
impl Schemas {
    pub(crate) fn new(_: Option<&Description>) -> Self {
        Self
    }
}
#[derive(Debug)]
pub(crate) struct Contract;
pub(crate) struct Seen {
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) reports: Vec<Refusal>,
}
impl Contract {
    pub(crate) fn compile(
        _: &Operation,
        _: &str,
        _: &mut Schemas,
        _: BodyRules,
        _: Unknown,
        _: Vec<String>,
        _: bool,
    ) -> (Self, Vec<Problem>) {
        (Self, vec![])
    }
    pub(crate) fn check_head(&self, _: &RequestHead, _: &Target, _: &[(String, String)]) -> Seen {
        Seen {
            refusals: vec![],
            reports: vec![],
        }
    }
    pub(crate) fn needs_body(&self, _: &RequestHead) -> bool {
        false
    }
    pub(crate) fn check_size(&self, _: usize) -> Option<Refusal> {
        None
    }
    pub(crate) fn check_body(&self, _: &RequestHead, _: &[u8]) -> Vec<Refusal> {
        vec![]
    }
}
#[derive(Debug)]
pub(crate) struct ResponseContract;
impl ResponseContract {
    pub(crate) fn compile(_: &Operation, _: &str, _: &mut Schemas) -> (Self, Vec<Problem>) {
        (Self, vec![])
    }
    pub(crate) fn check_head(&self, _: bool, _: &ResponseHead) -> Vec<Refusal> {
        vec![]
    }
    pub(crate) fn needs_body(&self, _: bool, _: &ResponseHead) -> bool {
        false
    }
    pub(crate) fn check_size(&self, _: usize) -> Option<Refusal> {
        None
    }
    pub(crate) fn check_body(&self, _: u16, _: &[u8]) -> Vec<Refusal> {
        vec![]
    }
}
