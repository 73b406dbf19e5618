//! The format of A1111's tag completion: `tag,category,post_count,"alias,alias"`, without a heading.

use csv::{ReaderBuilder, StringRecord};

/// A row with names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The tag as the file has it; several with commas between them.
    pub(super) tag: String,
    /// How many pictures have it.
    pub(super) posts: u64,
    /// Other names, not normalised.
    pub(super) aliases: Vec<String>,
}

/// Reads a file. Columns that are missing are empty.
///
/// # Errors
/// When it is no CSV file in UTF-8; the text names the line.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut entries = Vec::new();
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => entries.extend(entry(&record)?),
            Ok(false) => return Ok(entries),
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn entry(record: &StringRecord) -> Result<Option<Entry>, String> {
    let column = |index| record.get(index).unwrap_or_default().trim();
    let tag = column(0);
    if tag.is_empty() {
        return Ok(None);
    }
    let posts = match column(2) {
        "" => 0,
        count => count.parse().map_err(|_| {
            let line = record.position().map_or(0, csv::Position::line);
            format!("line {line}: the third column is the number of pictures, not \"{count}\"")
        })?,
    };
    let aliases = column(3)
        .split(',')
        .map(str::trim)
        .filter(|alias| !alias.is_empty());
    Ok(Some(Entry {
        tag: tag.to_owned(),
        posts,
        aliases: aliases.map(str::to_owned).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::{Entry, parse};

    fn entry(tag: &str, posts: u64, aliases: &[&str]) -> Entry {
        Entry {
            tag: tag.to_owned(),
            posts,
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        }
    }

    #[test]
    fn rows_are_read() {
        let file = "\u{FEFF}1girl,0,6008644,\"sole_female,女の子\"\r\nlong_hair,0,4,ロングヘア\r\n\r\n\"a \"\"b\"\"\",0,,\nsmile\n";
        assert_eq!(
            parse(file.as_bytes()).expect("rows"),
            [
                entry("1girl", 6_008_644, &["sole_female", "女の子"]),
                entry("long_hair", 4, &["ロングヘア"]),
                entry("a \"b\"", 0, &[]),
                entry("smile", 0, &[]),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(parse(bytes).expect_err("refused"), expected);
        check(
            b"a,0,1\nb,0,many",
            "line 2: the third column is the number of pictures, not \"many\"",
        );
        check(
            b"a,0,1\n\x8a,0,1",
            "CSV parse error: record 1 (line 2, field: 0, byte: 6): invalid utf-8: invalid UTF-8 in field 0 near byte index 0",
        );
    }
}
