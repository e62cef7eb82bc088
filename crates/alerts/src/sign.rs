//! Signatures of Standard Webhooks: with a secret that the receiver has too (`whsec_`, told as `v1`), or by ed25519 (`whsk_`, told
//! as `v1a`), whose other half (`whpk_`) is no secret.
//!
//! With several keys at once a receiver takes either, so that one can follow the other. Keys are never printed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

const SECRET: &str = "whsec_";
const PRIVATE: &str = "whsk_";
const PUBLIC: &str = "whpk_";
/// Bytes of a shared secret, as the specification has it.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;
/// Bytes of an ed25519 key; twice as many where the public half follows, as some libraries write it.
const SEED: usize = 32;
/// More are a mistake, and each makes the header longer.
const MOST_KEYS: usize = 5;

/// Headers of a Standard Webhook: which message, when in Unix seconds, and by whom.
pub const WEBHOOK_HEADERS: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/// Signs for one receiver, with each of its keys.
pub struct Signer {
    keys: Vec<Key>,
}

/// Which kind of key is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A secret that both have.
    Secret,
    /// A pair of keys.
    Ed25519,
}

/// Why a text is no key. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It does not begin like one.
    #[error("a signing key begins with {SECRET} or {PRIVATE}")]
    Foreign,
    /// What follows is not base64.
    #[error("what follows {SECRET} or {PRIVATE} in a signing key is base64")]
    Base64,
    /// It is too short or too long.
    #[error(
        "a secret has {SHORTEST} to {LONGEST} bytes, a private key {SEED} or {twice}",
        twice = 2 * SEED
    )]
    Length,
    /// Its public half does not belong to it.
    #[error("the public half of the private key is not its own")]
    Halves,
    /// There are none, or too many.
    #[error("there are 1 to {MOST_KEYS} signing keys")]
    Count,
}

/// Why a signature is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("none of the signatures is by one of these keys")]
pub struct SignatureError;

enum Key {
    Secret(hmac::Key),
    Ed25519(Ed25519KeyPair),
}

// === impl Signer ===

impl Signer {
    /// Signs with each of these keys, the newest first.
    pub fn new(keys: &[impl AsRef<str>]) -> Result<Self, KeyError> {
        if keys.is_empty() || keys.len() > MOST_KEYS {
            return Err(KeyError::Count);
        }
        let keys = keys.iter().map(|key| Key::parse(key.as_ref()));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// The values of [`WEBHOOK_HEADERS`] for a body that is sent at this Unix second.
    pub fn headers(&self, id: &str, timestamp: u64, body: &str) -> [String; 3] {
        let text = signed_text(id, timestamp, body);
        let signatures = self.keys.iter().map(|key| key.sign(text.as_bytes()));
        let signatures: Vec<String> = signatures.collect();
        [id.to_owned(), timestamp.to_string(), signatures.join(" ")]
    }

    /// What receivers check signatures by that need no secret for it, in the order of the keys.
    pub fn public_keys(&self) -> Vec<String> {
        let public = self.keys.iter().filter_map(|key| match key {
            Key::Secret(_) => None,
            Key::Ed25519(pair) => Some(format!("{PUBLIC}{}", STANDARD.encode(pair.public_key()))),
        });
        public.collect()
    }

    /// Whether any of the signatures is by any of the keys: what a receiver does, but for the time.
    pub fn verify(
        &self,
        id: &str,
        timestamp: u64,
        body: &str,
        signatures: &str,
    ) -> Result<(), SignatureError> {
        let text = signed_text(id, timestamp, body);
        let is_ours = |signature: &str| {
            let keys = &self.keys;
            keys.iter()
                .any(|key| key.has_signed(text.as_bytes(), signature))
        };
        match signatures.split(' ').any(is_ours) {
            true => Ok(()),
            false => Err(SignatureError),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Signer({} keys)", self.keys.len())
    }
}

// === impl KeyKind ===

impl KeyKind {
    /// A key of these random bytes.
    pub fn key(self, random: [u8; SEED]) -> String {
        format!("{}{}", self.prefix(), STANDARD.encode(random))
    }

    /// What a key of this kind begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Secret => SECRET,
            Self::Ed25519 => PRIVATE,
        }
    }
}

// === impl Key ===

impl Key {
    fn parse(text: &str) -> Result<Self, KeyError> {
        let decoded = |encoded: &str| STANDARD.decode(encoded).map_err(|_| KeyError::Base64);
        if let Some(encoded) = text.strip_prefix(SECRET) {
            let secret = decoded(encoded)?;
            return match (SHORTEST..=LONGEST).contains(&secret.len()) {
                true => Ok(Self::Secret(hmac::Key::new(hmac::HMAC_SHA256, &secret))),
                false => Err(KeyError::Length),
            };
        }
        let encoded = text.strip_prefix(PRIVATE).ok_or(KeyError::Foreign)?;
        let private = decoded(encoded)?;
        let (seed, public) = private.split_at_checked(SEED).ok_or(KeyError::Length)?;
        let pair = match public.len() {
            0 => Ed25519KeyPair::from_seed_unchecked(seed),
            SEED => Ed25519KeyPair::from_seed_and_public_key(seed, public),
            _ => return Err(KeyError::Length),
        };
        pair.map(Self::Ed25519).map_err(|_| KeyError::Halves)
    }

    fn sign(&self, text: &[u8]) -> String {
        match self {
            Self::Secret(key) => format!("v1,{}", STANDARD.encode(hmac::sign(key, text))),
            Self::Ed25519(pair) => format!("v1a,{}", STANDARD.encode(pair.sign(text))),
        }
    }

    fn has_signed(&self, text: &[u8], signature: &str) -> bool {
        let of_version = |version| {
            let encoded = signature.strip_prefix(version)?;
            STANDARD.decode(encoded).ok()
        };
        match self {
            Self::Secret(key) => {
                of_version("v1,").is_some_and(|tag| hmac::verify(key, text, &tag).is_ok())
            }
            Self::Ed25519(pair) => of_version("v1a,").is_some_and(|signature| {
                let public = ring::signature::UnparsedPublicKey::new(
                    &ring::signature::ED25519,
                    pair.public_key(),
                );
                public.verify(text, &signature).is_ok()
            }),
        }
    }
}

fn signed_text(id: &str, timestamp: u64, body: &str) -> String {
    format!("{id}.{timestamp}.{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const EXAMPLE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn signer(keys: &[&str]) -> Signer {
        Signer::new(keys).expect("keys")
    }

    #[test]
    fn a_secret_signs_as_the_specification_has_it() {
        let [id, timestamp, signature] = signer(&[EXAMPLE]).headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(
            (id.as_str(), timestamp.as_str()),
            ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_keys_follow_each_other_either_is_taken() {
        let keys = [
            KeyKind::Ed25519.key([7; 32]),
            EXAMPLE.to_owned(),
            KeyKind::Secret.key([9; 32]),
        ];
        let all = Signer::new(&keys).expect("keys");
        let [_, _, signatures] = all.headers("msg_1", 1, "{}");
        assert_eq!(signatures.split(' ').count(), 3);
        for key in &keys {
            let alone = signer(&[key]);
            assert_eq!(alone.verify("msg_1", 1, "{}", &signatures), Ok(()));
            for (id, timestamp, body) in
                [("msg_2", 1, "{}"), ("msg_1", 2, "{}"), ("msg_1", 1, "{ }")]
            {
                let refused = alone.verify(id, timestamp, body, &signatures);
                assert_eq!(refused, Err(SignatureError));
            }
        }
        let other = signer(&[&KeyKind::Secret.key([8; 32])]);
        assert_eq!(
            other.verify("msg_1", 1, "{}", &signatures),
            Err(SignatureError)
        );
        assert_eq!(all.public_keys().len(), 1);
        assert!(all.public_keys()[0].starts_with("whpk_"));
    }

    #[test]
    fn a_private_key_is_taken_with_its_public_half_and_with_no_other() {
        let seed = [7; 32];
        let alone = KeyKind::Ed25519.key(seed);
        let public = signer(&[&alone]).public_keys()[0].replace("whpk_", "");
        let public = STANDARD.decode(public).expect("base64");
        let both = |public: &[u8]| format!("whsk_{}", STANDARD.encode([&seed, public].concat()));
        let [_, _, signatures] = signer(&[&both(&public)]).headers("msg_1", 1, "{}");
        assert_eq!(
            signer(&[&alone]).verify("msg_1", 1, "{}", &signatures),
            Ok(())
        );
        assert_eq!(Signer::new(&[both(&[1; 32])]).err(), Some(KeyError::Halves));
    }

    #[test]
    fn what_is_no_key_is_told_without_being_repeated() {
        for (key, error) in [
            ("hunter2", KeyError::Foreign),
            ("whsec_###", KeyError::Base64),
            ("whsec_c2hvcnQ=", KeyError::Length),
            ("whsk_c2hvcnQ=", KeyError::Length),
        ] {
            let refused = Signer::new(&[key]).expect_err(key);
            assert_eq!(refused, error);
            assert!(!refused.to_string().contains(key));
        }
        assert_eq!(Signer::new(&[] as &[&str]).err(), Some(KeyError::Count));
        assert!(!format!("{:?}", signer(&[EXAMPLE])).contains("MfKQ"));
    }
}
