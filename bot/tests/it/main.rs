//! Tests of the whole program: the real binary, the real model, ONNX Runtime, SQLite, HTTP, and a real browser.

#[cfg(test)]
mod support;

#[cfg(test)]
mod admin_page;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod desk_page;
#[cfg(test)]
mod discord;
#[cfg(test)]
mod drawing;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod models;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod page;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod start;
#[cfg(test)]
mod telegram;
