//! Pictures in a terminal: as a picture where it can show one, else as coloured half blocks.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::imageops::{FilterType, resize};
use inference::RgbImage;

use crate::config::Terminal;

/// Most columns of a picture made of half blocks.
const MAX_COLUMNS: u32 = 64;
/// Most base64 characters in one command of kitty's protocol.
const KITTY_CHUNK: usize = 4096;

/// How a terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// <https://sw.kovidgoyal.net/kitty/graphics-protocol/>
    Kitty,
    /// <https://iterm2.com/documentation-images.html>
    Iterm,
    /// `▀` with 24-bit colours: two pixels in each cell.
    HalfBlocks,
}

impl Protocol {
    /// The best protocol of a terminal, as far as it can be told without asking it.
    pub(super) fn of(terminal: &Terminal) -> Option<Self> {
        match (terminal.term.as_str(), terminal.program.as_str()) {
            ("xterm-kitty" | "xterm-ghostty", _) | (_, "ghostty") => Some(Self::Kitty),
            (_, "iTerm.app" | "WezTerm" | "mintty") => Some(Self::Iterm),
            _ => matches!(terminal.color.as_str(), "truecolor" | "24bit").then_some(Self::HalfBlocks),
        }
    }
}

/// Writes a picture, which is also there as a PNG file.
pub(super) fn show(out: &mut impl Write, protocol: Protocol, image: &RgbImage, png: &[u8]) -> io::Result<()> {
    match protocol {
        Protocol::Kitty => kitty(out, png),
        Protocol::Iterm => {
            let (size, data) = (png.len(), STANDARD.encode(png));
            writeln!(out, "\x1b]1337;File=inline=1;size={size}:{data}\x07")
        }
        Protocol::HalfBlocks => half_blocks(out, image),
    }
}

fn kitty(out: &mut impl Write, png: &[u8]) -> io::Result<()> {
    let data = STANDARD.encode(png);
    let mut rest = data.as_str();
    let mut control = "a=T,f=100,";
    while !rest.is_empty() {
        let (chunk, left) = rest.split_at_checked(KITTY_CHUNK).unwrap_or((rest, ""));
        let more = u8::from(!left.is_empty());
        write!(out, "\x1b_G{control}m={more};{chunk}\x1b\\")?;
        (rest, control) = (left, "");
    }
    writeln!(out)
}

fn half_blocks(out: &mut impl Write, image: &RgbImage) -> io::Result<()> {
    let columns = image.width().min(MAX_COLUMNS);
    let rows = (u64::from(image.height()) * u64::from(columns)).div_ceil(u64::from(image.width().max(1)));
    let rows = u32::try_from(rows).unwrap_or(u32::MAX).next_multiple_of(2);
    let small = resize(image, columns, rows, FilterType::Triangle);
    for row in (0..rows).step_by(2) {
        for column in 0..columns {
            let [r, g, b] = small.get_pixel(column, row).0;
            let [below_r, below_g, below_b] = small.get_pixel(column, row + 1).0;
            write!(out, "\x1b[38;2;{r};{g};{b};48;2;{below_r};{below_g};{below_b}m▀")?;
        }
        writeln!(out, "\x1b[0m")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use inference::RgbImage;

    use super::{Protocol, show};
    use crate::config::Terminal;

    fn check(term: &str, program: &str, color: &str, expected: Option<Protocol>) {
        let terminal = Terminal {
            term: term.into(),
            program: program.into(),
            color: color.into(),
        };
        assert_eq!(Protocol::of(&terminal), expected);
    }

    #[test]
    fn terminals_are_known_by_their_names() {
        check("xterm-kitty", "", "truecolor", Some(Protocol::Kitty));
        check("xterm-256color", "iTerm.app", "truecolor", Some(Protocol::Iterm));
        check("xterm-256color", "", "truecolor", Some(Protocol::HalfBlocks));
        check("tmux-256color", "tmux", "24bit", Some(Protocol::HalfBlocks));
        check("linux", "", "", None);
    }

    fn shown(protocol: Protocol, image: &RgbImage, png: &[u8]) -> String {
        let mut out = Vec::new();
        show(&mut out, protocol, image, png).expect("a vector takes everything");
        String::from_utf8(out).expect("text").replace('\x1b', "␛")
    }

    #[test]
    fn half_blocks_carry_two_pixels() {
        let image = RgbImage::from_raw(1, 2, vec![255, 0, 0, 0, 0, 255]).expect("two pixels");
        insta::assert_snapshot!(shown(Protocol::HalfBlocks, &image, b""), @"␛[38;2;255;0;0;48;2;0;0;255m▀␛[0m");
    }

    #[test]
    fn odd_and_large_pictures_fit() {
        let lines = |width, height| {
            let text = shown(Protocol::HalfBlocks, &RgbImage::new(width, height), b"");
            (
                text.lines().count(),
                text.lines().next().map_or(0, |line| line.matches('▀').count()),
            )
        };
        assert_eq!(lines(3, 3), (2, 3));
        assert_eq!(lines(512, 256), (16, 64));
    }

    #[test]
    fn kitty_takes_the_file_in_pieces() {
        let text = shown(Protocol::Kitty, &RgbImage::new(1, 1), &[7; 4000]);
        let commands: Vec<&str> = text
            .split("␛\\")
            .filter_map(|part| part.split(';').next())
            .collect();
        assert_eq!(commands, ["␛_Ga=T,f=100,m=1", "␛_Gm=0", "\n"]);
    }

    #[test]
    fn iterm_takes_the_file_at_once() {
        insta::assert_snapshot!(shown(Protocol::Iterm, &RgbImage::new(1, 1), b"png").trim_end(), @"␛]1337;File=inline=1;size=3:cG5n");
    }
}
