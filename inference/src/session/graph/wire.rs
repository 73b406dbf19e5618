//! The wire format of protocol buffers, as far as ONNX files use it.
//!
//! See <https://protobuf.dev/programming-guides/encoding/>. Fields that nobody here knows pass through as they are.

use std::io::{self, Read};

/// The bytes are not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a protocol buffer of an ONNX model")]
pub(super) struct Malformed;

impl From<Malformed> for io::Error {
    fn from(error: Malformed) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// How the value of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireType {
    /// An integer of 1 to 10 bytes.
    Varint,
    /// 8 bytes.
    Fixed64,
    /// A length and as many bytes: a string, a message, or many numbers.
    Bytes,
    /// 4 bytes.
    Fixed32,
}

/// What stands before a value: which field it is and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) number: u64,
    pub(super) wire_type: WireType,
}

impl Tag {
    /// Takes a tag apart.
    pub(super) fn new(tag: u64) -> Result<Self, Malformed> {
        let wire_type = match tag & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Bytes,
            5 => WireType::Fixed32,
            _ => return Err(Malformed),
        };
        Ok(Self {
            number: tag >> 3,
            wire_type,
        })
    }
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
    Fixed32([u8; 4]),
}

impl<'a> Value<'a> {
    /// A string or a message.
    pub(super) fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(Malformed),
        }
    }

    /// A string.
    pub(super) fn text(self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// An `int64` or an enumeration.
    pub(super) fn integer(self) -> Result<i64, Malformed> {
        match self {
            Self::Varint(value) => Ok(value.cast_signed()),
            _ => Err(Malformed),
        }
    }

    /// Appends what one field of a repeated `int64` has: one value, or many when it is packed.
    pub(super) fn integers(self, values: &mut Vec<i64>) -> Result<(), Malformed> {
        match self {
            Self::Varint(value) => values.push(value.cast_signed()),
            Self::Bytes(mut bytes) => {
                while !bytes.is_empty() {
                    values.push(take_varint(&mut bytes)?.cast_signed());
                }
            }
            _ => return Err(Malformed),
        }
        Ok(())
    }
}

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) value: Value<'a>,
    /// The whole field, tag included.
    pub(super) raw: &'a [u8],
}

/// The fields of a message in order; ends after the first error.
pub(super) fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, Malformed>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = take_field(&mut rest);
        if field.is_err() {
            rest = &[];
        }
        Some(field)
    })
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, Malformed> {
    let begin = *rest;
    let tag = Tag::new(take_varint(rest)?)?;
    let value = match tag.wire_type {
        WireType::Varint => Value::Varint(take_varint(rest)?),
        WireType::Fixed64 => Value::Fixed64(
            *rest
                .split_off(..8)
                .and_then(<[u8]>::first_chunk)
                .ok_or(Malformed)?,
        ),
        WireType::Fixed32 => Value::Fixed32(
            *rest
                .split_off(..4)
                .and_then(<[u8]>::first_chunk)
                .ok_or(Malformed)?,
        ),
        WireType::Bytes => {
            let length = usize::try_from(take_varint(rest)?).map_err(|_| Malformed)?;
            Value::Bytes(rest.split_off(..length).ok_or(Malformed)?)
        }
    };
    let raw = begin.get(..begin.len() - rest.len()).ok_or(Malformed)?;
    Ok(Field {
        number: tag.number,
        value,
        raw,
    })
}

fn take_varint(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    read_varint(bytes).map_err(|_| Malformed)
}

/// Reads an integer of 1 to 10 bytes.
pub(super) fn read_varint(input: &mut impl Read) -> io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        let [byte] = byte;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed.into())
}

/// Writes an integer.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a field with an integer.
pub(super) fn put_integer(out: &mut Vec<u8>, number: u64, value: i64) {
    put_varint(out, number << 3);
    put_varint(out, value.cast_unsigned());
}

/// Writes a field with a `float`.
pub(super) fn put_float(out: &mut Vec<u8>, number: u64, value: f32) {
    put_varint(out, number << 3 | 5);
    out.extend(value.to_le_bytes());
}

/// Writes what comes before a string or a message of this many bytes.
pub(super) fn put_length(out: &mut Vec<u8>, number: u64, length: usize) {
    put_varint(out, number << 3 | 2);
    put_varint(out, length as u64);
}

/// Writes a field with a string or a message.
pub(super) fn put_bytes(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    put_length(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_were_written() {
        let mut message = Vec::new();
        put_integer(&mut message, 1, 300);
        put_integer(&mut message, 2, -1);
        put_float(&mut message, 3, 0.5);
        put_bytes(&mut message, 1000, b"text");
        message.extend([4 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8]);
        let fields: Vec<Field<'_>> = fields(&message).map(Result::unwrap).collect();
        let values: Vec<(u64, Value<'_>)> = fields.iter().map(|field| (field.number, field.value)).collect();
        assert_eq!(
            values,
            [
                (1, Value::Varint(300)),
                (2, Value::Varint(u64::MAX)),
                (3, Value::Fixed32(0.5_f32.to_le_bytes())),
                (1000, Value::Bytes(b"text")),
                (4, Value::Fixed64([1, 2, 3, 4, 5, 6, 7, 8])),
            ]
        );
        assert_eq!(
            fields
                .iter()
                .flat_map(|field| field.raw)
                .copied()
                .collect::<Vec<u8>>(),
            message
        );
        assert_eq!(fields[1].value.integer(), Ok(-1));
        assert_eq!(fields[3].value.text(), Ok("text"));
    }

    #[test]
    fn integers_are_packed_or_not() {
        let mut values = Vec::new();
        Value::Varint(7).integers(&mut values).unwrap();
        Value::Bytes(&[1, 0x80, 1]).integers(&mut values).unwrap();
        assert_eq!(values, [7, 1, 128]);
        assert_eq!(Value::Bytes(&[0x80]).integers(&mut values), Err(Malformed));
    }

    #[test]
    fn whatever_is_cut_off_or_unknown_is_refused() {
        let check = |bytes: &[u8]| {
            assert_eq!(fields(bytes).last(), Some(Err(Malformed)), "{bytes:?}");
        };
        check(&[0x80]);
        check(&[1 << 3 | 2, 5, 1, 2]);
        check(&[
            1 << 3 | 2,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            1,
        ]);
        check(&[1 << 3 | 1, 0]);
        check(&[1 << 3 | 3]);
        check(&[
            1 << 3,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            1,
        ]);
    }
}
