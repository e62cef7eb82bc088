//! Protobuf, appended field by field. The length of a message stands before it and is known only after it: one byte is left
//! for it, and what is longer is moved up when it is closed.

/// Wire types.
const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;
const FIXED32: u8 = 5;

/// The value of a field that holds no message.
pub(super) enum Scalar<'t> {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
    Text(&'t [u8]),
    Bytes(Vec<u8>),
}

/// What was written so far.
pub(super) struct Writer {
    bytes: Vec<u8>,
}

/// Where a message begins that is not closed yet.
#[must_use]
pub(super) struct Opened(usize);

// === impl Scalar ===

impl Scalar<'_> {
    /// What is not written, where that says the same.
    pub(super) fn is_default(&self) -> bool {
        match self {
            Self::Varint(number) | Self::Fixed64(number) => *number == 0,
            Self::Fixed32(number) => *number == 0,
            Self::Text(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
        }
    }
}

// === impl Writer ===

impl Writer {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn scalar(&mut self, field: u8, scalar: &Scalar<'_>) {
        match scalar {
            Scalar::Varint(number) => {
                self.tag(field, VARINT);
                self.varint(*number);
            }
            Scalar::Fixed32(number) => {
                self.tag(field, FIXED32);
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            Scalar::Fixed64(number) => {
                self.tag(field, FIXED64);
                self.bytes.extend_from_slice(&number.to_le_bytes());
            }
            Scalar::Text(bytes) => self.bytes(field, bytes),
            Scalar::Bytes(bytes) => self.bytes(field, bytes),
        }
    }

    /// Begins a message.
    pub(super) fn open(&mut self, field: u8) -> Opened {
        self.tag(field, LENGTH);
        self.bytes.push(0);
        Opened(self.bytes.len())
    }

    /// Ends it.
    pub(super) fn close(&mut self, Opened(start): Opened) {
        let end = self.bytes.len();
        let length = end - start;
        // One byte is there.
        let more = (1..).take_while(|more| length >> (7 * more) > 0).count();
        if more > 0 {
            self.bytes.resize(end + more, 0);
            self.bytes.copy_within(start..end, start + more);
        }
        for (at, byte) in self.bytes[start - 1..start + more].iter_mut().enumerate() {
            let continues = if at < more { 0x80 } else { 0 };
            *byte = (length >> (7 * at)) as u8 & 0x7f | continues;
        }
    }

    fn bytes(&mut self, field: u8, bytes: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn tag(&mut self, field: u8, wire_type: u8) {
        self.varint(u64::from(field) << 3 | u64::from(wire_type));
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}
