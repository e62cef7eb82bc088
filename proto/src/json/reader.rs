//! Reads JSON text through serde and writes each field where it stands; what is unknown is skipped there.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::JsonError;
use super::kinds::{Kind, Token};
use super::messages::{Field, Message, Shape};
use super::place::{Place, Problem};
use super::writer::Writer;

/// A message takes this part of its text, about; room for it is made at once.
const SHRINKS_TO: usize = 2;

/// Reads the outermost message.
pub(super) fn read(message: &'static Message, text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let problem = Problem::default();
    let mut writer = Writer::with_capacity(text.len() / SHRINKS_TO);
    let mut json = serde_json::Deserializer::from_slice(text);
    let seed = MessageSeed {
        message,
        inside: None,
        place: Place::root(&problem),
        writer: &mut writer,
    };
    match seed.deserialize(&mut json).and_then(|()| json.end()) {
        Ok(()) => Ok(writer.finish()),
        Err(error) => Err(problem.take().unwrap_or(JsonError::Syntax(error))),
    }
}

// === seeds ===

struct TokenSeed;

struct MessageSeed<'a> {
    message: &'static Message,
    /// The outermost is inside of nothing.
    inside: Option<Inside>,
    place: Place<'a>,
    writer: &'a mut Writer,
}

struct ListSeed<'a> {
    message: &'static Message,
    field: u8,
    place: Place<'a>,
    writer: &'a mut Writer,
}

/// Where a message stands in its outer one.
#[derive(Clone, Copy)]
enum Inside {
    Field(u8),
    ListOf(u8),
}

macro_rules! seed {
    ($name:ty => $value:ty) => {
        impl<'de> DeserializeSeed<'de> for $name {
            type Value = $value;

            fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<$value, D::Error> {
                json.deserialize_any(self)
            }
        }
    };
}

seed!(TokenSeed => Token<'de>);
seed!(MessageSeed<'_> => ());
seed!(ListSeed<'_> => ());

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

impl<'de> Visitor<'de> for MessageSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if let Some(Inside::ListOf(field)) = self.inside
            && self.message.keeps_null
        {
            let opened = self.writer.open(field);
            self.writer.close(opened);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let opened = self.inside.map(|inside| self.writer.open(inside.field()));
        let mut next = 0;
        // JSON's names are always text.
        while let Some(Token::Text(name)) = map.next_key_seed(TokenSeed)? {
            match self.message.find(&name, &mut next) {
                Some(field) => {
                    let place = self.place.field(&name);
                    self.message.read(field, &mut map, place, self.writer)?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if let Some(opened) = opened {
            self.writer.close(opened);
        }
        Ok(())
    }

    refuse!("an object": scalars lists);
}

impl<'de> Visitor<'de> for ListSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for index in 0.. {
            let item = MessageSeed {
                message: self.message,
                inside: Some(Inside::ListOf(self.field)),
                place: self.place.index(index),
                writer: self.writer,
            };
            if items.next_element_seed(item)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    refuse!("a list": scalars objects);
}

// === impl Inside, Message ===

impl Inside {
    fn field(self) -> u8 {
        match self {
            Self::Field(field) | Self::ListOf(field) => field,
        }
    }
}

impl Message {
    /// Reads the value that comes next into this field. `null` leaves everything as it is.
    fn read<'de, A: MapAccess<'de>>(
        &self,
        field: &Field,
        map: &mut A,
        place: Place<'_>,
        writer: &mut Writer,
    ) -> Result<(), A::Error> {
        let (message, place) = match field.shape {
            Shape::Scalar(kind) => return self.read_scalar(field.number, kind, map, place, writer),
            Shape::List(message) => {
                return map.next_value_seed(ListSeed {
                    message,
                    field: field.number,
                    place,
                    writer,
                });
            }
            Shape::Message(message) => (message, place),
            Shape::Nested(message) => (message, place.deeper()?),
        };
        map.next_value_seed(MessageSeed {
            message,
            inside: Some(Inside::Field(field.number)),
            place,
            writer,
        })
    }

    fn read_scalar<'de, A: MapAccess<'de>>(
        &self,
        field: u8,
        kind: &Kind,
        map: &mut A,
        place: Place<'_>,
        writer: &mut Writer,
    ) -> Result<(), A::Error> {
        let token = map.next_value_seed(TokenSeed)?;
        if matches!(token, Token::Null) {
            return Ok(());
        }
        match (kind.read)(&token) {
            Some(scalar) if scalar.is_default() && !self.is_choice => Ok(()),
            Some(scalar) => {
                writer.scalar(field, &scalar);
                Ok(())
            }
            None => Err(place.wrong(kind.expected, &token)),
        }
    }
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
