//! A span in place.

use super::WireError;
use super::attribute::Attributes;
use super::check::{EVENT, LINK, Message, check_attribute};
use super::cursor::{Cursor, Field};
use super::group::IN_ITEM;
use crate::span::SpanHead;

/// A `Span`. Of a field that stands twice the last is here, as protobuf has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpanView<'a> {
    /// Of any length.
    pub trace_id: &'a [u8],
    /// Of any length.
    pub span_id: &'a [u8],
    /// Of any length; empty for a root.
    pub parent_span_id: &'a [u8],
    /// W3C's.
    pub trace_state: &'a [u8],
    /// W3C's flags, and what is known of the parent.
    pub flags: u32,
    /// Name.
    pub name: &'a [u8],
    /// OTLP's number, of any value.
    pub kind: i32,
    /// Start, Unix nanoseconds.
    pub start_unix_nano: u64,
    /// End, Unix nanoseconds.
    pub end_unix_nano: u64,
    /// OTLP's number, of any value.
    pub status_code: i32,
    /// Words for the status.
    pub status_message: &'a [u8],
    /// Whether there is more than attributes and what stands above.
    has_more: bool,
    has_links: bool,
    /// From the first attribute to behind the last: SDKs write them in a row.
    attributes: &'a [u8],
    bytes: &'a [u8],
}

const ATTRIBUTES: u32 = 9;
const ATTRIBUTES_KEY: u8 = (ATTRIBUTES << 3 | 2) as u8;
const LINKS: u32 = 13;
const NAME: &str = "Span";

// === impl SpanView ===

impl<'a> SpanView<'a> {
    /// Reads a span's bytes.
    #[inline]
    pub fn read(bytes: &'a [u8]) -> Result<Self, WireError> {
        Self::read_as::<false>(bytes)
    }

    /// Reads a span's bytes, of which none is passed over unseen.
    #[inline]
    pub(super) fn read_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        Self::read_as::<true>(bytes)
    }

    #[inline(always)]
    fn read_as<const CHECKED: bool>(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut cursor = Cursor::new(NAME, bytes, IN_ITEM);
        let mut span = Self {
            bytes,
            ..Self::default()
        };
        let mut at = bytes.len();
        let mut first_attribute = None;
        let mut attributes_end = 0;
        while let Some((number, field)) = cursor.next()? {
            match number {
                1 => span.trace_id = field.bytes(&cursor, number)?,
                2 => span.span_id = field.bytes(&cursor, number)?,
                3 => {
                    span.trace_state = text::<CHECKED>(&cursor, number, field)?;
                    span.has_more |= !span.trace_state.is_empty();
                }
                4 => span.parent_span_id = field.bytes(&cursor, number)?,
                5 => span.name = text::<CHECKED>(&cursor, number, field)?,
                6 => {
                    span.kind = field.varint(&cursor, number)? as i32;
                    span.has_more |= !matches!(span.kind, 0..=5);
                }
                7 => span.start_unix_nano = field.fixed64(&cursor, number)?,
                8 => span.end_unix_nano = field.fixed64(&cursor, number)?,
                ATTRIBUTES => {
                    let attribute = field.bytes(&cursor, number)?;
                    if CHECKED {
                        check_attribute(attribute, &cursor)?;
                    }
                    while let Some(attribute) = cursor.next_short(ATTRIBUTES_KEY) {
                        if CHECKED {
                            check_attribute(attribute, &cursor)?;
                        }
                    }
                    first_attribute.get_or_insert(bytes.len() - at);
                    attributes_end = bytes.len() - cursor.rest().len();
                }
                10 | 12 | 14 => {
                    field.varint(&cursor, number)?;
                    span.has_more = true;
                }
                11 => {
                    message::<CHECKED>(&cursor, number, field, &EVENT)?;
                    span.has_more = true;
                }
                LINKS => {
                    message::<CHECKED>(&cursor, number, field, &LINK)?;
                    span.has_more = true;
                    span.has_links = true;
                }
                15 => span.read_status::<CHECKED>(field.bytes(&cursor, number)?)?,
                16 => span.flags = field.fixed32(&cursor, number)?,
                _ => cursor.skip(number, field)?,
            }
            at = cursor.rest().len();
        }
        span.attributes = &bytes[first_attribute.unwrap_or(attributes_end)..attributes_end];
        Ok(span)
    }

    /// Merges: what a second status does not say stays.
    fn read_status<const CHECKED: bool>(&mut self, bytes: &'a [u8]) -> Result<(), WireError> {
        let mut cursor = Cursor::new("Status", bytes, IN_ITEM + 1);
        while let Some((number, field)) = cursor.next()? {
            match number {
                2 => self.status_message = text::<CHECKED>(&cursor, number, field)?,
                3 => self.status_code = field.varint(&cursor, number)? as i32,
                _ => cursor.skip(number, field)?,
            }
        }
        Ok(())
    }

    /// What it is taken by.
    #[inline]
    pub fn head(&self) -> SpanHead<'a> {
        SpanHead {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            name: self.name,
            start_unix_nano: self.start_unix_nano,
            end_unix_nano: self.end_unix_nano,
        }
    }

    /// Its attributes.
    #[inline]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(NAME, self.attributes, ATTRIBUTES, IN_ITEM)
    }

    /// The trace ids that its links name, of any length.
    pub fn link_trace_ids(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes: &[u8] = if self.has_links { self.bytes } else { &[] };
        let mut cursor = Cursor::new(NAME, bytes, IN_ITEM);
        std::iter::from_fn(move || {
            loop {
                match cursor.next() {
                    Ok(Some((LINKS, Field::Bytes(link)))) => return Some(trace_id_of_link(link)),
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => return None,
                }
            }
        })
    }

    /// Appends the span's fields that this view does not have, its attributes left out, as they came.
    pub fn write_more(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        if !self.has_more {
            return Ok(());
        }
        let mut cursor = Cursor::new(NAME, self.bytes, IN_ITEM);
        let mut before = self.bytes;
        while let Some((number, field)) = cursor.next()? {
            let is_wanted = match (number, field) {
                (3 | 10..=14, _) => true,
                (6, Field::Varint(kind)) => !matches!(kind as i32, 0..=5),
                _ => {
                    cursor.skip(number, field)?;
                    false
                }
            };
            let rest = cursor.rest();
            if is_wanted {
                out.extend_from_slice(&before[..before.len() - rest.len()]);
            }
            before = rest;
        }
        Ok(())
    }
}

#[inline(always)]
fn text<'a, const CHECKED: bool>(
    cursor: &Cursor<'a>,
    number: u32,
    field: Field<'a>,
) -> Result<&'a [u8], WireError> {
    let text = field.bytes(cursor, number)?;
    if CHECKED {
        cursor.text(number, text)?;
    }
    Ok(text)
}

#[inline(always)]
fn message<'a, const CHECKED: bool>(
    cursor: &Cursor<'a>,
    number: u32,
    field: Field<'a>,
    message: &Message,
) -> Result<(), WireError> {
    let bytes = field.bytes(cursor, number)?;
    match CHECKED {
        true => message.check(cursor.inside(message.name, bytes)?),
        false => Ok(()),
    }
}

fn trace_id_of_link(link: &[u8]) -> &[u8] {
    let mut cursor = Cursor::new("Link", link, IN_ITEM + 1);
    let mut trace_id = &[][..];
    while let Ok(Some((number, field))) = cursor.next() {
        if let (1, Field::Bytes(id)) = (number, field) {
            trace_id = id;
        }
    }
    trace_id
}
