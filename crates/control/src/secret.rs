//! A key's text: `ct_ingest_<id>_<secret><check>`.
//!
//! The beginning is what secret scanners look for, the id names the key in lists and logs, the secret is 256 random bits in
//! letters and digits, and the check is the CRC of all before it, so that a typo is told apart from a key that is not
//! known. A double click selects all of it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::key::{KeyId, Scope};

const PREFIX: &str = "ct_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 59 bits: that two keys of one database get the same id is no worry.
const ID_LENGTH: usize = 10;
/// 256 bits.
const SECRET_LENGTH: usize = 43;
/// 32 bits.
const CHECK_LENGTH: usize = 6;

/// A key as its holder presents it. Shown once; neither printed by accident nor stored.
pub struct Secret {
    text: String,
    id: KeyId,
}

/// SHA-256 of a key's text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash(pub(crate) [u8; 32]);

/// What a client presented, if it has the form of a key.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    text: &'a str,
    pub(crate) id: &'a str,
}

/// Why text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It does not look like one.
    #[error(
        "what was given is not a key of Coldtrace's: those begin with ct_ingest_, ct_read_, ct_write_ or ct_admin_"
    )]
    Foreign,
    /// It looks like one and its check does not fit.
    #[error("the key is mistyped or cut short: its check does not fit")]
    Mistyped,
}

/// The key among a request's headers: `authorization: Bearer KEY`, else `x-api-key: KEY`.
pub fn presented<'a>(authorization: Option<&'a str>, api_key: Option<&'a str>) -> Option<&'a str> {
    let bearer = authorization.and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    });
    bearer.or(api_key).map(str::trim)
}

// === impl Secret ===

impl Secret {
    /// A new key, with an id of its own.
    pub(crate) fn new(scope: Scope) -> io::Result<Self> {
        Self::of(scope, KeyId(random_text(ID_LENGTH)?))
    }

    /// A new secret for the key of this id.
    pub(crate) fn of(scope: Scope, id: KeyId) -> io::Result<Self> {
        let secret = random_text(SECRET_LENGTH)?;
        let unchecked = format!("{PREFIX}{scope}_{id}_{secret}");
        let check = check_of(&unchecked);
        Ok(Self {
            text: unchecked + &check,
            id,
        })
    }

    /// The text that its holder presents.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The key's name.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn hash(&self) -> Hash {
        Hash::of(&self.text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, ***)", self.id)
    }
}

// === impl Presented ===

impl<'a> Presented<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, SecretError> {
        let rest = text.strip_prefix(PREFIX).ok_or(SecretError::Foreign)?;
        let (scope, rest) = rest.split_once('_').ok_or(SecretError::Foreign)?;
        scope.parse::<Scope>().map_err(|_| SecretError::Foreign)?;
        let (id, secret) = rest.split_once('_').ok_or(SecretError::Mistyped)?;
        let is_whole = id.len() == ID_LENGTH
            && secret.len() == SECRET_LENGTH + CHECK_LENGTH
            && text.is_ascii();
        if !is_whole {
            return Err(SecretError::Mistyped);
        }
        let (unchecked, check) = text.split_at(text.len() - CHECK_LENGTH);
        match check_of(unchecked) == check {
            true => Ok(Self { text, id }),
            false => Err(SecretError::Mistyped),
        }
    }

    pub(crate) fn hash(self) -> Hash {
        Hash::of(self.text)
    }
}

// === impl Hash ===

impl Hash {
    fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Takes as long whatever the bytes are.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(***)")
    }
}

fn check_of(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut check = [b'0'; CHECK_LENGTH];
    for digit in check.iter_mut().rev() {
        *digit = ALPHABET[rest as usize % ALPHABET.len()];
        rest /= ALPHABET.len() as u32;
    }
    check.iter().copied().map(char::from).collect()
}

/// Every letter as likely as any other.
pub(crate) fn random_text(length: usize) -> io::Result<String> {
    /// The largest multiple of the alphabet's size that a byte holds: what is above would favour the first letters.
    const FAIR: u8 = 248;
    let mut source = File::open("/dev/urandom")?;
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    loop {
        source.read_exact(&mut bytes)?;
        for byte in bytes.into_iter().filter(|byte| *byte < FAIR) {
            text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            if text.len() == length {
                return Ok(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_says_what_it_is_and_is_read_again() {
        let secret = Secret::new(Scope::Ingest).expect("random bytes");
        let text = secret.reveal();
        assert!(text.starts_with("ct_ingest_"), "{text}");
        assert_eq!(text.len(), "ct_ingest_".len() + 10 + 1 + 43 + 6);
        let presented = Presented::parse(text).expect("a key");
        assert_eq!(presented.id, secret.id().as_str());
        assert!(presented.hash().is(&secret.hash()));
        let other = Secret::of(Scope::Ingest, secret.id().clone()).expect("random bytes");
        assert!(!other.hash().is(&secret.hash()), "a secret of its own");
        assert!(
            !format!("{secret:?}").contains(text),
            "not shown by accident"
        );
    }

    #[test]
    fn any_wrong_letter_is_told_as_a_typo() {
        let secret = Secret::new(Scope::Read).expect("random bytes");
        let text = secret.reveal();
        for place in "ct_read_".len()..text.len() {
            let mut typo = text.as_bytes().to_vec();
            typo[place] = if typo[place] == b'x' { b'y' } else { b'x' };
            let typo = String::from_utf8(typo).expect("ASCII");
            assert_eq!(
                Presented::parse(&typo).err(),
                Some(SecretError::Mistyped),
                "{typo}"
            );
        }
        for cut in [&text[..text.len() - 1], &text[..20], "ct_read_"] {
            assert_eq!(Presented::parse(cut).err(), Some(SecretError::Mistyped));
        }
    }

    #[test]
    fn what_is_no_key_is_told_so() {
        for foreign in ["", "secret", "ct_", "ct_root_x_y", "ghp_0123", "ct_éé"] {
            assert_eq!(
                Presented::parse(foreign).err(),
                Some(SecretError::Foreign),
                "{foreign}"
            );
        }
    }

    #[test]
    fn a_key_is_found_in_either_header() {
        assert_eq!(presented(Some("Bearer k"), None), Some("k"));
        assert_eq!(presented(Some("bearer  k "), Some("other")), Some("k"));
        assert_eq!(presented(Some("Basic k"), Some("other")), Some("other"));
        assert_eq!(presented(None, Some("k")), Some("k"));
        assert_eq!(presented(None, None), None);
    }
}
