//! Configurations for Envoy: the filter, alone and in a complete bootstrap.

mod address;
mod bootstrap;
mod cluster;
mod filter;

pub(crate) use address::Address;
pub(crate) use bootstrap::{Bootstrap, FilterSource};
pub(crate) use cluster::{Cluster, missing};
pub(crate) use filter::{discovery_response, typed_filter};
