//! Reads JSON text into messages through serde, without building a tree: what is unknown is skipped where it stands, so
//! that memory grows with what is kept and not with what was sent.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::JsonError;
use super::kinds::{Kind, Token};
use super::place::{Place, Problem};

/// A message that knows its fields by their names in JSON.
pub(super) trait Message: Default {
    /// What `null` in a list of such messages stands for; nothing where it is left out.
    const NULL_ITEM: Option<fn() -> Self> = None;

    /// Reads the field with this name. Must use up `field`: skip it if the name is not known.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        field: Field<'_, A>,
    ) -> Result<(), A::Error>;
}

/// A field whose name was read and whose value comes next. `null` leaves everything as it is.
pub(super) struct Field<'a, A> {
    map: &'a mut A,
    place: Place<'a>,
}

/// Reads the outermost message.
pub(super) fn read<M: Message>(text: &[u8]) -> Result<M, JsonError> {
    let problem = Problem::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let seed = MessageSeed::<M>::new(Place::root(&problem));
    match seed.deserialize(&mut json).and_then(|message| {
        json.end()?;
        Ok(message.unwrap_or_default())
    }) {
        Ok(message) => Ok(message),
        Err(error) => Err(problem.take().unwrap_or(JsonError::Syntax(error))),
    }
}

// === impl Field ===

impl<'de, A: MapAccess<'de>> Field<'_, A> {
    /// Reads a scalar into `slot`.
    pub(super) fn set<T>(self, slot: &mut T, kind: &Kind<T>) -> Result<(), A::Error> {
        if let Some(value) = self.scalar(kind)? {
            *slot = value;
        }
        Ok(())
    }

    /// Reads a scalar.
    pub(super) fn scalar<T>(self, kind: &Kind<T>) -> Result<Option<T>, A::Error> {
        match self.map.next_value_seed(TokenSeed)? {
            Token::Null => Ok(None),
            token => (kind.read)(token)
                .map(Some)
                .map_err(|found| self.place.wrong(kind.expected, &found)),
        }
    }

    /// Reads a message.
    pub(super) fn message<M: Message>(self) -> Result<Option<M>, A::Error> {
        self.map.next_value_seed(MessageSeed::new(self.place))
    }

    /// Reads a list of messages into `slot`.
    pub(super) fn list<M: Message>(self, slot: &mut Vec<M>) -> Result<(), A::Error> {
        let place = self.place;
        let list = self.map.next_value_seed(ListSeed {
            place,
            message: PhantomData,
        })?;
        if let Some(list) = list {
            *slot = list;
        }
        Ok(())
    }

    /// The same field, as one level deeper in an attribute's value.
    pub(super) fn deeper(self) -> Result<Self, A::Error> {
        Ok(Self {
            place: self.place.deeper()?,
            ..self
        })
    }

    /// Reads past it.
    pub(super) fn skip(self) -> Result<(), A::Error> {
        self.map.next_value::<IgnoredAny>().map(drop)
    }
}

// === seeds ===

struct TokenSeed;

struct MessageSeed<'a, M> {
    place: Place<'a>,
    message: PhantomData<M>,
}

struct ListSeed<'a, M> {
    place: Place<'a>,
    message: PhantomData<M>,
}

impl<'a, M> MessageSeed<'a, M> {
    fn new(place: Place<'a>) -> Self {
        Self {
            place,
            message: PhantomData,
        }
    }
}

macro_rules! seed {
    ($name:ty => $value:ty $(, $($parameter:tt)*)?) => {
        impl<'de $(, $($parameter)*)?> DeserializeSeed<'de> for $name {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<$value, D::Error> {
                json.deserialize_any(self)
            }
        }
    };
}

seed!(TokenSeed => Token<'de>);
seed!(MessageSeed<'_, M> => Option<M>, M: Message);
seed!(ListSeed<'_, M> => Option<Vec<M>>, M: Message);

/// What is neither wanted nor `null`.
macro_rules! refuse {
    ($expected:literal: $($token:ident)+) => { $(refuse!(@$token $expected);)+ };
    (@scalars $expected:literal) => {
        fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
            Err(self.place.wrong($expected, &Token::Bool(truth)))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            Err(self.place.wrong($expected, &Token::Unsigned(number)))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            Err(self.place.wrong($expected, &Token::Signed(number)))
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
            Err(self.place.wrong($expected, &Token::Double(number)))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Err(self.place.wrong($expected, &Token::Text(Cow::Borrowed(text))))
        }
    };
    (@lists $expected:literal) => {
        fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(self.place.wrong($expected, &Token::List))
        }
    };
    (@objects $expected:literal) => {
        fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(self.place.wrong($expected, &Token::Object))
        }
    };
}

impl<'de, M: Message> Visitor<'de> for MessageSeed<'_, M> {
    type Value = Option<M>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut message = M::default();
        // JSON's names are always text.
        while let Some(Token::Text(name)) = map.next_key_seed(TokenSeed)? {
            let field = Field {
                map: &mut map,
                place: self.place.field(&name),
            };
            message.read(&name, field)?;
        }
        Ok(Some(message))
    }

    refuse!("an object": scalars lists);
}

impl<'de, M: Message> Visitor<'de> for ListSeed<'_, M> {
    type Value = Option<Vec<M>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        for index in 0.. {
            let seed = MessageSeed::new(self.place.index(index));
            match items.next_element_seed(seed)? {
                Some(Some(message)) => list.push(message),
                Some(None) => list.extend(M::NULL_ITEM.map(|null_item| null_item())),
                None => break,
            }
        }
        Ok(Some(list))
    }

    refuse!("a list": scalars objects);
}

impl<'de> Visitor<'de> for TokenSeed {
    type Value = Token<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Token<'de>, E> {
        Ok(Token::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Token<'de>, E> {
        Ok(Token::Bool(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Token<'de>, E> {
        Ok(Token::Unsigned(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Token<'de>, E> {
        Ok(Token::Signed(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Token<'de>, E> {
        Ok(Token::Double(number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Token<'de>, E> {
        Ok(Token::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Token<'de>, E> {
        Ok(Token::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Token<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Token::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Token<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Token::Object)
    }
}
