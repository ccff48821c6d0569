//! Keys and signatures in the forms of JOSE, written out as the proxy takes them: DER (X.690) and one protocol buffer.

/// A curve, with what DER has to say about its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
}

impl Curve {
    /// The length of a coordinate, and of each half of a signature, in bytes.
    const fn length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// `AlgorithmIdentifier { id-ecPublicKey, the curve }` (RFC 5480 §2.1.1).
    const fn identifier(self) -> &'static [u8] {
        match self {
            Self::P256 => &[
                0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
                0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
            ],
            Self::P384 => &[
                0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
                0x81, 0x04, 0x00, 0x22,
            ],
        }
    }
}

/// `AlgorithmIdentifier { rsaEncryption, NULL }` (RFC 3279 §2.3.1).
const RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// A `SubjectPublicKeyInfo`, and where in it the bare key begins: an `RSAPublicKey` (RFC 8017) or a point.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublicKey {
    pub(super) whole: Vec<u8>,
    bare: usize,
}

impl PublicKey {
    /// The key without what says of which kind it is.
    pub(super) fn bare(&self) -> &[u8] {
        self.whole.get(self.bare..).unwrap_or_default()
    }
}

/// A `SubjectPublicKeyInfo` of an RSA key from its big-endian numbers; `None` for numbers that no key has.
pub(super) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Option<PublicKey> {
    let (modulus, exponent) = (Natural::new(modulus)?, Natural::new(exponent)?);
    let numbers = modulus.size().checked_add(exponent.size())?;
    // The bit string begins with the number of unused bits, which is none.
    let bits = size(numbers).checked_add(1)?;
    let whole = RSA.len().checked_add(size(bits))?;
    let mut out = Vec::with_capacity(size(whole));
    head(&mut out, SEQUENCE, whole)?;
    out.extend_from_slice(RSA);
    head(&mut out, BIT_STRING, bits)?;
    out.push(0);
    let bare = out.len();
    head(&mut out, SEQUENCE, numbers)?;
    modulus.write(&mut out)?;
    exponent.write(&mut out)?;
    Some(PublicKey { whole: out, bare })
}

/// A `SubjectPublicKeyInfo` of an EC key from its uncompressed point (SEC 1 §2.3.3); `None` for another form of point.
pub(super) fn ec_public_key(curve: Curve, point: &[u8]) -> Option<PublicKey> {
    let whole_point = point.len() == curve.length() * 2 + 1 && point.first() == Some(&4);
    if !whole_point {
        return None;
    }
    let bits = point.len().checked_add(1)?;
    let identifier = curve.identifier();
    let whole = identifier.len().checked_add(size(bits))?;
    let mut out = Vec::with_capacity(size(whole));
    head(&mut out, SEQUENCE, whole)?;
    out.extend_from_slice(identifier);
    head(&mut out, BIT_STRING, bits)?;
    out.push(0);
    let bare = out.len();
    out.extend_from_slice(point);
    Some(PublicKey { whole: out, bare })
}

/// An ECDSA signature in DER (RFC 3279 §2.2.3) from the two halves of JOSE (RFC 7518 §3.4); `None` where these have another
/// length, or a half is zero, which no signature has.
pub(super) fn der_signature(curve: Curve, halves: &[u8]) -> Option<Vec<u8>> {
    let length = curve.length();
    if halves.len() != length * 2 {
        return None;
    }
    let (r, s) = halves.split_at_checked(length)?;
    let (r, s) = (Natural::new(r)?, Natural::new(s)?);
    let whole = r.size().checked_add(s.size())?;
    let mut out = Vec::with_capacity(size(whole));
    head(&mut out, SEQUENCE, whole)?;
    r.write(&mut out)?;
    s.write(&mut out)?;
    Some(out)
}

/// `VerifySignatureArguments { hash_function, public_key, signature, text }`, serialized.
pub(super) fn question(hash: &str, key: &[u8], signature: &[u8], text: &[u8]) -> Vec<u8> {
    // A tag and a length of at most four bytes for each field.
    let length = hash.len() + key.len() + signature.len() + text.len() + 20;
    let mut out = Vec::with_capacity(length);
    for (number, value) in (1_u8..).zip([hash.as_bytes(), key, signature, text]) {
        out.push(number << 3 | 2);
        let mut left = value.len();
        while let (low, high @ 1..) = (left & 0x7f, left >> 7) {
            out.push(low.to_le_bytes()[0] | 0x80);
            left = high;
        }
        out.push(left.to_le_bytes()[0]);
        out.extend_from_slice(value);
    }
    out
}

/// A number above zero, without leading zeros.
struct Natural<'a>(&'a [u8]);

impl<'a> Natural<'a> {
    fn new(mut bytes: &'a [u8]) -> Option<Self> {
        while let Some((0, rest)) = bytes.split_first() {
            bytes = rest;
        }
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// A number whose first bit is set would be read as negative: it gets a zero in front.
    fn padding(&self) -> usize {
        usize::from(self.0.first().is_some_and(|first| *first >= 0x80))
    }

    fn content(&self) -> usize {
        self.0.len() + self.padding()
    }

    fn size(&self) -> usize {
        size(self.content())
    }

    fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        head(out, INTEGER, self.content())?;
        out.extend(std::iter::repeat_n(0, self.padding()));
        out.extend_from_slice(self.0);
        Some(())
    }
}

/// The length of an element with a content of this length.
const fn size(content: usize) -> usize {
    content
        + match content {
            0..0x80 => 2,
            0x80..0x100 => 3,
            _ => 4,
        }
}

/// Tag and length; `None` above 64 KiB, which no key and no signature reaches.
fn head(out: &mut Vec<u8>, tag: u8, content: usize) -> Option<()> {
    let [high, low] = u16::try_from(content).ok()?.to_be_bytes();
    out.push(tag);
    match (high, low) {
        (0, 0..0x80) => out.push(low),
        (0, _) => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    Some(())
}
