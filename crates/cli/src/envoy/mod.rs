//! Configurations for Envoy: the filter, alone and in a complete bootstrap.

mod address;
mod admin;
mod bootstrap;
mod cluster;
mod filter;
mod resource;

pub(crate) use address::Address;
pub(crate) use admin::Admin;
pub(crate) use bootstrap::{Bootstrap, FilterSource};
pub(crate) use cluster::{Cluster, missing, speaking};
pub(crate) use filter::{FILTER_TYPE, typed_filter_from};
pub(crate) use resource::Resource;
