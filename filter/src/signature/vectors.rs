//! A good signature for each algorithm that a proxy may verify. The private keys were thrown away.

use jsonwebtoken::{Algorithm, DecodingKey};

/// What is signed.
pub(super) const TEXT: &[u8] = b"meshward";
/// What is not.
pub(super) const OTHER_TEXT: &[u8] = b"meshwarb";

/// One signature of [`TEXT`].
#[derive(Debug)]
pub(super) struct Vector {
    pub(super) algorithm: Algorithm,
    /// A modulus, or a point.
    public: &'static [u8],
    /// As JOSE has it.
    pub(super) signature: &'static [u8],
}

impl Vector {
    /// The key that verifies it.
    pub(super) fn key(&self) -> DecodingKey {
        if matches!(self.algorithm, Algorithm::ES256 | Algorithm::ES384) {
            DecodingKey::from_ec_der(self.public)
        } else {
            DecodingKey::from_rsa_raw_components(self.public, &[1, 0, 1])
        }
    }
}

/// All of them.
pub(super) fn all() -> [Vector; 5] {
    let modulus = include_bytes!("vectors/rsa.modulus").as_slice();
    [
        (
            Algorithm::RS256,
            modulus,
            include_bytes!("vectors/rs256.sig").as_slice(),
        ),
        (
            Algorithm::RS384,
            modulus,
            include_bytes!("vectors/rs384.sig"),
        ),
        (
            Algorithm::RS512,
            modulus,
            include_bytes!("vectors/rs512.sig"),
        ),
        (
            Algorithm::ES256,
            include_bytes!("vectors/p256.point"),
            include_bytes!("vectors/es256.sig"),
        ),
        (
            Algorithm::ES384,
            include_bytes!("vectors/p384.point"),
            include_bytes!("vectors/es384.sig"),
        ),
    ]
    .map(|(algorithm, public, signature)| Vector {
        algorithm,
        public,
        signature,
    })
}
