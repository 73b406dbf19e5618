//! HTML as Telegram reads it.

use serde_json::{Value, json};

/// The tags without parameters.
const TAGS: &[(&str, &str)] = &[
    ("b", "bold"),
    ("i", "italic"),
    ("u", "underline"),
    ("s", "strikethrough"),
    ("code", "code"),
    ("pre", "pre"),
    ("blockquote", "blockquote"),
    ("tg-spoiler", "spoiler"),
];

/// A text as people see it, with what Telegram knows of its pieces.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Marked {
    pub(crate) text: String,
    pub(crate) entities: Vec<Value>,
}

/// Reads a text with markup.
pub(crate) fn read(html: &str) -> Result<Marked, String> {
    let mut marked = Marked::default();
    let mut open: Vec<(String, usize, Value)> = Vec::new();
    let mut rest = html;
    while let Some(character) = rest.chars().next() {
        match character {
            '&' => {
                let (entity, after) = rest.split_once(';').ok_or("an & that is no entity")?;
                marked.text.push(match entity {
                    "&lt;" | "&lt" => '<',
                    "&gt" => '>',
                    "&amp" => '&',
                    "&quot" => '"',
                    other => return Err(format!("unknown entity {other}")),
                });
                rest = after;
            }
            '<' => {
                let (tag, after) = rest[1..].split_once('>').ok_or("an unclosed tag")?;
                rest = after;
                if let Some(name) = tag.strip_prefix('/') {
                    let (opened, offset, mut entity) = open.pop().ok_or(format!("unexpected </{name}>"))?;
                    if opened != name {
                        return Err(format!("</{name}> closes <{opened}>"));
                    }
                    let length = units(&marked.text) - offset;
                    entity["offset"] = offset.into();
                    entity["length"] = length.into();
                    marked.entities.extend((length > 0).then_some(entity));
                } else {
                    let (name, entity) = opened(tag)?;
                    open.push((name, units(&marked.text), entity));
                }
            }
            other => {
                marked.text.push(other);
                rest = &rest[other.len_utf8()..];
            }
        }
    }
    match open.last() {
        Some((name, ..)) => Err(format!("<{name}> is not closed")),
        None => {
            marked.text = marked.text.trim().to_owned();
            Ok(marked)
        }
    }
}

fn opened(tag: &str) -> Result<(String, Value), String> {
    if let Some(link) = tag
        .strip_prefix("a href=\"")
        .and_then(|link| link.strip_suffix('"'))
    {
        let url = link.replace("&quot;", "\"").replace("&amp;", "&");
        return Ok(("a".to_owned(), json!({ "type": "text_link", "url": url })));
    }
    let known = TAGS.iter().find(|(name, _)| *name == tag);
    let (name, kind) = known.ok_or(format!("unsupported tag <{tag}>"))?;
    Ok(((*name).to_owned(), json!({ "type": kind })))
}

/// How Telegram counts.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
