//! Real Envoy, real servers.
