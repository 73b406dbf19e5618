mod clamp;
mod rules;
mod text;
