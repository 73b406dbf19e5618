//! Reading a model file without its weights.

use std::io::{self, BufRead, Read, Seek};

use super::field;
use super::wire::{self, Malformed, Tag, WireType};

/// Weights of at least this many bytes stay in the file.
const LARGE: u64 = 4096;

/// The model in a file, with its large weights left where they are: instead of them it has references to `location`,
/// the name of the file itself, as models with "external data" have to other files.
///
/// So a model is edited and opened without its weights ever being copied; ONNX Runtime maps them into memory.
pub(super) fn skim(file: impl BufRead + Seek, location: &str) -> io::Result<Vec<u8>> {
    let mut skimmer = Skimmer::new(file, location)?;
    let mut model = Vec::new();
    while let Some(tag) = skimmer.tag(skimmer.length)? {
        if (tag.number, tag.wire_type) == (field::MODEL_GRAPH, WireType::Bytes) {
            let end = skimmer.end(skimmer.length)?;
            let graph = skimmer.graph(end)?;
            wire::put_bytes(&mut model, tag.number, &graph);
        } else {
            skimmer.copy(tag, skimmer.length, &mut model)?;
        }
    }
    Ok(model)
}

struct Skimmer<'a, F> {
    file: F,
    position: u64,
    length: u64,
    location: &'a str,
}

impl<'a, F: BufRead + Seek> Skimmer<'a, F> {
    fn new(mut file: F, location: &'a str) -> io::Result<Self> {
        let length = file.seek(io::SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self {
            file,
            position: 0,
            length,
            location,
        })
    }

    /// A graph that ends here, its initializers without their weights.
    fn graph(&mut self, end: u64) -> io::Result<Vec<u8>> {
        let mut graph = Vec::new();
        while let Some(tag) = self.tag(end)? {
            if (tag.number, tag.wire_type) == (field::GRAPH_INITIALIZER, WireType::Bytes) {
                let end = self.end(end)?;
                let tensor = self.tensor(end)?;
                wire::put_bytes(&mut graph, tag.number, &tensor);
            } else {
                self.copy(tag, end, &mut graph)?;
            }
        }
        Ok(graph)
    }

    /// A tensor that ends here.
    fn tensor(&mut self, end: u64) -> io::Result<Vec<u8>> {
        let mut tensor = Vec::new();
        while let Some(tag) = self.tag(end)? {
            if (tag.number, tag.wire_type) != (field::TENSOR_RAW_DATA, WireType::Bytes) {
                self.copy(tag, end, &mut tensor)?;
                continue;
            }
            let end = self.end(end)?;
            let (offset, length) = (self.position, end - self.position);
            if length < LARGE {
                wire::put_varint(&mut tensor, field::TENSOR_RAW_DATA << 3 | 2);
                wire::put_varint(&mut tensor, length);
                self.bytes(length, &mut tensor)?;
            } else {
                self.file.seek(io::SeekFrom::Start(end))?;
                self.position = end;
                self.reference(offset, length, &mut tensor);
            }
        }
        Ok(tensor)
    }

    /// Says where the weights are.
    fn reference(&self, offset: u64, length: u64, tensor: &mut Vec<u8>) {
        let facts = [
            ("location", self.location.to_owned()),
            ("offset", offset.to_string()),
            ("length", length.to_string()),
        ];
        for (key, value) in facts {
            let mut entry = Vec::new();
            wire::put_bytes(&mut entry, field::ENTRY_KEY, key.as_bytes());
            wire::put_bytes(&mut entry, field::ENTRY_VALUE, value.as_bytes());
            wire::put_bytes(tensor, field::TENSOR_EXTERNAL_DATA, &entry);
        }
        wire::put_integer(tensor, field::TENSOR_DATA_LOCATION, field::EXTERNAL);
    }

    /// The next tag of a message that ends here, `None` at its end.
    fn tag(&mut self, end: u64) -> io::Result<Option<Tag>> {
        if self.position >= end {
            return if self.position == end {
                Ok(None)
            } else {
                Err(Malformed.into())
            };
        }
        let tag = self.varint()?;
        Ok(Some(Tag::new(tag)?))
    }

    /// Where the value that begins with its length ends, which is inside its message.
    fn end(&mut self, outer: u64) -> io::Result<u64> {
        let length = self.varint()?;
        let end = self.position.checked_add(length).filter(|end| *end <= outer);
        end.ok_or_else(|| Malformed.into())
    }

    /// Copies a field of a message that ends here.
    fn copy(&mut self, tag: Tag, end: u64, out: &mut Vec<u8>) -> io::Result<()> {
        match tag.wire_type {
            WireType::Varint => {
                wire::put_varint(out, tag.number << 3);
                wire::put_varint(out, self.varint()?);
            }
            WireType::Fixed64 => {
                wire::put_varint(out, tag.number << 3 | 1);
                self.bytes(8, out)?;
            }
            WireType::Fixed32 => {
                wire::put_varint(out, tag.number << 3 | 5);
                self.bytes(4, out)?;
            }
            WireType::Bytes => {
                let length = self.end(end)? - self.position;
                wire::put_varint(out, tag.number << 3 | 2);
                wire::put_varint(out, length);
                self.bytes(length, out)?;
            }
        }
        Ok(())
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut counted = Counted {
            input: &mut self.file,
            count: 0,
        };
        let value = wire::read_varint(&mut counted)?;
        self.position += counted.count;
        Ok(value)
    }

    fn bytes(&mut self, count: u64, out: &mut Vec<u8>) -> io::Result<()> {
        let copied = self.file.by_ref().take(count).read_to_end(out)?;
        self.position += copied as u64;
        if copied as u64 == count {
            Ok(())
        } else {
            Err(Malformed.into())
        }
    }
}

struct Counted<'a, F> {
    input: &'a mut F,
    count: u64,
}

impl<F: Read> Read for Counted<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}
