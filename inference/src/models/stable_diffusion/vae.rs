//! What both halves of the autoencoder have in common.

/// The scale of latents, and how large pictures are worked on.
#[derive(Debug, Clone, Copy)]
pub(super) struct VaeConfig {
    /// What the autoencoder's latents are multiplied by to become the UNet's.
    pub(super) scaling_factor: f32,
    /// Pictures with more pixels are worked on in tiles.
    pub(super) max_pixels: usize,
    /// The side of a tile, in pixels.
    pub(super) tile_size: usize,
}

impl VaeConfig {
    /// Whether a picture of this size is worked on as a whole.
    pub(super) fn fits(&self, height: usize, width: usize) -> bool {
        height * width <= self.max_pixels || (height <= self.tile_size && width <= self.tile_size)
    }
}
