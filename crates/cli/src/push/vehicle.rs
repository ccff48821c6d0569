//! What carries a bundle to proxies, as it stands in a file: a resource that Envoy watches, or objects for istiod.

use crate::envoy::Resource;
use crate::failure::Failure;
use crate::kubernetes::Objects;

/// What stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Vehicle {
    /// What `meshward render ecds` makes.
    Resource(Resource),
    /// What `meshward render istio` makes.
    Objects(Objects),
}

impl Vehicle {
    /// Reads one that was written before.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if Objects::are_in(text) {
            Objects::read(text).map(Self::Objects)
        } else {
            Resource::read(text).map(Self::Resource)
        }
    }

    /// The bundle in it.
    pub(crate) fn bundle(&self) -> String {
        match self {
            Self::Resource(resource) => resource.bundle().to_owned(),
            Self::Objects(objects) => objects.bundle(),
        }
    }

    /// The name under which Envoy asks for the filter's configuration.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Resource(resource) => resource.name().to_owned(),
            Self::Objects(objects) => objects.resource(),
        }
    }

    /// Whether the proxy can hold requests back until their bodies are judged.
    pub(crate) fn holds(&self) -> bool {
        match self {
            Self::Resource(resource) => resource.holds(),
            Self::Objects(objects) => objects.holds(),
        }
    }

    /// The largest body that the proxy holds, in bytes, as far as it is said here.
    pub(crate) fn buffer(&self) -> Option<u64> {
        match self {
            Self::Resource(_) => None,
            Self::Objects(objects) => Some(objects.buffer()),
        }
    }

    /// The same with another bundle: module and settings stay.
    ///
    /// # Errors
    /// When it cannot carry it.
    pub(crate) fn with_bundle(self, version: &str, bundle: &str) -> Result<Self, Failure> {
        match self {
            Self::Resource(resource) => Ok(Self::Resource(resource.with_bundle(version, bundle))),
            Self::Objects(objects) => objects.with_bundle(bundle).map(Self::Objects),
        }
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Resource(resource) => resource.text(),
            Self::Objects(objects) => objects.text(),
        }
    }
}
