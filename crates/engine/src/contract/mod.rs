//! Parameters, bodies and responses against the description.
