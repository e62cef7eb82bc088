//! Times and lengths as they are kept: decimal strings of nanoseconds, as in the API, since readers in JavaScript round numbers.

/// Unix nanoseconds.
pub(crate) mod unix {
    use coldtrace_model::UnixNanos;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(time: &UnixNanos, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&time.0)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UnixNanos, D::Error> {
        let digits = String::deserialize(from)?;
        digits.parse().map(UnixNanos).map_err(de::Error::custom)
    }
}

/// Unix nanoseconds that may not be known.
pub(crate) mod maybe_unix {
    use coldtrace_model::UnixNanos;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<UnixNanos>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.0.to_string()).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<UnixNanos>, D::Error> {
        let digits = Option::<String>::deserialize(from)?;
        let parsed = digits.map(|digits| digits.parse().map(UnixNanos));
        parsed.transpose().map_err(de::Error::custom)
    }
}

/// A length in nanoseconds.
pub(crate) mod length {
    use coldtrace_model::Nanos;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(length: &Nanos, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&length.0)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Nanos, D::Error> {
        let digits = String::deserialize(from)?;
        digits.parse().map(Nanos).map_err(de::Error::custom)
    }
}

/// A length that may not be known.
pub(crate) mod maybe_length {
    use coldtrace_model::Nanos;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        length: &Option<Nanos>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        length.map(|length| length.0.to_string()).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Nanos>, D::Error> {
        let digits = Option::<String>::deserialize(from)?;
        let parsed = digits.map(|digits| digits.parse().map(Nanos)).transpose();
        parsed.map_err(de::Error::custom)
    }
}
