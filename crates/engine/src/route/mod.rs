//! stub
use crate::http::RequestHead;
use crate::problem::Problem;
pub(crate) struct RouterApi {
    pub(crate) index: usize,
    pub(crate) at: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) base_paths: Vec<String>,
    pub(crate) head_follows_get: bool,
    pub(crate) cors_preflight: bool,
    pub(crate) endpoints: Vec<RouterEndpoint>,
}
pub(crate) struct RouterEndpoint {
    pub(crate) index: usize,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) at: String,
}
#[derive(Debug)]
pub(crate) struct Router;
pub(crate) enum Found {
    Endpoint {
        api: usize,
        endpoint: usize,
        params: Vec<(String, String)>,
    },
    Preflight {
        api: usize,
    },
    MethodUnknown {
        api: usize,
        allow: Vec<String>,
    },
    EndpointUnknown {
        api: usize,
    },
    HostUnknown,
}
impl Router {
    pub(crate) fn compile(_: &[RouterApi]) -> (Self, Vec<Problem>) {
        (Self, vec![])
    }
    pub(crate) fn find(&self, _: &str, _: &str, _: &[String], _: &RequestHead) -> Found {
        Found::HostUnknown
    }
}
