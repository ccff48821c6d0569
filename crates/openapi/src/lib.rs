//! OpenAPI 3.0 and 3.1 to endpoints and schemas.
